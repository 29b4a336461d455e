/* How far one picture is from another. */
#ifndef IMP_IMAGE_QUALITY_H
#define IMP_IMAGE_QUALITY_H

#include <stddef.h>

/* The mean of (a - b)^2 over `count` >= 1 numbers, summed in double in an order that does not depend on the threads. */
double imp_mean_squared_error(const float *a, const float *b, size_t count);
/* The peak signal-to-noise ratio in dB of a mean squared error of values in [0,1]: -10 log10(error); infinite for 0.
 * Usual for pictures is the error over all of (3,height,width), sRGB-encoded. */
double imp_psnr(double mean_squared_error);

#endif
