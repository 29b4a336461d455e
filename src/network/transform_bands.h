/* The part of transform_run that works in bands. */
#ifndef IMP_NETWORK_TRANSFORM_BANDS_H
#define IMP_NETWORK_TRANSFORM_BANDS_H

#include "network/transform_run.h"

/* Rows `first` .. first + rows - 1 of the picture in 0..255, extended to (3,rows,padded), into `out`. */
void imp_transform_load(const ImpTransformRun *run, int first, int rows, int padded, float *out);
/* Row y of all channels of a network's result of `rows` x `padded`, into row `to` of run->out; none beyond it. */
void imp_transform_store(const ImpTransformRun *run, const float *result, int rows, int padded, int y, int to);

ImpStatus imp_transform_run_bands(const ImpTransformRun *run, ImpError *error);

#endif
