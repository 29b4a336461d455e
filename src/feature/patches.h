/* Style as a set of local patches, and for each patch of a picture the nearest of them (Li, Wand 2016, "Combining
 * Markov random fields and convolutional neural networks for image synthesis", CVPR). */
#ifndef IMP_FEATURE_PATCHES_H
#define IMP_FEATURE_PATCHES_H

#include "compute/tensor/tensor.h"
#include "impasto/status.h"

enum { IMP_PATCH_MOST = 9 }; /* largest side of a patch */

/* Activations of one layer for any number of styles, and for turned and scaled variants of one. */
typedef struct ImpPatchSet ImpPatchSet;

/* Empty, for activations of `channels` channels and `guides` (0: none) channels of guidance. On success *out is the
 * caller's. */
ImpStatus imp_patch_set_new(int channels, int guides, ImpPatchSet **out, ImpError *error);
void imp_patch_set_free(ImpPatchSet **set);

/* Copies the activation of a style: one image, blocked as the kernels in force want it. guidance (guides,H,W), NULL
 * without any, counts as further channels when patches are compared: a semantic map, multiplied by what it is to
 * weigh. On failure the set is as it was. */
ImpStatus imp_patch_set_add(ImpPatchSet *set, const ImpTensor *activation, const float *guidance, ImpError *error);

/* What the set takes: the numbers of the activations and of the guidance, each in whole blocks. */
size_t imp_patch_set_bytes(const ImpPatchSet *set);

typedef struct ImpPatchOptions {
    int size;              /* of a patch: odd, 1 to IMP_PATCH_MOST; along an axis on which the picture's activation or
                            * one of the set is smaller, patches are as long as the smallest */
    int stride;            /* >= 1: from one patch of the picture to the next; a rest at the end begins none */
    int style_stride;      /* the same for the set's patches */
    const float *guidance; /* (guides,H,W) of the picture, NULL without any; copied */
} ImpPatchOptions;

/* A patch of the set: its number of block b, row i and column j is at corner + b block + i row + j B. */
typedef struct ImpPatch {
    const float *corner; /* its first place: B channels of the first block */
    size_t block, row;   /* floats from one block or row to the next */
} ImpPatch;

/* The search for one layer of a picture. All but `found` is fixed when it is made. */
typedef struct ImpPatchSearch {
    int tall, wide;     /* sides of the patches */
    int stride;         /* of the picture's */
    int rows, columns;  /* of the picture's patches */
    double mean_square; /* the mean over the set's patches of the sum of their squares, without guidance */
    ImpPatch *found;    /* (rows,columns): the nearest patches, after imp_patch_search_run */
    struct ImpPatchWork *work;
} ImpPatchSearch;

/* For activations of `shape` (one image). The set has an activation at least and must outlive the search; nothing is
 * added to it any more. Memory: once the activation and the guidance, and a few MiB a thread. On success *out is the
 * caller's; on failure nothing is left to be freed. */
ImpStatus imp_patch_search_new(const ImpPatchSet *set, const ImpPatchOptions *options, ImpShape shape,
                               ImpPatchSearch *out, ImpError *error);
void imp_patch_search_free(ImpPatchSearch *search);

/* Finds, for each patch a of the activation, the patch b of the set with the largest normalised cross-correlation
 * <a, b> / |b|, guidance included; of equal ones the first, in the order in which they were added, from left to right
 * and down. A patch of zeros counts as 0. Runs on as many threads as were set when the search was made; allocates
 * nothing. */
void imp_patch_search_run(ImpPatchSearch *search, const ImpTensor *activation);

#endif
