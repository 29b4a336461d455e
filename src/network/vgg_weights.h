/* The convolutions of VGG-16 and VGG-19 (Simonyan, Zisserman 2014) out of a weight file.
 *
 * Names understood, after any of the prefixes module., model., net., vgg., vgg16., vgg19. and encoder.:
 * torchvision's features.N.weight / .bias (also features.module.N.) and Caffe's convB_I.weight / .bias. Classifier
 * layers and anything else are left alone. A file may end after any convolution; the ones before it must all be there.
 *
 * VGG-16 and VGG-19 are told apart by the names where they differ: conv3_4, conv4_4, conv5_4 exist in VGG-19 only, and
 * features.N counts differently from conv3_4 on. A file that ends at conv3_3 or before fits both; then the metadata key
 * "architecture" decides, and without it the file is called VGG-19: the layers that are there are the same.
 *
 * A block may have other than the published numbers of channels: its first convolution decides. Such a narrow network,
 * which `train perceptual` makes, can have projections besides: reluB_I.projection.weight (P,C,1,1), linear maps of the
 * activations to what the losses are to see, so that distances there are those of the network it was learned from. */
#ifndef IMP_NETWORK_VGG_WEIGHTS_H
#define IMP_NETWORK_VGG_WEIGHTS_H

#include "base/bundle.h"
#include "base/hash.h"
#include "impasto/status.h"
#include "network/model_input.h"

enum { IMP_VGG_MAX_CONVS = 16, IMP_VGG_BLOCKS = 5, IMP_VGG_MAX_CHANNELS = 2048 };

typedef struct ImpVggConv {
    int block, index; /* conv<block>_<index>, both from 1 */
    int in_channels, out_channels;
    float *weight;     /* (out,in,3,3) */
    float *bias;       /* (out) */
    int projected;     /* P, or 0 where the losses see the activations themselves */
    float *projection; /* (P,out), or NULL */
} ImpVggConv;

typedef struct ImpVggWeights {
    int depth; /* 16 or 19 */
    ImpVggConv convs[IMP_VGG_MAX_CONVS];
    int n_convs;         /* the first n_convs of the network; at least 1 */
    const float *values; /* where all numbers lie one after the other while they are learned; NULL for those read */
    ImpModelInput input;
    char sha256[IMP_SHA256_TEXT]; /* of the file; empty when the weights came from no file */
    char *name; /* what messages call the model: the path, "the built-in model NAME", or what the caller gave */
} ImpVggWeights;

/* The shape of the architecture: how many convolutions block 1..5 has, and the channels they put out as published. */
int imp_vgg_block_convs(int depth, int block);
int imp_vgg_block_channels(int block);
/* What makes activations as large as those of torchvision's networks: where the weights are Caffe's, whose input is 255
 * times the deviation (57.6 times) larger, they are divided by that. */
double imp_vgg_feature_scale(const ImpVggWeights *weights);
/* The deepest convolution that is there, as "conv4_2" in `out`. */
void imp_vgg_deepest(const ImpVggWeights *weights, char out[16]);

/* Takes the convolutions out of `bundle`, which stays the caller's, as float32. A gap, a wrong shape, values that are
 * no floating-point numbers or not finite, and files that hold no VGG are IMP_ERROR_FORMAT or IMP_ERROR_UNSUPPORTED
 * with a message that begins with `name` and names the array. On success *out is the caller's; on failure it is NULL.
 */
ImpStatus imp_vgg_weights_from_bundle(const ImpBundle *bundle, const char *name, ImpInputConvention wanted,
                                      ImpVggWeights **out, ImpError *error);
/* Reads a model, a path or a name (network/model_open.h), in any format known, and hashes it. */
ImpStatus imp_vgg_weights_read(const char *model, ImpInputConvention wanted, ImpVggWeights **out, ImpError *error);
void imp_vgg_weights_free(ImpVggWeights **weights);

#endif
