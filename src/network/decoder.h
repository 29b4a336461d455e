/* The network that turns a VGG's activations at one layer back into a picture: the layers of the encoder in reverse,
 * with nearest upsampling where it pooled (Dosovitskiy, Brox 2016; with these layers Huang, Belongie 2017).
 *
 *     decodeB_I  3x3, as many channels in as convB_I puts out and out as it takes in, ReLU
 *
 * from the layer down to decode1_1, which puts out RGB in about [0,1] and has no ReLU; after the first layer of each
 * block but block 1 comes the upsampling. All pad by reflection. It reads the activations themselves, not their
 * projections. Sides of the result are those of the features times 2 for each block but the first. */
#ifndef IMP_NETWORK_DECODER_H
#define IMP_NETWORK_DECODER_H

#include "compute/graph/graph.h"
#include "network/vgg_weights.h"

typedef struct ImpDecoderLayer {
    char name[16]; /* "decode4_1" */
    int in, out;
    bool upsample;       /* after it */
    size_t weight, bias; /* offsets of (out,in,3,3) and (out) in the values */
} ImpDecoderLayer;

typedef struct ImpDecoder {
    char layer[16]; /* what it reads: "relu4_1" */
    ImpDecoderLayer layers[IMP_VGG_MAX_CONVS];
    int n_layers;
    size_t count;
    float *values;                        /* (count) all numbers in the order of the file */
    char encoder_sha256[IMP_SHA256_TEXT]; /* of the network whose features it reads; empty when not known */
    char sha256[IMP_SHA256_TEXT];         /* of the file; empty when it came from no file */
    char *name;                           /* what messages call it */
} ImpDecoder;

/* For `layer`, a ReLU of the encoder ("relu4_1"), with first numbers as He et al. 2015. On success *out is the
 * caller's. */
ImpStatus imp_decoder_new(const ImpVggWeights *encoder, const char *layer, uint64_t seed, ImpDecoder **out,
                          ImpError *error);
void imp_decoder_free(ImpDecoder **decoder);

/* Takes it out of `bundle`, which stays the caller's; faults are IMP_ERROR_FORMAT or IMP_ERROR_UNSUPPORTED with a
 * message that begins with `name`. */
ImpStatus imp_decoder_from_bundle(const ImpBundle *bundle, const char *name, ImpDecoder **out, ImpError *error);
/* Reads a model, a path or a name (network/model_open.h), in any format known, and hashes it. */
ImpStatus imp_decoder_read(const char *model, ImpDecoder **out, ImpError *error);
/* Writes safetensors, with the layer, the encoder's hash and `notes` (n) as metadata. */
ImpStatus imp_decoder_write(const ImpDecoder *decoder, const ImpNote *notes, size_t n, const char *path, bool half,
                            ImpError *error);

/* How much smaller the features' sides are: 8 for relu4_1. */
int imp_decoder_factor(const ImpDecoder *decoder);
/* Adds it to `graph`, reading *node (blocked features), which becomes the picture (plain). gradient (count) or NULL:
 * where backward passes add the derivatives of the values. `decoder` must outlive the graph. */
ImpStatus imp_decoder_build(ImpGraph *graph, const ImpDecoder *decoder, float *gradient, ImpNode **node,
                            ImpError *error);

#endif
