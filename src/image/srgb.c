#include "image/srgb.h"

#include "base/error.h"
#include "image/vips.h"
#include <math.h>
#include <stdbool.h>

static const char advice[] = "save it as an RGB picture with 8 or 16 bits a sample";

/* How many bands are colour; 0 for what is no picture in our sense. */
static int colour_bands(VipsInterpretation space, int bands) {
    switch (space) {
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16:
        return bands >= 1 ? 1 : 0;
    case VIPS_INTERPRETATION_CMYK:
        return bands >= 4 ? 4 : 0;
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB16:
    case VIPS_INTERPRETATION_LAB:
    case VIPS_INTERPRETATION_LABS:
        return bands >= 3 ? 3 : 0;
    default:
        return 0;
    }
}

/* Whether numbers in this space are grey or sRGB as they stand. */
static bool is_plain(VipsInterpretation space) {
    return space != VIPS_INTERPRETATION_CMYK && space != VIPS_INTERPRETATION_LAB && space != VIPS_INTERPRETATION_LABS;
}

/* Unsigned 32-bit samples become 16-bit ones. */
static int reduce_depth(VipsImage *in, VipsImage **out) {
    if (in->BandFmt != VIPS_FORMAT_UINT) return vips_copy(in, out, NULL);
    VipsImage *scaled = NULL;
    int failed = vips_linear1(in, &scaled, 1 / 65537.0, 0.5, NULL);
    if (!failed) failed = vips_cast(scaled, out, VIPS_FORMAT_USHORT, NULL);
    imp_vips_drop(&scaled);
    return failed;
}

/* The probe: an 8x8x8 lattice of colours, with the profile of `in`. */
static VipsImage *probe_image(const void *profile, size_t size) {
    unsigned char pixels[512 * 3];
    for (int i = 0; i < 512; i++)
        for (int c = 0; c < 3; c++) pixels[3 * i + c] = (unsigned char)(((i >> (3 * c)) & 7) * 255 / 7);
    VipsImage *probe = vips_image_new_from_memory_copy(pixels, sizeof pixels, 512, 1, 3, VIPS_FORMAT_UCHAR);
    if (!probe) return NULL;
    probe->Type = VIPS_INTERPRETATION_sRGB;
    vips_image_set_blob_copy(probe, VIPS_META_ICC_NAME, profile, size);
    return probe;
}

static int transform(VipsImage *in, VipsImage **out, bool embedded, const char *fallback) {
    return vips_icc_transform(in, out, "srgb", "embedded", embedded, "input_profile", fallback, "intent",
                              VIPS_INTENT_RELATIVE, "black_point_compensation", TRUE, "depth", 16, NULL);
}

/* There are many sRGB profiles, and rounding through any of them would change a picture that needs no change. One that
 * moves no colour of the probe by half an 8-bit step is sRGB. */
static bool is_srgb_profile(const void *profile, size_t size) {
    VipsImage *probe = probe_image(profile, size), *turned = NULL;
    size_t bytes = 0;
    unsigned short *numbers = NULL;
    bool same = probe && transform(probe, &turned, true, "srgb") == 0;
    if (same) numbers = vips_image_write_to_memory(turned, &bytes);
    same = numbers && bytes == (size_t)512 * 3 * sizeof *numbers;
    for (int i = 0; same && i < 512; i++)
        for (int c = 0; c < 3; c++) {
            int expected = ((i >> (3 * c)) & 7) * 255 / 7 * 257;
            if (abs((int)numbers[3 * i + c] - expected) > 128) same = false;
        }
    g_free(numbers);
    imp_vips_drop(&turned);
    imp_vips_drop(&probe);
    return same;
}

/* Whether the picture has a profile that has to be followed. */
static bool needs_profile(VipsImage *colour, ImpProfileCache *profiles) {
    const void *profile = NULL;
    size_t size = 0;
    if (vips_image_get_typeof(colour, VIPS_META_ICC_NAME) == 0) return false;
    if (vips_image_get_blob(colour, VIPS_META_ICC_NAME, &profile, &size) != 0) return false;
    if (!vips_icc_is_compatible_profile(colour, profile, size)) return false;
    return colour->Bands != 3 || !imp_profile_cache_ask(profiles, profile, size, is_srgb_profile);
}

/* Grey or RGB numbers that are sRGB already -> 3 bands. */
static int plain_rgb(VipsImage *in, VipsImage **out) {
    if (in->Bands == 3) return vips_copy(in, out, NULL);
    VipsImage *bands[3] = {in, in, in};
    return vips_bandjoin(bands, out, 3, NULL);
}

/* Colour bands alone -> 3 bands of sRGB. */
static int convert_colour(VipsImage *in, ImpProfileCache *profiles, VipsImage **out) {
    if (needs_profile(in, profiles) && transform(in, out, true, in->Bands == 4 ? "cmyk" : "srgb") == 0) return 0;
    vips_error_clear(); /* a profile that cannot be followed is no error */
    if (is_plain(in->Type)) return plain_rgb(in, out);
    if (in->Type == VIPS_INTERPRETATION_CMYK) return transform(in, out, false, "cmyk");
    return vips_colourspace(in, out, VIPS_INTERPRETATION_RGB16, NULL);
}

/* The band after the colours, with as many bits as the converted colours have. */
static int convert_alpha(VipsImage *in, int band, VipsBandFormat format, VipsImage **out) {
    VipsImage *alpha = NULL, *scaled = NULL;
    int failed = vips_extract_band(in, &alpha, band, NULL);
    if (!failed && alpha->BandFmt == VIPS_FORMAT_UCHAR && format == VIPS_FORMAT_USHORT)
        failed = vips_linear1(alpha, &scaled, 257, 0, NULL);
    else if (!failed)
        failed = vips_copy(alpha, &scaled, NULL);
    if (!failed) failed = vips_cast(scaled, out, format, NULL);
    imp_vips_drop(&scaled);
    imp_vips_drop(&alpha);
    return failed;
}

/* `in` has `colours` bands of colour and perhaps more. */
static int convert(VipsImage *in, int colours, ImpProfileCache *profiles, VipsImage **out) {
    VipsImage *reduced = NULL, *only = NULL, *both[2] = {NULL, NULL};
    int failed = reduce_depth(in, &reduced);
    if (!failed) failed = vips_extract_band(reduced, &only, 0, "n", colours, NULL);
    if (!failed) failed = convert_colour(only, profiles, &both[0]);
    if (!failed && in->Bands > colours) {
        failed = convert_alpha(reduced, colours, both[0]->BandFmt, &both[1]);
        if (!failed) failed = vips_bandjoin(both, out, 2, NULL);
    } else if (!failed) {
        failed = vips_copy(both[0], out, NULL);
    }
    imp_vips_drop(&both[0]);
    imp_vips_drop(&both[1]);
    imp_vips_drop(&only);
    imp_vips_drop(&reduced);
    return failed;
}

ImpStatus imp_srgb_convert(VipsImage *in, const char *name, ImpProfileCache *profiles, VipsImage **out,
                           ImpError *error) {
    *out = NULL;
    VipsInterpretation space = vips_image_guess_interpretation(in);
    int colours = colour_bands(space, in->Bands);
    bool samples_fit = in->BandFmt == VIPS_FORMAT_UCHAR || in->BandFmt == VIPS_FORMAT_USHORT ||
                       in->BandFmt == VIPS_FORMAT_UINT || !is_plain(space);
    if (colours == 0 || !samples_fit)
        return imp_fail(error, IMP_ERROR_UNSUPPORTED, "%s holds %d channels of type %s (%s), which cannot be read; %s",
                        name, in->Bands, vips_enum_nick(VIPS_TYPE_BAND_FORMAT, (int)in->BandFmt),
                        vips_enum_nick(VIPS_TYPE_INTERPRETATION, (int)space), advice);
    if (convert(in, colours, profiles, out) == 0) return IMP_OK;
    imp_vips_drop(out);
    return imp_vips_fail(error, IMP_ERROR_UNSUPPORTED, advice, "the colours of %s cannot be converted to sRGB", name);
}

bool imp_srgb_attach(VipsImage *image) {
    VipsBlob *blob = NULL;
    if (vips_profile_load("srgb", &blob, NULL) != 0 || !blob) return false;
    size_t size;
    const void *profile = vips_blob_get(blob, &size);
    vips_image_set_blob_copy(image, VIPS_META_ICC_NAME, profile, size);
    vips_area_unref((VipsArea *)blob);
    return true;
}
