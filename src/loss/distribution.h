/* How the values of each channel of an activation are distributed: histograms of equal bins between a channel's least
 * and greatest value, within which values count as evenly spread. Private to loss/. */
#ifndef IMP_LOSS_DISTRIBUTION_H
#define IMP_LOSS_DISTRIBUTION_H

#include "compute/kernel/kernel.h"
#include "compute/tensor/tensor.h"
#include "impasto/status.h"
#include <stdbool.h>

enum { IMP_BINS = 512, IMP_MOST_LANES = 16 };

typedef struct ImpDistributions {
    size_t channels;
    float *least, *scale; /* (C): x is at (x - least) scale, in bins; scale is 0 where all values are the same */
    double *step;         /* (C): a bin's width; edge i is at least + i step */
    double *cumulative;   /* (C,IMP_BINS + 1): the share of weight below each edge, from 0 to 1 */
} ImpDistributions;

/* On failure nothing is left to be freed. */
ImpStatus imp_distributions_new(size_t channels, ImpDistributions *out, ImpError *error);
void imp_distributions_free(ImpDistributions *distributions);
ImpStatus imp_distributions_copy(const ImpDistributions *from, ImpDistributions *out, ImpError *error);

/* How passes over a blocked activation are cut, by its size alone: `group` blocks of channels at a time, few enough to
 * stay in a cache from one pass to the next, each in `pieces` pieces of `piece` places. A task is one piece of one
 * block: task = block * pieces + piece. */
typedef struct ImpCut {
    size_t blocks, group, pieces, piece;
} ImpCut;

ImpCut imp_cut_of(ImpShape shape, int block);

/* Where a task's numbers are: x (count,B). */
typedef struct ImpTask {
    size_t block, first, count; /* block of channels, first place, places */
    const float *x;
    size_t at; /* where x begins in the activation */
} ImpTask;

ImpTask imp_task_of(const ImpCut *cut, const ImpTensor *activation, size_t task);

/* Memory for measuring: doubles. */
size_t imp_distributions_scratch(const ImpCut *cut, int block);
/* Sets the channels of blocks first_block to first_block + cut->group - 1, as far as there are any. places (H,W): how
 * much each place counts; NULL: all alike. Where nothing counts, the distributions are all 0. */
void imp_distributions_measure(ImpDistributions *distributions, const ImpTensor *activation, const ImpCut *cut,
                               size_t first_block, const float *places, double *scratch);

/* The bins of a block, with room for their numbers. */
typedef struct ImpBlockBins {
    ImpBins bins;
    float least[IMP_MOST_LANES], scale[IMP_MOST_LANES];
} ImpBlockBins;

void imp_distributions_bins(const ImpDistributions *distributions, size_t block, size_t lanes, ImpBlockBins *out);

/* The quantile function of a channel for ranks that do not fall from call to call. Where no values are between two
 * edges it jumps: from_above is its limit from higher ranks, else from lower ones. *at begins as 0, one each for
 * either limit. */
double imp_distribution_quantile(const ImpDistributions *distributions, size_t channel, double rank, bool from_above,
                                 size_t *at);

#endif
