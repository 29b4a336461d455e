/* Weights of the places of an activation: how much each counts in a statistic. Private to loss/. */
#ifndef IMP_LOSS_PLACES_H
#define IMP_LOSS_PLACES_H

#include "compute/tensor/tensor.h"
#include "impasto/status.h"

/* Without weights `roots` is NULL and all places count 1. */
typedef struct ImpPlaces {
    double sum;                  /* of the weights */
    float *roots;                /* (H,W) their square roots */
    float *activation, *product; /* blocked, of the activation's shape */
} ImpPlaces;

/* weights (H,W), each at least 0, are copied; NULL: all places alike. On failure nothing is left to be freed. */
ImpStatus imp_places_begin(const float *weights, ImpShape shape, ImpPlaces *out, ImpError *error);
void imp_places_end(ImpPlaces *places);

/* An activation, or a part of it that begins with `row`, times the roots, so that sums of its products are weighted:
 * kept in places->activation. Without weights it is the activation itself. */
ImpTensor imp_places_weigh(ImpPlaces *places, const ImpTensor *activation, int row);
/* What imp_places_weigh returned last. */
ImpTensor imp_places_weighed(const ImpPlaces *places, const ImpTensor *activation);
/* gradient += roots * places->product, which is the derivative with respect to places->activation. */
void imp_places_add_product(const ImpPlaces *places, const ImpTensor *gradient, int row);

#endif
