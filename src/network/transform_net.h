/* The network that restyles a picture in one pass: Johnson, Alahi, Fei-Fei 2016, with instance normalisation (Ulyanov
 * et al. 2016), in the layout of pytorch/examples fast_neural_style, so that files interchange.
 *
 *     conv1 9x9, conv2 3x3/2, conv3 3x3/2    each with instance normalisation in1..in3 and ReLU
 *     res1 .. resN                           x + in2(conv2(relu(in1(conv1(x))))), 3x3
 *     deconv1, deconv2                       nearest x2, 3x3, instance normalisation in4, in5, ReLU
 *     deconv3 9x9                            to RGB
 *
 * Every convolution pads by reflection. Pictures go in and come out as RGB from 0 to 255; the result is not clamped and
 * its sides are the input's rounded up to multiples of 4. */
#ifndef IMP_NETWORK_TRANSFORM_NET_H
#define IMP_NETWORK_TRANSFORM_NET_H

#include "base/bundle.h"
#include "base/hash.h"
#include "compute/graph/graph.h"

enum {
    IMP_TRANSFORM_MAX_RESIDUALS = 32,
    IMP_TRANSFORM_MAX_CHANNELS = 1024,
    IMP_TRANSFORM_MAX_LAYERS = 6 + 2 * IMP_TRANSFORM_MAX_RESIDUALS
};

typedef struct ImpTransformShape {
    int down[3];   /* channels after conv1, conv2, conv3; the residual blocks keep the last. 32, 64, 128 in the paper */
    int up[2];     /* after deconv1, deconv2: 64, 32 */
    int residuals; /* 5; at least 1 */
} ImpTransformShape;

/* One convolution with what goes before and after it. */
typedef struct ImpTransformLayer {
    char conv[32], norm[32]; /* "res1.conv1.conv2d", "res1.in1"; norm is "" for the last */
    int in, out, kernel, stride;
    bool upsample;       /* to twice the size, before the convolution */
    bool relu;           /* after the normalisation */
    bool begins, adds;   /* a residual block begins here; its beginning is added to the result */
    size_t weight;       /* offset of (out,in,kernel,kernel) in the values */
    size_t bias;         /* (out) */
    size_t scale, shift; /* (out) each, where there is a normalisation */
} ImpTransformLayer;

typedef struct ImpTransformNet {
    ImpTransformShape shape;
    ImpTransformLayer layers[IMP_TRANSFORM_MAX_LAYERS];
    int n_layers;
    size_t count;
    float *values;                /* (count) all numbers in the order of the file */
    char sha256[IMP_SHA256_TEXT]; /* of the file; empty when it came from no file */
    char *name;                   /* what messages call it */
} ImpTransformNet;

/* The paper's network with all channels times `width`, rounded, each at least 1. */
ImpTransformShape imp_transform_shape(double width);

/* A network with the first numbers that PyTorch gives: convolutions uniform in +-1/sqrt(in kernel^2), scales 1, shifts
 * 0. The shape must be within the limits above. On success *out is the caller's; on failure NULL. */
ImpStatus imp_transform_new(ImpTransformShape shape, uint64_t seed, ImpTransformNet **out, ImpError *error);
void imp_transform_free(ImpTransformNet **net);

/* Takes the network out of `bundle`, which stays the caller's: the channels are those of its tensors. Names may begin
 * with "module." or "model."; running means of instance normalisations, which older files hold, are left alone. A
 * missing tensor, a wrong shape, values that are not finite and tensors that have no place in the network are
 * IMP_ERROR_FORMAT or IMP_ERROR_UNSUPPORTED with a message that begins with `name` and names the tensor. */
ImpStatus imp_transform_from_bundle(const ImpBundle *bundle, const char *name, ImpTransformNet **out, ImpError *error);
/* Whether the bundle has the first tensor of such a network: what is wrong with it is then worth telling. */
bool imp_transform_seems(const ImpBundle *bundle);
/* Reads a model, a path or a name (network/model_open.h), in any format known, and hashes it. */
ImpStatus imp_transform_read(const char *model, ImpTransformNet **out, ImpError *error);

/* Writes safetensors with the same names, and as metadata the architecture, the input's range, and `notes` (n). */
ImpStatus imp_transform_write(const ImpTransformNet *net, const ImpNote *notes, size_t n, const char *path, bool half,
                              ImpError *error);

/* --- building ----------------------------------------------------------------------------------------------------- */

/* Adds the whole network to `graph`, reading *node (plain RGB of any size and number of images), which becomes the
 * result. gradient (count) or NULL: where backward passes add the derivatives of the values. `net` must outlive the
 * graph. */
ImpStatus imp_transform_build(ImpGraph *graph, const ImpTransformNet *net, float *gradient, ImpNode **node,
                              ImpError *error);

/* Its parts: the layer's upsampling, padding and convolution; and its normalisation, to which `added` (may be NULL) is
 * added. */
ImpStatus imp_transform_add_conv(ImpGraph *graph, const ImpTransformNet *net, int layer, float *gradient,
                                 ImpNode **node, ImpError *error);
ImpStatus imp_transform_add_norm(ImpGraph *graph, const ImpTransformNet *net, int layer, float *gradient,
                                 ImpNode *added, ImpNode **node, ImpError *error);

#endif
