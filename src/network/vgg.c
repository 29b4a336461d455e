#include "network/vgg.h"

#include "base/error.h"
#include <stdio.h>
#include <string.h>

/* The name of a layer taken apart. */
typedef struct Layer {
    enum { LAYER_IMAGE, LAYER_CONV, LAYER_RELU, LAYER_POOL } kind;
    int block, index; /* index 0 for pools */
} Layer;

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : 0;
}

/* "image", "convB_I", "reluB_I" or "poolB" with one digit each, and nothing around them. */
static bool parse_layer(int depth, const char *name, Layer *out) {
    static const char kinds[][5] = {[LAYER_CONV] = "conv", [LAYER_RELU] = "relu", [LAYER_POOL] = "pool"};
    *out = (Layer){.kind = LAYER_IMAGE};
    if (strcmp(name, "image") == 0) return true;
    for (int kind = LAYER_CONV; kind <= LAYER_POOL; kind++)
        if (strncmp(name, kinds[kind], 4) == 0) out->kind = kind;
    if (out->kind == LAYER_IMAGE) return false;
    out->block = digit(name[4]);
    if (out->block < 1 || out->block > IMP_VGG_BLOCKS) return false;
    if (out->kind == LAYER_POOL) return name[5] == '\0';
    if (name[5] != '_') return false;
    out->index = digit(name[6]);
    return out->index >= 1 && out->index <= imp_vgg_block_convs(depth, out->block) && name[7] == '\0';
}

/* How many of the weights' convolutions the layer needs; 0 for the picture itself. */
static int convs_needed(int depth, Layer layer) {
    int count = 0;
    if (layer.kind == LAYER_IMAGE) return 0;
    for (int block = 1; block < layer.block; block++) count += imp_vgg_block_convs(depth, block);
    return count + (layer.kind == LAYER_POOL ? imp_vgg_block_convs(depth, layer.block) : layer.index);
}

ImpStatus imp_vgg_check_layer(const ImpVggWeights *weights, const char *name, ImpError *error) {
    Layer layer;
    if (!parse_layer(weights->depth, name, &layer))
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "VGG-%d has no layer %s; its layers are conv1_1, relu1_1, pool1 ... relu5_%d, pool5",
                        weights->depth, name, imp_vgg_block_convs(weights->depth, 5));
    if (convs_needed(weights->depth, layer) <= weights->n_convs) return IMP_OK;
    char deepest[16];
    imp_vgg_deepest(weights, deepest);
    return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                    "%s has no layer %s: it ends at %s; choose layers up to there or a model that goes deeper",
                    weights->name, name, deepest);
}

int imp_vgg_conv_of_relu(const ImpVggWeights *weights, const char *layer) {
    Layer parsed;
    if (!parse_layer(weights->depth, layer, &parsed) || parsed.kind != LAYER_RELU) return -1;
    int conv = convs_needed(weights->depth, parsed) - 1;
    return conv < weights->n_convs ? conv : -1;
}

int imp_vgg_counted_channels(const ImpVggWeights *weights, const char *layer, int channels) {
    int conv = imp_vgg_conv_of_relu(weights, layer);
    if (conv < 0 || !weights->convs[conv].projection) return channels;
    return imp_vgg_block_channels(weights->convs[conv].block);
}

const float *imp_vgg_projection(const ImpVggWeights *weights, const char *layer, int *rows) {
    int conv = imp_vgg_conv_of_relu(weights, layer);
    if (conv < 0) return NULL;
    *rows = weights->convs[conv].projected;
    return weights->convs[conv].projection;
}

/* --- building ----------------------------------------------------------------------------------------------------- */

typedef struct Builder {
    ImpGraph *graph;
    const ImpVggWeights *weights;
    const ImpVggSpec *spec;
    ImpNode **taps;
    ImpNode *last;
} Builder;

/* Taps first..end-1 of the spec. */
typedef struct TapRange {
    size_t first, end;
} TapRange;

static TapRange all_taps(const Builder *builder) {
    return (TapRange){0, builder->spec->n_taps};
}

/* Whether one of the taps is called `name`. */
static bool wanted(const Builder *builder, TapRange taps, const char *name) {
    for (size_t i = taps.first; i < taps.end; i++)
        if (strcmp(builder->spec->taps[i], name) == 0) return true;
    return false;
}

/* Gives `node` to each of the taps that is called `name`. */
static void offer(Builder *builder, TapRange taps, const char *name, ImpNode *node) {
    for (size_t i = taps.first; i < taps.end; i++) {
        if (strcmp(builder->spec->taps[i], name) != 0) continue;
        imp_graph_tap(node);
        builder->taps[i] = node;
    }
}

/* The picture as the network wants it; *padding is what the first convolution still has to add. */
static ImpStatus build_input(Builder *builder, int *padding, ImpError *error) {
    const ImpModelInput *input = &builder->weights->input;
    builder->last = imp_graph_input(builder->graph);
    offer(builder, all_taps(builder), "image", builder->last);
    ImpStatus status = imp_graph_normalise(builder->graph, builder->last, input->source, input->scale, input->offset,
                                           &builder->last, error);
    bool padded = builder->spec->padding == IMP_PADDING_REPLICATE || builder->spec->padding == IMP_PADDING_REFLECT;
    *padding = padded ? 0 : 1;
    if (status != IMP_OK || !padded) return status;
    return imp_graph_pad(builder->graph, builder->last, builder->spec->padding, 1, &builder->last, error);
}

static ImpParameter parameter(const Builder *builder, const float *value) {
    float *gradient = builder->spec->gradient;
    return (ImpParameter){.value = value,
                          .gradient = gradient ? gradient + (value - builder->weights->values) : NULL,
                          .constant = !gradient};
}

/* The ReLU for those who tap it: as it is, or projected. */
static ImpStatus offer_relu(Builder *builder, const ImpVggConv *conv, ImpError *error) {
    char name[16];
    TapRange bare = all_taps(builder), others = bare;
    ImpNode *node = builder->last;
    snprintf(name, sizeof name, "relu%d_%d", conv->block, conv->index);
    if (conv->projection) bare.end = others.first = builder->spec->n_bare;
    offer(builder, bare, name, node);
    if (!conv->projection || !wanted(builder, others, name)) return IMP_OK;
    ImpConvolution projection = {
        .out_channels = conv->projected, .kernel = 1, .weights = parameter(builder, conv->projection)};
    ImpStatus status = imp_graph_convolution(builder->graph, node, &projection, &node, error);
    if (status == IMP_OK) offer(builder, others, name, node);
    return status;
}

/* One convolution and its ReLU. They are one node unless somebody taps the convolution before its ReLU. */
static ImpStatus build_conv(Builder *builder, const ImpVggConv *conv, int padding, ImpError *error) {
    char name[16];
    snprintf(name, sizeof name, "conv%d_%d", conv->block, conv->index);
    bool apart = wanted(builder, all_taps(builder), name);
    ImpStatus status = IMP_OK;
    if (builder->spec->padding == IMP_PADDING_CIRCULAR) {
        padding = 0;
        status = imp_graph_pad(builder->graph, builder->last, IMP_PADDING_CIRCULAR, 1, &builder->last, error);
        if (status != IMP_OK) return status;
    }
    ImpConvolution convolution = {.out_channels = conv->out_channels,
                                  .kernel = 3,
                                  .padding = padding,
                                  .relu = !apart,
                                  .weights = parameter(builder, conv->weight),
                                  .bias = parameter(builder, conv->bias)};
    status = imp_graph_convolution(builder->graph, builder->last, &convolution, &builder->last, error);
    if (status != IMP_OK) return status;
    if (apart) {
        offer(builder, all_taps(builder), name, builder->last);
        status = imp_graph_relu(builder->graph, builder->last, &builder->last, error);
        if (status != IMP_OK) return status;
    }
    return offer_relu(builder, conv, error);
}

static ImpStatus build_pool(Builder *builder, int block, ImpError *error) {
    char name[16];
    snprintf(name, sizeof name, "pool%d", block);
    ImpStatus status = imp_graph_pool(builder->graph, builder->last, builder->spec->max_pooling, &builder->last, error);
    if (status == IMP_OK) offer(builder, all_taps(builder), name, builder->last);
    return status;
}

/* How many convolutions the taps need, and whether the last is followed by its pool. */
static ImpStatus depth_of_taps(const Builder *builder, int *convs, bool *pool, ImpError *error) {
    *convs = 0;
    *pool = false;
    for (size_t i = 0; i < builder->spec->n_taps; i++) {
        const char *name = builder->spec->taps[i];
        ImpStatus status = imp_vgg_check_layer(builder->weights, name, error);
        if (status != IMP_OK) return status;
        Layer layer;
        parse_layer(builder->weights->depth, name, &layer);
        int needed = convs_needed(builder->weights->depth, layer);
        if (needed > *convs) *pool = false;
        if (needed >= *convs && layer.kind == LAYER_POOL) *pool = true;
        if (needed > *convs) *convs = needed;
    }
    return IMP_OK;
}

static bool ends_block(const ImpVggWeights *weights, int conv) {
    const ImpVggConv *c = &weights->convs[conv];
    return c->index == imp_vgg_block_convs(weights->depth, c->block);
}

ImpStatus imp_vgg_reach(const ImpVggWeights *weights, const ImpVggSpec *spec, int *reach, ImpError *error) {
    const Builder builder = {.weights = weights, .spec = spec};
    int convs, stride = 1;
    bool pool;
    *reach = 0;
    ImpStatus status = depth_of_taps(&builder, &convs, &pool, error);
    for (int i = 0; status == IMP_OK && i < convs; i++) {
        *reach += stride;
        if (!ends_block(weights, i) || !(i + 1 < convs || pool)) continue;
        *reach += stride;
        stride *= 2;
    }
    return status;
}

ImpStatus imp_vgg_build(ImpGraph *graph, const ImpVggWeights *weights, const ImpVggSpec *spec, ImpNode **taps,
                        ImpError *error) {
    Builder builder = {.graph = graph, .weights = weights, .spec = spec, .taps = taps};
    int convs, padding = 1;
    bool pool;
    ImpStatus status = depth_of_taps(&builder, &convs, &pool, error);
    if (status != IMP_OK) return status;
    if (convs == 0) {
        offer(&builder, all_taps(&builder), "image", imp_graph_input(graph));
        return IMP_OK;
    }
    status = build_input(&builder, &padding, error);
    for (int i = 0; i < convs && status == IMP_OK; i++) {
        status = build_conv(&builder, &weights->convs[i], i == 0 ? padding : 1, error);
        bool more = i + 1 < convs || pool;
        if (status == IMP_OK && ends_block(weights, i) && more)
            status = build_pool(&builder, weights->convs[i].block, error);
    }
    return status;
}

ImpStatus imp_vgg_graph_new(const ImpVggWeights *weights, const ImpVggSpec *spec, ImpShape shape, bool backward,
                            ImpNode **taps, ImpGraph **graph, ImpError *error) {
    *graph = NULL;
    ImpStatus status = imp_graph_new(shape, graph, error);
    if (status == IMP_OK) status = imp_vgg_build(*graph, weights, spec, taps, error);
    if (status == IMP_OK) status = imp_graph_plan(*graph, backward, error);
    if (status != IMP_OK) imp_graph_free(graph);
    return status;
}
