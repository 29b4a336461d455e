#include "method/stylise/guidance.h"

#include "base/error.h"
#include "base/memory.h"
#include "image/turn.h"
#include "method/file_names.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* One mask in the text that is hashed. */
enum { MASK_TEXT = 24 + IMP_SHA256_TEXT };

/* Shapes may differ by what rounding to pixels does. */
static const double shape_tolerance = 0.02;

static ImpStatus check_shape(const char *path, const ImpImage *mask, const char *what, const ImpImage *picture,
                             ImpError *error) {
    double ratio = (double)mask->width * picture->height / ((double)mask->height * picture->width);
    if (fabs(log(ratio)) <= shape_tolerance) return IMP_OK;
    return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                    "%.200s has %dx%d pixels and the %s %dx%d, another shape; give a mask of the same shape", path,
                    mask->width, mask->height, what, picture->width, picture->height);
}

/* The picture at `path`, of the shape of `picture`. */
static ImpStatus read_mask(const char *path, const char *what, const ImpImage *picture, ImpImage **out,
                           ImpError *error) {
    ImpStatus status = imp_image_read(path, 0, out, error);
    if (status != IMP_OK) return status;
    status = check_shape(path, *out, what, picture, error);
    if (status != IMP_OK) imp_image_free(out);
    return status;
}

/* "not:" before a name turns the mask round. */
static const char *turned(const char *name) {
    return strncmp(name, "not:", 4) == 0 ? name + 4 : NULL;
}

/* What `image`, read as `name`, masks. */
static ImpStatus take_grey(const ImpImage *image, const char *name, const char *what, ImpMask *out, ImpError *error) {
    ImpStatus status = imp_mask_from_grey(image, out, error);
    if (status == IMP_OK && turned(name)) imp_mask_turn(out);
    if (status == IMP_OK && imp_mask_mean(out) == 0)
        return imp_fail(error, IMP_ERROR_UNSUPPORTED, "%.200s masks the whole %s; a mask is white where it counts",
                        name, what);
    return status;
}

static ImpStatus read_grey(const char *name, const char *what, const ImpImage *picture, ImpMask *out, ImpError *error) {
    ImpImage *image;
    const char *turn = turned(name);
    ImpStatus status = read_mask(turn ? turn : name, what, picture, &image, error);
    if (status == IMP_OK) status = take_grey(image, name, what, out, error);
    imp_image_free(&image);
    return status;
}

/* --- one file for each region ------------------------------------------------------------------------------------- */

/* Style masks are of the one style, or one of each. */
static ImpStatus match_styles(const ImpFileNames *content, const ImpFileNames *style, size_t n_styles, ImpGuidance *out,
                              ImpError *error) {
    if (style->count > 0 && style->count != content->count)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "content-mask names %zu files and style-mask %zu; give them in pairs, or content masks alone",
                        content->count, style->count);
    if (n_styles != 1 && n_styles != content->count)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "there are %zu masks for %zu styles; give one mask for each style, or one style for all masks",
                        content->count, n_styles);
    out->n_regions = content->count;
    for (size_t i = 0; i < content->count; i++) out->style_of[i] = n_styles == 1 ? 0 : i;
    return IMP_OK;
}

/* `first` is the first content mask where it has been read already, as standard input can be but once; else NULL. */
static ImpStatus read_files(const ImpFileNames *content, const ImpFileNames *style, const ImpImage *first,
                            const ImpImage *picture, const ImpImage *const *styles, size_t n_styles, ImpGuidance *out,
                            ImpError *error) {
    ImpStatus status = match_styles(content, style, n_styles, out, error);
    for (size_t i = 0; i < content->count && status == IMP_OK; i++) {
        if (i == 0 && first)
            status = take_grey(first, content->list[0], "content", &out->content[0], error);
        else
            status = read_grey(content->list[i], "content", picture, &out->content[i], error);
        if (status == IMP_OK && style->count > 0)
            status = read_grey(style->list[i], "style", styles[out->style_of[i]], &out->style[i], error);
    }
    return status;
}

/* --- one map for all regions -------------------------------------------------------------------------------------- */

/* A region that the style's map lacks has the whole style. */
static ImpStatus add_regions(const ImpImage *content, const ImpImage *style, const ImpRegionColours *colours,
                             ImpGuidance *out, ImpError *error) {
    ImpStatus status = IMP_OK;
    out->n_regions = (size_t)colours->count;
    for (int i = 0; i < colours->count && status == IMP_OK; i++) {
        out->style_of[i] = 0;
        status = imp_mask_from_region(content, colours, i, &out->content[i], error);
        if (status == IMP_OK) status = imp_mask_from_region(style, colours, i, &out->style[i], error);
        if (status == IMP_OK && imp_mask_mean(&out->style[i]) == 0) imp_mask_free(&out->style[i]);
    }
    return status;
}

static ImpStatus read_map(const ImpImage *map, const ImpRegionColours *colours, const ImpFileNames *style,
                          const ImpImage *const *styles, size_t n_styles, ImpGuidance *out, ImpError *error) {
    ImpImage *of_style;
    if (n_styles != 1 || style->count != 1)
        return imp_fail(
            error, IMP_ERROR_ARGUMENT,
            "content-mask is a map in colours: it needs one style, and its map in the same colours as style-mask");
    ImpStatus status = read_mask(style->list[0], "style", styles[0], &of_style, error);
    if (status != IMP_OK) return status;
    status = add_regions(map, of_style, colours, out, error);
    imp_image_free(&of_style);
    return status;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static ImpStatus split(const ImpParams *params, const char *option, ImpFileNames *out, ImpError *error) {
    *out = (ImpFileNames){0};
    if (!imp_params_has(params, option)) return IMP_OK;
    return imp_file_names_split(option, imp_params_text(params, option), IMP_REGION_MAX, out, error);
}

static ImpStatus read_masks(const ImpFileNames *content, const ImpFileNames *style, const ImpImage *picture,
                            const ImpImage *const *styles, size_t n_styles, ImpGuidance *out, ImpError *error) {
    ImpImage *first;
    ImpRegionColours colours;
    out->masked = true;
    if (content->count > 1 || turned(content->list[0]))
        return read_files(content, style, NULL, picture, styles, n_styles, out, error);
    ImpStatus status = read_mask(content->list[0], "content", picture, &first, error);
    if (status != IMP_OK) return status;
    status = imp_region_colours(first, &colours, error);
    if (status == IMP_OK && imp_region_is_map(&colours))
        status = read_map(first, &colours, style, styles, n_styles, out, error);
    else if (status == IMP_OK)
        status = read_files(content, style, first, picture, styles, n_styles, out, error);
    imp_image_free(&first);
    return status;
}

ImpStatus imp_guidance_read(const ImpParams *params, const ImpImage *content, const ImpImage *const *styles,
                            size_t n_styles, ImpGuidance *out, ImpError *error) {
    ImpFileNames of_content = {0}, of_style = {0};
    *out = (ImpGuidance){.n_regions = 1};
    ImpStatus status = split(params, "content-mask", &of_content, error);
    if (status == IMP_OK) status = split(params, "style-mask", &of_style, error);
    if (status == IMP_OK && of_style.count > 0 && of_content.count == 0)
        status = imp_fail(error, IMP_ERROR_ARGUMENT,
                          "style-mask says what part of a style is taken; say with content-mask where it goes");
    if (status == IMP_OK && of_content.count > 0)
        status = read_masks(&of_content, &of_style, content, styles, n_styles, out, error);
    imp_file_names_end(&of_content);
    imp_file_names_end(&of_style);
    if (status == IMP_OK && imp_params_has(params, "strength-map"))
        status = read_grey(imp_params_text(params, "strength-map"), "content", content, &out->strength, error);
    return status;
}

void imp_guidance_end(ImpGuidance *guidance) {
    for (size_t i = 0; i < IMP_REGION_MAX; i++) {
        imp_mask_free(&guidance->content[i]);
        imp_mask_free(&guidance->style[i]);
    }
    imp_mask_free(&guidance->strength);
}

static ImpStatus hash_mask(const ImpMask *mask, char *text, ImpError *error) {
    char hash[IMP_SHA256_TEXT];
    size_t used = strlen(text);
    if (!mask->at) return IMP_OK;
    ImpStatus status = imp_sha256(mask->at, (size_t)mask->width * (size_t)mask->height * sizeof(float), hash, error);
    snprintf(text + used, MASK_TEXT + 1, "%dx%d %s ", mask->width, mask->height, hash);
    return status;
}

ImpStatus imp_guidance_hash(const ImpGuidance *guidance, char out[IMP_SHA256_TEXT], ImpError *error) {
    char *text;
    ImpStatus status = IMP_ALLOC(&text, (2 * IMP_REGION_MAX + 1) * (size_t)MASK_TEXT + 1, "masks", error);
    for (size_t i = 0; i < IMP_REGION_MAX && status == IMP_OK; i++) {
        status = hash_mask(&guidance->content[i], text, error);
        if (status == IMP_OK) status = hash_mask(&guidance->style[i], text, error);
    }
    if (status == IMP_OK) status = hash_mask(&guidance->strength, text, error);
    if (status == IMP_OK) status = imp_sha256(text, strlen(text), out, error);
    imp_free(text);
    return status;
}

bool imp_guidance_uses(const ImpGuidance *guidance, size_t region, size_t style) {
    return !guidance->masked || guidance->style_of[region] == style;
}

/* --- at a layer --------------------------------------------------------------------------------------------------- */

static ImpStatus resized(const ImpMask *mask, int width, int height, float **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, (size_t)width * (size_t)height, "mask", error);
    if (status == IMP_OK) imp_mask_resize(mask, width, height, *out);
    return status;
}

ImpStatus imp_guidance_style_places(const ImpGuidance *guidance, size_t region, int width, int height, float **out,
                                    ImpError *error) {
    *out = NULL;
    if (!guidance->style[region].at) return IMP_OK;
    return resized(&guidance->style[region], width, height, out, error);
}

/* Multiplies *places, or begins it where it is NULL, by how much style there is. */
static ImpStatus apply_strength(const ImpGuidance *guidance, int width, int height, float **places, ImpError *error) {
    float *strength;
    if (!guidance->strength.at) return IMP_OK;
    ImpStatus status = resized(&guidance->strength, width, height, &strength, error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; *places && i < (size_t)width * (size_t)height; i++) (*places)[i] *= strength[i];
    if (*places)
        imp_free(strength);
    else
        *places = strength;
    return IMP_OK;
}

/* Ends what was begun at *out with the strength, or frees it. */
static ImpStatus finish_places(const ImpGuidance *guidance, ImpStatus status, int width, int height, float **out,
                               ImpError *error) {
    if (status == IMP_OK) status = apply_strength(guidance, width, height, out, error);
    if (status == IMP_OK) return IMP_OK;
    imp_free(*out);
    *out = NULL;
    return status;
}

ImpStatus imp_guidance_content_places(const ImpGuidance *guidance, size_t region, int width, int height, float **out,
                                      ImpError *error) {
    ImpStatus status = IMP_OK;
    *out = NULL;
    if (guidance->masked) status = resized(&guidance->content[region], width, height, out, error);
    return finish_places(guidance, status, width, height, out, error);
}

ImpStatus imp_guidance_all_places(const ImpGuidance *guidance, int width, int height, float **out, ImpError *error) {
    size_t count = (size_t)width * (size_t)height;
    ImpStatus status = imp_guidance_content_map(guidance, 1, width, height, out, error);
    for (size_t i = 0; status == IMP_OK && *out && i < count; i++) {
        float sum = 0;
        for (size_t region = 0; region < guidance->n_regions; region++) sum += (*out)[region * count + i];
        (*out)[i] = sum < 1 ? sum : 1;
    }
    return finish_places(guidance, status, width, height, out, error);
}

/* --- maps --------------------------------------------------------------------------------------------------------- */

static ImpStatus new_map(const ImpGuidance *guidance, int width, int height, float **out, ImpError *error) {
    *out = NULL;
    if (!guidance->masked) return IMP_OK;
    return IMP_ALLOC(out, guidance->n_regions * (size_t)width * (size_t)height, "map of regions", error);
}

static void weigh(float *plane, size_t count, double weight) {
    for (size_t i = 0; i < count; i++) plane[i] *= (float)weight;
}

ImpStatus imp_guidance_content_map(const ImpGuidance *guidance, double weight, int width, int height, float **out,
                                   ImpError *error) {
    size_t count = (size_t)width * (size_t)height;
    ImpStatus status = new_map(guidance, width, height, out, error);
    for (size_t region = 0; status == IMP_OK && *out && region < guidance->n_regions; region++)
        imp_mask_resize(&guidance->content[region], width, height, *out + region * count);
    if (status == IMP_OK && *out) weigh(*out, guidance->n_regions * count, weight);
    return status;
}

/* Where the style belongs to the region: nowhere, everywhere, or by its mask. */
static ImpStatus add_style_plane(const ImpGuidance *guidance, size_t region, size_t style, double degrees, int width,
                                 int height, float *plane, ImpError *error) {
    const ImpMask *mask = &guidance->style[region];
    bool used = imp_guidance_uses(guidance, region, style);
    ImpMask turned;
    if (!used || !mask->at) {
        for (size_t i = 0; i < (size_t)width * (size_t)height; i++) plane[i] = used ? 1 : 0;
        return IMP_OK;
    }
    ImpStatus status = imp_mask_turn_by(mask, degrees, &turned, error);
    if (status == IMP_OK) imp_mask_resize(&turned, width, height, plane);
    imp_mask_free(&turned);
    return status;
}

ImpStatus imp_guidance_style_map(const ImpGuidance *guidance, size_t style, double degrees, double weight, int width,
                                 int height, float **out, ImpError *error) {
    size_t count = (size_t)width * (size_t)height;
    ImpStatus status = new_map(guidance, width, height, out, error);
    for (size_t region = 0; status == IMP_OK && *out && region < guidance->n_regions; region++)
        status = add_style_plane(guidance, region, style, degrees, width, height, *out + region * count, error);
    if (status == IMP_OK && *out) weigh(*out, guidance->n_regions * count, weight);
    if (status != IMP_OK) {
        imp_free(*out);
        *out = NULL;
    }
    return status;
}
