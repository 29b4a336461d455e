#include "method/stylise/targets.h"

#include "base/memory.h"
#include "feature/extractor.h"
#include "method/picture.h"
#include <math.h>

/* A network for `image` with these taps, after its forward pass. */
static ImpStatus extract(const ImpVggWeights *weights, const ImpVggSpec *spec, const ImpImage *image,
                         ImpExtractor **out, ImpError *error) {
    ImpStatus status = imp_extractor_new(weights, spec, image->height, image->width, false, out, error);
    if (status == IMP_OK) status = imp_extractor_forward(*out, image->rgb, error);
    if (status != IMP_OK) imp_extractor_free(out);
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

/* --- styles ------------------------------------------------------------------------------------------------------- */

static ImpStatus list_aims(const ImpStyliseSources *sources, ImpStyleAims *out, ImpError *error) {
    const ImpStyliseSettings *settings = sources->settings;
    size_t most = IMP_STYLISE_PARTS * IMP_STYLISE_MAX_LAYERS * sources->guidance->n_regions;
    *out = (ImpStyleAims){.count = 0};
    ImpStatus status = IMP_ALLOC(&out->list, most, "style targets", error);
    for (int part = 0; part < IMP_STYLISE_PARTS; part++)
        for (size_t layer = 0; imp_stylise_is_style(part) && layer < settings->layers[part].count; layer++)
            for (size_t region = 0; region < sources->guidance->n_regions && status == IMP_OK; region++) {
                ImpStyleAim *aim = &out->list[out->count];
                *aim = (ImpStyleAim){.part = part, .layer = layer, .region = region};
                status = imp_style_target_new(settings, part, &aim->target, error);
                if (status == IMP_OK) out->count++;
            }
    return status;
}

void imp_style_aims_end(ImpStyleAims *aims) {
    for (size_t i = 0; i < aims->count; i++) imp_style_target_free(&aims->list[i].target);
    imp_free(aims->list);
    *aims = (ImpStyleAims){0};
}

/* Adds what one style has at the aim's layer and region. */
static ImpStatus add_sample(const ImpStyliseSources *sources, const ImpStyleAim *aim, const ImpTensor *activation,
                            double share, ImpError *error) {
    const char *layer = sources->settings->layers[aim->part].list[aim->layer].layer;
    ImpShape shape = activation->shape;
    ImpStyleSample sample = {.activation = activation,
                             .channels = imp_vgg_counted_channels(sources->weights, layer, shape.channels),
                             .share = sources->guidance->masked ? 1 : share};
    float *places;
    ImpStatus status =
        imp_guidance_style_places(sources->guidance, aim->region, shape.width, shape.height, &places, error);
    sample.places = places;
    if (status == IMP_OK) status = imp_style_target_add(aim->target, &sample, error);
    imp_free(places);
    return status;
}

static ImpStatus add_style(const ImpStyliseSources *sources, const ImpStyliseTaps *taps, size_t style,
                           const ImpImage *prepared, ImpStyleAims *aims, ImpError *error) {
    ImpVggSpec spec = imp_stylise_network(sources->settings, taps);
    ImpExtractor *extractor = NULL;
    double share = imp_style_share(sources->settings, sources->n_styles, style);
    ImpStatus status = extract(sources->weights, &spec, prepared, &extractor, error);
    for (size_t i = 0; i < aims->count && status == IMP_OK; i++) {
        const ImpStyleAim *aim = &aims->list[i];
        if (!imp_guidance_uses(sources->guidance, aim->region, style)) continue;
        ImpTensor activation = imp_extractor_value(extractor, taps->of[aim->part][aim->layer]);
        status = add_sample(sources, aim, &activation, share, error);
    }
    imp_extractor_free(&extractor);
    return status;
}

/* A style that counts nothing is not looked at; masks give each style its own place instead. */
static bool counts(const ImpStyliseSources *sources, size_t style) {
    return sources->guidance->masked || imp_style_share(sources->settings, sources->n_styles, style) > 0;
}

ImpStatus imp_style_aims(const ImpStyliseSources *sources, const ImpDescentScale *scale, const ImpImage *content,
                         ImpStyleAims *out, ImpError *error) {
    ImpStyliseTaps taps = imp_stylise_taps(sources->settings, true);
    ImpStatus status = list_aims(sources, out, error);
    for (size_t i = 0; i < sources->n_styles && out->count > 0 && status == IMP_OK; i++) {
        ImpImage *style = NULL;
        if (!counts(sources, i)) continue;
        status = imp_style_prepare(sources->settings, scale, content, sources->styles[i], &style, error);
        if (status == IMP_OK) status = add_style(sources, &taps, i, style, out, error);
        imp_image_free(&style);
    }
    return status;
}

/* --- content ------------------------------------------------------------------------------------------------------ */

static double largest_side(ImpShape shape, int channels) {
    int side = channels > shape.height ? channels : shape.height;
    return side > shape.width ? side : shape.width;
}

static ImpVggSpec content_network(const ImpStyliseSettings *settings, const char **names) {
    const ImpStyliseLayers *layers = &settings->layers[IMP_PART_CONTENT];
    for (size_t i = 0; i < layers->count; i++) names[i] = layers->list[i].layer;
    return (ImpVggSpec){
        .max_pooling = settings->max_pooling, .padding = settings->padding, .taps = names, .n_taps = layers->count};
}

ImpStatus imp_content_losses(const ImpStyliseSources *sources, const ImpImage *content, const size_t *taps,
                             ImpLoss **losses, ImpError *error) {
    const ImpStyliseSettings *settings = sources->settings;
    const ImpStyliseLayers *layers = &settings->layers[IMP_PART_CONTENT];
    const char *names[IMP_STYLISE_MAX_LAYERS];
    for (size_t i = 0; i < layers->count; i++) losses[i] = NULL;
    if (layers->count == 0) return IMP_OK;
    ImpVggSpec spec = content_network(settings, names);
    ImpExtractor *extractor;
    ImpStatus status = extract(sources->weights, &spec, content, &extractor, error);
    for (size_t i = 0; i < layers->count && status == IMP_OK; i++) {
        ImpTensor value = imp_extractor_value(extractor, i);
        double weight = settings->weights[IMP_PART_CONTENT] * layers->list[i].weight;
        int channels = imp_vgg_counted_channels(sources->weights, layers->list[i].layer, value.shape.channels);
        if (settings->normalise_weights) weight /= largest_side(value.shape, channels);
        status = imp_content_loss_new(taps[i], weight, settings->normalisation, &value, channels, &losses[i], error);
    }
    imp_extractor_free(&extractor);
    for (size_t i = 0; i < layers->count && status != IMP_OK; i++) imp_loss_free(&losses[i]);
    return status;
}
