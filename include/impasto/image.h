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
/* Gives an opaque picture an alpha plane of ones; one that has a plane keeps it. On failure the picture is unchanged.
 */
IMP_API ImpStatus imp_image_add_alpha(ImpImage *image, ImpError *error);
/* Deep copy. On success *out is the caller's; on failure it is NULL. */
IMP_API ImpStatus imp_image_copy(const ImpImage *image, ImpImage **out, ImpError *error);
/* Frees *image and sets it to NULL; NULL is fine. */
IMP_API void imp_image_free(ImpImage **image);

/* Reads a picture (JPEG, PNG, WebP, TIFF, GIF, and HEIF/AVIF where the build of libvips has it), recognised by content.
 * `path` "-" reads standard input; pipes are fine. Of several pages the first is read. max_side > 0 shrinks while
 * decoding, to just what imp_image_resize would make of the whole picture, so that the longer side has at most that
 * many pixels; 0 keeps the size. A file that is cut short or damaged is an error. On success *out is the caller's, with
 * alpha NULL where the file's transparency is opaque everywhere; on failure it is NULL. */
IMP_API ImpStatus imp_image_read(const char *path, int max_side, ImpImage **out, ImpError *error);
/* The same from `size` bytes at `data`, which stay the caller's; `name` is what messages call the picture. */
IMP_API ImpStatus imp_image_read_memory(const void *data, size_t size, const char *name, int max_side, ImpImage **out,
                                        ImpError *error);

typedef struct ImpImageText {
    const char *key;   /* such as "impasto-recipe" */
    const char *value; /* UTF-8 */
} ImpImageText;

typedef struct ImpImageWriteOptions {
    int bit_depth;      /* 8 or 16; 0 keeps image->bit_depth where the format can. 16 is for png, tif, and avif
                         * (which stores 12 of the 16) */
    int quality;        /* 1..100 for lossy formats; 0 takes the default of 92 */
    const char *format; /* "png", "jpg", "webp", "tif", "avif", "heic", "gif"; NULL goes by the path's extension */
    const ImpImageText
        *texts; /* stored as iTXt in PNG, left out elsewhere; keys are 1..79 printable ASCII characters */
    size_t n_texts;
} ImpImageWriteOptions;

/* Writes a picture with an sRGB profile, dithering nothing, rounding to nearest; values outside [0,1] are clamped. The
 * file is written beside `path` and renamed, so that `path` holds either its old content or the whole new picture.
 * `path` "-" writes to standard output (options->format required). options may be NULL. Formats without transparency
 * (JPEG) are flattened onto white; PNG and TIFF are lossless; GIF is reduced to 256 colours. */
IMP_API ImpStatus imp_image_write(const ImpImage *image, const char *path, const ImpImageWriteOptions *options,
                                  ImpError *error);
/* What imp_image_write would write by the extension of `path`: "jpg" for "a.JPEG", and so on as in the options' format;
 * NULL where it could not tell. Never freed. */
IMP_API const char *imp_image_format(const char *path);
/* Says, before any long work, whether imp_image_write would have a chance: known format with an encoder in this build,
 * options possible, folder there and writable. */
IMP_API ImpStatus imp_image_check_writable(const char *path, const ImpImageWriteOptions *options, ImpError *error);
/* The text stored under `key` in a PNG file (tEXt and uncompressed iTXt chunks), as UTF-8. On success *out is the
 * caller's, to be freed with free(), or NULL when the picture has no such text or is no PNG. */
IMP_API ImpStatus imp_image_read_text(const char *path, const char *key, char **out, ImpError *error);

/* Resamples to exactly width x height, each from 1 up: Lanczos 3 with a support that grows when shrinking. A result
 * with fewer pixels is made in linear light, one with more in sRGB (where ringing shows least). Colour is weighted by
 * alpha; the result is clamped to [0,1] and the same for any number of threads. On success *out is the caller's. */
IMP_API ImpStatus imp_image_resize(const ImpImage *image, int width, int height, ImpImage **out, ImpError *error);
/* The size with the longer side `long_side` and the aspect ratio kept (rounded to nearest, at least 1). */
IMP_API void imp_image_fit(int width, int height, int long_side, int *out_width, int *out_height);

#ifdef __cplusplus
}
#endif

#endif
