#include "base/threads.h"

#include "base/pool.h"
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The CPU quota of the container (cgroup v2) in whole processors, or 0 where there is none. */
static int quota_of_container(void) {
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (!file) return 0;
    char line[64] = "";
    char *text = fgets(line, sizeof line, file);
    fclose(file);
    if (!text) return 0;
    char *end;
    long quota = strtol(line, &end, 10);
    if (end == line) return 0; /* "max" */
    long period = strtol(end, NULL, 10);
    if (quota <= 0 || period <= 0) return 0;
    return (int)((quota + period - 1) / period);
}

/* By affinity, or where more than its set can tell, all. */
static int granted(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int imp_threads_available(void) {
    int count = granted(), quota = quota_of_container();
    if (quota > 0 && quota < count) count = quota;
    return count > 0 ? count : 1;
}

/* --- what each calling thread has --------------------------------------------------------------------------------- */

typedef struct Caller {
    int threads; /* 0: not decided yet */
    bool inside; /* a body: what it asks for in parallel is done in turn */
    ImpPool *pool;
} Caller;

static _Thread_local Caller caller;
static pthread_key_t pool_of_thread; /* for its end only */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_pool(void *pool) {
    imp_pool_free(pool);
}

static void make_key(void) {
    pthread_key_create(&pool_of_thread, free_pool);
}

int imp_threads_get(void) {
    if (caller.threads == 0) caller.threads = imp_threads_available();
    return caller.threads;
}

int imp_thread_index(void) {
    return imp_pool_index();
}

int imp_threads_set(int count) {
    int former = imp_threads_get();
    caller.threads = count > 0 ? count : imp_threads_available();
    return former;
}

/* The pool for as many threads as are set; NULL where there is none to be had. */
static ImpPool *pool(void) {
    int workers = imp_threads_get() - 1;
    if (caller.pool && imp_pool_workers(caller.pool) == workers) return caller.pool;
    imp_pool_free(caller.pool);
    caller.pool = imp_pool_new(workers);
    pthread_once(&once, make_key);
    pthread_setspecific(pool_of_thread, caller.pool);
    return caller.pool;
}

void imp_parallel(size_t count, void (*body)(void *context, size_t i), void *context) {
    bool alone = count < 2 || caller.inside || imp_pool_index() > 0 || imp_threads_get() == 1 || !pool();
    if (alone) {
        for (size_t i = 0; i < count; i++) body(context, i);
        return;
    }
    caller.inside = true;
    imp_pool_run(caller.pool, count, body, context);
    caller.inside = false;
}

double imp_sum_in_order(const double *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += values[i];
    return sum;
}
