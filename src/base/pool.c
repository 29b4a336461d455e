#include "base/pool.h"

#include "base/memory.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { LOOKS = 2000 }; /* times that a thread looks before it sleeps: some 20 microseconds */

typedef struct Worker {
    ImpPool *pool;
    pthread_t thread;
    int index; /* from 1 on */
} Worker;

struct ImpPool {
    int wanted, running; /* workers asked for and there */
    Worker *workers;
    /* The job; written by the caller while all workers are idle. */
    void (*body)(void *context, size_t i);
    void *context;
    size_t count;
    atomic_size_t next;    /* piece to be taken */
    atomic_uint job;       /* its number: a new one is what workers look for */
    atomic_int unfinished; /* workers that are not through with it */
    atomic_int sleepers;   /* workers asleep, and whether the caller is */
    atomic_bool caller_sleeps, end;
    pthread_mutex_t mutex; /* for going to sleep only */
    pthread_cond_t wake, done;
};

static _Thread_local int thread_index;

int imp_pool_index(void) {
    return thread_index;
}

static void relax(void) {
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

static void take_pieces(ImpPool *pool) {
    for (size_t i; (i = atomic_fetch_add(&pool->next, 1)) < pool->count;) pool->body(pool->context, i);
}

/* --- workers ------------------------------------------------------------------------------------------------------ */

/* Returns when there is another job than `seen`, or the end. Who sleeps says so before it looks for the last time, and
 * who publishes a job looks for sleepers after: one of the two sees the other. */
static void wait_for_job(ImpPool *pool, unsigned seen) {
    for (int i = 0; i < LOOKS; i++) {
        if (atomic_load(&pool->job) != seen) return;
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->job) == seen) pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *argument) {
    Worker *worker = argument;
    ImpPool *pool = worker->pool;
    unsigned seen = 0;
    thread_index = worker->index;
    for (;;) {
        wait_for_job(pool, seen);
        seen++;
        if (atomic_load(&pool->end)) return NULL;
        take_pieces(pool);
        if (atomic_fetch_sub(&pool->unfinished, 1) > 1 || !atomic_load(&pool->caller_sleeps)) continue;
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->mutex);
    }
}

/* --- the caller --------------------------------------------------------------------------------------------------- */

static void publish(ImpPool *pool) {
    atomic_store(&pool->unfinished, pool->running);
    atomic_fetch_add(&pool->job, 1);
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

static void wait_for_workers(ImpPool *pool) {
    for (int i = 0; i < LOOKS; i++) {
        if (atomic_load(&pool->unfinished) == 0) return;
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_sleeps, true);
    while (atomic_load(&pool->unfinished) > 0) pthread_cond_wait(&pool->done, &pool->mutex);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->mutex);
}

void imp_pool_run(ImpPool *pool, size_t count, void (*body)(void *context, size_t i), void *context) {
    pool->body = body;
    pool->context = context;
    pool->count = count;
    atomic_store(&pool->next, 0);
    publish(pool);
    take_pieces(pool);
    wait_for_workers(pool);
}

/* Signals are for the program's own threads. */
static void start(ImpPool *pool) {
    sigset_t all, former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    for (int i = 0; i < pool->wanted; i++) {
        Worker *worker = &pool->workers[i];
        *worker = (Worker){.pool = pool, .index = i + 1};
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) break;
        pool->running++;
    }
    pthread_sigmask(SIG_SETMASK, &former, NULL);
}

ImpPool *imp_pool_new(int workers) {
    ImpPool *pool = imp_alloc(1, sizeof *pool);
    if (!pool) return NULL;
    pool->wanted = workers;
    pool->workers = imp_alloc((size_t)workers, sizeof *pool->workers);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    if (pool->workers) start(pool);
    if (pool->running > 0) return pool;
    imp_pool_free(pool);
    return NULL;
}

void imp_pool_free(ImpPool *pool) {
    if (!pool) return;
    atomic_store(&pool->end, true);
    publish(pool);
    for (int i = 0; i < pool->running; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_mutex_destroy(&pool->mutex);
    pthread_cond_destroy(&pool->wake);
    pthread_cond_destroy(&pool->done);
    imp_free(pool->workers);
    imp_free(pool);
}

int imp_pool_workers(const ImpPool *pool) {
    return pool->wanted;
}
