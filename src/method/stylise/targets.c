#include "method/stylise/targets.h"

#include "base/error.h"
#include "base/memory.h"
#include "method/picture.h"
#include <math.h>

ImpVggSpec imp_stylise_network(const ImpStyliseSettings *settings, const char *const *names, size_t n_names) {
    return (ImpVggSpec){
        .max_pooling = settings->max_pooling, .padding = settings->padding, .taps = names, .n_taps = n_names};
}

/* A network for `image` with these layers tapped, after its forward pass. */
static ImpStatus extract(const ImpVggWeights *weights, const ImpStyliseSettings *settings,
                         const ImpStyliseLayers *layers, const ImpImage *image, ImpExtractor **out, ImpError *error) {
    const char *names[IMP_VGG_MAX_TAPS];
    for (size_t i = 0; i < layers->count; i++) names[i] = layers->list[i].layer;
    ImpVggSpec spec = imp_stylise_network(settings, names, layers->count);
    ImpStatus status = imp_extractor_new(weights, &spec, image->height, image->width, false, out, error);
    if (status == IMP_OK) status = imp_extractor_forward(*out, image->rgb, error);
    if (status != IMP_OK) imp_extractor_free(out);
    return status;
}

/* Adds share * Gram matrix of each layer to the targets. */
static ImpStatus add_grams(const ImpVggWeights *weights, const ImpStyliseSettings *settings,
                           const ImpExtractor *extractor, double share, ImpStyleTargets *targets, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < settings->style_layers.count && status == IMP_OK; i++) {
        ImpTensor value = imp_extractor_value(extractor, i);
        int channels = imp_vgg_counted_channels(weights, settings->style_layers.list[i].layer, value.shape.channels);
        size_t cells = (size_t)value.shape.channels * (size_t)value.shape.channels;
        double *gram = NULL;
        if (!targets->grams[i]) status = IMP_ALLOC(&targets->grams[i], cells, "Gram matrix", error);
        if (status == IMP_OK) status = IMP_ALLOC(&gram, cells, "Gram matrix", error);
        if (status == IMP_OK) status = imp_gram_target(settings->normalisation, &value, channels, gram, error);
        for (size_t cell = 0; status == IMP_OK && cell < cells; cell++) targets->grams[i][cell] += share * gram[cell];
        imp_free(gram);
    }
    return status;
}

ImpStatus imp_style_prepare(const ImpStyliseSettings *settings, const ImpDescentScale *scale, const ImpImage *content,
                            const ImpImage *style, ImpImage **out, ImpError *error) {
    double side = settings->style_size > 0 ? settings->style_size : round(scale->long_side * settings->style_scale);
    int width, height;
    imp_image_fit(style->width, style->height, side < 1 ? 1 : (int)side, &width, &height);
    ImpStatus status = imp_picture_prepare(style, width, height, out, error);
    if (status == IMP_OK && settings->match_colours)
        status = imp_colour_match(*out, content, settings->match_mode, error);
    if (status != IMP_OK) imp_image_free(out);
    return status;
}

double imp_style_share(const ImpStyliseSettings *settings, size_t n_styles, size_t style) {
    if (settings->n_blend_weights == 0) return 1 / (double)n_styles;
    double sum = 0;
    for (size_t i = 0; i < n_styles; i++) sum += settings->blend_weights[i];
    return settings->blend_weights[style] / sum;
}

ImpStatus imp_style_targets(const ImpVggWeights *weights, const ImpStyliseSettings *settings,
                            const ImpDescentScale *scale, const ImpImage *content, const ImpImage *const *styles,
                            size_t n_styles, ImpStyleTargets *out, ImpError *error) {
    *out = (ImpStyleTargets){.count = settings->style_layers.count};
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < n_styles && out->count > 0 && status == IMP_OK; i++) {
        double share = imp_style_share(settings, n_styles, i);
        if (share == 0) continue;
        ImpImage *style = NULL;
        ImpExtractor *extractor = NULL;
        status = imp_style_prepare(settings, scale, content, styles[i], &style, error);
        if (status == IMP_OK) status = extract(weights, settings, &settings->style_layers, style, &extractor, error);
        imp_image_free(&style);
        if (status == IMP_OK) status = add_grams(weights, settings, extractor, share, out, error);
        imp_extractor_free(&extractor);
    }
    return status;
}

void imp_style_targets_free(ImpStyleTargets *targets) {
    for (size_t i = 0; i < targets->count; i++) imp_free(targets->grams[i]);
    *targets = (ImpStyleTargets){0};
}

static double largest_side(ImpShape shape, int channels) {
    int side = channels > shape.height ? channels : shape.height;
    return side > shape.width ? side : shape.width;
}

ImpStatus imp_content_losses(const ImpVggWeights *weights, const ImpStyliseSettings *settings, const ImpImage *content,
                             const size_t *taps, ImpLoss **losses, ImpError *error) {
    const ImpStyliseLayers *layers = &settings->content_layers;
    for (size_t i = 0; i < layers->count; i++) losses[i] = NULL;
    if (layers->count == 0) return IMP_OK;
    ImpExtractor *extractor;
    ImpStatus status = extract(weights, settings, layers, content, &extractor, error);
    for (size_t i = 0; i < layers->count && status == IMP_OK; i++) {
        ImpTensor value = imp_extractor_value(extractor, i);
        double weight = settings->content_weight * layers->list[i].weight;
        int channels = imp_vgg_counted_channels(weights, layers->list[i].layer, value.shape.channels);
        if (settings->normalise_weights) weight /= largest_side(value.shape, channels);
        status = imp_content_loss_new(taps[i], weight, settings->normalisation, &value, channels, &losses[i], error);
    }
    imp_extractor_free(&extractor);
    for (size_t i = 0; i < layers->count && status != IMP_OK; i++) imp_loss_free(&losses[i]);
    return status;
}
