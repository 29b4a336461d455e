#include "network/vgg_weights.h"

#include "base/error.h"
#include "base/memory.h"
#include "network/values.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const int block_convs[2][IMP_VGG_BLOCKS] = {{2, 2, 3, 3, 3}, {2, 2, 4, 4, 4}};
static const int block_channels[IMP_VGG_BLOCKS] = {64, 128, 256, 512, 512};

int imp_vgg_block_convs(int depth, int block) {
    return block_convs[depth == 19][block - 1];
}

int imp_vgg_block_channels(int block) {
    return block_channels[block - 1];
}

double imp_vgg_feature_scale(const ImpVggWeights *weights) {
    const double caffe = 255 * 0.226; /* times the mean of ImageNet's deviations */
    return weights->input.convention == IMP_INPUT_CAFFE ? 1 / caffe : 1;
}

void imp_vgg_deepest(const ImpVggWeights *weights, char out[16]) {
    const ImpVggConv *last = &weights->convs[weights->n_convs - 1];
    snprintf(out, 16, "conv%d_%d", last->block, last->index);
}

/* Where a convolution stands in one of the two networks. */
typedef struct Place {
    int block, index;
    int feature; /* its number in torchvision's features: every convolution takes 2 with its ReLU, every pooling 1 */
} Place;

static int list_places(int depth, Place places[IMP_VGG_MAX_CONVS]) {
    int count = 0, feature = 0;
    for (int block = 1; block <= IMP_VGG_BLOCKS; block++) {
        for (int index = 1; index <= imp_vgg_block_convs(depth, block); index++) {
            places[count++] = (Place){block, index, feature};
            feature += 2;
        }
        feature++;
    }
    return count;
}

/* ---- Reading names ---- */

/* What an array's name says it is. torchvision: `number` is N of features.N; Caffe: block and index. */
typedef struct Label {
    bool torchvision, bias;
    int number, block, index;
} Label;

static bool skip(const char **at, const char *word) {
    size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0) return false;
    *at += length;
    return true;
}

/* At most three digits, without leading zeros, so that no two spellings mean the same array. */
static bool read_integer(const char **at, int *out) {
    const char *start = *at;
    int value = 0, digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 4; digits++) value = 10 * value + (*(*at)++ - '0');
    *out = value;
    return digits > 0 && digits < 4 && (digits == 1 || *start != '0');
}

static const char *skip_prefixes(const char *name) {
    static const char *const prefixes[] = {"module.", "model.", "net.", "vgg.", "vgg16.", "vgg19.", "encoder."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (skip(&name, prefixes[i])) i = (size_t)-1; /* once more from the first */
    return name;
}

/* Whether the name is that of a layer of either naming; `rest` is what follows the layer's own name (".weight"). */
static bool read_layer(const char *name, Label *out, const char **rest) {
    const char *at = skip_prefixes(name);
    *out = (Label){0};
    if (skip(&at, "features.")) {
        skip(&at, "module.");
        out->torchvision = true;
        if (!read_integer(&at, &out->number)) return false;
    } else if (!skip(&at, "conv") || !read_integer(&at, &out->block) || !skip(&at, "_") ||
               !read_integer(&at, &out->index)) {
        return false;
    }
    *rest = at;
    return true;
}

static bool read_label(const char *name, Label *out) {
    const char *rest;
    if (!read_layer(name, out, &rest)) return false;
    out->bias = strcmp(rest, ".bias") == 0;
    return out->bias || strcmp(rest, ".weight") == 0;
}

static bool is_place(const Label *label, const Place *place) {
    if (label->torchvision) return label->number == place->feature;
    return label->block == place->block && label->index == place->index;
}

static const Place *find_place(const Label *label, const Place *places, int count) {
    for (int i = 0; i < count; i++)
        if (is_place(label, &places[i])) return &places[i];
    return NULL;
}

/* ---- Which network it is ---- */

/* Says why a bundle without a first convolution is no VGG. */
static ImpStatus fail_no_vgg(const ImpBundle *bundle, const char *name, ImpError *error) {
    if (bundle->count == 0) return imp_fail(error, IMP_ERROR_FORMAT, "%s holds no arrays; fetch the file again", name);
    return imp_fail(
        error, IMP_ERROR_UNSUPPORTED,
        "%s is no VGG-16 or VGG-19: it has neither features.0.weight nor conv1_1.weight (its first array is "
        "%.80s); give a VGG weight file, such as the one that \"impasto model fetch vgg19\" brings",
        name, bundle->arrays[0].name);
}

static ImpStatus fail_other_architecture(const char *array, const char *why, const char *name, ImpError *error) {
    return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                    "%s is no VGG-16 or VGG-19: %.80s %s; give a VGG weight file, such as the one that \"impasto model "
                    "fetch vgg19\" brings",
                    name, array, why);
}

typedef struct Naming {
    bool torchvision;
    const char *only_16, *only_19; /* an array that only this network has, or NULL */
} Naming;

/* Whether the first convolution's weight is there, and under which naming. */
static bool find_naming(const ImpBundle *bundle, Naming *out) {
    *out = (Naming){0};
    bool found = false;
    for (size_t i = 0; i < bundle->count && !out->torchvision; i++) {
        Label label;
        if (!read_label(bundle->arrays[i].name, &label) || label.bias) continue;
        if (label.torchvision ? label.number == 0 : label.block == 1 && label.index == 1) {
            found = true;
            out->torchvision = label.torchvision;
        }
    }
    return found;
}

static ImpStatus tell_apart(const ImpBundle *bundle, const char *name, Naming *naming, ImpError *error) {
    Place places_16[IMP_VGG_MAX_CONVS], places_19[IMP_VGG_MAX_CONVS];
    int count_16 = list_places(16, places_16), count_19 = list_places(19, places_19);
    for (size_t i = 0; i < bundle->count; i++) {
        const char *array = bundle->arrays[i].name, *rest;
        Label label;
        if (!read_layer(array, &label, &rest) || label.torchvision != naming->torchvision) continue;
        if (strcmp(rest, ".running_mean") == 0)
            return fail_other_architecture(array, "belongs to a batch normalisation", name, error);
        if (!read_label(array, &label)) continue;
        bool in_16 = find_place(&label, places_16, count_16), in_19 = find_place(&label, places_19, count_19);
        if (!in_16 && !in_19) return fail_other_architecture(array, "has no place in them", name, error);
        if (!in_19) naming->only_16 = array;
        if (!in_16) naming->only_19 = array;
    }
    if (naming->only_16 && naming->only_19)
        return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                        "%s is no VGG-16 or VGG-19: %.80s belongs to the one and %.80s to the other", name,
                        naming->only_16, naming->only_19);
    return IMP_OK;
}

/* Caffe's names show a VGG-16 only by what is missing: block 4 begins and there was no conv3_4. */
static bool looks_cut_at_three(const ImpBundle *bundle) {
    for (size_t i = 0; i < bundle->count; i++) {
        Label label;
        if (read_label(bundle->arrays[i].name, &label) && !label.torchvision && label.block >= 4) return true;
    }
    return false;
}

static int choose_depth(const ImpBundle *bundle, const Naming *naming) {
    if (naming->only_16) return 16;
    if (naming->only_19) return 19;
    if (!naming->torchvision && looks_cut_at_three(bundle)) return 16;
    const char *architecture = imp_bundle_metadata(bundle, "architecture");
    return architecture && strcmp(architecture, "vgg16") == 0 ? 16 : 19;
}

/* ---- Taking the convolutions ---- */

/* The array of a place, NULL where there is none; two arrays for one place are refused. */
static ImpStatus find_array(const ImpBundle *bundle, const char *name, const Naming *naming, const Place *place,
                            bool bias, const ImpArray **out, ImpError *error) {
    *out = NULL;
    for (size_t i = 0; i < bundle->count; i++) {
        const ImpArray *array = &bundle->arrays[i];
        Label label;
        if (!read_label(array->name, &label) || label.torchvision != naming->torchvision || label.bias != bias ||
            !is_place(&label, place))
            continue;
        if (*out)
            return imp_fail(error, IMP_ERROR_FORMAT, "%s: %.80s and %.80s are both conv%d_%d; keep one of them", name,
                            (*out)->name, array->name, place->block, place->index);
        *out = array;
    }
    return IMP_OK;
}

static void print_shape(const int64_t *dims, int rank, char out[64]) {
    size_t used = (size_t)snprintf(out, 64, "(");
    for (int i = 0; i < rank && used < 60; i++)
        used += (size_t)snprintf(out + used, 64 - used, "%s%lld", i ? "," : "", (long long)dims[i]);
    if (used < 60) snprintf(out + used, 64 - used, ")");
}

static ImpStatus check_shape(const ImpArray *array, const char *name, int rank, const int64_t *dims, ImpError *error) {
    bool same = array->rank == rank;
    for (int i = 0; same && i < rank; i++) same = array->dims[i] == dims[i];
    if (same) return IMP_OK;
    char have[64], need[64];
    print_shape(array->dims, array->rank, have);
    print_shape(dims, rank, need);
    return imp_fail(error, IMP_ERROR_FORMAT,
                    "%s: %.80s has the shape %s where VGG has %s; this is another network or a "
                    "damaged file",
                    name, array->name, have, need);
}

static ImpStatus take_values(const ImpArray *array, const char *name, int rank, const int64_t *dims, float **out,
                             ImpError *error) {
    ImpStatus status = check_shape(array, name, rank, dims, error);
    if (status == IMP_OK) status = IMP_ALLOC(out, array->count, "weights of the network", error);
    return status == IMP_OK ? imp_network_values(array, name, *out, error) : status;
}

/* What the block's first convolution puts out, the others do too. */
static ImpStatus decide_channels(const ImpVggWeights *weights, const ImpArray *weight, const Place *place,
                                 ImpVggConv *conv, ImpError *error) {
    const ImpVggConv *before = conv > weights->convs ? conv - 1 : NULL;
    conv->block = place->block;
    conv->index = place->index;
    conv->in_channels = before ? before->out_channels : 3;
    conv->out_channels = place->index > 1 ? conv->in_channels : imp_vgg_block_channels(place->block);
    if (place->index > 1 || weight->rank != 4 || weight->dims[0] == conv->out_channels) return IMP_OK;
    if (weight->dims[0] < 1 || weight->dims[0] > IMP_VGG_MAX_CHANNELS)
        return imp_fail(error, IMP_ERROR_FORMAT, "%s: %.80s has %lld channels where 1 to %d are possible",
                        weights->name, weight->name, (long long)weight->dims[0], IMP_VGG_MAX_CHANNELS);
    conv->out_channels = (int)weight->dims[0];
    return IMP_OK;
}

static ImpStatus take_projection(const ImpBundle *bundle, const char *name, ImpVggConv *conv, ImpError *error) {
    char text[40];
    snprintf(text, sizeof text, "relu%d_%d.projection.weight", conv->block, conv->index);
    const ImpArray *array = imp_bundle_find(bundle, text);
    if (!array) return IMP_OK;
    int64_t dims[4] = {array->rank == 4 ? array->dims[0] : 1, conv->out_channels, 1, 1};
    if (dims[0] < 1 || dims[0] > IMP_VGG_MAX_CHANNELS)
        return imp_fail(error, IMP_ERROR_FORMAT, "%s: %s has %lld channels where 1 to %d are possible", name, text,
                        (long long)dims[0], IMP_VGG_MAX_CHANNELS);
    conv->projected = (int)dims[0];
    return take_values(array, name, 4, dims, &conv->projection, error);
}

/* Where a convolution's numbers are in the bundle; NULL both where the file has none. */
typedef struct Found {
    const ImpArray *weight, *bias;
} Found;

static ImpStatus find_conv(const ImpBundle *bundle, const char *name, const Naming *naming, const Place *place,
                           Found *found, ImpError *error) {
    ImpStatus status = find_array(bundle, name, naming, place, false, &found->weight, error);
    if (status == IMP_OK) status = find_array(bundle, name, naming, place, true, &found->bias, error);
    if (status != IMP_OK || !found->weight == !found->bias) return status;
    return imp_fail(error, IMP_ERROR_FORMAT, "%s: conv%d_%d has a %s (%.80s) but no %s; the file is incomplete", name,
                    place->block, place->index, found->weight ? "weight" : "bias",
                    found->weight ? found->weight->name : found->bias->name, found->weight ? "bias" : "weight");
}

static ImpStatus take_conv(const ImpBundle *bundle, const ImpVggWeights *weights, const Found *found,
                           const Place *place, ImpVggConv *conv, ImpError *error) {
    ImpStatus status = decide_channels(weights, found->weight, place, conv, error);
    int64_t dims[4] = {conv->out_channels, conv->in_channels, 3, 3};
    if (status == IMP_OK) status = take_values(found->weight, weights->name, 4, dims, &conv->weight, error);
    if (status == IMP_OK) status = take_values(found->bias, weights->name, 1, dims, &conv->bias, error);
    return status == IMP_OK ? take_projection(bundle, weights->name, conv, error) : status;
}

static ImpStatus take_convs(const ImpBundle *bundle, const Naming *naming, ImpVggWeights *weights, ImpError *error) {
    Place places[IMP_VGG_MAX_CONVS];
    int count = list_places(weights->depth, places);
    for (int i = 0; i < count; i++) {
        Found found;
        ImpStatus status = find_conv(bundle, weights->name, naming, &places[i], &found, error);
        if (status != IMP_OK) return status;
        if (!found.weight) continue;
        int next = weights->n_convs;
        if (i > next)
            return imp_fail(error, IMP_ERROR_FORMAT,
                            "%s: conv%d_%d (features.%d) is missing though conv%d_%d is there; the file is incomplete",
                            weights->name, places[next].block, places[next].index, places[next].feature,
                            places[i].block, places[i].index);
        status = take_conv(bundle, weights, &found, &places[i], &weights->convs[i], error);
        if (status != IMP_OK) return status;
        weights->n_convs = i + 1;
    }
    return IMP_OK;
}

ImpStatus imp_vgg_weights_from_bundle(const ImpBundle *bundle, const char *name, ImpInputConvention wanted,
                                      ImpVggWeights **out, ImpError *error) {
    *out = NULL;
    ImpVggWeights *weights = NULL;
    Naming naming;
    ImpStatus status = find_naming(bundle, &naming) ? IMP_OK : fail_no_vgg(bundle, name, error);
    if (status == IMP_OK) status = tell_apart(bundle, name, &naming, error);
    if (status == IMP_OK) status = IMP_ALLOC(&weights, 1, "network", error);
    if (status != IMP_OK) return status;
    weights->depth = choose_depth(bundle, &naming);
    weights->name = imp_strdup(name);
    status = weights->name ? take_convs(bundle, &naming, weights, error)
                           : imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the name of the model");
    if (status == IMP_OK)
        status = imp_model_input_decide(
            bundle, name, weights->convs[0].out_channels, weights->convs[0].weight, weights->convs[0].bias,
            naming.torchvision ? IMP_INPUT_TORCHVISION : IMP_INPUT_CAFFE, wanted, &weights->input, error);
    if (status == IMP_OK)
        *out = weights;
    else
        imp_vgg_weights_free(&weights);
    return status;
}

void imp_vgg_weights_free(ImpVggWeights **weights) {
    ImpVggWeights *w = *weights;
    if (!w) return;
    for (int i = 0; i < IMP_VGG_MAX_CONVS; i++) {
        imp_free(w->convs[i].weight);
        imp_free(w->convs[i].bias);
        imp_free(w->convs[i].projection);
    }
    imp_free(w->name);
    imp_free(w);
    *weights = NULL;
}
