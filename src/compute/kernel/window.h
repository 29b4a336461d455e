/* Distances between windows of pictures: the inner loop of texture synthesis.
 *
 * A window is a list of spans, each a run of numbers at an offset from the window's corner, in blocks of 16. Elements
 * are rounded to float after every operation and summed in 16 partial sums (number i of a block goes to sum i) that are
 * added pairwise at the end. All tiers use this order and no fused multiply-add, so they give the same bits. */
#ifndef IMP_COMPUTE_KERNEL_WINDOW_H
#define IMP_COMPUTE_KERNEL_WINDOW_H

#include "base/cpu.h"
#include <stddef.h>

enum { IMP_WINDOW_LANES = 16 }; /* numbers in a block */

typedef struct ImpWindowSpan {
    size_t offset; /* from the number at the window's corner to the first of the span */
    size_t first;  /* of its values and weights */
    size_t blocks; /* of IMP_WINDOW_LANES numbers; what only fills the last block has weight 0 */
} ImpWindowSpan;

/* What windows are compared with. */
typedef struct ImpWindow {
    const ImpWindowSpan *spans; /* (n_spans), those that tell most first */
    size_t n_spans;
    const float *values, *weights; /* weights are at least 0; 0: does not count */
} ImpWindow;

typedef struct ImpWindowKernels {
    /* out[i] = sum of weight (number - value)^2 over the window whose corner is numbers[i step], i = 0..count-1. Where
     * that exceeds `bound`, out[i] may be any number between the two. All numbers of the spans' blocks can be read and
     * are finite, those of weight 0 too. */
    void (*distances)(const ImpWindow *window, const float *numbers, size_t step, size_t count, float bound,
                      float *out);
} ImpWindowKernels;

/* The kernels of a level; a level without its own gets the next lower one. */
const ImpWindowKernels *imp_window_kernels(ImpCpuLevel level);

#endif
