/* Whitening and colouring against a second implementation, whose square roots come from Newton's iteration. */
#include "compute/op_check.h"

#include "compute/tensor/eigen.h"

typedef struct Case {
    ImpShape shape;
    const float *mean;       /* (N,C) */
    const double *colouring; /* (N,C,C) */
    float strength;
} Case;

enum { MOST = 20 };

static void multiply(size_t n, const double *a, const double *b, double *out) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
            out[i * n + j] = sum;
        }
}

/* inverse (n,n) = matrix^(-1/2) by the coupled iteration of Denman and Beavers in Schulz's form: Y -> Y T, Z -> T Z
 * with T = (3 I - Z Y) / 2, from Y = matrix / norm. */
static void inverse_root(size_t n, const double *matrix, double *inverse) {
    double y[MOST * MOST], t[MOST * MOST], next[MOST * MOST], norm = 0;
    for (size_t i = 0; i < n * n; i++) norm += matrix[i] * matrix[i];
    norm = sqrt(norm);
    for (size_t i = 0; i < n * n; i++) {
        y[i] = matrix[i] / norm;
        inverse[i] = i / n == i % n;
    }
    for (int step = 0; step < 60; step++) {
        multiply(n, inverse, y, t);
        for (size_t i = 0; i < n * n; i++) t[i] = ((i / n == i % n ? 3 : 0) - t[i]) / 2;
        multiply(n, y, t, next);
        memcpy(y, next, n * n * sizeof *y);
        multiply(n, t, inverse, next);
        memcpy(inverse, next, n * n * sizeof *y);
    }
    for (size_t i = 0; i < n * n; i++) inverse[i] /= sqrt(norm);
}

static void covariance(size_t c, size_t places, const double *x, double *mean, double *out) {
    for (size_t i = 0; i < c; i++) {
        mean[i] = 0;
        for (size_t p = 0; p < places; p++) mean[i] += x[i * places + p] / (double)places;
    }
    for (size_t i = 0; i < c; i++)
        for (size_t j = 0; j < c; j++) {
            out[i * c + j] = 0;
            for (size_t p = 0; p < places; p++)
                out[i * c + j] += (x[i * places + p] - mean[i]) * (x[j * places + p] - mean[j]) / (double)(places - 1);
        }
}

static void reference(const void *context, double *const *parameters, const double *source, double *result) {
    (void)parameters;
    const Case *k = context;
    size_t c = (size_t)k->shape.channels, places = imp_shape_places(k->shape);
    double strength = (double)k->strength;
    for (size_t n = 0; n < imp_shape_images(k->shape); n++, source += c * places, result += c * places) {
        double mean[MOST], matrix[MOST * MOST], whiten[MOST * MOST];
        covariance(c, places, source, mean, matrix);
        for (size_t i = 0; i < c; i++) matrix[i * c + i] += 1e-5;
        inverse_root(c, matrix, whiten);
        multiply(c, k->colouring + n * c * c, whiten, matrix);
        for (size_t i = 0; i < c; i++)
            for (size_t p = 0; p < places; p++) {
                double sum = (double)k->mean[n * c + i];
                for (size_t j = 0; j < c; j++) sum += matrix[i * c + j] * (source[j * places + p] - mean[j]);
                result[i * places + p] = strength * sum + (1 - strength) * source[i * places + p];
            }
    }
}

static ImpStatus build(const void *context, ImpGraph *graph, ImpNode *source, const ImpParameter *parameters,
                       ImpNode **out, ImpError *error) {
    (void)context, (void)parameters;
    return imp_graph_wct(graph, source, out, error);
}

static void planned(const void *context, ImpNode *node) {
    const Case *c = context;
    imp_graph_set_colouring(node, c->mean, c->colouring, c->strength);
}

static void cases(void) {
    static const ImpShape shapes[] = {{3, 4, 5, 1}, {5, 7, 6, 3}, {19, 9, 8, 1}};
    ImpRandom random;
    imp_random_seed(&random, 1);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        float mean[3 * MOST], numbers[3 * MOST * MOST];
        double colouring[3 * MOST * MOST];
        imp_random_normal(&random, mean, 3 * MOST, 1);
        imp_random_normal(&random, numbers, 3 * MOST * MOST, 0.3);
        for (size_t i = 0; i < 3 * MOST * MOST; i++) colouring[i] = (double)numbers[i];
        for (int half = 1; half <= 2; half++) {
            Case c = {shapes[s], mean, colouring, 0.5f * (float)half};
            op_check(&(OpCase){.what = "whitening and colouring",
                               .context = &c,
                               .input = c.shape,
                               .shift = 1,
                               .build = build,
                               .planned = planned,
                               .reference = reference});
        }
    }
}

static void wct_on_every_tier(void **state) {
    (void)state;
    op_for_tiers(cases);
}

/* The style's own features, whitened and coloured with their own statistics, are themselves; and the colouring squared
 * is the covariance. */
static void a_style_becomes_itself(void **state) {
    (void)state;
    enum { CHANNELS = 19, PLACES = 90 };
    ImpError error;
    ImpGraph *graph;
    ImpNode *node;
    float plain[CHANNELS * PLACES], out[CHANNELS * PLACES], mean[CHANNELS];
    double colouring[CHANNELS * CHANNELS], square[CHANNELS * CHANNELS], wide[CHANNELS * PLACES];
    double means[CHANNELS], expected[CHANNELS * CHANNELS];
    ImpRandom random;
    imp_random_seed(&random, 2);
    imp_random_normal(&random, plain, CHANNELS * PLACES, 2);
    for (size_t i = 0; i < CHANNELS * PLACES; i++) wide[i] = (double)(plain[i] += (float)(i / PLACES));
    assert_int_equal(imp_graph_new_blocked((ImpShape){CHANNELS, 9, 10, 1}, &graph, &error), IMP_OK);
    assert_int_equal(imp_graph_wct(graph, imp_graph_input(graph), &node, &error), IMP_OK);
    imp_graph_tap(node);
    assert_int_equal(imp_graph_plan(graph, false, &error), IMP_OK);
    ImpTensor input = imp_graph_value(imp_graph_input(graph)), output = imp_graph_value(node);
    imp_tensor_from_plain(&input, plain);
    assert_int_equal(imp_wct_colouring(&input, mean, colouring, &error), IMP_OK);
    covariance(CHANNELS, PLACES, wide, means, expected);
    multiply(CHANNELS, colouring, colouring, square);
    for (size_t i = 0; i < CHANNELS * CHANNELS; i++) assert_true(fabs(square[i] - expected[i]) < 1e-5);
    imp_graph_set_colouring(node, mean, colouring, 1);
    assert_int_equal(imp_graph_forward(graph, &error), IMP_OK);
    imp_tensor_to_plain(&output, out);
    for (size_t i = 0; i < CHANNELS * PLACES; i++) assert_true(fabs((double)(out[i] - plain[i])) < 1e-4);
    input.data[0] = NAN;
    assert_int_equal(imp_graph_forward(graph, &error), IMP_ERROR_UNSUPPORTED);
    assert_int_equal(imp_wct_colouring(&input, mean, colouring, &error), IMP_ERROR_NUMBER);
    imp_graph_free(&graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wct_on_every_tier),
        cmocka_unit_test(a_style_becomes_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
