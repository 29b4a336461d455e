#include "method/stylise/settings.h"

#include "base/error.h"
#include "method/rows.h"
#include <string.h>

/* How a part is called in reports, and its options. */
static const struct {
    const char *name, *weight, *layers;
    bool always; /* reported, even where its weight is 0 */
} parts[IMP_STYLISE_PARTS] = {
    [IMP_PART_CONTENT] = {"content", "content-weight", "content-layers", true},
    [IMP_PART_STYLE] = {"style", "style-weight", "style-layers", true},
    [IMP_PART_HISTOGRAM] = {"histogram", "histogram-weight", "histogram-layers", false},
    [IMP_PART_MOMENTS] = {"moments", "moments-weight", "moments-layers", false},
    [IMP_PART_WASSERSTEIN] = {"wasserstein", "wasserstein-weight", "wasserstein-layers", false},
    [IMP_PART_MRF] = {"mrf", "mrf-weight", "mrf-layers", false},
    [IMP_PART_LAPLACIAN] = {"laplacian", "laplacian-weight", NULL, false},
    [IMP_PART_TV] = {"tv", "tv-weight", NULL, true},
};

bool imp_stylise_is_style(ImpStylisePart part) {
    return part >= IMP_PART_STYLE && part <= IMP_PART_MRF;
}

const char *imp_stylise_part_name(ImpStylisePart part) {
    return parts[part].name;
}

/* More different layers than any network has: some of them cannot exist, and their names are checked with the model. */
static ImpStatus read_layers(const ImpParams *params, ImpStylisePart part, ImpStyliseSettings *s, ImpError *error) {
    size_t count;
    const ImpLayerWeight *list = imp_params_layers(params, parts[part].layers, &count);
    ImpStyliseLayers *out = &s->layers[part];
    out->count = 0;
    if (count > IMP_STYLISE_MAX_LAYERS)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "%s names %zu layers; a VGG network has at most %d",
                        parts[part].layers, count, IMP_STYLISE_MAX_LAYERS);
    for (size_t i = 0; i < count && s->weights[part] > 0; i++)
        if (list[i].weight > 0) out->list[out->count++] = list[i];
    return IMP_OK;
}

/* The columns of reports: what is in use, in the order of the parts. */
static void name_parts(ImpStyliseSettings *s) {
    s->descent.n_parts = 0;
    for (int part = 0; part < IMP_STYLISE_PARTS; part++) {
        if (!parts[part].always && s->weights[part] == 0) continue;
        s->reported[part] = s->descent.n_parts;
        s->part_names[s->descent.n_parts++] = parts[part].name;
    }
    s->part_names[s->descent.n_parts++] = "gradient_norm";
    s->descent.part_names = s->part_names;
}

static ImpStatus read_losses(const ImpParams *params, ImpStyliseSettings *s, ImpError *error) {
    size_t layers = 0;
    for (int part = 0; part < IMP_STYLISE_PARTS; part++) {
        s->weights[part] = imp_params_real(params, parts[part].weight);
        if (!parts[part].layers) continue;
        ImpStatus status = read_layers(params, part, s, error);
        if (status != IMP_OK) return status;
        layers += s->layers[part].count;
    }
    s->normalisation = (ImpNormalisation)imp_params_choice(params, "normalisation");
    s->gradient_norm = (ImpGradientNorm)imp_params_choice(params, "gradient-norm");
    s->normalise_weights = imp_params_flag(params, "normalize-weights");
    s->tv_kind = (ImpTvKind)imp_params_choice(params, "tv-kind");
    name_parts(s);
    if (layers > 0) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "neither content nor style counts: give a layer and a weight above 0 for at least one");
}

/* The parts that a text names: "none", "all", or names with commas between. */
static ImpStatus read_normalised(const ImpParams *params, ImpStyliseSettings *s, ImpError *error) {
    const char *text = imp_params_text(params, "normalize-gradients");
    bool all = strcmp(text, "all") == 0;
    for (int part = 0; part < IMP_STYLISE_PARTS; part++) s->normalise_gradients[part] = all;
    if (all || strcmp(text, "none") == 0) return IMP_OK;
    for (size_t length; *text; text += length, text += *text == ',') {
        int part = 0;
        length = strcspn(text, ",");
        while (part < IMP_STYLISE_PARTS &&
               (strlen(parts[part].name) != length || strncmp(text, parts[part].name, length) != 0))
            part++;
        if (part == IMP_STYLISE_PARTS)
            return imp_fail(error, IMP_ERROR_ARGUMENT,
                            "normalize-gradients: no loss is called \"%.*s\"; give none, all, or some of content, "
                            "style, histogram, moments, wasserstein, mrf, laplacian and tv",
                            (int)(length < 40 ? length : 40), text);
        s->normalise_gradients[part] = true;
    }
    return IMP_OK;
}

static ImpStatus read_laplacian(const ImpParams *params, ImpStyliseSettings *s, ImpError *error) {
    size_t n_weights = 0;
    s->laplacian_pools = imp_params_integers(params, "laplacian-pools", &s->n_pools);
    if (imp_params_has(params, "laplacian-pool-weights"))
        s->laplacian_weights = imp_params_reals(params, "laplacian-pool-weights", &n_weights);
    if (n_weights > 0 && n_weights != s->n_pools)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "laplacian-pool-weights has %zu numbers for %zu laplacian-pools; give one for each", n_weights,
                        s->n_pools);
    if (n_weights == 0) s->laplacian_weights = NULL;
    if (s->weights[IMP_PART_LAPLACIAN] == 0 || s->n_pools > 0) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT, "laplacian-weight needs at least one of laplacian-pools");
}

static ImpStatus read_patches(const ImpParams *params, ImpStyliseSettings *s, ImpError *error) {
    s->patches = (ImpPatchOptions){.size = (int)imp_params_integer(params, "patch-size"),
                                   .stride = (int)imp_params_integer(params, "patch-stride"),
                                   .style_stride = (int)imp_params_integer(params, "style-patch-stride")};
    s->patch_angles = imp_params_reals(params, "patch-angles", &s->n_angles);
    s->patch_scales = imp_params_reals(params, "patch-scales", &s->n_patch_scales);
    s->map_weight = imp_params_real(params, "map-weight");
    if (s->patches.size % 2 == 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "patch-size %d is even; patches have a middle: give %d",
                        s->patches.size, s->patches.size + 1);
    if (s->n_angles > 0 && s->n_patch_scales > 0) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "patch-angles and patch-scales need at least one number each: 0 and 1 are the style as it is");
}

static ImpStatus read_blend(const ImpParams *params, size_t n_styles, ImpStyliseSettings *s, ImpError *error) {
    if (!imp_params_has(params, "style-blend-weights")) return IMP_OK;
    s->blend_weights = imp_params_reals(params, "style-blend-weights", &s->n_blend_weights);
    if (s->n_blend_weights == 0) return IMP_OK;
    if (s->n_blend_weights != n_styles)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "style-blend-weights has %zu numbers for %zu styles; give one for each style",
                        s->n_blend_weights, n_styles);
    double sum = 0;
    for (size_t i = 0; i < n_styles; i++) sum += s->blend_weights[i];
    if (sum > 0) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT, "style-blend-weights are all 0; at least one must be above");
}

static ImpStatus read_styles(const ImpParams *params, size_t n_styles, ImpStyliseSettings *s, ImpError *error) {
    s->style_scale = imp_params_real(params, "style-scale");
    if (imp_params_has(params, "style-size")) s->style_size = (int)imp_params_integer(params, "style-size");
    int match = imp_params_choice(params, "match-colors");
    bool after = imp_params_choice(params, "match-when") == 1;
    s->match_styles = match > 0 && !after;
    s->match_result = match > 0 && after;
    s->match_mode = match > 0 ? (ImpColourMatch)(match - 1) : IMP_COLOUR_MATCH_MEAN;
    s->luminance_only = imp_params_flag(params, "luminance-only");
    s->original_colours = s->luminance_only || imp_params_flag(params, "original-colors");
    return read_blend(params, n_styles, s, error);
}

/* Once the scales are known. */
static ImpStatus check_style_size(const ImpStyliseSettings *s, ImpError *error) {
    double side =
        s->style_size > 0 ? s->style_size : s->descent.scales[s->descent.n_scales - 1].long_side * s->style_scale;
    if (side <= IMP_IMAGE_MAX_SIDE) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "style-scale %g makes the style %.0f pixels long, more than the %d that a picture may have; give a "
                    "smaller one",
                    s->style_scale, side, IMP_IMAGE_MAX_SIDE);
}

static void read_start(const ImpParams *params, ImpStyliseSettings *s) {
    const char *init = imp_params_text(params, "init");
    s->init = strcmp(init, "content") == 0 ? IMP_INIT_CONTENT
              : strcmp(init, "noise") == 0 ? IMP_INIT_NOISE
              : strcmp(init, "style") == 0 ? IMP_INIT_STYLE
              : strcmp(init, "adain") == 0 ? IMP_INIT_ADAIN
                                           : IMP_INIT_FILE;
    s->init_path = s->init == IMP_INIT_FILE ? init : NULL;
    s->decoder = imp_params_text(params, "init-decoder");
    s->noise = (ImpStyliseNoise)imp_params_choice(params, "noise");
    s->seed = (uint64_t)imp_params_integer(params, "seed");
}

static void read_run(const ImpParams *params, ImpStyliseSettings *s) {
    s->threads = (int)imp_params_integer(params, "threads");
    s->memory = imp_params_has(params, "memory") ? imp_params_integer(params, "memory") : 0;
    s->band_rows = imp_params_has(params, "band-rows") ? (int)imp_params_integer(params, "band-rows") : 0;
    s->model = imp_params_text(params, "model");
    s->model_input = imp_row_model_input(params);
    s->max_pooling = imp_params_choice(params, "pooling") == 0;
    s->padding = (ImpPadding)imp_params_choice(params, "padding");
}

ImpStatus imp_stylise_settings_read(const ImpParams *params, int width, int height, size_t n_styles,
                                    ImpStyliseSettings *out, ImpError *error) {
    *out = (ImpStyliseSettings){0};
    ImpStatus status = read_losses(params, out, error);
    if (status == IMP_OK) status = read_normalised(params, out, error);
    if (status == IMP_OK) status = read_laplacian(params, out, error);
    if (status == IMP_OK) status = read_patches(params, out, error);
    if (status == IMP_OK) status = read_styles(params, n_styles, out, error);
    if (status == IMP_OK) status = imp_descent_settings_read(params, &out->descent, error);
    if (status == IMP_OK) status = imp_stylise_scales_plan(params, width, height, out, error);
    if (status == IMP_OK) status = check_style_size(out, error);
    read_run(params, out);
    read_start(params, out);
    return status;
}
