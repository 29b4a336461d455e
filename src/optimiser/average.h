/* The exponential moving average of the weights of a training (Polyak, Juditsky 1992; with the bias correction of
 * Kingma, Ba 2015): usually a better network than the last one.
 *
 *     a_k = d a_k-1 + (1 - d) x_k  from a_0 = 0, divided by 1 - d^k
 *
 * kept in the form that needs no division: the first average is x_1 itself, and from then on
 * a = a + w (x - a) with w = (1 - d) / (1 - d^k). */
#ifndef IMP_OPTIMISER_AVERAGE_H
#define IMP_OPTIMISER_AVERAGE_H

#include "base/bundle.h"
#include "impasto/status.h"
#include <stddef.h>
#include <stdint.h>

typedef struct ImpAverage ImpAverage;

/* Of vectors (n), n >= 1; decay in [0,1), such as 0.999. On success *out is the caller's; on failure NULL. */
ImpStatus imp_average_new(size_t n, double decay, ImpAverage **out, ImpError *error);
void imp_average_free(ImpAverage **average);
/* Takes in x (n). */
void imp_average_add(ImpAverage *average, const float *x);
/* The average (n), zeros before the first imp_average_add; valid until the average is freed, and changed by the next.
 */
const float *imp_average_values(const ImpAverage *average);
/* How many vectors it has taken in. */
int64_t imp_average_count(const ImpAverage *average);

/* The state in a bundle, under names that begin with "average.". Taken back into one with the same n; a bundle that
 * does not fit is IMP_ERROR_FORMAT and leaves the average as if just made. The decay is an option, not a part of the
 * state. */
ImpStatus imp_average_save(const ImpAverage *average, ImpBundle *bundle, ImpError *error);
ImpStatus imp_average_load(ImpAverage *average, const ImpBundle *bundle, ImpError *error);

#endif
