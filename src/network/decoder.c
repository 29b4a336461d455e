#include "network/decoder.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "network/decoder_private.h"
#include "network/vgg.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void imp_decoder_add_layer(ImpDecoder *decoder, int block, int index, int in, int out) {
    ImpDecoderLayer *layer = &decoder->layers[decoder->n_layers++];
    *layer = (ImpDecoderLayer){.in = in, .out = out, .upsample = block > 1 && index == 1, .weight = decoder->count};
    snprintf(layer->name, sizeof layer->name, "decode%d_%d", block, index);
    layer->bias = layer->weight + (size_t)in * (size_t)out * 9;
    decoder->count = layer->bias + (size_t)out;
}

ImpStatus imp_decoder_empty(const char *layer, const char *name, ImpDecoder **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "decoder", error);
    if (status != IMP_OK) return status;
    snprintf((*out)->layer, sizeof(*out)->layer, "%s", layer);
    (*out)->name = imp_strdup(name);
    if ((*out)->name) return IMP_OK;
    imp_decoder_free(out);
    return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the name of the model");
}

void imp_decoder_free(ImpDecoder **decoder) {
    if (!*decoder) return;
    imp_free((*decoder)->values);
    imp_free((*decoder)->name);
    imp_free(*decoder);
    *decoder = NULL;
}

int imp_decoder_factor(const ImpDecoder *decoder) {
    int factor = 1;
    for (int i = 0; i < decoder->n_layers; i++) factor *= decoder->layers[i].upsample ? 2 : 1;
    return factor;
}

/* --- making ------------------------------------------------------------------------------------------------------- */

static void begin(ImpDecoder *decoder, uint64_t seed) {
    ImpRandom random;
    imp_random_seed(&random, seed);
    for (int i = 0; i < decoder->n_layers; i++) {
        const ImpDecoderLayer *layer = &decoder->layers[i];
        double bound = sqrt(3.0 * (i + 1 < decoder->n_layers ? 2 : 1) / (9 * layer->in));
        for (size_t k = layer->weight; k < layer->bias; k++)
            decoder->values[k] = (float)(bound * (2 * imp_random_uniform(&random) - 1));
        for (int k = 0; k < layer->out; k++) decoder->values[layer->bias + (size_t)k] = 0;
    }
}

ImpStatus imp_decoder_new(const ImpVggWeights *encoder, const char *layer, uint64_t seed, ImpDecoder **out,
                          ImpError *error) {
    *out = NULL;
    int conv = imp_vgg_conv_of_relu(encoder, layer);
    if (conv < 0) {
        ImpStatus status = imp_vgg_check_layer(encoder, layer, error);
        return status != IMP_OK
                   ? status
                   : imp_fail(error, IMP_ERROR_ARGUMENT,
                              "%s cannot be decoded from; give a layer after a ReLU, such as relu4_1", layer);
    }
    ImpStatus status = imp_decoder_empty(layer, "a new decoder", out, error);
    if (status != IMP_OK) return status;
    for (int i = conv; i >= 0; i--) {
        const ImpVggConv *c = &encoder->convs[i];
        imp_decoder_add_layer(*out, c->block, c->index, c->out_channels, c->in_channels);
    }
    memcpy((*out)->encoder_sha256, encoder->sha256, sizeof encoder->sha256);
    status = IMP_ALLOC(&(*out)->values, (*out)->count, "weights of the network", error);
    if (status == IMP_OK)
        begin(*out, seed);
    else
        imp_decoder_free(out);
    return status;
}

/* --- building ----------------------------------------------------------------------------------------------------- */

static ImpParameter parameter(const ImpDecoder *decoder, float *gradient, size_t offset) {
    return (ImpParameter){.value = decoder->values + offset, .gradient = gradient ? gradient + offset : NULL};
}

static ImpStatus build_layer(ImpGraph *graph, const ImpDecoder *decoder, int index, float *gradient, ImpNode **node,
                             ImpError *error) {
    const ImpDecoderLayer *layer = &decoder->layers[index];
    bool last = index + 1 == decoder->n_layers;
    ImpConvolution convolution = {.out_channels = layer->out,
                                  .kernel = 3,
                                  .relu = !last,
                                  .to_image = last,
                                  .weights = parameter(decoder, gradient, layer->weight),
                                  .bias = parameter(decoder, gradient, layer->bias)};
    ImpStatus status = imp_graph_pad(graph, *node, IMP_PADDING_REFLECT, 1, node, error);
    if (status == IMP_OK) status = imp_graph_convolution(graph, *node, &convolution, node, error);
    return status == IMP_OK && layer->upsample ? imp_graph_upsample(graph, *node, node, error) : status;
}

ImpStatus imp_decoder_build(ImpGraph *graph, const ImpDecoder *decoder, float *gradient, ImpNode **node,
                            ImpError *error) {
    ImpStatus status = IMP_OK;
    for (int i = 0; i < decoder->n_layers && status == IMP_OK; i++)
        status = build_layer(graph, decoder, i, gradient, node, error);
    return status;
}
