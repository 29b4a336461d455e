/* Pictures in memory, and reading and writing them.
 *
 * An ImpImage holds sRGB-encoded colour as planar 32-bit floats: three planes of height x width, red first, values in
 * [0,1]. Reading applies the EXIF orientation and converts any embedded colour profile to sRGB; grey, palette and CMYK
 * pictures become RGB. Transparency is kept beside the colours, not multiplied into them. */
#ifndef IMPASTO_IMAGE_H
#define IMPASTO_IMAGE_H

#include <impasto/status.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    IMP_IMAGE_MAX_SIDE = 65535,    /* pixels; larger pictures are refused */
    IMP_IMAGE_MAX_PIXELS = 1 << 28 /* 268 megapixels; larger pictures are refused before they are decoded */
};

typedef struct ImpImage {
    int width, height; /* pixels, each at least 1 */
    int bit_depth;     /* 8 or 16: what the file had, so that a writer can keep it */
    float *rgb;        /* (3,height,width), sRGB-encoded, [0,1] */
    float *alpha;      /* (height,width), [0,1], or NULL when the picture is opaque */
} ImpImage;

/* Makes a black, opaque (alpha NULL) 8-bit picture. On success *out is the caller's; on failure it is NULL. */
IMP_API ImpStatus imp_image_new(int width, int height, ImpImage **out, ImpError *error);
/* Deep copy. On success *out is the caller's; on failure it is NULL. */
IMP_API ImpStatus imp_image_copy(const ImpImage *image, ImpImage **out, ImpError *error);
/* Frees *image and sets it to NULL; NULL is fine. */
IMP_API void imp_image_free(ImpImage **image);

/* Reads a picture in any format the build of libvips knows (JPEG, PNG, WebP, TIFF, HEIF/AVIF, GIF ...), recognised by
 * content. `path` "-" reads standard input. Of several pages the first is read. max_side > 0 shrinks (Lanczos, in
 * linear light) so that the longer side has at most that many pixels. On success *out is the caller's. */
IMP_API ImpStatus imp_image_read(const char *path, int max_side, ImpImage **out, ImpError *error);
/* The same from `size` bytes at `data`, which stay the caller's; `name` is what messages call the picture. */
IMP_API ImpStatus imp_image_read_memory(const void *data, size_t size, const char *name, int max_side, ImpImage **out,
                                        ImpError *error);

typedef struct ImpImageText {
    const char *key;   /* such as "impasto-recipe" */
    const char *value; /* UTF-8 */
} ImpImageText;

typedef struct ImpImageWriteOptions {
    int bit_depth;             /* 8 or 16; 0 keeps image->bit_depth where the format can */
    int quality;               /* 1..100 for lossy formats; 0 takes the default of 92 */
    const char *format;        /* "png", "jpg", "webp", "tif", "avif" ...; NULL goes by the path's extension */
    const ImpImageText *texts; /* stored as text in PNG, left out elsewhere */
    size_t n_texts;
} ImpImageWriteOptions;

/* Writes a picture with an sRGB profile, dithering nothing, rounding to nearest. The file is written beside `path` and
 * renamed, so that `path` holds either its old content or the whole new picture. `path` "-" writes to standard output
 * (options->format required). options may be NULL. Formats without transparency (JPEG) are flattened onto white. */
IMP_API ImpStatus imp_image_write(const ImpImage *image, const char *path, const ImpImageWriteOptions *options,
                                  ImpError *error);
/* Says, before any long work, whether imp_image_write would have a chance: known format, bit depth possible, folder
 * there and writable. */
IMP_API ImpStatus imp_image_check_writable(const char *path, const ImpImageWriteOptions *options, ImpError *error);

/* Resamples to exactly width x height: Lanczos 3 with a support that grows when shrinking; shrinking happens in linear
 * light, enlarging in sRGB (where ringing shows least). Colour is weighted by alpha. On success *out is the caller's.
 */
IMP_API ImpStatus imp_image_resize(const ImpImage *image, int width, int height, ImpImage **out, ImpError *error);
/* The size with the longer side `long_side` and the aspect ratio kept (rounded to nearest, at least 1). */
IMP_API void imp_image_fit(int width, int height, int long_side, int *out_width, int *out_height);

#ifdef __cplusplus
}
#endif

#endif
