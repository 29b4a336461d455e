/* A small network of Johnson et al. against PyTorch: the picture, and the gradient of every parameter. With --bench:
 * the time of one training step of the full network. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/johnson.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* Relative to the largest magnitude; PyTorch computes in double. */
static const double value_tolerance = 1e-4, gradient_tolerance = 2e-4;

static float *read_array(FILE *file, size_t *count) {
    int64_t n;
    assert_int_equal(fread(&n, sizeof n, 1, file), 1);
    float *values = imp_alloc((size_t)n, sizeof *values);
    assert_non_null(values);
    assert_int_equal(fread(values, sizeof *values, (size_t)n, file), n);
    *count = (size_t)n;
    return values;
}

static void compare(const float *got, const float *expected, size_t count, double tolerance, const char *what) {
    double most = 0, worst = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs((double)expected[i]));
        double difference = fabs((double)got[i] - (double)expected[i]);
        worst = difference <= worst ? worst : difference;
    }
    if (!(worst <= tolerance * most)) fail_msg("%s: differs by %g of %g", what, worst, most);
}

typedef struct Pull {
    const float *pull;
    float *output;
} Pull;

static void pull_at(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    (void)node;
    const Pull *pull = context;
    size_t count = imp_shape_count(value->shape);
    memcpy(pull->output, value->data, count * sizeof(float));
    for (size_t i = 0; i < count; i++) gradient->data[i] += pull->pull[i];
}

enum { X, PARAMETERS, PULL, Y, X_GRADIENT, PARAMETER_GRADIENTS, ARRAYS };

/* narrow: in layouts of at most 8 lanes. */
static void check_arrays(float *const arrays[ARRAYS], const size_t counts[ARRAYS], ImpShape shape, bool narrow) {
    float *gradients = imp_alloc(counts[PARAMETERS], sizeof *gradients), *output = imp_alloc(counts[Y], sizeof *output);
    Johnson j = {.width = 6, .residuals = 2, .values = arrays[PARAMETERS], .gradients = gradients};
    assert_int_equal(counts[PARAMETERS], johnson_floats(j.width, j.residuals));
    assert_int_equal(counts[X], imp_shape_count(shape));
    assert_int_equal(imp_graph_new(shape, &j.graph, &j.error), IMP_OK);
    johnson_build(&j);
    if (j.status != IMP_OK) fail_msg("%s", j.error.message);
    if (narrow) imp_graph_narrow(j.graph);
    imp_graph_tap(j.last);
    assert_int_equal(imp_graph_plan(j.graph, true, &j.error), IMP_OK);
    memcpy(imp_graph_input_data(j.graph), arrays[X], counts[X] * sizeof(float));
    const float *input_gradient;
    Pull pull = {arrays[PULL], output};
    assert_int_equal(imp_graph_forward(j.graph, &j.error), IMP_OK);
    assert_int_equal(imp_graph_backward(j.graph, pull_at, &pull, &input_gradient, &j.error), IMP_OK);
    compare(output, arrays[Y], counts[Y], value_tolerance, "picture");
    compare(input_gradient, arrays[X_GRADIENT], counts[X], gradient_tolerance, "gradient of the input");
    compare(gradients, arrays[PARAMETER_GRADIENTS], counts[PARAMETERS], gradient_tolerance, "gradients");
    /* Without the input's gradient those of the parameters are the same. */
    memset(gradients, 0, counts[PARAMETERS] * sizeof *gradients);
    assert_int_equal(imp_graph_forward(j.graph, &j.error), IMP_OK);
    assert_int_equal(imp_graph_backward(j.graph, pull_at, &pull, NULL, &j.error), IMP_OK);
    compare(gradients, arrays[PARAMETER_GRADIENTS], counts[PARAMETERS], gradient_tolerance, "gradients alone");
    imp_graph_free(&j.graph);
    imp_free(gradients);
    imp_free(output);
}

/* Without gradients, where padding and enlargement are never stored. */
static void check_forward(float *const arrays[ARRAYS], const size_t counts[ARRAYS], ImpShape shape, bool narrow) {
    Johnson j = {.width = 6, .residuals = 2, .values = arrays[PARAMETERS]};
    assert_int_equal(imp_graph_new(shape, &j.graph, &j.error), IMP_OK);
    johnson_build(&j);
    if (j.status != IMP_OK) fail_msg("%s", j.error.message);
    if (narrow) imp_graph_narrow(j.graph);
    imp_graph_tap(j.last);
    assert_int_equal(imp_graph_plan(j.graph, false, &j.error), IMP_OK);
    memcpy(imp_graph_input_data(j.graph), arrays[X], counts[X] * sizeof(float));
    assert_int_equal(imp_graph_forward(j.graph, &j.error), IMP_OK);
    compare(imp_graph_value(j.last).data, arrays[Y], counts[Y], value_tolerance, "picture, forward only");
    imp_graph_free(&j.graph);
}

static void check_network(FILE *file, ImpShape shape) {
    float *arrays[ARRAYS];
    size_t counts[ARRAYS];
    for (int i = 0; i < ARRAYS; i++) arrays[i] = read_array(file, &counts[i]);
    check_arrays(arrays, counts, shape, false);
    check_arrays(arrays, counts, shape, true);
    check_forward(arrays, counts, shape, false);
    check_forward(arrays, counts, shape, true);
    for (int i = 0; i < ARRAYS; i++) imp_free(arrays[i]);
}

static void networks_agree_with_pytorch(void **state) {
    (void)state;
    char path[] = "/tmp/impasto-parity-XXXXXX", command[4096];
    const char *source = getenv("IMPASTO_SOURCE");
    if (!source) {
        print_message("IMPASTO_SOURCE is not set\n");
        skip();
    }
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    snprintf(command, sizeof command, "/usr/bin/python3 '%s/tests/compute/torch_parity.py' %s", source, path);
    int result = system(command);
    if (result != 0 && WIFEXITED(result) && (WEXITSTATUS(result) == 77 || WEXITSTATUS(result) == 127)) {
        unlink(path);
        print_message("PyTorch for /usr/bin/python3 is missing\n");
        skip();
    }
    assert_int_equal(result, 0);
    FILE *file = fdopen(descriptor, "rb");
    check_network(file, (ImpShape){3, 20, 28, 1});
    check_network(file, (ImpShape){3, 21, 18, 3});
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    unlink(path);
}

/* --- timing ------------------------------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

typedef struct BenchTap {
    const float *gradient;
} BenchTap;

static void nothing_at(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    (void)context, (void)node, (void)value;
    gradient->data[0] += 1;
}

static void bench_network(int width, int images, int height, int columns, bool training) {
    ImpRandom random;
    imp_random_seed(&random, 1);
    size_t count = johnson_floats(width, 5);
    float *values = imp_alloc(count, sizeof *values), *gradients = imp_alloc(count, sizeof *gradients);
    imp_random_normal(&random, values, count, 0.05);
    Johnson j = {.width = width, .residuals = 5, .values = values, .gradients = training ? gradients : NULL};
    if (imp_graph_new((ImpShape){3, height, columns, images}, &j.graph, &j.error) != IMP_OK) return;
    johnson_build(&j);
    imp_graph_tap(j.last);
    if (j.status == IMP_OK && imp_graph_plan(j.graph, training, &j.error) == IMP_OK) {
        double forward = INFINITY, backward = INFINITY;
        imp_random_normal(&random, imp_graph_input_data(j.graph),
                          imp_shape_count((ImpShape){3, height, columns, images}), 1);
        for (int i = 0; i < 4; i++) {
            double start = now();
            imp_graph_forward(j.graph, &j.error);
            forward = fmin(forward, now() - start);
            start = now();
            if (training) imp_graph_backward(j.graph, nothing_at, NULL, NULL, &j.error);
            backward = fmin(backward, now() - start);
        }
        printf("width %d, %d x 3 x %d x %d: forward %.1f ms, backward %.1f ms, %.0f MiB\n", width, images, height,
               columns, 1e3 * forward, 1e3 * backward, (double)imp_graph_bytes(j.graph) / 1048576);
    }
    imp_graph_free(&j.graph);
    imp_free(values);
    imp_free(gradients);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        bench_network(32, 4, 256, 256, true);
        bench_network(32, 1, 1024, 1024, false);
        bench_network(8, 1, 1080, 1920, false);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_agree_with_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
