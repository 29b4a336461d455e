/* Graphs of random operations, branches and taps: forward and backward against a second implementation in double. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/graph/graph.h"
#include "compute/kernel/kernel.h"
#include "compute/plain_network.h"
#include <math.h>
#include <string.h>

/* Relative to the largest magnitude of the activation, or of the derivatives seen. */
static const double value_tolerance = 2e-5, gradient_tolerance = 1e-4;

enum { MAX_LAYERS = 16 };

/* A network in both implementations. */
typedef struct Pair {
    PlainLayer layers[MAX_LAYERS];
    int count;
    float *numbers[2 * MAX_LAYERS]; /* weights and biases */
    int n_numbers;
    ImpGraph *graph;
    ImpNode *nodes[MAX_LAYERS];
} Pair;

static float *random_numbers(Pair *pair, ImpRandom *random, size_t count, double deviation) {
    float *values = imp_alloc(count, sizeof *values);
    assert_non_null(values);
    imp_random_normal(random, values, count, deviation);
    pair->numbers[pair->n_numbers++] = values;
    return values;
}

static bool chance(ImpRandom *random, uint64_t one_in) {
    return imp_random_below(random, one_in) == 0;
}

/* --- making networks ---------------------------------------------------------------------------------------------- */

static PlainLayer *add_layer(Pair *pair, PlainKind kind, int source) {
    PlainLayer *layer = &pair->layers[pair->count++], *from = &pair->layers[source];
    *layer = (PlainLayer){
        .kind = kind, .source = source, .channels = from->channels, .height = from->height, .width = from->width};
    return layer;
}

static void add_convolution(Pair *pair, ImpRandom *random, int source, int out, int padding, bool relu) {
    PlainLayer *layer = add_layer(pair, PLAIN_CONVOLUTION, source);
    int in = layer->channels;
    layer->channels = out;
    layer->height += 2 * padding - 2;
    layer->width += 2 * padding - 2;
    layer->padding = padding;
    layer->relu = relu;
    layer->weights = random_numbers(pair, random, (size_t)(in * out * 9), sqrt(2.0 / (9 * in)));
    layer->bias = random_numbers(pair, random, (size_t)out, 0.3);
}

static void add_pool(Pair *pair, int source, bool maximum) {
    PlainLayer *layer = add_layer(pair, PLAIN_POOL, source);
    layer->height = layer->height > 1 ? layer->height / 2 : 1;
    layer->width = layer->width > 1 ? layer->width / 2 : 1;
    layer->maximum = maximum;
}

static void add_input_layers(Pair *pair, ImpRandom *random, bool normalise, int around) {
    static const int orders[3][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};
    if (normalise) {
        PlainLayer *layer = add_layer(pair, PLAIN_NORMALISE, 0);
        memcpy(layer->from, orders[imp_random_below(random, 3)], sizeof layer->from);
        imp_random_normal(random, layer->scale, 3, 1.5);
        imp_random_normal(random, layer->offset, 3, 0.5);
    }
    if (around < 0) return;
    PlainLayer *layer = add_layer(pair, PLAIN_PAD, pair->count - 1);
    layer->around = around;
    layer->height += 2;
    layer->width += 2;
}

static int some_channels(ImpRandom *random) {
    static const int channels[] = {4, 8, 13, 16, 19};
    return channels[imp_random_below(random, 5)];
}

/* Input, perhaps normalised and padded, a first convolution, then anything. */
static void make_layers(Pair *pair, uint64_t seed, int height, int width) {
    ImpRandom random;
    imp_random_seed(&random, seed);
    *pair = (Pair){.count = 1, .layers[0] = {.kind = PLAIN_INPUT, .channels = 3, .height = height, .width = width}};
    pair->layers[0].value = malloc(plain_count(&pair->layers[0]) * sizeof(double));
    for (size_t i = 0; i < plain_count(&pair->layers[0]); i++)
        pair->layers[0].value[i] = (double)(float)imp_random_uniform(&random);
    int around = (int)imp_random_below(&random, 4) - 1;
    add_input_layers(pair, &random, !chance(&random, 3), around);
    add_convolution(pair, &random, pair->count - 1, some_channels(&random), around < 0, chance(&random, 2));
    int first = pair->count - 1, more = (int)imp_random_below(&random, 9);
    for (int i = 0; i < more; i++) {
        int source = pair->count - 1;
        if (chance(&random, 6)) source = first + (int)imp_random_below(&random, (uint64_t)(pair->count - first));
        switch (imp_random_below(&random, 5)) {
        case 0:
            add_pool(pair, source, chance(&random, 2));
            break;
        case 1:
        case 2:
            add_layer(pair, PLAIN_RELU, source);
            break;
        default:
            add_convolution(pair, &random, source, some_channels(&random), 1, chance(&random, 2));
        }
    }
    for (int i = 0; i < pair->count; i++) pair->layers[i].tapped = i + 1 == pair->count || chance(&random, 4);
}

static ImpStatus add_node(Pair *pair, int i, ImpError *error) {
    const PlainLayer *layer = &pair->layers[i];
    ImpNode *source = pair->nodes[layer->source], **out = &pair->nodes[i];
    ImpGraph *graph = pair->graph;
    switch (layer->kind) {
    case PLAIN_NORMALISE:
        return imp_graph_normalise(graph, source, layer->from, layer->scale, layer->offset, out, error);
    case PLAIN_PAD:
        return imp_graph_pad(graph, source, (ImpPadding)layer->around, 1, out, error);
    case PLAIN_CONVOLUTION:
        return imp_graph_convolution(graph, source,
                                     &(ImpConvolution){.out_channels = layer->channels,
                                                       .kernel = 3,
                                                       .padding = layer->padding,
                                                       .relu = layer->relu,
                                                       .weights = {.value = layer->weights},
                                                       .bias = {.value = layer->bias}},
                                     out, error);
    case PLAIN_POOL:
        return imp_graph_pool(graph, source, layer->maximum, out, error);
    default:
        return imp_graph_relu(graph, source, out, error);
    }
}

/* On failure nothing is left behind. */
static ImpStatus build(Pair *pair, bool backward, ImpError *error) {
    const PlainLayer *input = &pair->layers[0];
    ImpStatus status = imp_graph_new((ImpShape){3, input->height, input->width, 1}, &pair->graph, error);
    if (status != IMP_OK) return status;
    pair->nodes[0] = imp_graph_input(pair->graph);
    for (int i = 1; i < pair->count && status == IMP_OK; i++) status = add_node(pair, i, error);
    for (int i = 0; i < pair->count && status == IMP_OK; i++)
        if (pair->layers[i].tapped) imp_graph_tap(pair->nodes[i]);
    if (status == IMP_OK) status = imp_graph_plan(pair->graph, backward, error);
    if (status != IMP_OK) imp_graph_free(&pair->graph);
    return status;
}

static void must_build(Pair *pair, bool backward) {
    ImpError error;
    if (build(pair, backward, &error) != IMP_OK) fail_msg("%s", error.message);
    float *picture = imp_graph_input_data(pair->graph);
    for (size_t i = 0; i < plain_count(&pair->layers[0]); i++) picture[i] = (float)pair->layers[0].value[i];
}

static void free_pair(Pair *pair) {
    imp_graph_free(&pair->graph);
    assert_null(pair->graph);
    for (int i = 0; i < pair->count; i++) free(pair->layers[i].value);
    for (int i = 0; i < pair->n_numbers; i++) imp_free(pair->numbers[i]);
}

/* --- running ------------------------------------------------------------------------------------------------------ */

/* Neither direction may allocate. */
static void forward(Pair *pair) {
    ImpError error;
    imp_alloc_fail_after(0);
    ImpStatus status = imp_graph_forward(pair->graph, &error);
    imp_alloc_fail_after(-1);
    assert_int_equal(status, IMP_OK);
}

static size_t number_at(const ImpTensor *tensor, size_t i) {
    size_t places = imp_shape_places(tensor->shape), b = (size_t)tensor->block, channel = i / places;
    return (channel / b * places + i % places) * b + channel % b;
}

static int calls; /* of add_pull during one backward pass */

static void add_pull(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    const Pair *pair = context;
    int layer = 0;
    while (pair->nodes[layer] != node) layer++;
    assert_true(pair->layers[layer].tapped);
    calls++;
    for (size_t i = 0; i < imp_shape_count(value->shape); i++) {
        size_t at = number_at(value, i);
        gradient->data[at] += value->data[at] + (float)plain_pull(layer, i);
    }
}

static const float *backward(Pair *pair) {
    ImpError error;
    const float *gradient;
    int taps = 0;
    calls = 0;
    for (int i = 0; i < pair->count; i++) taps += pair->layers[i].tapped;
    imp_alloc_fail_after(0);
    ImpStatus status = imp_graph_backward(pair->graph, add_pull, pair, &gradient, &error);
    imp_alloc_fail_after(-1);
    assert_int_equal(status, IMP_OK);
    assert_int_equal(calls, taps);
    return gradient;
}

static void check_values(Pair *pair, uint64_t seed) {
    for (int t = 0; t < pair->count; t++) {
        const PlainLayer *layer = &pair->layers[t];
        if (!layer->tapped) continue;
        ImpTensor value = imp_graph_value(pair->nodes[t]);
        assert_int_equal(value.shape.channels, layer->channels);
        assert_int_equal(value.shape.height, layer->height);
        assert_int_equal(value.shape.width, layer->width);
        double most = 1;
        for (size_t i = 0; i < plain_count(layer); i++) most = fmax(most, fabs(layer->value[i]));
        for (size_t i = 0; i < plain_count(layer); i++) {
            double got = (double)value.data[number_at(&value, i)];
            if (!(fabs(got - layer->value[i]) <= value_tolerance * most))
                fail_msg("seed %d, layer %d, number %zu: %g is not %g", (int)seed, t, i, got, layer->value[i]);
        }
    }
}

static void check_gradient(Pair *pair, uint64_t seed, const float *gradient) {
    size_t pixels = plain_count(&pair->layers[0]), checks = pixels < 5 ? pixels : 5;
    double most = 1;
    ImpRandom random;
    imp_random_seed(&random, seed);
    for (size_t i = 0; i < pixels; i++) most = fmax(most, fabs((double)gradient[i]));
    for (size_t i = 0; i < checks; i++) {
        bool smooth;
        size_t pixel = pixels <= checks ? i : imp_random_below(&random, pixels);
        double expected = plain_derivative(pair->layers, pair->count, pixel, &smooth), got = (double)gradient[pixel];
        if (smooth && !(fabs(got - expected) <= gradient_tolerance * most))
            fail_msg("seed %d, pixel %zu: derivative %.8g is not %.8g", (int)seed, pixel, got, expected);
    }
}

static const int sizes[][2] = {{1, 1}, {1, 7}, {2, 2}, {3, 5}, {6, 4}, {8, 8}, {11, 9}, {20, 17}};
enum { SIZES = sizeof sizes / sizeof *sizes, SEEDS = 64 };

static void make_pair(Pair *pair, uint64_t seed) {
    const int *size = sizes[seed % SIZES];
    make_layers(pair, seed, size[0], size[1]);
}

static void random_networks(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        Pair pair;
        make_pair(&pair, seed);
        must_build(&pair, true);
        plain_forward(pair.layers, pair.count);
        forward(&pair);
        check_values(&pair, seed);
        check_gradient(&pair, seed, backward(&pair));
        free_pair(&pair);
    }
}

/* The lower tiers run the same graphs with other layouts. */
static void every_tier(void **state) {
    ImpCpuLevel best = imp_cpu_level();
    for (int level = (int)best - 1; level >= IMP_CPU_BASELINE; level--) {
        imp_cpu_force((ImpCpuLevel)level);
        random_networks(state);
    }
    imp_cpu_force(IMP_CPU_AVX512);
    assert_int_equal(imp_cpu_level(), best);
}

static void runs_repeat_bit_by_bit(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        float *first = NULL;
        size_t bytes = 0;
        for (int threads = 1; threads <= 3; threads++) {
            Pair pair;
            int before = imp_threads_set(threads);
            make_pair(&pair, seed);
            must_build(&pair, true);
            bytes = plain_count(&pair.layers[0]) * sizeof(float);
            if (!first) first = malloc(bytes);
            for (int run = 0; run < 2; run++) {
                forward(&pair);
                const float *gradient = backward(&pair);
                if (threads > 1 || run > 0) assert_memory_equal(first, gradient, bytes);
                memcpy(first, gradient, bytes);
            }
            free_pair(&pair);
            imp_threads_set(before);
        }
        free(first);
    }
}

static void forward_alone(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        Pair pair;
        make_pair(&pair, seed);
        must_build(&pair, false);
        plain_forward(pair.layers, pair.count);
        for (int run = 0; run < 2; run++) {
            forward(&pair);
            check_values(&pair, seed);
        }
        free_pair(&pair);
    }
}

/* A deep chain whose taps are few must not keep every layer. */
static void memory_is_shared(void **state) {
    (void)state;
    Pair pair;
    ImpRandom random;
    imp_random_seed(&random, 1);
    make_layers(&pair, 8, 16, 16);
    while (pair.count < MAX_LAYERS) add_convolution(&pair, &random, pair.count - 1, 16, 1, true);
    for (int i = 0; i < pair.count; i++) pair.layers[i].tapped = i + 1 == pair.count;
    size_t bytes[2];
    for (int both = 0; both < 2; both++) {
        must_build(&pair, both);
        bytes[both] = imp_graph_bytes(pair.graph);
        imp_graph_free(&pair.graph);
    }
    assert_true(bytes[0] < bytes[1]);
    free_pair(&pair);
}

static void running_out_of_memory(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 16; seed++) {
        Pair pair;
        ImpError error;
        ImpStatus status;
        make_pair(&pair, seed);
        long countdown = 0;
        do {
            imp_alloc_fail_after(countdown++);
            status = build(&pair, true, &error);
            imp_alloc_fail_after(-1);
            assert_true(status == IMP_OK || status == IMP_ERROR_MEMORY);
            assert_true(status == IMP_OK || !pair.graph);
        } while (status != IMP_OK);
        assert_true(countdown > 4);
        free_pair(&pair);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks),  cmocka_unit_test(every_tier),
        cmocka_unit_test(forward_alone),    cmocka_unit_test(runs_repeat_bit_by_bit),
        cmocka_unit_test(memory_is_shared), cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
