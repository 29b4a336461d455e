/* Pixels of an opened file -> planes. Only within a job of imp_vips_run. */
#ifndef IMP_IMAGE_DECODE_H
#define IMP_IMAGE_DECODE_H

#include "impasto/image.h"
#include <vips/vips.h>

/* Which part of the scaled picture is wanted. */
typedef struct ImpWindow {
    double step_x, step_y; /* samples of the picture, along each axis, that make one of the scaled picture */
    int x, y;              /* where in the scaled picture the upper left corner of the part lies */
} ImpWindow;

/* Decodes `picture`, as imp_srgb_convert makes it, into `image`. Where their sizes differ it is shrunk on the way, row
 * by row, so that memory holds the result and a few rows. `image` has an alpha plane if and only if `picture` has 4
 * bands. gamma is that of ImpPngHints; `name` and `format` are for messages. */
ImpStatus imp_decode(VipsImage *picture, double gamma, const char *name, const char *format, ImpImage *image,
                     ImpError *error);
/* The same for a window of a picture scaled up or down, which `image` lies within. All rows are decoded, so that damage
 * anywhere in the file is found whatever the window. */
ImpStatus imp_decode_window(VipsImage *picture, const ImpWindow *window, double gamma, const char *name,
                            const char *format, ImpImage *image, ImpError *error);

#endif
