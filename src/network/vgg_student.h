/* A narrow VGG that is learned from a wide one, the teacher: the same layers with fewer channels, and for each ReLU a
 * linear map that tells the teacher's activations from the student's (as the hints of FitNets, Romero et al. 2015, and
 * the linear embedding of Wang et al. 2020, "Collaborative distillation").
 *
 * What is shipped in place of these maps M (C,c) are projections P (c,c), P^T P = M^T M: then |P (f - g)| is
 * |M (f - g)|, and |P G P^T| is |M G M^T| for Gram matrices G, so losses between projections are those between the
 * teacher's activations as far as the student knows them (losses count C channels, see imp_vgg_counted_channels). P is
 * the symmetric square root, which keeps its channels near the student's own. */
#ifndef IMP_NETWORK_VGG_STUDENT_H
#define IMP_NETWORK_VGG_STUDENT_H

#include "network/vgg_weights.h"

typedef struct ImpVggStudent {
    ImpVggWeights weights; /* views of the values; its projections are the maps M, `projected` the teacher's channels */
    float *values;         /* (count) convolutions, biases and maps, in the order of the layers */
    size_t count;
} ImpVggStudent;

/* For the first n_convs convolutions of the teacher, with channels[b] channels in block b + 1, at most as many as the
 * teacher has; all numbers 0. On success *out is the caller's. */
ImpStatus imp_vgg_student_new(const ImpVggWeights *teacher, const int channels[IMP_VGG_BLOCKS], ImpVggStudent **out,
                              ImpError *error);

/* The first numbers: the student's channels are those of the teacher's, in each layer, that tell the others best (a
 * greedy choice, column by column), the map M tells them by least squares, and a convolution reads the teacher's inputs
 * through the map before it (as channel pruning does, He, Zhang, Sun 2017). grams[i] (C,C) is F F^T of the teacher's
 * ReLU after convolution i, over many places; sizes[i] the root mean square of F: the student's activations
 * begin as F / size, and M F' is to be F / size. */
ImpStatus imp_vgg_student_begin(ImpVggStudent *student, const ImpVggWeights *teacher, double *const *grams,
                                const double *sizes, ImpError *error);
void imp_vgg_student_free(ImpVggStudent **student);

/* The projections P of the maps, each times scales[i] of its convolution, none where that is 0, into `out`, whose
 * arrays are the caller's to free with imp_vgg_student_drop: a copy of student->weights with other projections. */
ImpStatus imp_vgg_student_project(const ImpVggStudent *student, const double *scales, ImpVggWeights *out,
                                  ImpError *error);
void imp_vgg_student_drop(ImpVggWeights *projected);

#endif
