/* Threads. A pool for each calling thread; a run sets how many threads it takes and puts it back after.
 *
 * Results never depend on the number of threads: work is cut into pieces by its size alone, each piece is computed by
 * one thread, and reductions over pieces go in a fixed order. */
#ifndef IMP_BASE_THREADS_H
#define IMP_BASE_THREADS_H

#include <stddef.h>

/* How many threads this process may use: processors granted by affinity and by the container's CPU quota. */
int imp_threads_available(void);

/* Sets the number of threads of the calling thread's parallel work; 0 means all available. Returns the former number,
 * to be set again when the run ends. */
int imp_threads_set(int count);
int imp_threads_get(void);
/* Within a body of imp_parallel: which of the imp_threads_get() threads this is, for buffers of its own. */
int imp_thread_index(void);

/* body(context, i) for i in 0..count-1, in any order, on the pool; returns when all are done. Within a body it runs on
 * that thread alone. */
void imp_parallel(size_t count, void (*body)(void *context, size_t i), void *context);

/* Sum of the `count` values in index order in double: the last step of a deterministic reduction. */
double imp_sum_in_order(const double *values, size_t count);

/* Elements in one piece of a threaded element-wise pass or reduction. */
enum { IMP_PIECE = 1 << 14 };

#endif
