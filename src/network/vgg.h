/* VGG-16 and VGG-19 as graphs: every convB_I, reluB_I and poolB can be tapped by name. */
#ifndef IMP_NETWORK_VGG_H
#define IMP_NETWORK_VGG_H

#include "compute/graph/graph.h"
#include "network/vgg_weights.h"

enum { IMP_VGG_MAX_TAPS = 80 }; /* every layer, bare and projected */

typedef struct ImpVggSpec {
    bool max_pooling;        /* else average */
    ImpPadding padding;      /* around the picture, before the first convolution; deeper layers pad with zeros, but
                              * with IMP_PADDING_CIRCULAR as the first */
    const char *const *taps; /* names, such as "relu4_2"; "image" is the picture itself */
    size_t n_taps;
    size_t n_bare;   /* the first so many taps are ReLUs' activations themselves, not their projections */
    float *gradient; /* NULL, or where backward passes add the derivatives of the weights: weights->values tells the
                        place of each */
} ImpVggSpec;

/* Whether `name` is a layer of this network and the weights reach it. The message names the last layer that is there.
 */
ImpStatus imp_vgg_check_layer(const ImpVggWeights *weights, const char *name, ImpError *error);

/* The convolution whose ReLU is called `layer` ("relu3_1"), as its index in weights->convs; -1 where there is none. */
int imp_vgg_conv_of_relu(const ImpVggWeights *weights, const char *layer);

/* How many channels losses at `layer` are to count, whose activations have `channels`: where they are projections, as
 * many as the published network has there, whose distances they keep. */
int imp_vgg_counted_channels(const ImpVggWeights *weights, const char *layer, int channels);

/* The projection (*rows,C) of activations at `layer`, for those who tap them bare; NULL where there is none. */
const float *imp_vgg_projection(const ImpVggWeights *weights, const char *layer, int *rows);

/* How many pixels away from the middle of its place the deepest tap of `spec` sees. */
ImpStatus imp_vgg_reach(const ImpVggWeights *weights, const ImpVggSpec *spec, int *reach, ImpError *error);

/* Adds the network to `graph`, whose input is an RGB picture in [0,1], only as deep as the deepest tap. taps[i] is the
 * node of spec->taps[i], tapped. The weights must outlive the graph. */
ImpStatus imp_vgg_build(ImpGraph *graph, const ImpVggWeights *weights, const ImpVggSpec *spec, ImpNode **taps,
                        ImpError *error);

/* A planned graph of nothing but that network, for pictures of `shape`; backward: whether it will be run backward too.
 * On success *graph is the caller's, else NULL. */
ImpStatus imp_vgg_graph_new(const ImpVggWeights *weights, const ImpVggSpec *spec, ImpShape shape, bool backward,
                            ImpNode **taps, ImpGraph **graph, ImpError *error);

#endif
