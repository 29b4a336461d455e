/* Where the time of a network's evaluation goes, operation by operation.
 *
 *     bench_network vgg [CHANNELS] [SIDE] [train]              VGG-shaped up to relu4_2, CHANNELS in its first block
 *     bench_network johnson [WIDTH] [IMAGES] [HEIGHT] [COLUMNS] [train | infer]
 *
 * Prints for each operation the best forward and backward times of some runs, and their sums. Without `train` no
 * weight has a gradient (and a transformation network runs forward only); the input of a VGG always has one. */
#include "../tests/compute/johnson.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/graph/node.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 7, MOST = 64 };

/* With one thread, the processor's time, which other programs on the machine disturb less. */
static double now(void) {
    struct timespec time;
    clock_gettime(imp_threads_get() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

typedef struct Bench {
    ImpGraph *graph;
    ImpNode *last;
    const float *values;
    float *gradients; /* or NULL */
    size_t used;
    ImpError error;
} Bench;

static void must(ImpStatus status, const ImpError *error) {
    if (status == IMP_OK) return;
    fprintf(stderr, "%s\n", error->message);
    exit(1);
}

/* --- networks ----------------------------------------------------------------------------------------------------- */

static ImpParameter take(Bench *bench, size_t count) {
    ImpParameter parameter = {.value = bench->values + bench->used,
                              .gradient = bench->gradients ? bench->gradients + bench->used : NULL};
    bench->used += count;
    return parameter;
}

static void build_vgg(Bench *bench, int channels) {
    static const int convs[] = {2, 2, 4, 2};
    for (int block = 0; block < 4; block++) {
        if (block > 0)
            must(imp_graph_pool(bench->graph, bench->last, true, &bench->last, &bench->error), &bench->error);
        for (int i = 0; i < convs[block]; i++) {
            int in = imp_graph_shape(bench->last).channels, out = channels << block;
            ImpConvolution conv = {.out_channels = out, .kernel = 3, .padding = 1, .relu = true};
            conv.weights = take(bench, (size_t)(9 * in * out));
            conv.bias = take(bench, (size_t)out);
            must(imp_graph_convolution(bench->graph, bench->last, &conv, &bench->last, &bench->error), &bench->error);
        }
    }
}

static void build_johnson(Bench *bench, int width) {
    Johnson j = {
        .width = width, .residuals = 5, .values = bench->values, .gradients = bench->gradients, .graph = bench->graph};
    johnson_build(&j);
    must(j.status, &j.error);
    bench->last = j.last;
    if (width <= 8) imp_graph_narrow(bench->graph);
}

/* --- timing ------------------------------------------------------------------------------------------------------- */

/* The operations from the input to the last, which form one chain. */
static int chain_of(ImpNode *last, ImpNode *chain[MOST]) {
    int count = 0;
    for (ImpNode *node = last; node->op; node = node->source) chain[MOST - ++count] = node;
    memmove(chain, chain + MOST - count, (size_t)count * sizeof(ImpNode *));
    return count;
}

static void print_row(const ImpNode *node, double forward, double backward) {
    char text[80];
    snprintf(text, sizeof text, "%s %d x %d x %d x %d", node->op->name, node->shape.images, node->shape.channels,
             node->shape.height, node->shape.width);
    if (node->mapped && backward == 0) return;
    printf("%-48s %8.2f %8.2f\n", text, 1e3 * forward, 1e3 * backward);
}

static void run(Bench *bench, bool backward, bool input_gradient) {
    ImpNode *chain[MOST];
    double times[MOST][2];
    float *scratch = NULL;
    size_t floats = 1;
    int count = chain_of(bench->last, chain);
    for (int i = 0; i < count; i++) {
        if (chain[i]->scratch_floats > floats) floats = chain[i]->scratch_floats;
        times[i][0] = times[i][1] = INFINITY;
    }
    must(IMP_ALLOC(&scratch, floats, "bench", &bench->error), &bench->error);
    for (int r = 0; r < RUNS; r++) {
        for (int i = 0; i < count; i++) {
            double start = now();
            if (!chain[i]->mapped) chain[i]->op->forward(chain[i], scratch);
            times[i][0] = fmin(times[i][0], now() - start);
        }
        size_t last_floats = imp_node_floats(bench->last);
        for (size_t i = 0; backward && i < last_floats; i++) bench->last->gradient[i] = (float)(i % 7) - 3;
        for (int i = count; backward && i-- > 0;) {
            ImpInto into[2] = {i > 0 || input_gradient ? IMP_OVERWRITE : IMP_INTO_NOTHING, IMP_ADD};
            double start = now();
            chain[i]->op->backward(chain[i], scratch, into);
            times[i][1] = fmin(times[i][1], now() - start);
        }
    }
    double sums[2] = {0};
    for (int i = 0; i < count; i++) {
        print_row(chain[i], times[i][0], backward ? times[i][1] : 0);
        sums[0] += times[i][0];
        sums[1] += backward ? times[i][1] : 0;
    }
    printf("%-48s %8.2f %8.2f   %.2f ms, %.0f MiB\n", "sum", 1e3 * sums[0], 1e3 * sums[1], 1e3 * (sums[0] + sums[1]),
           (double)imp_graph_bytes(bench->graph) / 1048576);
    imp_free(scratch);
}

static int number(int argc, char **argv, int i, int otherwise) {
    long given = i < argc ? strtol(argv[i], NULL, 10) : 0;
    return given > 0 && given < 100000 ? (int)given : otherwise;
}

int main(int argc, char **argv) {
    bool johnson = argc > 1 && strcmp(argv[1], "johnson") == 0, train = strcmp(argv[argc - 1], "train") == 0;
    int width = number(argc, argv, 2, johnson ? 32 : 16);
    ImpShape shape = {3, number(argc, argv, 3, 512), 0, 1};
    shape.width = shape.height;
    if (johnson)
        shape = (ImpShape){3, number(argc, argv, 4, 1024), number(argc, argv, 5, 1024), number(argc, argv, 3, 1)};
    size_t count = 4000000 + johnson_floats(width, 5);
    Bench bench = {0};
    float *values = NULL;
    must(IMP_ALLOC(&values, count, "bench", &bench.error), &bench.error);
    must(IMP_ALLOC(&bench.gradients, count, "bench", &bench.error), &bench.error);
    float *gradients = bench.gradients;
    if (!train) bench.gradients = NULL;
    ImpRandom random;
    imp_random_seed(&random, 1);
    imp_random_normal(&random, values, count, 0.05);
    bench.values = values;
    must(imp_graph_new(shape, &bench.graph, &bench.error), &bench.error);
    bench.last = imp_graph_input(bench.graph);
    if (johnson)
        build_johnson(&bench, width);
    else
        build_vgg(&bench, width);
    imp_graph_tap(bench.last);
    must(imp_graph_plan(bench.graph, train || !johnson, &bench.error), &bench.error);
    imp_random_normal(&random, imp_graph_input_data(bench.graph), imp_shape_count(shape), 1);
    run(&bench, train || !johnson, !johnson && !train);
    imp_graph_free(&bench.graph);
    imp_free(values);
    imp_free(gradients);
    return 0;
}
