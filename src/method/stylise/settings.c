#include "method/stylise/settings.h"

#include "base/error.h"
#include "method/rows.h"
#include <string.h>

/* As ImpStyliseLosses has them. */
static const char *const part_names[] = {"content", "style", "tv", "gradient_norm"};

static void read_layers(const ImpParams *params, const char *name, double weight, ImpStyliseLayers *out) {
    size_t count;
    const ImpLayerWeight *list = imp_params_layers(params, name, &count);
    out->count = 0;
    for (size_t i = 0; i < count && weight > 0 && out->count < IMP_VGG_MAX_TAPS; i++)
        if (list[i].weight > 0) out->list[out->count++] = list[i];
}

/* More different layers than any network has: some of them cannot exist, and their names are checked with the model. */
static ImpStatus check_layer_count(const ImpParams *params, const char *name, ImpError *error) {
    size_t count;
    imp_params_layers(params, name, &count);
    if (count <= IMP_VGG_MAX_TAPS) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT, "%s names %zu layers; a VGG network has at most %d", name, count,
                    IMP_VGG_MAX_TAPS);
}

static ImpStatus read_losses(const ImpParams *params, ImpStyliseSettings *s, ImpError *error) {
    ImpStatus status = check_layer_count(params, "content-layers", error);
    if (status == IMP_OK) status = check_layer_count(params, "style-layers", error);
    if (status != IMP_OK) return status;
    s->content_weight = imp_params_real(params, "content-weight");
    s->style_weight = imp_params_real(params, "style-weight");
    s->tv_weight = imp_params_real(params, "tv-weight");
    read_layers(params, "content-layers", s->content_weight, &s->content_layers);
    read_layers(params, "style-layers", s->style_weight, &s->style_layers);
    s->normalisation = (ImpNormalisation)imp_params_choice(params, "normalisation");
    s->normalise_gradients = imp_params_flag(params, "normalize-gradients");
    s->normalise_weights = imp_params_flag(params, "normalize-weights");
    s->tv_kind = (ImpTvKind)imp_params_choice(params, "tv-kind");
    if (s->content_layers.count == 0 && s->style_layers.count == 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "neither content nor style counts: give a layer and a weight above 0 for at least one");
    return IMP_OK;
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
    s->match_colours = match > 0;
    s->match_mode = match > 0 ? (ImpColourMatch)(match - 1) : IMP_COLOUR_MATCH_MEAN;
    s->original_colours = imp_params_flag(params, "original-colors");
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
    s->model = imp_params_text(params, "model");
    s->model_input = imp_row_model_input(params);
    s->max_pooling = imp_params_choice(params, "pooling") == 0;
    s->padding = (ImpPadding)imp_params_choice(params, "padding");
}

ImpStatus imp_stylise_settings_read(const ImpParams *params, int width, int height, size_t n_styles,
                                    ImpStyliseSettings *out, ImpError *error) {
    *out = (ImpStyliseSettings){0};
    out->descent.part_names = part_names;
    out->descent.n_parts = sizeof part_names / sizeof *part_names;
    ImpStatus status = read_losses(params, out, error);
    if (status == IMP_OK) status = read_styles(params, n_styles, out, error);
    if (status == IMP_OK) status = imp_descent_settings_read(params, &out->descent, error);
    if (status == IMP_OK) status = imp_stylise_scales_plan(params, width, height, out, error);
    if (status == IMP_OK) status = check_style_size(out, error);
    read_run(params, out);
    read_start(params, out);
    return status;
}
