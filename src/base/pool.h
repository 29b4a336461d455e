/* A pool of threads for one caller: what imp_parallel runs on. Private to base.
 *
 * Between jobs a worker looks for the next one for some microseconds and then sleeps. So short jobs in a row cost no
 * system calls, and on a machine that has other work to do nobody burns the time that the others need: OpenMP's workers
 * look for milliseconds, which made loaded machines five times slower (doc/speed-log.md). */
#ifndef IMP_BASE_POOL_H
#define IMP_BASE_POOL_H

#include <stddef.h>

typedef struct ImpPool ImpPool;

/* `workers` threads besides the caller, at least 1; fewer where the system gives no more, NULL where it gives none. */
ImpPool *imp_pool_new(int workers);
/* Ends the workers. NULL is fine. */
void imp_pool_free(ImpPool *pool);
/* As many as were asked for. */
int imp_pool_workers(const ImpPool *pool);
/* body(context, i) for i in 0..count-1 on the workers and the calling thread; returns when all are done. One caller at
 * a time, not from within a body. */
void imp_pool_run(ImpPool *pool, size_t count, void (*body)(void *context, size_t i), void *context);
/* Within a body: 0 on the calling thread, 1.. on the workers; 0 elsewhere. */
int imp_pool_index(void);

#endif
