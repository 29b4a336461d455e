#include "method/texture/settings.h"

#include "base/error.h"
#include "base/number.h"
#include <string.h>

static bool parse_side(const char *text, size_t length, int *out) {
    int64_t side;
    if (!imp_parse_integer(text, length, &side) || side < 1 || side > IMP_TEXTURE_MAX_SIDE) return false;
    *out = (int)side;
    return true;
}

ImpStatus imp_texture_size_parse(const char *text, int *width, int *height, ImpError *error) {
    size_t length = strlen(text), first = strcspn(text, "xX");
    bool good = parse_side(text, first, width);
    if (first == length)
        *height = *width;
    else
        good = good && parse_side(text + first + 1, length - first - 1, height);
    if (good) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "size takes WIDTHxHEIGHT or one number for both, each from 1 to %d pixels, such as 256x192; "
                    "\"%.40s\" is neither",
                    IMP_TEXTURE_MAX_SIDE, text);
}

static int twice(int side) {
    return side > IMP_TEXTURE_MAX_SIDE / 2 ? IMP_TEXTURE_MAX_SIDE : 2 * side;
}

static ImpStatus choose_size(const ImpParams *params, const ImpImage *exemplar, ImpTextureSettings *s,
                             ImpError *error) {
    const char *text = imp_params_text(params, "size");
    if (s->fills && text)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "a picture whose hole is filled keeps its size; leave size or hole out");
    s->width = s->fills ? exemplar->width : twice(exemplar->width);
    s->height = s->fills ? exemplar->height : twice(exemplar->height);
    return text ? imp_texture_size_parse(text, &s->width, &s->height, error) : IMP_OK;
}

ImpStatus imp_texture_settings_read(const ImpParams *params, const ImpImage *exemplar, bool fills,
                                    ImpTextureSettings *out, ImpError *error) {
    *out = (ImpTextureSettings){.fills = fills,
                                .epsilon = imp_params_real(params, "epsilon"),
                                .max_error = imp_params_real(params, "max-error"),
                                .overlap = -1,
                                .passes = (int)imp_params_integer(params, "passes"),
                                .coherence = imp_params_real(params, "coherence"),
                                .exact = imp_params_flag(params, "exact"),
                                .seed = (uint64_t)imp_params_integer(params, "seed")};
    if (imp_params_has(params, "window")) out->window = (int)imp_params_integer(params, "window");
    if (imp_params_has(params, "block")) out->block = (int)imp_params_integer(params, "block");
    if (imp_params_has(params, "overlap")) out->overlap = (int)imp_params_integer(params, "overlap");
    if (imp_params_has(params, "levels")) out->levels = (int)imp_params_integer(params, "levels");
    if (out->window > 0 && out->window % 2 == 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "window has a pixel in its middle and so is odd; give %d or %d",
                        out->window - 1, out->window + 1);
    return choose_size(params, exemplar, out, error);
}
