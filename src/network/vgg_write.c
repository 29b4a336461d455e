#include "network/vgg_write.h"

#include "impasto/version.h"
#include "weights/weights.h"
#include <stdio.h>

static ImpStatus add_conv(ImpBundle *bundle, const ImpVggConv *conv, ImpError *error) {
    char name[40];
    int64_t dims[4] = {conv->out_channels, conv->in_channels, 3, 3};
    snprintf(name, sizeof name, "conv%d_%d.weight", conv->block, conv->index);
    ImpStatus status = imp_bundle_add(bundle, name, IMP_DTYPE_F32, 4, dims, conv->weight, NULL, error);
    if (status != IMP_OK) return status;
    snprintf(name, sizeof name, "conv%d_%d.bias", conv->block, conv->index);
    status = imp_bundle_add(bundle, name, IMP_DTYPE_F32, 1, dims, conv->bias, NULL, error);
    if (status != IMP_OK || !conv->projection) return status;
    int64_t projection[4] = {conv->projected, conv->out_channels, 1, 1};
    snprintf(name, sizeof name, "relu%d_%d.projection.weight", conv->block, conv->index);
    return imp_bundle_add(bundle, name, IMP_DTYPE_F32, 4, projection, conv->projection, NULL, error);
}

static ImpStatus set_text(ImpBundle *bundle, const char *key, const char *value, ImpError *error) {
    return value && *value ? imp_bundle_set_metadata(bundle, key, value, error) : IMP_OK;
}

static ImpStatus describe(ImpBundle *bundle, const ImpVggWeights *weights, const ImpVggOrigin *origin,
                          ImpError *error) {
    char deepest[16], program[32];
    imp_vgg_deepest(weights, deepest);
    snprintf(program, sizeof program, "impasto %s", imp_version());
    ImpStatus status = set_text(bundle, "architecture", weights->depth == 16 ? "vgg16" : "vgg19", error);
    if (status == IMP_OK) status = set_text(bundle, "last_layer", deepest, error);
    if (status == IMP_OK) status = imp_model_input_describe(&weights->input, bundle, error);
    if (status == IMP_OK) status = set_text(bundle, "source", origin->source, error);
    if (status == IMP_OK) status = set_text(bundle, "source_sha256", origin->sha256, error);
    if (status == IMP_OK) status = set_text(bundle, "licence", origin->licence, error);
    if (status == IMP_OK) status = set_text(bundle, "converted_by", program, error);
    return status == IMP_OK ? imp_bundle_set_notes(bundle, origin->notes, origin->n_notes, error) : status;
}

ImpStatus imp_vgg_weights_write(const ImpVggWeights *weights, const ImpVggOrigin *origin, const char *path, bool half,
                                ImpError *error) {
    ImpBundle *bundle = NULL;
    ImpStatus status = imp_bundle_new(&bundle, error);
    for (int i = 0; status == IMP_OK && i < weights->n_convs; i++) status = add_conv(bundle, &weights->convs[i], error);
    if (status == IMP_OK) status = describe(bundle, weights, origin, error);
    if (status == IMP_OK) status = imp_safetensors_write(bundle, path, half, error);
    imp_bundle_free(&bundle);
    return status;
}
