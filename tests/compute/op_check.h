/* One operation in a graph against a second implementation in double: values, gradients of the input and of the
 * parameters by central differences, batches, any number of threads, accumulation. */
#ifndef IMP_TESTS_COMPUTE_OP_CHECK_H
#define IMP_TESTS_COMPUTE_OP_CHECK_H

#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/graph/graph.h"
#include "compute/kernel/kernel.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OP_PARAMETERS = 4, OP_PROBES = 8 };

/* Relative to the largest magnitude of the values, or of the derivatives looked at. */
static const double op_value_tolerance = 2e-5, op_gradient_tolerance = 1e-4;

typedef struct OpCase {
    const char *what;
    const void *context;
    ImpShape input;
    bool plain; /* the input's layout, else blocked */
    size_t counts[OP_PARAMETERS];
    double deviation; /* of parameters; 0: 0.5 */
    double shift;     /* added to the input */
    double tolerance; /* of values; 0: op_value_tolerance */
    /* Adds the operation; parameters as the case counts them. */
    ImpStatus (*build)(const void *context, ImpGraph *graph, ImpNode *source, const ImpParameter *parameters,
                       ImpNode **out, ImpError *error);
    void (*planned)(const void *context, ImpNode *node); /* after planning; or NULL */
    /* result (N,C,H,W) from source (N,C,H,W) */
    void (*reference)(const void *context, double *const *parameters, const double *source, double *result);
} OpCase;

typedef struct OpRun {
    const OpCase *of;
    ImpShape output;
    double *source, *result, *parameters[OP_PARAMETERS];
    float *values[OP_PARAMETERS], *gradients[OP_PARAMETERS]; /* gradients start at 1 */
    float *output_value, *input_gradient;                    /* plain */
} OpRun;

static inline double op_pull(size_t i) {
    return (double)(i * 2654435761u % 1000u) / 500.0 - 1.0;
}

static inline void op_pull_at(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    (void)context, (void)node;
    size_t count = imp_shape_count(value->shape);
    float *v = imp_alloc(count, sizeof *v), *g = imp_alloc(count, sizeof *g);
    assert_true(v && g);
    imp_tensor_to_plain(value, v);
    imp_tensor_to_plain(gradient, g);
    for (size_t i = 0; i < count; i++) g[i] += v[i] + (float)op_pull(i);
    imp_tensor_from_plain(gradient, g);
    imp_free(v);
    imp_free(g);
}

static inline double op_objective(OpRun *run, double *where, double at) {
    double before = *where, sum = 0;
    *where = at;
    run->of->reference(run->of->context, run->parameters, run->source, run->result);
    *where = before;
    for (size_t i = 0; i < imp_shape_count(run->output); i++) sum += run->result[i] * (run->result[i] / 2 + op_pull(i));
    return sum;
}

/* Central differences; *smooth when two steps agree, so that no kink is near. */
static inline double op_derivative(OpRun *run, double *where, bool *smooth) {
    double slopes[2], at = *where;
    for (int i = 0; i < 2; i++) {
        double step = i == 0 ? 1e-4 : 2e-5;
        slopes[i] = (op_objective(run, where, at + step) - op_objective(run, where, at - step)) / (2 * step);
    }
    *smooth = fabs(slopes[0] - slopes[1]) < 1e-4 * (1 + fabs(slopes[0]));
    return slopes[1];
}

static inline void op_compare_gradient(OpRun *run, double *where, const float *gradient, size_t count, double offset,
                                       const char *name) {
    ImpRandom random;
    imp_random_seed(&random, count);
    double most = 1e-2;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs((double)gradient[i] - offset));
    for (size_t i = 0; i < OP_PROBES && i < count; i++) {
        bool smooth;
        size_t probe = count <= OP_PROBES ? i : (size_t)imp_random_below(&random, count);
        double expected = op_derivative(run, &where[probe], &smooth), got = (double)gradient[probe] - offset;
        if (smooth && !(fabs(got - expected) <= op_gradient_tolerance * most + 1e-6 * fabs(offset)))
            fail_msg("%s: derivative by %s %zu is %.8g, not %.8g", run->of->what, name, probe, got, expected);
    }
}

static inline void op_compare_values(const OpRun *run) {
    double most = 1e-3;
    size_t count = imp_shape_count(run->output);
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(run->result[i]));
    double tolerance = run->of->tolerance > 0 ? run->of->tolerance : op_value_tolerance;
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)run->output_value[i] - run->result[i]) <= tolerance * most))
            fail_msg("%s: value %zu is %.8g, not %.8g", run->of->what, i, (double)run->output_value[i], run->result[i]);
}

/* Lanes beyond the channels must be 0. */
static inline void op_check_lanes(const ImpTensor *tensor, const char *what) {
    size_t block = (size_t)tensor->block, places = imp_shape_places(tensor->shape);
    size_t blocks = ((size_t)tensor->shape.channels + block - 1) / block;
    size_t floats = imp_tensor_floats(tensor->shape, tensor->layout, tensor->block);
    for (size_t i = 0; i < floats && tensor->layout == IMP_LAYOUT_BLOCKED; i++)
        if (i / block / places % blocks * block + i % block >= (size_t)tensor->shape.channels && tensor->data[i] != 0)
            fail_msg("%s: number %zu beyond the channels is %g", what, i, (double)tensor->data[i]);
}

static inline void op_allocate(OpRun *run, const OpCase *of) {
    ImpRandom random;
    size_t inputs = imp_shape_count(of->input);
    imp_random_seed(&random, inputs + of->counts[0]);
    *run = (OpRun){.of = of};
    float *source = imp_alloc(inputs, sizeof *source);
    imp_random_normal(&random, source, inputs, 1);
    run->source = calloc(inputs, sizeof *run->source);
    for (size_t i = 0; i < inputs; i++) run->source[i] = (double)(source[i] += (float)of->shift);
    imp_free(source);
    for (int p = 0; p < OP_PARAMETERS; p++) {
        size_t count = of->counts[p];
        if (count == 0) continue;
        run->values[p] = imp_alloc(count, sizeof(float));
        run->gradients[p] = imp_alloc(count, sizeof(float));
        run->parameters[p] = calloc(count, sizeof(double));
        imp_random_normal(&random, run->values[p], count, of->deviation > 0 ? of->deviation : 0.5);
        for (size_t i = 0; i < count; i++) run->parameters[p][i] = (double)run->values[p][i];
    }
}

static inline void op_free(OpRun *run) {
    free(run->source);
    free(run->result);
    imp_free(run->output_value);
    imp_free(run->input_gradient);
    for (int p = 0; p < OP_PARAMETERS; p++) {
        imp_free(run->values[p]);
        imp_free(run->gradients[p]);
        free(run->parameters[p]);
    }
}

/* Builds and runs the graph: the operation `times` times on one input, all tapped. frozen: no parameter gradients. */
static inline void op_run(OpRun *run, int times, bool frozen) {
    ImpError error;
    ImpGraph *graph;
    ImpNode *nodes[2];
    ImpParameter parameters[OP_PARAMETERS] = {{0}};
    const OpCase *of = run->of;
    for (int p = 0; p < OP_PARAMETERS; p++) {
        parameters[p] = (ImpParameter){.value = run->values[p], .gradient = frozen ? NULL : run->gradients[p]};
        for (size_t i = 0; i < of->counts[p]; i++) run->gradients[p][i] = 1;
    }
    ImpStatus status =
        of->plain ? imp_graph_new(of->input, &graph, &error) : imp_graph_new_blocked(of->input, &graph, &error);
    assert_int_equal(status, IMP_OK);
    for (int i = 0; i < times; i++) {
        status = of->build(of->context, graph, imp_graph_input(graph), parameters, &nodes[i], &error);
        if (status != IMP_OK) fail_msg("%s: %s", of->what, error.message);
        imp_graph_tap(nodes[i]);
    }
    status = imp_graph_plan(graph, true, &error);
    if (status != IMP_OK) fail_msg("%s: %s", of->what, error.message);
    for (int i = 0; i < times && of->planned; i++) of->planned(of->context, nodes[i]);
    run->output = imp_graph_shape(nodes[0]);
    size_t inputs = imp_shape_count(of->input), outputs = imp_shape_count(run->output);
    if (!run->result) run->result = calloc(outputs, sizeof(double));
    if (!run->output_value) run->output_value = imp_alloc(outputs, sizeof(float));
    if (!run->input_gradient) run->input_gradient = imp_alloc(inputs, sizeof(float));
    ImpTensor input = imp_graph_value(imp_graph_input(graph));
    for (size_t i = 0; i < inputs; i++) run->input_gradient[i] = (float)run->source[i];
    imp_tensor_from_plain(&input, run->input_gradient);
    assert_int_equal(imp_graph_forward(graph, &error), IMP_OK);
    ImpTensor output = imp_graph_value(nodes[0]);
    op_check_lanes(&output, of->what);
    imp_tensor_to_plain(&output, run->output_value);
    const float *gradient;
    assert_int_equal(imp_graph_backward(graph, op_pull_at, NULL, &gradient, &error), IMP_OK);
    ImpTensor input_gradient = input;
    input_gradient.data = (float *)gradient;
    op_check_lanes(&input_gradient, of->what);
    imp_tensor_to_plain(&input_gradient, run->input_gradient);
    imp_graph_free(&graph);
}

static inline void op_same(const float *a, const float *b, size_t count, const char *what) {
    if (memcmp(a, b, count * sizeof *a) != 0) fail_msg("%s: the number of threads changes the bits", what);
}

/* The runs with one to three threads, which must agree to the bit; `run` is the last. */
static inline void op_run_threads(OpRun *run, const OpCase *of, int times) {
    OpRun first;
    op_allocate(&first, of);
    op_allocate(run, of);
    for (int threads = 1; threads <= 3; threads++) {
        int before = imp_threads_set(threads);
        op_run(threads == 1 ? &first : run, times, false);
        imp_threads_set(before);
        if (threads == 1) continue;
        op_same(first.output_value, run->output_value, imp_shape_count(run->output), of->what);
        op_same(first.input_gradient, run->input_gradient, imp_shape_count(of->input), of->what);
        for (int p = 0; p < OP_PARAMETERS; p++)
            if (of->counts[p]) op_same(first.gradients[p], run->gradients[p], of->counts[p], of->what);
    }
    op_free(&first);
}

/* Frozen parameters keep their gradients, and cost the input's nothing. */
static inline void op_check_frozen(OpRun *run) {
    const OpCase *of = run->of;
    size_t inputs = imp_shape_count(of->input);
    float *kept = imp_alloc(inputs, sizeof *kept);
    memcpy(kept, run->input_gradient, inputs * sizeof *kept);
    op_run(run, 1, true);
    op_same(kept, run->input_gradient, inputs, "frozen parameters");
    for (int p = 0; p < OP_PARAMETERS; p++)
        for (size_t i = 0; i < of->counts[p]; i++) assert_true(run->gradients[p][i] == 1);
    imp_free(kept);
}

/* b = 2 a up to rounding, where both started at `start`. */
static inline void op_expect_twice(const float *a, const float *b, size_t count, float start, const char *what) {
    float most = 1e-2f;
    for (size_t i = 0; i < count; i++) most = fmaxf(most, fabsf(a[i] - start));
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(b[i] - start - 2 * (a[i] - start)) <= 4e-6f * (most + start)))
            fail_msg("%s: two readers give %g, one %g", what, (double)b[i], (double)a[i]);
}

static inline void op_check(const OpCase *of) {
    static const char *const names[] = {"parameter 0, number", "parameter 1, number", "parameter 2, number",
                                        "parameter 3, number"};
    OpRun run, twice;
    op_run_threads(&run, of, 1);
    op_run_threads(&twice, of, 2);
    op_objective(&run, run.source, run.source[0]);
    op_compare_values(&run);
    op_compare_gradient(&run, run.source, run.input_gradient, imp_shape_count(of->input), 0, "input");
    op_expect_twice(run.input_gradient, twice.input_gradient, imp_shape_count(of->input), 0, of->what);
    for (int p = 0; p < OP_PARAMETERS; p++) {
        if (of->counts[p] == 0) continue;
        op_compare_gradient(&run, run.parameters[p], run.gradients[p], of->counts[p], 1, names[p]);
        op_expect_twice(run.gradients[p], twice.gradients[p], of->counts[p], 1, of->what);
    }
    op_check_frozen(&run);
    op_free(&run);
    op_free(&twice);
}

/* Runs `cases` on every tier that this processor has, with and without what IMPASTO_CPU forbids. */
static inline void op_for_tiers(void (*cases)(void)) {
    ImpCpuLevel best = imp_cpu_level();
    for (int level = (int)best; level >= IMP_CPU_BASELINE; level--) {
        imp_cpu_force((ImpCpuLevel)level);
        cases();
    }
    imp_cpu_force(IMP_CPU_AVX512);
    assert_int_equal(imp_cpu_level(), best);
}

#endif
