#include "image/encode.h"

#include "base/error.h"
#include "base/memory.h"
#include "image/srgb.h"
#include "image/vips.h"

typedef struct Encode {
    const ImpImage *image;
    const ImpEncoding *encoding;
    const char *name;
    const void *samples; /* (height, width, bands) of 8 or 16 bits */
    int bands;
    VipsBlob *blob; /* the result */
} Encode;

static unsigned to_sample(float value, float top) {
    if (!(value > 0)) return 0; /* not-a-number too */
    return value < 1 ? (unsigned)(value * top + 0.5f) : (unsigned)top;
}

/* Planes -> interleaved samples, on white where the format has no transparency. */
static void interleave(const ImpImage *image, int bands, int bit_depth, void *samples) {
    unsigned char *bytes = samples;
    unsigned short *words = samples;
    size_t plane = (size_t)image->width * (size_t)image->height;
    float top = bit_depth == 16 ? 65535 : 255;
    for (size_t i = 0; i < plane; i++) {
        for (size_t c = 0; c < (size_t)bands; c++) {
            float value = c < 3 ? image->rgb[c * plane + i] : image->alpha[i];
            if (image->alpha && bands == 3) value = value * image->alpha[i] + 1 - image->alpha[i];
            unsigned sample = to_sample(value, top);
            if (bit_depth == 16)
                words[i * (size_t)bands + c] = (unsigned short)sample;
            else
                bytes[i * (size_t)bands + c] = (unsigned char)sample;
        }
    }
}

static VipsImage *wrap_samples(const Encode *encode) {
    const ImpImage *image = encode->image;
    bool deep = encode->encoding->bit_depth == 16;
    size_t bytes = (size_t)image->width * (size_t)image->height * (size_t)encode->bands * (deep ? 2 : 1);
    VipsImage *memory = vips_image_new_from_memory(encode->samples, bytes, image->width, image->height, encode->bands,
                                                   deep ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR);
    VipsImage *tagged = NULL;
    double pixels_per_mm = 72 / 25.4;
    VipsInterpretation space = deep ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB;
    if (memory) vips_copy(memory, &tagged, "interpretation", space, "xres", pixels_per_mm, "yres", pixels_per_mm, NULL);
    imp_vips_drop(&memory);
    if (tagged && !imp_srgb_attach(tagged)) imp_vips_drop(&tagged);
    return tagged;
}

static int save(const Encode *encode, VipsImage *picture, VipsBlob **out) {
    const ImpEncoding *encoding = encode->encoding;
    const char *saver = encoding->format->saver;
    bool huge = VIPS_IMAGE_SIZEOF_IMAGE(picture) > ((guint64)3 << 30);
    switch (encoding->format->kind) {
    case IMP_FORMAT_PNG:
        return vips_call(saver, picture, out, "compression", 6, "filter", VIPS_FOREIGN_PNG_FILTER_ALL, NULL);
    case IMP_FORMAT_JPEG:
        return vips_call(saver, picture, out, "Q", encoding->quality, "optimize_coding", TRUE, NULL);
    case IMP_FORMAT_WEBP:
        return vips_call(saver, picture, out, "Q", encoding->quality, "smart_subsample", TRUE, NULL);
    case IMP_FORMAT_TIFF:
        return vips_call(saver, picture, out, "compression", VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE, "bigtiff", huge,
                         NULL);
    case IMP_FORMAT_AVIF: /* 12 bits: libaom aborts on 10 with full chroma resolution */
        return vips_call(saver, picture, out, "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "Q", encoding->quality,
                         "bitdepth", encoding->bit_depth == 16 ? 12 : 8, NULL);
    case IMP_FORMAT_HEIC: /* at half chroma resolution: few viewers show more */
        return vips_call(saver, picture, out, "compression", VIPS_FOREIGN_HEIF_COMPRESSION_HEVC, "Q", encoding->quality,
                         "bitdepth", 8, "subsample_mode", VIPS_FOREIGN_SUBSAMPLE_ON, NULL);
    case IMP_FORMAT_GIF:
        return vips_call(saver, picture, out, "dither", 0.0, NULL);
    }
    return -1;
}

static ImpStatus encode_job(void *context, ImpError *error) {
    Encode *encode = context;
    const ImpFormat *format = encode->encoding->format;
    static const char advice[] = "choose another format, such as PNG";
    if (!imp_vips_has(format->saver))
        return imp_fail(error, IMP_ERROR_UNSUPPORTED, "cannot write %s: this build of libvips writes no %s; %s",
                        encode->name, format->name, advice);
    VipsImage *picture = wrap_samples(encode);
    int failed = picture ? save(encode, picture, &encode->blob) : -1;
    imp_vips_drop(&picture);
    if (!failed && encode->blob) return IMP_OK;
    return imp_vips_fail(error, IMP_ERROR_UNSUPPORTED, advice, "cannot write %s: libvips fails to encode %s",
                         encode->name, format->name);
}

static ImpStatus check_size(const ImpImage *image, const ImpFormat *format, const char *name, ImpError *error) {
    int longer = image->width > image->height ? image->width : image->height;
    if (longer <= format->max_side) return IMP_OK;
    return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                    "cannot write %s: %s holds at most %d pixels a side and the picture has %dx%d; use PNG or TIFF",
                    name, format->name, format->max_side, image->width, image->height);
}

ImpStatus imp_encode(const ImpImage *image, const ImpEncoding *encoding, const char *name, VipsBlob **out,
                     ImpError *error) {
    *out = NULL;
    Encode encode = {.image = image, .encoding = encoding, .name = name};
    encode.bands = image->alpha && encoding->format->alpha ? 4 : 3;
    ImpStatus status = check_size(image, encoding->format, name, error);
    if (status != IMP_OK) return status;
    size_t count = (size_t)image->width * (size_t)image->height * (size_t)encode.bands;
    unsigned char *samples;
    status = IMP_ALLOC(&samples, count * (encoding->bit_depth == 16 ? 2 : 1), "picture to be written", error);
    if (status != IMP_OK) return status;
    interleave(image, encode.bands, encoding->bit_depth, samples);
    encode.samples = samples;
    status = imp_vips_run(encode_job, &encode, error);
    imp_free(samples);
    if (status == IMP_OK) *out = encode.blob;
    return status;
}
