/* A line of text below a picture, for sheets. */
#ifndef IMP_IMAGE_LABEL_H
#define IMP_IMAGE_LABEL_H

#include "impasto/image.h"

/* A copy of `image` with `text` in the middle below it, dark on white, in letters of 5x7 dots that grow with the width;
 * what does not fit is cut off. There are letters for digits, lower-case letters, "B", "_", "." and "-"; others stay
 * blank. Transparency is not copied. On success *out is the caller's. */
ImpStatus imp_label_below(const ImpImage *image, const char *text, ImpImage **out, ImpError *error);

#endif
