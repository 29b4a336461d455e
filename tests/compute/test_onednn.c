/* Convolutions of real layers beside oneDNN: the picture, and the gradient of the source. With --bench: the time of
 * both, the best algorithm that oneDNN has for the shape. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/graph/graph.h"
#include "compute/kernel/kernel.h"
#include "compute/onednn.h"
#include <math.h>
#include <time.h>

typedef struct Layer {
    const char *name;
    int in, out, side, kernel, stride, padding;
} Layer;

static const Layer layers[] = {
    {"conv1_1", 3, 64, 224, 3, 1, 1},   {"conv1_2", 64, 64, 224, 3, 1, 1},   {"conv2_2", 128, 128, 112, 3, 1, 1},
    {"conv3_2", 256, 256, 56, 3, 1, 1}, {"conv4_2", 512, 512, 28, 3, 1, 1},  {"first 9x9", 3, 32, 128, 9, 1, 4},
    {"halving", 32, 64, 128, 3, 2, 1},  {"residual", 128, 128, 64, 3, 1, 0}, {"odd", 21, 37, 33, 5, 1, 2},
};

enum { LAYERS = sizeof layers / sizeof *layers };

typedef struct Case {
    const Layer *layer;
    ImpTensor source, target, slope, source_slope; /* slope: of the target */
    float *weights, *bias;
    ImpGraph *graph;
    ImpNode *node;
} Case;

static float *normal(ImpRandom *random, size_t count, double deviation) {
    float *values = imp_alloc(count, sizeof *values);
    assert_non_null(values);
    imp_random_normal(random, values, count, deviation);
    return values;
}

static ImpTensor tensor(ImpRandom *random, ImpShape shape, ImpLayout layout) {
    int block = layout == IMP_LAYOUT_PLAIN ? 1 : imp_kernels()->block;
    float *plain = normal(random, imp_shape_count(shape), 1);
    float *data = imp_alloc(imp_tensor_floats(shape, layout, block), sizeof *data);
    assert_non_null(data);
    ImpTensor result = {.shape = shape, .layout = layout, .block = block, .data = data};
    imp_tensor_from_plain(&result, plain);
    imp_free(plain);
    return result;
}

static Case make_case(const Layer *layer) {
    ImpError error;
    ImpRandom random;
    imp_random_seed(&random, 5);
    int side = (layer->side + 2 * layer->padding - layer->kernel) / layer->stride + 1;
    ImpShape from = {layer->in, layer->side, layer->side, 1}, to = {layer->out, side, side, 1};
    ImpLayout layout = layer->in == 3 ? IMP_LAYOUT_PLAIN : IMP_LAYOUT_BLOCKED;
    size_t taps = (size_t)(layer->in * layer->kernel * layer->kernel);
    Case c = {.layer = layer,
              .source = tensor(&random, from, layout),
              .target = tensor(&random, to, IMP_LAYOUT_BLOCKED),
              .slope = tensor(&random, to, IMP_LAYOUT_BLOCKED),
              .source_slope = tensor(&random, from, layout),
              .weights = normal(&random, taps * (size_t)layer->out, 1 / sqrt((double)taps)),
              .bias = normal(&random, (size_t)layer->out, 0.5)};
    ImpConvolution spec = {.out_channels = layer->out,
                           .kernel = layer->kernel,
                           .stride = layer->stride,
                           .padding = layer->padding,
                           .weights = {.value = c.weights},
                           .bias = {.value = c.bias}};
    ImpStatus status = layout == IMP_LAYOUT_PLAIN ? imp_graph_new(from, &c.graph, &error)
                                                  : imp_graph_new_blocked(from, &c.graph, &error);
    assert_int_equal(status, IMP_OK);
    assert_int_equal(imp_graph_convolution(c.graph, imp_graph_input(c.graph), &spec, &c.node, &error), IMP_OK);
    imp_graph_tap(c.node);
    assert_int_equal(imp_graph_plan(c.graph, true, &error), IMP_OK);
    memcpy(imp_graph_input_data(c.graph), c.source.data,
           imp_tensor_floats(from, layout, c.source.block) * sizeof(float));
    return c;
}

static void free_case(Case *c) {
    imp_graph_free(&c->graph);
    imp_free(c->source.data);
    imp_free(c->target.data);
    imp_free(c->slope.data);
    imp_free(c->source_slope.data);
    imp_free(c->weights);
    imp_free(c->bias);
}

static size_t floats_of(const ImpTensor *t) {
    return imp_tensor_floats(t->shape, t->layout, t->block);
}

/* oneDNN's result in c->target, or in c->source_slope. */
static void run_onednn(Case *c, bool backward) {
    OnednnShape shape = {c->source,         c->target, c->layer->kernel,       c->layer->stride,
                         c->layer->padding, backward,  dnnl_convolution_direct};
    Onednn onednn;
    assert_int_equal(onednn_new(&shape, c->weights, c->bias, &onednn), dnnl_success);
    assert_int_equal(onednn_run(&onednn, backward ? c->slope.data : c->source.data,
                                backward ? c->source_slope.data : c->target.data),
                     dnnl_success);
    onednn_free(&onednn);
}

/* Relative to the root mean square of what is expected. */
static void compare(const Layer *layer, const char *what, const float *ours, const float *theirs, size_t count) {
    double squares = 0, worst = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)ours[i] - (double)theirs[i]);
        squares += (double)theirs[i] * (double)theirs[i];
        if (difference > worst) worst = difference;
    }
    worst /= sqrt(squares / (double)count);
    if (!(worst <= 2e-5)) fail_msg("%s: the %s is up to %.2g off", layer->name, what, worst);
}

static void add_slope(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    const Case *c = context;
    (void)node, (void)value;
    for (size_t i = 0; i < floats_of(gradient); i++) gradient->data[i] += c->slope.data[i];
}

static void layers_agree(void **state) {
    (void)state;
    for (int i = 0; i < LAYERS; i++) {
        Case c = make_case(&layers[i]);
        ImpError error;
        const float *gradient;
        run_onednn(&c, false);
        run_onednn(&c, true);
        assert_int_equal(imp_graph_forward(c.graph, &error), IMP_OK);
        compare(&layers[i], "result", imp_graph_value(c.node).data, c.target.data, floats_of(&c.target));
        assert_int_equal(imp_graph_backward(c.graph, add_slope, &c, &gradient, &error), IMP_OK);
        compare(&layers[i], "gradient", gradient, c.source_slope.data, floats_of(&c.source));
        free_case(&c);
    }
}

/* --- timing ------------------------------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

enum { REPEATS = 9 };

/* The shortest of several runs, forward: oneDNN by `algorithm`; infinite where it has none. */
static double time_onednn(Case *c, dnnl_alg_kind_t algorithm) {
    OnednnShape shape = {c->source, c->target, c->layer->kernel, c->layer->stride, c->layer->padding, false, algorithm};
    Onednn onednn;
    if (onednn_new(&shape, c->weights, c->bias, &onednn) != dnnl_success) return INFINITY;
    double best = INFINITY;
    for (int i = 0; i < REPEATS; i++) {
        double began = now();
        onednn_run(&onednn, c->source.data, c->target.data);
        best = fmin(best, now() - began);
    }
    onednn_free(&onednn);
    return best;
}

static double time_ours(Case *c) {
    double best = INFINITY;
    ImpError error;
    for (int i = 0; i < REPEATS; i++) {
        double began = now();
        assert_int_equal(imp_graph_forward(c->graph, &error), IMP_OK);
        best = fmin(best, now() - began);
    }
    return best;
}

static void bench(void) {
    printf("%-10s %10s %10s %10s   forward, %d threads; ours transforms the filters every time\n", "", "direct",
           "Winograd", "ours", imp_threads_get());
    for (int i = 0; i < LAYERS; i++) {
        Case c = make_case(&layers[i]);
        double direct = time_onednn(&c, dnnl_convolution_direct), winograd = time_onednn(&c, dnnl_convolution_winograd);
        double ours = time_ours(&c);
        printf("%-10s %7.2f ms %7.2f ms %7.2f ms\n", layers[i].name, direct * 1e3, winograd * 1e3, ours * 1e3);
        free_case(&c);
    }
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        bench();
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(layers_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
