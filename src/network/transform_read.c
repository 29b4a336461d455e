#include "network/transform_net.h"

#include "base/error.h"
#include "base/memory.h"
#include "network/model_open.h"
#include "network/transform_private.h"
#include "network/values.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

typedef struct Reader {
    const ImpBundle *bundle;
    const char *name; /* what messages call the file */
    ImpError *error;
} Reader;

/* The name inside the network: without what saving a wrapped network puts before it. */
static const char *bare(const char *name) {
    static const char *const prefixes[] = {"module.", "model."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return bare(name + strlen(prefixes[i]));
    return name;
}

static ImpStatus find(const Reader *reader, const char *tensor, const ImpArray **out) {
    *out = NULL;
    for (size_t i = 0; i < reader->bundle->count; i++) {
        const ImpArray *array = &reader->bundle->arrays[i];
        if (strcmp(bare(array->name), tensor) != 0) continue;
        if (*out)
            return imp_fail(reader->error, IMP_ERROR_FORMAT,
                            "%s: %.80s and %.80s are the same tensor; keep one of them", reader->name, (*out)->name,
                            array->name);
        *out = array;
    }
    return IMP_OK;
}

static const char first_tensor[] = "conv1.conv2d.weight";

bool imp_transform_seems(const ImpBundle *bundle) {
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bare(bundle->arrays[i].name), first_tensor) == 0) return true;
    return false;
}

static ImpStatus missing(const Reader *reader, const char *tensor) {
    const ImpBundle *bundle = reader->bundle;
    if (bundle->count == 0)
        return imp_fail(reader->error, IMP_ERROR_FORMAT, "%s holds no tensors; get the file again", reader->name);
    if (strcmp(tensor, first_tensor) == 0)
        return imp_fail(reader->error, IMP_ERROR_UNSUPPORTED,
                        "%s is no style network of the kind known here: it has no tensor %s (its first is %.80s); give "
                        "one made by 'impasto train style' or in the layout of pytorch/examples fast_neural_style",
                        reader->name, tensor, bundle->arrays[0].name);
    return imp_fail(reader->error, IMP_ERROR_FORMAT, "%s is incomplete: it has no tensor %s; get the file again",
                    reader->name, tensor);
}

/* --- the shape ---------------------------------------------------------------------------------------------------- */

/* The output channels of a convolution that must be there. */
static ImpStatus read_channels(const Reader *reader, const char *conv, int *out) {
    char tensor[48];
    const ImpArray *array;
    snprintf(tensor, sizeof tensor, "%s.conv2d.weight", conv);
    ImpStatus status = find(reader, tensor, &array);
    if (status == IMP_OK && !array) status = missing(reader, tensor);
    if (status != IMP_OK) return status;
    if (array->rank != 4 || array->dims[0] < 1 || array->dims[0] > IMP_TRANSFORM_MAX_CHANNELS)
        return imp_fail(reader->error, IMP_ERROR_FORMAT,
                        "%s: %.80s is no convolution of 1 to %d channels; this is another network or a damaged file",
                        reader->name, array->name, IMP_TRANSFORM_MAX_CHANNELS);
    *out = (int)array->dims[0];
    return IMP_OK;
}

static ImpStatus count_residuals(const Reader *reader, int *out) {
    const ImpArray *array = NULL;
    ImpStatus status = IMP_OK;
    *out = 0;
    do {
        char tensor[48];
        snprintf(tensor, sizeof tensor, "res%d.conv1.conv2d.weight", *out + 1);
        status = find(reader, tensor, &array);
        *out += array ? 1 : 0;
    } while (status == IMP_OK && array && *out <= IMP_TRANSFORM_MAX_RESIDUALS);
    if (status == IMP_OK && *out == 0) return missing(reader, "res1.conv1.conv2d.weight");
    if (status == IMP_OK && *out > IMP_TRANSFORM_MAX_RESIDUALS)
        return imp_fail(reader->error, IMP_ERROR_UNSUPPORTED, "%s has more than %d residual blocks: %.80s is too many",
                        reader->name, IMP_TRANSFORM_MAX_RESIDUALS, array->name);
    return status;
}

static ImpStatus read_shape(const Reader *reader, ImpTransformShape *shape) {
    ImpStatus status = read_channels(reader, "conv1", &shape->down[0]);
    if (status == IMP_OK) status = read_channels(reader, "conv2", &shape->down[1]);
    if (status == IMP_OK) status = read_channels(reader, "conv3", &shape->down[2]);
    if (status == IMP_OK) status = count_residuals(reader, &shape->residuals);
    if (status == IMP_OK) status = read_channels(reader, "deconv1", &shape->up[0]);
    if (status == IMP_OK) status = read_channels(reader, "deconv2", &shape->up[1]);
    return status;
}

/* --- the tensors -------------------------------------------------------------------------------------------------- */

static void print_shape(const int64_t *dims, int rank, char out[96]) {
    size_t used = (size_t)snprintf(out, 96, "(");
    for (int i = 0; i < rank && used < 70; i++)
        used += (size_t)snprintf(out + used, 96 - used, "%s%lld", i ? "," : "", (long long)dims[i]);
    snprintf(out + used, 96 - used, ")");
}

static ImpStatus check_shape(const Reader *reader, const ImpArray *array, int rank, const int64_t *dims) {
    bool same = array->rank == rank;
    for (int i = 0; same && i < rank; i++) same = array->dims[i] == dims[i];
    if (same) return IMP_OK;
    char have[96], need[96];
    print_shape(array->dims, array->rank, have);
    print_shape(dims, rank, need);
    return imp_fail(reader->error, IMP_ERROR_FORMAT,
                    "%s: %.80s has the shape %s where its neighbours need %s; this is another network or a damaged "
                    "file",
                    reader->name, array->name, have, need);
}

/* One tensor, called `layer.part`, into the values; out NULL: only whether it is there and has its shape. */
static ImpStatus take(const Reader *reader, const char *layer, const char *part, int rank, const int64_t *dims,
                      float *out) {
    char tensor[48];
    const ImpArray *array;
    snprintf(tensor, sizeof tensor, "%s.%s", layer, part);
    ImpStatus status = find(reader, tensor, &array);
    if (status == IMP_OK && !array) status = missing(reader, tensor);
    if (status == IMP_OK) status = check_shape(reader, array, rank, dims);
    if (status != IMP_OK || !out) return status;
    assert(array); /* missing() is never IMP_OK */
    return imp_network_values(array, reader->name, out, reader->error);
}

/* values NULL: as `out` above. */
static ImpStatus take_layer(const Reader *reader, const ImpTransformLayer *layer, float *values) {
    int64_t dims[4] = {layer->out, layer->in, layer->kernel, layer->kernel};
    ImpStatus status = take(reader, layer->conv, "weight", 4, dims, values ? values + layer->weight : NULL);
    if (status == IMP_OK) status = take(reader, layer->conv, "bias", 1, dims, values ? values + layer->bias : NULL);
    if (status != IMP_OK || !*layer->norm) return status;
    status = take(reader, layer->norm, "weight", 1, dims, values ? values + layer->scale : NULL);
    if (status != IMP_OK) return status;
    return take(reader, layer->norm, "bias", 1, dims, values ? values + layer->shift : NULL);
}

static ImpStatus take_layers(const Reader *reader, const ImpTransformNet *net, float *values) {
    ImpStatus status = IMP_OK;
    for (int i = 0; i < net->n_layers && status == IMP_OK; i++) status = take_layer(reader, &net->layers[i], values);
    return status;
}

/* --- what else the file holds ------------------------------------------------------------------------------------- */

/* Whether `name` is `layer` with one of `parts` (to NULL). */
static bool is_part(const char *name, const char *layer, const char *const *parts) {
    size_t length = strlen(layer);
    if (length == 0 || strncmp(name, layer, length) != 0 || name[length] != '.') return false;
    for (; *parts; parts++)
        if (strcmp(name + length + 1, *parts) == 0) return true;
    return false;
}

static bool has_place(const ImpTransformNet *net, const char *name) {
    static const char *const conv[] = {"weight", "bias", NULL};
    static const char *const norm[] = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked", NULL};
    for (int i = 0; i < net->n_layers; i++)
        if (is_part(name, net->layers[i].conv, conv) || is_part(name, net->layers[i].norm, norm)) return true;
    return false;
}

/* Something more in the file means that the network does more than is known here. */
static ImpStatus check_rest(const Reader *reader, const ImpTransformNet *net) {
    for (size_t i = 0; i < reader->bundle->count; i++)
        if (!has_place(net, bare(reader->bundle->arrays[i].name)))
            return imp_fail(reader->error, IMP_ERROR_UNSUPPORTED,
                            "%s is a style network of another kind: its tensor %.80s has no place in the one known "
                            "here (pytorch/examples fast_neural_style)",
                            reader->name, reader->bundle->arrays[i].name);
    return IMP_OK;
}

ImpStatus imp_transform_from_bundle(const ImpBundle *bundle, const char *name, ImpTransformNet **out, ImpError *error) {
    Reader reader = {bundle, name, error};
    ImpTransformShape shape = {0};
    *out = NULL;
    ImpStatus status = read_shape(&reader, &shape);
    if (status == IMP_OK) status = imp_transform_empty(shape, name, out, error);
    if (status != IMP_OK) return status;
    status = check_rest(&reader, *out);
    if (status == IMP_OK) status = take_layers(&reader, *out, NULL); /* before memory is asked for */
    if (status == IMP_OK) status = imp_transform_make_room(*out, error);
    if (status == IMP_OK) status = take_layers(&reader, *out, (*out)->values);
    if (status != IMP_OK) imp_transform_free(out);
    return status;
}

ImpStatus imp_transform_read(const char *model, ImpTransformNet **out, ImpError *error) {
    *out = NULL;
    ImpModelContent content;
    ImpStatus status = imp_model_read(model, &content, error);
    if (status == IMP_OK) status = imp_transform_from_bundle(content.bundle, content.name, out, error);
    if (status == IMP_OK) memcpy((*out)->sha256, content.sha256, sizeof content.sha256);
    imp_model_content_clear(&content);
    return status;
}
