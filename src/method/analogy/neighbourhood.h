/* Neighbourhoods of an analogy (Hertzmann et al. 2001, section 3.2): around a pixel of the source and of the filtered
 * picture, at a level and at the next coarser one; compared with those of the target and of the result. */
#ifndef IMP_METHOD_ANALOGY_NEIGHBOURHOOD_H
#define IMP_METHOD_ANALOGY_NEIGHBOURHOOD_H

#include "method/analogy/pyramid.h"

enum {
    IMP_ANALOGY_PARTS = 4,          /* source, filtered; coarse source, coarse filtered */
    IMP_ANALOGY_MOST_NUMBERS = 2600 /* of the largest windows with colours and gradients */
};

/* A square of one of the pictures, or what of it comes before its middle in reading order. */
typedef struct ImpAnalogyPart {
    const ImpAnalogyPlane *exemplar, *made; /* where it is looked up, and what it is compared with */
    int half;                               /* pixels from the middle to the sides */
    bool causal;
    int shift;    /* 1: of the coarser level */
    size_t first; /* where its numbers begin in a neighbourhood */
} ImpAnalogyPart;

typedef struct ImpAnalogyShape {
    const ImpAnalogyLevel *fine;
    ImpAnalogyPart parts[IMP_ANALOGY_PARTS];
    int n_parts;
    bool causal;
    int half;
    size_t numbers;
    float weights[IMP_ANALOGY_MOST_NUMBERS]; /* (numbers) Gaussian; either level counts the same */
} ImpAnalogyShape;

/* What is looked for. */
typedef struct ImpAnalogyQuery {
    const float *weights;                   /* (numbers): the shape's, or own */
    float values[IMP_ANALOGY_MOST_NUMBERS]; /* (numbers) */
    float own[IMP_ANALOGY_MOST_NUMBERS];
} ImpAnalogyQuery;

/* Of level `index`. Causal: of the result only what comes before the pixel in reading order; else all but the pixel.
 * The pyramid must outlive it. */
void imp_analogy_shape(const ImpAnalogyPyramid *pyramid, int index, const ImpAnalogySettings *settings, bool causal,
                       ImpAnalogyShape *out);
/* What target and result show around (x,y). Of a causal shape, what would be beyond the rim of the result does not
 * count. */
void imp_analogy_ask(const ImpAnalogyShape *shape, int x, int y, ImpAnalogyQuery *query);
/* The exemplar's neighbourhood of a place, or the query's values, times the square roots of the shape's weights: points
 * whose squared distances are those below. out (numbers) */
void imp_analogy_take(const ImpAnalogyShape *shape, int32_t place, float *out);
void imp_analogy_scale(const ImpAnalogyShape *shape, const ImpAnalogyQuery *query, float *out);
/* sum of weight (number - value)^2 around this place of the exemplar; beyond `bound`, any number beyond it. */
float imp_analogy_distance(const ImpAnalogyShape *shape, const ImpAnalogyQuery *query, int32_t place, float bound);

#endif
