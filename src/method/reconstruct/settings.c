#include "method/reconstruct/settings.h"

#include "base/error.h"
#include "network/vgg.h"
#include <stdio.h>
#include <string.h>

static const char usual_layer[] = "relu4_2";

/* Of the losses besides the total. */
static const char *const part_names[] = {"feature", "alpha", "tv", "psnr"};

/* All ReLUs of the network, down to `deepest` where one is given. */
static ImpStatus list_layers(const ImpVggWeights *weights, const char *deepest, ImpReconstructSettings *s,
                             ImpError *error) {
    for (int i = 0; i < weights->n_convs; i++) {
        char *name = s->layers[s->n_layers++];
        snprintf(name, sizeof s->layers[0], "relu%d_%d", weights->convs[i].block, weights->convs[i].index);
        if (deepest && strcmp(name, deepest) == 0) return IMP_OK;
    }
    if (!deepest) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "with all-layers, layer is the deepest one shown, a ReLU such as relu4_2; %.40s is none", deepest);
}

static ImpStatus read_layers(const ImpParams *params, const ImpVggWeights *weights, ImpReconstructSettings *s,
                             ImpError *error) {
    const char *layer = imp_params_text(params, "layer");
    const char *name = layer ? layer : usual_layer;
    if (layer || !s->sheet) {
        if (strcmp(name, "image") == 0)
            return imp_fail(error, IMP_ERROR_ARGUMENT,
                            "image is no layer of the network; give a layer such as relu4_2");
        ImpStatus status = imp_vgg_check_layer(weights, name, error);
        if (status != IMP_OK) return status;
    }
    if (s->sheet) return list_layers(weights, layer, s, error);
    snprintf(s->layers[s->n_layers++], sizeof s->layers[0], "%s", name);
    return IMP_OK;
}

static ImpStatus check_sheet(const ImpParams *params, const ImpReconstructSettings *s, ImpError *error) {
    const char *checkpoint = s->descent.checkpoint ? "checkpoint" : s->descent.resume ? "resume" : NULL;
    (void)params;
    if (!s->sheet || !checkpoint) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT, "%s is for a single layer; leave it or all-layers out", checkpoint);
}

ImpStatus imp_reconstruct_settings_read(const ImpParams *params, const ImpVggWeights *weights,
                                        ImpReconstructSettings *out, ImpError *error) {
    *out = (ImpReconstructSettings){.sheet = imp_params_flag(params, "all-layers"),
                                    .alpha_weight = imp_params_real(params, "alpha-weight"),
                                    .alpha = imp_params_real(params, "alpha"),
                                    .tv_weight = imp_params_real(params, "tv-weight"),
                                    .tv_beta = imp_params_real(params, "tv-beta"),
                                    .init = (ImpReconstructInit)imp_params_choice(params, "init"),
                                    .seed = (uint64_t)imp_params_integer(params, "seed"),
                                    .max_pooling = imp_params_choice(params, "pooling") == 0,
                                    .padding = (ImpPadding)imp_params_choice(params, "padding")};
    out->descent.part_names = part_names;
    out->descent.n_parts = sizeof part_names / sizeof *part_names;
    ImpStatus status = imp_descent_settings_read(params, &out->descent, error);
    if (status == IMP_OK) status = check_sheet(params, out, error);
    if (status == IMP_OK) status = read_layers(params, weights, out, error);
    return status;
}

void imp_reconstruct_settings_fit(const ImpParams *params, int width, int height, ImpReconstructSettings *s) {
    int own = width > height ? width : height;
    int side = own < IMP_RECONSTRUCT_SIZE_LIMIT ? own : IMP_RECONSTRUCT_SIZE_LIMIT;
    if (imp_params_has(params, "size")) side = (int)imp_params_integer(params, "size");
    s->shrunk = side < own && !imp_params_has(params, "size");
    imp_image_fit(width, height, side, &s->width, &s->height);
    ImpDescentScale scale = {.long_side = side < IMP_RECONSTRUCT_LEAST_SIDE ? IMP_RECONSTRUCT_LEAST_SIDE : side,
                             .evaluations = imp_params_integer(params, "evaluations")};
    imp_image_fit(width, height, scale.long_side, &scale.width, &scale.height);
    s->descent.n_scales = s->n_layers;
    for (int i = 0; i < s->n_layers; i++) s->descent.scales[i] = scale;
}
