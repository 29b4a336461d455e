/* What style losses aim at: a statistic of styles at one layer and region, and the loss towards it. */
#ifndef IMP_METHOD_STYLISE_STYLE_TARGET_H
#define IMP_METHOD_STYLISE_STYLE_TARGET_H

#include "compute/tensor/tensor.h"
#include "method/stylise/settings.h"

typedef struct ImpStyleTarget ImpStyleTarget;

/* A style's activation, or a part of it. */
typedef struct ImpStyleSample {
    const ImpTensor *activation;
    int channels;        /* that normalisation counts */
    double share;        /* of the style in the blend */
    const float *places; /* (H,W) weights, or NULL */
    const float *map;    /* of patches: (regions,H,W), or NULL */
    size_t n_regions;    /* of the map; 0 without */
} ImpStyleSample;

/* Where a loss is to be. */
typedef struct ImpStyleSeat {
    size_t tap;
    double weight;
    ImpShape shape;
    int channels;            /* that normalisation counts */
    const float *projection; /* (rows,C) that the loss is to make itself, or NULL */
    int rows;
    const float *places; /* (H,W) weights, or NULL */
    const float *map;    /* of patches: (regions,H,W), or NULL */
} ImpStyleSeat;

/* An empty target of a part that compares with styles. Settings must outlive it. On success *out is the caller's. */
ImpStatus imp_style_target_new(const ImpStyliseSettings *settings, ImpStylisePart part, ImpStyleTarget **out,
                               ImpError *error);
void imp_style_target_free(ImpStyleTarget **target);
/* What maps of regions are to be multiplied by, so that they weigh as much as settings say beside the activation. */
double imp_style_map_weight(const ImpStyliseSettings *settings, const ImpTensor *activation);
/* Takes in a sample. */
ImpStatus imp_style_target_add(ImpStyleTarget *target, const ImpStyleSample *sample, ImpError *error);
/* The loss towards what was added; it does not need the target any more. */
ImpStatus imp_style_target_loss(ImpStyleTarget *target, const ImpStyleSeat *seat, ImpLoss **out, ImpError *error);

#endif
