/* A narrow VGG that is learned from a wide one, the teacher: the same layers with fewer channels, and for each ReLU a
 * linear map that tells the teacher's activations from the student's (as the hints of FitNets, Romero et al. 2015, and
 * the linear embedding of Wang et al. 2020, "Collaborative distillation").
 *
 * What is shipped in place of these maps M (C,c) are projections P (c,c), P^T P = s M^T M: then |P (f - g)|^2 is
 * s |M (f - g)|^2, and |P G P^T| is s |M G M^T| for Gram matrices G, so losses between projections are those between
 * the teacher's activations as far as the student knows them. P is the symmetric square root, which keeps its channels
 * near the student's own; s = c / C makes mean squared errors and Gram losses as large as the teacher's. */
#ifndef IMP_NETWORK_VGG_STUDENT_H
#define IMP_NETWORK_VGG_STUDENT_H

#include "network/vgg_weights.h"

typedef struct ImpVggStudent {
    ImpVggWeights weights; /* views of the values; its projections are the maps M, `projected` the teacher's channels */
    float *values;         /* (count) convolutions, biases and maps, in the order of the layers */
    size_t count;
} ImpVggStudent;

/* For the first n_convs convolutions of the teacher, with channels[b] channels in block b + 1. Convolutions begin as He
 * et al. 2015 recommend, maps at random around the size that keeps the scale. On success *out is the caller's. */
ImpStatus imp_vgg_student_new(const ImpVggWeights *teacher, const int channels[IMP_VGG_BLOCKS], uint64_t seed,
                              ImpVggStudent **out, ImpError *error);
void imp_vgg_student_free(ImpVggStudent **student);

/* The projections P of the maps, each times scales[i] of its convolution, none where that is 0, into `out`, whose arrays are the caller's to
 * free with imp_vgg_student_drop: a copy of student->weights with other projections. */
ImpStatus imp_vgg_student_project(const ImpVggStudent *student, const double *scales, ImpVggWeights *out,
                                  ImpError *error);
void imp_vgg_student_drop(ImpVggWeights *projected);

#endif
