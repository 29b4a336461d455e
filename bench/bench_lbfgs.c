/* Time of one L-BFGS iteration without its evaluation, at the size of a 512 x 512 picture with the history full.
 *
 *     bench_lbfgs [N] [HISTORY] [THREADS]
 *
 * Prints the median over the iterations for each tier of kernels, and the bandwidth over the pairs, each read once in
 * either loop. A plain sum over as much memory says what the machine can give. */
#include "base/memory.h"
#include "base/threads.h"
#include "optimiser/lbfgs_private.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ITERATIONS = 15 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct Bowl {
    size_t n;
    double inside; /* seconds spent evaluating */
} Bowl;

/* 0.5 sum c_i x_i^2 with c_i from 0.5 to 1; its own time does not count. */
static ImpStatus evaluate(void *context, float *x, float *gradient, double *value, ImpError *error) {
    (void)error;
    Bowl *bowl = context;
    double begin = seconds();
    *value = 0;
    for (size_t i = 0; i < bowl->n; i++) {
        gradient[i] = (0.5F + 0.5F * (float)(i % 1024) / 1024) * x[i];
        *value += 0.5 * (double)gradient[i] * (double)x[i];
    }
    bowl->inside += seconds() - begin;
    return IMP_OK;
}

static int by_size(const void *a, const void *b) {
    double u = *(const double *)a, v = *(const double *)b;
    return (u > v) - (u < v);
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[count / 2];
}

/* Fills the history with pairs of the bowl, so that it is full from the start. */
static ImpStatus fill_history(ImpLbfgs *l, ImpError *error) {
    size_t n = l->base.space.n;
    for (int k = 0; k < l->pairs.capacity; k++) {
        int slot;
        ImpStatus status = imp_pairs_next(&l->pairs, n, &slot, error);
        if (status != IMP_OK) return status;
        float *y = l->pairs.y[slot], *s = l->pairs.s[slot];
        for (size_t i = 0; i < n; i++) {
            s[i] = (float)(((i + (size_t)k) * 2654435761U) % 1000) * 1e-6F;
            y[i] = (0.5F + 0.5F * (float)(i % 1024) / 1024) * s[i];
        }
        imp_pairs_push(&l->pairs, 1 / imp_vector_dot(&l->base.space, y, s));
    }
    return IMP_OK;
}

static ImpStatus time_iterations(size_t n, int history, double *out, ImpError *error) {
    ImpLbfgsOptions options = imp_lbfgs_defaults();
    options.history = history;
    options.tolerance_gradient = options.tolerance_change = -1;
    ImpOptimiser *optimiser = NULL;
    Bowl bowl = {.n = n};
    double times[ITERATIONS];
    bool converged;
    float *x = imp_alloc(n, sizeof *x);
    ImpStatus status = x ? imp_lbfgs_new(n, &options, &optimiser, error) : IMP_ERROR_MEMORY;
    for (size_t i = 0; status == IMP_OK && i < n; i++) x[i] = (float)(i % 777) / 777 - 0.5F;
    if (status == IMP_OK) status = imp_optimiser_iterate(optimiser, x, evaluate, &bowl, &converged, error);
    if (status == IMP_OK) status = fill_history((ImpLbfgs *)optimiser, error);
    for (int k = 0; status == IMP_OK && k < ITERATIONS; k++) {
        bowl.inside = 0;
        double begin = seconds();
        status = imp_optimiser_iterate(optimiser, x, evaluate, &bowl, &converged, error);
        times[k] = seconds() - begin - bowl.inside;
    }
    if (status == IMP_OK) *out = median(times, ITERATIONS);
    imp_optimiser_free(&optimiser);
    imp_free(x);
    return status;
}

typedef struct Read {
    const float *values;
    double *sums;
} Read;

static void read_piece(void *context, size_t i) {
    Read *read = context;
    ImpVectorSums sums;
    const float *piece = read->values + i * IMP_PIECE;
    imp_vector_kernels(imp_cpu_level())->dot(piece, piece, IMP_PIECE, &sums);
    read->sums[i] = sums.dot;
}

/* Bytes a second at which all threads together read memory. */
static double read_bandwidth(void) {
    size_t pieces = 8192;
    Read read = {imp_alloc(pieces * IMP_PIECE, sizeof(float)), imp_alloc(pieces, sizeof(double))};
    double times[5];
    if (read.values && read.sums) {
        for (size_t i = 0; i < pieces * IMP_PIECE; i++) ((float *)read.values)[i] = 1;
        for (int k = 0; k < 5; k++) {
            double begin = seconds();
            imp_parallel(pieces, read_piece, &read);
            times[k] = seconds() - begin;
        }
    }
    double bytes = (double)pieces * IMP_PIECE * sizeof(float);
    double bandwidth = read.values && read.sums ? bytes / median(times, 5) : NAN;
    imp_free((void *)read.values);
    imp_free(read.sums);
    return bandwidth;
}

int main(int argc, char **argv) {
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 786432;
    int history = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 100;
    imp_threads_set(argc > 3 ? (int)strtol(argv[3], NULL, 10) : 2);
    printf("n %zu, history %d, threads %d; memory reads at %.1f GB/s\n", n, history, imp_threads_get(),
           read_bandwidth() / 1e9);
    ImpCpuLevel most = imp_cpu_level();
    for (int level = 0; level <= (int)most && level <= IMP_CPU_AVX2; level++) {
        imp_cpu_force((ImpCpuLevel)level);
        double time = 0;
        ImpError error = {0};
        if (time_iterations(n, history, &time, &error) != IMP_OK) {
            fprintf(stderr, "%s\n", error.message);
            return 1;
        }
        double bytes = 4.0 * history * (double)n * sizeof(float);
        printf("%-8s  %7.2f ms an iteration, %5.1f GB/s\n", imp_cpu_level_name((ImpCpuLevel)level), time * 1e3,
               bytes / time / 1e9);
    }
    return 0;
}
