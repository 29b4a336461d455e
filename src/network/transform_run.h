/* A style network applied to one picture of any size: the whole at once where memory allows, else in bands of rows that
 * give the same picture.
 *
 * Instance normalisation looks at the whole picture, so bands cannot simply be put together. Here the network is run
 * layer by layer over all bands: each pass computes one more convolution and its mean and variance over the whole
 * picture, with which the next pass normalises. Activations at a quarter of the size, between conv3 and deconv1, are
 * kept; those of more pixels are computed again, which makes bands take about half as long again. */
#ifndef IMP_NETWORK_TRANSFORM_RUN_H
#define IMP_NETWORK_TRANSFORM_RUN_H

#include "network/transform_net.h"

typedef struct ImpTransformRun {
    const ImpTransformNet *net;
    const float *rgb;  /* (3,height,width), in [0,1] */
    int width, height; /* from 1 up, of any parity: extended by reflection to multiples of 4, and cropped again */
    float *out;        /* (3,height,width), usually in [0,1]; not clamped */
    size_t memory;     /* bytes that the activations may take; beyond, bands are used, each with a quarter of it */
    /* Parts done and in all, after each; false ends the run with IMP_ERROR_STOPPED. May be NULL. */
    bool (*progress)(void *context, int done, int total);
    void *context;
} ImpTransformRun;

/* The network laid out in memory for one size of picture. Laying it out anew takes as long as the network of a small
 * picture, and its memory is then touched for the first time again. */
typedef struct ImpTransformPlan ImpTransformPlan;

/* *kept is NULL or what a run of the same network left there: one of the same size and memory takes it, one that
 * cannot replaces it (bands leave NULL). The number of threads must stay the same meanwhile. `kept` NULL: nothing is
 * kept. On failure *kept is still the caller's. What the bands keep between passes is not counted in `memory`:
 * 1/2 x channels of the middle x pixels, in bytes. */
ImpStatus imp_transform_run(const ImpTransformRun *run, ImpTransformPlan **kept, ImpError *error);
void imp_transform_plan_free(ImpTransformPlan **plan);

#endif
