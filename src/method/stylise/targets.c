#include "method/stylise/targets.h"

#include "base/memory.h"
#include "feature/bands.h"
#include "image/turn.h"
#include "method/picture.h"
#include <math.h>
#include <string.h>

/* A network for `image` with these taps. */
static ImpStatus make_bands(const ImpStyliseSources *sources, const ImpVggSpec *spec, const ImpImage *image,
                            ImpBands **out, ImpError *error) {
    return imp_bands_new(sources->weights, spec, image->height, image->width, sources->band_rows, false, out, error);
}

ImpStatus imp_style_prepare(const ImpStyliseSettings *settings, const ImpDescentScale *scale, const ImpImage *content,
                            const ImpImage *style, ImpImage **out, ImpError *error) {
    double side = settings->style_size > 0 ? settings->style_size : round(scale->long_side * settings->style_scale);
    int width, height;
    imp_image_fit(style->width, style->height, side < 1 ? 1 : (int)side, &width, &height);
    ImpStatus status = imp_picture_prepare(style, width, height, out, error);
    if (status == IMP_OK && settings->luminance_only) imp_colour_make_grey(*out);
    if (status == IMP_OK && settings->match_styles)
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

static size_t regions_of(const ImpStyliseSources *sources, ImpStylisePart part) {
    return part == IMP_PART_MRF ? 1 : sources->guidance->n_regions;
}

static ImpStatus list_aims(const ImpStyliseSources *sources, ImpStyleAims *out, ImpError *error) {
    const ImpStyliseSettings *settings = sources->settings;
    size_t most = sources->guidance->n_regions * IMP_STYLISE_PARTS * IMP_STYLISE_MAX_LAYERS;
    *out = (ImpStyleAims){.count = 0};
    ImpStatus status = IMP_ALLOC(&out->list, most, "style targets", error);
    for (int part = 0; part < IMP_STYLISE_PARTS; part++)
        for (size_t layer = 0; imp_stylise_is_style(part) && layer < settings->layers[part].count; layer++)
            for (size_t region = 0; region < regions_of(sources, part) && status == IMP_OK; region++) {
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

/* A style as it is looked at: as it is, or a variant of it for patches alone. */
typedef struct Look {
    size_t style;
    double degrees, scale;
    const ImpImage *image;
} Look;

static bool is_variant(const Look *look) {
    return look->degrees != 0 || look->scale != 1;
}

/* Adds the patches of a look. */
static ImpStatus add_patches(const ImpStyliseSources *sources, ImpStyleAim *aim, const Look *look,
                             ImpStyleSample *sample, ImpError *error) {
    ImpShape shape = sample->activation->shape;
    float *map;
    if (aim->map_weight == 0) aim->map_weight = imp_style_map_weight(sources->settings, sample->activation);
    ImpStatus status = imp_guidance_style_map(sources->guidance, look->style, look->degrees, aim->map_weight,
                                              shape.width, shape.height, &map, error);
    sample->map = map;
    sample->n_regions = map ? sources->guidance->n_regions : 0;
    if (status == IMP_OK) status = imp_style_target_add(aim->target, sample, error);
    imp_free(map);
    return status;
}

/* Adds what a look, or this share of it, has at the aim's layer and region. */
static ImpStatus add_sample(const ImpStyliseSources *sources, ImpStyleAim *aim, const Look *look,
                            const ImpTensor *activation, double part, ImpError *error) {
    const char *layer = sources->settings->layers[aim->part].list[aim->layer].layer;
    ImpShape shape = activation->shape;
    bool masked = sources->guidance->masked;
    ImpStyleSample sample = {.activation = activation,
                             .channels = imp_vgg_counted_channels(sources->weights, layer, shape.channels)};
    sample.share = part * (masked ? 1 : imp_style_share(sources->settings, sources->n_styles, look->style));
    if (aim->part == IMP_PART_MRF) return add_patches(sources, aim, look, &sample, error);
    if (!imp_guidance_uses(sources->guidance, aim->region, look->style)) return IMP_OK;
    float *places;
    ImpStatus status =
        imp_guidance_style_places(sources->guidance, aim->region, shape.width, shape.height, &places, error);
    sample.places = places;
    if (status == IMP_OK) status = imp_style_target_add(aim->target, &sample, error);
    imp_free(places);
    return status;
}

/* Adds the band of the last forward pass to all aims. Gram matrices of bands add up by their places. */
static ImpStatus add_band(const ImpStyliseSources *sources, const ImpStyliseTaps *taps, const Look *look,
                          ImpBands *bands, ImpStyleAims *aims, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < aims->count && status == IMP_OK; i++) {
        ImpStyleAim *aim = &aims->list[i];
        size_t tap = taps->of[aim->part][aim->layer];
        int row;
        if (is_variant(look) && aim->part != IMP_PART_MRF) continue;
        ImpTensor part = imp_bands_part(bands, tap, &row);
        ImpShape whole = imp_bands_shape(bands, tap);
        status = add_sample(sources, aim, look, &part, (double)part.shape.height / whole.height, error);
    }
    return status;
}

static ImpStatus add_look(const ImpStyliseSources *sources, const ImpStyliseTaps *taps, const Look *look,
                          ImpStyleAims *aims, ImpError *error) {
    ImpVggSpec spec = imp_stylise_network(sources->settings, taps);
    ImpBands *bands = NULL;
    if (spec.padding == IMP_PADDING_CIRCULAR) spec.padding = IMP_PADDING_REPLICATE; /* a style has an end */
    ImpStatus status = make_bands(sources, &spec, look->image, &bands, error);
    for (size_t i = 0; status == IMP_OK && i < imp_bands_count(bands); i++) {
        status = imp_bands_forward(bands, i, look->image->rgb, error);
        if (status == IMP_OK) status = add_band(sources, taps, look, bands, aims, error);
    }
    imp_bands_free(&bands);
    return status;
}

/* The variant of a style for its patches: `look` says which, its image is made here. */
static ImpStatus add_variant(const ImpStyliseSources *sources, const ImpStyliseTaps *taps, Look look,
                             ImpStyleAims *aims, ImpError *error) {
    const ImpImage *whole = look.image;
    ImpImage *sized = NULL, *turned = NULL;
    int width = (int)fmax(1, round(whole->width * look.scale)),
        height = (int)fmax(1, round(whole->height * look.scale));
    ImpStatus status = imp_image_resize(whole, width, height, &sized, error);
    if (status == IMP_OK) status = imp_image_turn(sized, look.degrees, &turned, error);
    look.image = turned;
    if (status == IMP_OK) status = add_look(sources, taps, &look, aims, error);
    imp_image_free(&sized);
    imp_image_free(&turned);
    return status;
}

/* The style as it is, which the other losses see too, and its variants. */
static ImpStatus add_style(const ImpStyliseSources *sources, const ImpStyliseTaps *taps, size_t style,
                           const ImpImage *prepared, ImpStyleAims *aims, ImpError *error) {
    const ImpStyliseSettings *settings = sources->settings;
    Look plain = {.style = style, .degrees = 0, .scale = 1, .image = prepared};
    ImpStatus status = add_look(sources, taps, &plain, aims, error);
    if (settings->layers[IMP_PART_MRF].count == 0) return status;
    for (size_t a = 0; a < settings->n_angles; a++)
        for (size_t s = 0; s < settings->n_patch_scales && status == IMP_OK; s++) {
            Look look = plain;
            look.degrees = settings->patch_angles[a];
            look.scale = settings->patch_scales[s];
            if (is_variant(&look)) status = add_variant(sources, taps, look, aims, error);
        }
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

static ImpStatus content_loss(const ImpStyliseSources *sources, size_t layer, const ImpTensor *target, size_t tap,
                              ImpLoss **out, ImpError *error) {
    const ImpStyliseSettings *settings = sources->settings;
    const ImpLayerWeight *its = &settings->layers[IMP_PART_CONTENT].list[layer];
    double weight = settings->weights[IMP_PART_CONTENT] * its->weight;
    int channels = imp_vgg_counted_channels(sources->weights, its->layer, target->shape.channels);
    if (settings->normalise_weights) weight /= largest_side(target->shape, channels);
    return imp_content_loss_new(tap, weight, settings->normalisation, target, channels, out, error);
}

/* Puts a part of an activation into the whole. */
static void put_part(const ImpTensor *part, int row, const ImpTensor *whole) {
    size_t in_row = (size_t)part->shape.width * (size_t)part->block, rows = (size_t)part->shape.height;
    size_t planes = ((size_t)part->shape.channels + (size_t)part->block - 1) / (size_t)part->block;
    for (size_t plane = 0; plane < planes; plane++)
        memcpy(whole->data + (plane * (size_t)whole->shape.height + (size_t)row) * in_row,
               part->data + plane * rows * in_row, rows * in_row * sizeof *part->data);
}

/* The whole activations (n) of the content; their numbers are the caller's to free. */
static ImpStatus content_targets(ImpBands *bands, const ImpImage *content, ImpTensor *targets, size_t n,
                                 ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t band = 0; band < imp_bands_count(bands) && status == IMP_OK; band++) {
        status = imp_bands_forward(bands, band, content->rgb, error);
        for (size_t i = 0; i < n && status == IMP_OK; i++) {
            int row;
            ImpTensor part = imp_bands_part(bands, i, &row);
            if (band == 0) {
                targets[i] = part;
                targets[i].shape = imp_bands_shape(bands, i);
                targets[i].data = NULL;
                status = IMP_ALLOC(&targets[i].data,
                                   imp_tensor_floats(targets[i].shape, targets[i].layout, targets[i].block),
                                   "content target", error);
            }
            if (status == IMP_OK) put_part(&part, row, &targets[i]);
        }
    }
    return status;
}

ImpStatus imp_content_losses(const ImpStyliseSources *sources, const ImpImage *content, const size_t *taps,
                             ImpLoss **losses, ImpError *error) {
    size_t count = sources->settings->layers[IMP_PART_CONTENT].count;
    const char *names[IMP_STYLISE_MAX_LAYERS];
    ImpTensor targets[IMP_STYLISE_MAX_LAYERS] = {{.data = NULL}};
    for (size_t i = 0; i < count; i++) losses[i] = NULL;
    if (count == 0) return IMP_OK;
    ImpVggSpec spec = content_network(sources->settings, names);
    ImpBands *bands = NULL;
    ImpStatus status = make_bands(sources, &spec, content, &bands, error);
    if (status == IMP_OK) status = content_targets(bands, content, targets, count, error);
    imp_bands_free(&bands);
    for (size_t i = 0; i < count; i++) {
        if (status == IMP_OK) status = content_loss(sources, i, &targets[i], taps[i], &losses[i], error);
        imp_free(targets[i].data);
    }
    for (size_t i = 0; i < count && status != IMP_OK; i++) imp_loss_free(&losses[i]);
    return status;
}
