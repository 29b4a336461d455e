#include "base/error.h"
#include "base/memory.h"
#include "impasto/version.h"
#include "network/decoder_private.h"
#include "network/model_open.h"
#include "network/values.h"
#include "weights/weights.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Decoders in files: decodeB_I.weight and .bias, and as metadata what they read. */

static ImpStatus fail_no_decoder(const ImpBundle *bundle, const char *name, ImpError *error) {
    if (bundle->count == 0) return imp_fail(error, IMP_ERROR_FORMAT, "%s holds no tensors; get the file again", name);
    return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                    "%s is no decoder: its metadata names no layer to decode from (its first tensor is %.80s); give a "
                    "file made by 'impasto train decoder' or 'impasto train adain'",
                    name, bundle->arrays[0].name);
}

/* The first block and index out of "reluB_I". */
static bool parse_layer(const char *layer, int *block, int *index) {
    if (!layer || strncmp(layer, "relu", 4) != 0 || strlen(layer) != 7 || layer[5] != '_') return false;
    *block = layer[4] - '0';
    *index = layer[6] - '0';
    return *block >= 1 && *block <= IMP_VGG_BLOCKS && *index >= 1 && *index <= imp_vgg_block_convs(19, *block);
}

/* Lists one layer as its tensor has it; *in is what it must read, 0 for anything, and becomes what it puts out. */
static ImpStatus list_layer(ImpDecoder *decoder, const ImpBundle *bundle, int block, int index, int *in,
                            ImpError *error) {
    char tensor[32];
    bool last = block == 1 && index == 1;
    snprintf(tensor, sizeof tensor, "decode%d_%d.weight", block, index);
    const ImpArray *array = imp_bundle_find(bundle, tensor);
    if (!array)
        return imp_fail(error, IMP_ERROR_FORMAT, "%s is incomplete: it has no tensor %s; get the file again",
                        decoder->name, tensor);
    bool good = array->rank == 4 && array->dims[2] == 3 && array->dims[3] == 3;
    for (int i = 0; good && i < 2; i++) good = array->dims[i] >= 1 && array->dims[i] <= IMP_VGG_MAX_CHANNELS;
    if (good) good = (*in == 0 || array->dims[1] == *in) && (!last || array->dims[0] == 3);
    if (!good)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "%s: %s does not have the shape that its neighbours need; this is another network or a damaged "
                        "file",
                        decoder->name, tensor);
    imp_decoder_add_layer(decoder, block, index, (int)array->dims[1], (int)array->dims[0]);
    *in = (int)array->dims[0];
    return IMP_OK;
}

/* The layers from the one it reads down to 1_1. How many a block has is VGG-16's or VGG-19's: the file says by what it
 * holds. */
static ImpStatus list_layers(ImpDecoder *decoder, const ImpBundle *bundle, ImpError *error) {
    int block = 0, index = 0, in = 0;
    ImpStatus status = IMP_OK;
    parse_layer(decoder->layer, &block, &index);
    while (status == IMP_OK && block >= 1) {
        for (; index >= 1 && status == IMP_OK; index--) status = list_layer(decoder, bundle, block, index, &in, error);
        char tensor[32];
        if (--block < 1) break;
        index = imp_vgg_block_convs(19, block);
        snprintf(tensor, sizeof tensor, "decode%d_%d.weight", block, index);
        if (!imp_bundle_find(bundle, tensor)) index = imp_vgg_block_convs(16, block);
    }
    return status;
}

static ImpStatus take(const ImpDecoder *decoder, const ImpBundle *bundle, const char *layer, const char *part,
                      size_t count, float *out, ImpError *error) {
    char tensor[32];
    snprintf(tensor, sizeof tensor, "%s.%s", layer, part);
    const ImpArray *array = imp_bundle_find(bundle, tensor);
    if (!array || array->count != count)
        return imp_fail(error, IMP_ERROR_FORMAT, "%s: %s is missing or of another length; get the file again",
                        decoder->name, tensor);
    return imp_network_values(array, decoder->name, out, error);
}

static ImpStatus take_values(ImpDecoder *decoder, const ImpBundle *bundle, ImpError *error) {
    ImpStatus status = IMP_ALLOC(&decoder->values, decoder->count, "weights of the network", error);
    for (int i = 0; i < decoder->n_layers && status == IMP_OK; i++) {
        const ImpDecoderLayer *layer = &decoder->layers[i];
        float *weight = decoder->values + layer->weight, *bias = decoder->values + layer->bias;
        status = take(decoder, bundle, layer->name, "weight", layer->bias - layer->weight, weight, error);
        if (status == IMP_OK) status = take(decoder, bundle, layer->name, "bias", (size_t)layer->out, bias, error);
    }
    return status;
}

ImpStatus imp_decoder_from_bundle(const ImpBundle *bundle, const char *name, ImpDecoder **out, ImpError *error) {
    const char *layer = imp_bundle_metadata(bundle, "decodes"),
               *encoder = imp_bundle_metadata(bundle, "encoder_sha256");
    int block, index;
    *out = NULL;
    if (!parse_layer(layer, &block, &index)) return fail_no_decoder(bundle, name, error);
    ImpStatus status = imp_decoder_empty(layer, name, out, error);
    if (status != IMP_OK) return status;
    assert(*out);
    snprintf((*out)->encoder_sha256, sizeof(*out)->encoder_sha256, "%s", encoder ? encoder : "");
    status = list_layers(*out, bundle, error);
    if (status == IMP_OK) status = take_values(*out, bundle, error);
    if (status != IMP_OK) imp_decoder_free(out);
    return status;
}

ImpStatus imp_decoder_read(const char *model, ImpDecoder **out, ImpError *error) {
    *out = NULL;
    ImpModelContent content;
    ImpStatus status = imp_model_read(model, &content, error);
    if (status == IMP_OK) status = imp_decoder_from_bundle(content.bundle, content.name, out, error);
    if (status == IMP_OK) memcpy((*out)->sha256, content.sha256, sizeof content.sha256);
    imp_model_content_clear(&content);
    return status;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static ImpStatus add_layer(ImpBundle *bundle, const ImpDecoder *decoder, const ImpDecoderLayer *layer,
                           ImpError *error) {
    char tensor[32];
    int64_t dims[4] = {layer->out, layer->in, 3, 3};
    snprintf(tensor, sizeof tensor, "%s.weight", layer->name);
    ImpStatus status =
        imp_bundle_add(bundle, tensor, IMP_DTYPE_F32, 4, dims, decoder->values + layer->weight, NULL, error);
    snprintf(tensor, sizeof tensor, "%s.bias", layer->name);
    if (status != IMP_OK) return status;
    return imp_bundle_add(bundle, tensor, IMP_DTYPE_F32, 1, dims, decoder->values + layer->bias, NULL, error);
}

ImpStatus imp_decoder_write(const ImpDecoder *decoder, const ImpNote *notes, size_t n, const char *path, bool half,
                            ImpError *error) {
    ImpBundle *bundle = NULL;
    char program[32];
    snprintf(program, sizeof program, "impasto %s", imp_version());
    const ImpNote own[] = {{"architecture", "decoder"},
                           {"decodes", decoder->layer},
                           {"encoder_sha256", decoder->encoder_sha256},
                           {"written_by", program}};
    ImpStatus status = imp_bundle_new(&bundle, error);
    for (int i = 0; i < decoder->n_layers && status == IMP_OK; i++)
        status = add_layer(bundle, decoder, &decoder->layers[i], error);
    if (status == IMP_OK) status = imp_bundle_set_notes(bundle, own, sizeof own / sizeof *own, error);
    if (status == IMP_OK) status = imp_bundle_set_notes(bundle, notes, n, error);
    if (status == IMP_OK) status = imp_safetensors_write(bundle, path, half, error);
    imp_bundle_free(&bundle);
    return status;
}
