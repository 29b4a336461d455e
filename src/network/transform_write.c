#include "network/transform_net.h"

#include "impasto/version.h"
#include "weights/weights.h"
#include <stdio.h>

static ImpStatus add_tensor(ImpBundle *bundle, const char *layer, const char *part, int rank, const int64_t *dims,
                            const float *values, ImpError *error) {
    char name[48];
    snprintf(name, sizeof name, "%s.%s", layer, part);
    return imp_bundle_add(bundle, name, IMP_DTYPE_F32, rank, dims, values, NULL, error);
}

static ImpStatus add_layer(ImpBundle *bundle, const ImpTransformLayer *layer, const float *values, ImpError *error) {
    int64_t dims[4] = {layer->out, layer->in, layer->kernel, layer->kernel};
    ImpStatus status = add_tensor(bundle, layer->conv, "weight", 4, dims, values + layer->weight, error);
    if (status == IMP_OK) status = add_tensor(bundle, layer->conv, "bias", 1, dims, values + layer->bias, error);
    if (status != IMP_OK || !*layer->norm) return status;
    status = add_tensor(bundle, layer->norm, "weight", 1, dims, values + layer->scale, error);
    if (status != IMP_OK) return status;
    return add_tensor(bundle, layer->norm, "bias", 1, dims, values + layer->shift, error);
}

static ImpStatus describe(ImpBundle *bundle, const ImpNote *notes, size_t n, ImpError *error) {
    char program[32];
    snprintf(program, sizeof program, "impasto %s", imp_version());
    ImpStatus status = imp_bundle_set_metadata(bundle, "architecture", "transformer_net", error);
    if (status == IMP_OK) status = imp_bundle_set_metadata(bundle, "input_order", "RGB", error);
    if (status == IMP_OK) status = imp_bundle_set_metadata(bundle, "input_scale", "255", error);
    if (status == IMP_OK) status = imp_bundle_set_metadata(bundle, "written_by", program, error);
    return status == IMP_OK ? imp_bundle_set_notes(bundle, notes, n, error) : status;
}

ImpStatus imp_transform_write(const ImpTransformNet *net, const ImpNote *notes, size_t n, const char *path, bool half,
                              ImpError *error) {
    ImpBundle *bundle = NULL;
    ImpStatus status = imp_bundle_new(&bundle, error);
    for (int i = 0; i < net->n_layers && status == IMP_OK; i++)
        status = add_layer(bundle, &net->layers[i], net->values, error);
    if (status == IMP_OK) status = describe(bundle, notes, n, error);
    if (status == IMP_OK) status = imp_safetensors_write(bundle, path, half, error);
    imp_bundle_free(&bundle);
    return status;
}
