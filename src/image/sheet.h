/* Several pictures on one sheet: how a training looks by now. */
#ifndef IMP_IMAGE_SHEET_H
#define IMP_IMAGE_SHEET_H

#include "impasto/image.h"
#include <stddef.h>

typedef struct ImpSheetCell {
    const float *planes; /* (channels,height,width), sRGB-encoded; outside [0,1] it is clamped, not-a-number is 0 */
    int channels;        /* 1 (grey) or 3 (RGB) */
    int width, height;   /* >= 1 */
} ImpSheetCell;

typedef struct ImpSheetOptions {
    int columns;         /* 0: as many as make the sheet nearly square */
    int margin;          /* pixels between pictures and around them, >= 0 */
    float background[3]; /* RGB */
} ImpSheetOptions;

/* Lays `count` >= 1 pictures out row by row. A column is as wide as its widest picture and a row as high as its
 * highest; smaller ones lie in the middle. A cell without planes (NULL) stays empty. options may be NULL: 0 columns, 8
 * pixels, white. On success *out is the caller's; on failure it is NULL. */
ImpStatus imp_sheet_new(const ImpSheetCell *cells, size_t count, const ImpSheetOptions *options, ImpImage **out,
                        ImpError *error);

#endif
