/* Masks: how much each place of a picture belongs to something. */
#ifndef IMP_IMAGE_MASK_H
#define IMP_IMAGE_MASK_H

#include "impasto/image.h"
#include <stdbool.h>

typedef struct ImpMask {
    int width, height;
    float *at; /* (height,width) in [0,1]; NULL where there is no mask */
} ImpMask;

/* White belongs, black does not, greys do in part; what is transparent does not. On success out->at is the caller's, to
 * be freed with imp_mask_free; on failure it is NULL. */
ImpStatus imp_mask_from_grey(const ImpImage *image, ImpMask *out, ImpError *error);
void imp_mask_free(ImpMask *mask);

/* What belonged does not, and the other way round. */
void imp_mask_turn(ImpMask *mask);
/* The mean over all places. */
double imp_mask_mean(const ImpMask *mask);
/* The mask at another size, out (height,width): each number is the mean over the area it stands for, so soft edges stay
 * and nothing rings. */
void imp_mask_resize(const ImpMask *mask, int width, int height, float *out);

/* A map of regions: each colour is one. Colours that cover less than 1/200 of it, as those between two regions, belong
 * to the nearest. */
enum { IMP_REGION_MAX = 32 };

typedef struct ImpRegionColours {
    float rgb[IMP_REGION_MAX][3]; /* those that cover most come first */
    int count;
} ImpRegionColours;

ImpStatus imp_region_colours(const ImpImage *image, ImpRegionColours *out, ImpError *error);
/* Whether there are colours at all: else the picture is a grey mask rather than a map. */
bool imp_region_is_map(const ImpRegionColours *colours);
/* The places whose colour is nearest to region `index`, as 1; all others 0. Owned as by imp_mask_from_grey. */
ImpStatus imp_mask_from_region(const ImpImage *image, const ImpRegionColours *colours, int index, ImpMask *out,
                               ImpError *error);

#endif
