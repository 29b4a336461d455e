#include "method/stylise/objective.h"

#include "base/memory.h"
#include "base/threads.h"
#include <math.h>
#include <string.h>

struct ImpStyliseObjective {
    const ImpStyliseSettings *settings;
    ImpPixelSpace space;
    ImpShape shape; /* of the picture */
    ImpExtractor *extractor;
    const char *names[IMP_VGG_MAX_TAPS]; /* every layer once */
    size_t n_taps;
    size_t content_taps[IMP_VGG_MAX_TAPS], style_taps[IMP_VGG_MAX_TAPS];
    ImpLoss *content[IMP_VGG_MAX_TAPS], *style[IMP_VGG_MAX_TAPS];
    ImpLoss *tv;           /* on the pixels themselves, or NULL */
    ImpVggWeights network; /* the run's weights, taking pixels as they are optimised */
    double *partial_norms; /* (pieces) */
};

/* The tap of layer `name`, new or shared with another loss. */
static size_t tap_of(ImpStyliseObjective *objective, const char *name) {
    for (size_t i = 0; i < objective->n_taps; i++)
        if (strcmp(objective->names[i], name) == 0) return i;
    objective->names[objective->n_taps] = name;
    return objective->n_taps++;
}

static void choose_taps(ImpStyliseObjective *objective) {
    const ImpStyliseLayers *content = &objective->settings->content_layers, *style = &objective->settings->style_layers;
    for (size_t i = 0; i < content->count; i++) objective->content_taps[i] = tap_of(objective, content->list[i].layer);
    for (size_t i = 0; i < style->count; i++) objective->style_taps[i] = tap_of(objective, style->list[i].layer);
}

static ImpStatus make_style_losses(ImpStyliseObjective *objective, const ImpStyleTargets *targets, ImpError *error) {
    const ImpStyliseSettings *settings = objective->settings;
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < settings->style_layers.count && status == IMP_OK; i++) {
        ImpShape shape = imp_extractor_value(objective->extractor, objective->style_taps[i]).shape;
        double weight = settings->style_weight * settings->style_layers.list[i].weight;
        int channels =
            imp_vgg_counted_channels(&objective->network, settings->style_layers.list[i].layer, shape.channels);
        if (settings->normalise_weights) weight /= channels;
        status = imp_gram_loss_new(objective->style_taps[i], weight, settings->normalisation, targets->grams[i], shape,
                                   channels, &objective->style[i], error);
    }
    return status;
}

static ImpStatus normalise_all(ImpLoss **losses, size_t count, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < count && status == IMP_OK; i++) status = imp_loss_normalise_gradient(losses[i], error);
    return status;
}

static ImpStatus normalise_gradients(ImpStyliseObjective *objective, ImpError *error) {
    const ImpStyliseSettings *settings = objective->settings;
    if (!settings->normalise_gradients) return IMP_OK;
    ImpStatus status = normalise_all(objective->content, settings->content_layers.count, error);
    if (status == IMP_OK) status = normalise_all(objective->style, settings->style_layers.count, error);
    return status;
}

/* The network's input is rgb * scale + offset with rgb = (pixels + mean) / range. Taken together, no digits are lost on
 * the way through [0,1]: neural-style begins with a thousandth of a level and depends on it. */
static void take_pixels(const ImpPixelSpace *space, ImpModelInput *input) {
    for (int c = 0; c < 3; c++) {
        double scale = (double)input->scale[c] / (double)space->range, mean = (double)space->mean[input->source[c]];
        input->scale[c] = (float)scale;
        input->offset[c] = (float)((double)input->offset[c] + scale * mean);
    }
}

/* The network and what works on the picture itself. */
static ImpStatus make_parts(ImpStyliseObjective *objective, ImpError *error) {
    const ImpStyliseSettings *settings = objective->settings;
    size_t n = imp_shape_count(objective->shape);
    ImpVggSpec spec = imp_stylise_network(settings, objective->names, objective->n_taps);
    ImpStatus status = imp_extractor_new(&objective->network, &spec, objective->shape.height, objective->shape.width,
                                         true, &objective->extractor, error);
    if (status == IMP_OK && settings->tv_weight > 0)
        status = imp_tv_loss_new(0, settings->tv_weight, settings->tv_kind, objective->shape, &objective->tv, error);
    if (status == IMP_OK) status = IMP_ALLOC(&objective->partial_norms, n / IMP_PIECE + 1, "sums", error);
    return status;
}

ImpStatus imp_stylise_objective_new(const ImpVggWeights *weights, const ImpStyliseSettings *settings,
                                    const ImpDescentScale *scale, const ImpImage *content,
                                    const ImpImage *const *styles, size_t n_styles, ImpStyliseObjective **out,
                                    ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "objective", error);
    if (status != IMP_OK) return status;
    ImpStyliseObjective *objective = *out;
    objective->settings = settings;
    objective->space = imp_pixel_space(settings->descent.bytes);
    objective->shape = (ImpShape){3, scale->height, scale->width, 1};
    objective->network = *weights;
    take_pixels(&objective->space, &objective->network.input);
    choose_taps(objective);
    ImpStyleTargets targets;
    status = imp_style_targets(weights, settings, scale, content, styles, n_styles, &targets, error);
    if (status == IMP_OK)
        status = imp_content_losses(weights, settings, content, objective->content_taps, objective->content, error);
    if (status == IMP_OK) status = make_parts(objective, error);
    if (status == IMP_OK) status = make_style_losses(objective, &targets, error);
    if (status == IMP_OK) status = normalise_gradients(objective, error);
    imp_style_targets_free(&targets);
    if (status != IMP_OK) imp_stylise_objective_free(out);
    return status;
}

void imp_stylise_objective_free(ImpStyliseObjective **objective) {
    ImpStyliseObjective *o = *objective;
    if (!o) return;
    for (size_t i = 0; i < IMP_VGG_MAX_TAPS; i++) {
        imp_loss_free(&o->content[i]);
        imp_loss_free(&o->style[i]);
    }
    imp_loss_free(&o->tv);
    imp_extractor_free(&o->extractor);
    imp_free(o->partial_norms);
    imp_free(o);
    *objective = NULL;
}

static ImpStatus sum_losses(ImpStyliseObjective *objective, ImpLoss **losses, size_t count, double *sum,
                            ImpError *error) {
    *sum = 0;
    for (size_t i = 0; i < count; i++) {
        ImpTensor value = imp_extractor_value(objective->extractor, losses[i]->tap);
        double loss;
        ImpStatus status = imp_loss_value(losses[i], &value, &loss, error);
        if (status != IMP_OK) return status;
        *sum += loss;
    }
    return IMP_OK;
}

static void add_gradients(ImpLoss **losses, size_t count, size_t tap, const ImpTensor *value,
                          const ImpTensor *gradient) {
    for (size_t i = 0; i < count; i++)
        if (losses[i]->tap == tap) imp_loss_add_gradient(losses[i], value, gradient);
}

static void tap_gradient(void *context, size_t tap, const ImpTensor *value, const ImpTensor *gradient) {
    ImpStyliseObjective *objective = context;
    add_gradients(objective->content, objective->settings->content_layers.count, tap, value, gradient);
    add_gradients(objective->style, objective->settings->style_layers.count, tap, value, gradient);
}

typedef struct Norm {
    const float *gradient;
    double *sums;
    size_t n;
} Norm;

static void square_piece(void *context, size_t i) {
    const Norm *norm = context;
    size_t end = (i + 1) * IMP_PIECE < norm->n ? (i + 1) * IMP_PIECE : norm->n;
    double sum = 0;
    for (size_t j = i * IMP_PIECE; j < end; j++) sum += (double)norm->gradient[j] * (double)norm->gradient[j];
    norm->sums[i] = sum;
}

static ImpStatus add_tv(ImpStyliseObjective *objective, float *pixels, float *gradient, double *value,
                        ImpError *error) {
    ImpTensor picture = {.shape = objective->shape, .layout = IMP_LAYOUT_PLAIN, .block = 1, .data = pixels};
    ImpTensor slope = picture;
    slope.data = gradient;
    ImpStatus status = imp_loss_value(objective->tv, &picture, value, error);
    if (status == IMP_OK) imp_loss_add_gradient(objective->tv, &picture, &slope);
    return status;
}

ImpStatus imp_stylise_evaluate(ImpStyliseObjective *objective, float *pixels, float *gradient, ImpStyliseLosses *out,
                               ImpError *error) {
    const ImpStyliseSettings *settings = objective->settings;
    size_t places = imp_shape_places(objective->shape), n = 3 * places, pieces = (n + IMP_PIECE - 1) / IMP_PIECE;
    *out = (ImpStyliseLosses){0};
    if (settings->descent.clamp) imp_pixels_clamp(&objective->space, pixels, places);
    ImpStatus status = imp_extractor_forward(objective->extractor, pixels, error);
    if (status == IMP_OK)
        status = sum_losses(objective, objective->content, settings->content_layers.count, &out->content, error);
    if (status == IMP_OK)
        status = sum_losses(objective, objective->style, settings->style_layers.count, &out->style, error);
    if (status == IMP_OK)
        status = imp_extractor_backward(objective->extractor, tap_gradient, objective, gradient, error);
    if (status == IMP_OK && objective->tv) status = add_tv(objective, pixels, gradient, &out->tv, error);
    if (status != IMP_OK) return status;
    Norm norm = {gradient, objective->partial_norms, n};
    imp_parallel(pieces, square_piece, &norm);
    out->gradient_norm = sqrt(imp_sum_in_order(objective->partial_norms, pieces));
    out->total = out->content + out->style + out->tv;
    return IMP_OK;
}
