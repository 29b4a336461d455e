/* The picture formats: how to recognise, read and write them. Only what stands in this table is ever handed to libvips,
 * so its other loaders (ImageMagick, OpenSlide, PDF, SVG, Matlab ...) never see a byte of a user's file. */
#ifndef IMP_IMAGE_FORMAT_H
#define IMP_IMAGE_FORMAT_H

#include "impasto/status.h"
#include <stdbool.h>
#include <stddef.h>

typedef enum ImpFormatKind {
    IMP_FORMAT_PNG,
    IMP_FORMAT_JPEG,
    IMP_FORMAT_WEBP,
    IMP_FORMAT_TIFF,
    IMP_FORMAT_AVIF,
    IMP_FORMAT_HEIC,
    IMP_FORMAT_GIF
} ImpFormatKind;

typedef struct ImpFormat {
    ImpFormatKind kind;
    const char *name;       /* for messages: "PNG" */
    const char *extensions; /* "jpg|jpeg|jpe" */
    const char *loader;     /* libvips operation on a source */
    const char *saver;      /* libvips operation to a buffer */
    int max_side;           /* pixels the format can hold */
    bool deep;              /* can hold more than 8 bits */
    bool alpha;
} ImpFormat;

/* The format of the picture in `data`, or NULL when it is none of ours; then *guess is what it seems to be ("a PDF
 * document"), never NULL. */
const ImpFormat *imp_format_of_data(const unsigned char *data, size_t size, const char **guess);
/* The format called `name` ("jpg", "PNG"), or NULL. */
const ImpFormat *imp_format_of_name(const char *name);
/* The format by the extension of `path`, or NULL. */
const ImpFormat *imp_format_of_path(const char *path);

/* The usual extension: "jpg", "png" ... Never freed. */
const char *imp_format_extension(const ImpFormat *format);

/* How many bits a sample of this HEIF or AVIF file has, by its codec configuration: 8, 10 or 12. */
int imp_format_heif_depth(const unsigned char *data, size_t size);

#endif
