/* Instance normalisation, its conditional form, given statistics, a residual sum in the same node; and AdaIN. */
#include "compute/op_check.h"

typedef struct Case {
    ImpShape shape;
    bool relu, residual;
    int sets;
    const int *chosen;            /* (N) */
    const float *mean, *variance; /* given statistics (N,C), or NULL */
    float strength;               /* AdaIN: of the style given by mean and deviation */
    const float *deviation;
} Case;

static const double epsilon = 1e-5;

static void moments(const double *x, size_t places, double *mean, double *variance) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < places; i++) sum += x[i];
    *mean = sum / (double)places;
    for (size_t i = 0; i < places; i++) squares += (x[i] - *mean) * (x[i] - *mean);
    *variance = squares / (double)places;
}

static ImpStatus build(const void *context, ImpGraph *graph, ImpNode *source, const ImpParameter *parameters,
                       ImpNode **out, ImpError *error) {
    const Case *c = context;
    return imp_graph_instance_norm(graph, source,
                                   &(ImpInstanceNorm){.scale = parameters[0],
                                                      .shift = parameters[1],
                                                      .sets = c->sets,
                                                      .relu = c->relu,
                                                      .added = c->residual ? source : NULL},
                                   out, error);
}

static void planned(const void *context, ImpNode *node) {
    const Case *c = context;
    if (c->chosen) imp_graph_choose_sets(node, c->chosen);
    if (c->mean) imp_graph_give_statistics(node, c->mean, c->variance);
}

static void reference(const void *context, double *const *parameters, const double *source, double *result) {
    const Case *c = context;
    size_t places = imp_shape_places(c->shape), channels = (size_t)c->shape.channels;
    for (size_t plane = 0; plane < imp_shape_images(c->shape) * channels; plane++) {
        double mean, variance;
        size_t set = c->chosen ? (size_t)c->chosen[plane / channels] : 0, p = set * channels + plane % channels;
        moments(source, places, &mean, &variance);
        if (c->mean) {
            mean = (double)c->mean[plane];
            variance = (double)c->variance[plane];
        }
        for (size_t i = 0; i < places; i++, source++) {
            double y = (*source - mean) / sqrt(variance + epsilon) * parameters[0][p] + parameters[1][p];
            if (c->relu && y < 0) y = 0;
            *result++ = c->residual ? y + *source : y;
        }
    }
}

static void check(const Case *c, double shift) {
    char what[160];
    size_t count = (size_t)((c->sets > 0 ? c->sets : 1) * c->shape.channels);
    snprintf(what, sizeof what, "%s: %d images, %d channels, %d x %d%s%s%s", imp_kernels()->name, c->shape.images,
             c->shape.channels, c->shape.height, c->shape.width, c->relu ? ", relu" : "",
             c->residual ? ", residual" : "", c->mean ? ", given" : "");
    op_check(&(OpCase){.what = what,
                       .context = c,
                       .input = c->shape,
                       .counts = {count, count},
                       .shift = shift,
                       /* one pixel's deviation is sqrt(1e-5): what cancels is hundreds of times what is left */
                       .tolerance = imp_shape_places(c->shape) == 1 ? 1e-4 : 0,
                       .build = build,
                       .planned = planned,
                       .reference = reference});
}

static void norms(void) {
    static const int chosen[] = {2, 0, 1};
    float mean[3 * 19], variance[3 * 19];
    for (int i = 0; i < 3 * 19; i++) {
        mean[i] = 0.1f * (float)(i % 7) - 0.3f;
        variance[i] = 0.2f + 0.15f * (float)(i % 5);
    }
    check(&(Case){.shape = {19, 7, 9, 1}}, 0);
    check(&(Case){.shape = {19, 7, 9, 3}, .relu = true}, 3);
    check(&(Case){.shape = {16, 70, 65, 1}, .relu = true}, -20);
    check(&(Case){.shape = {33, 5, 4, 2}, .residual = true}, 0);
    check(&(Case){.shape = {5, 6, 6, 3}, .sets = 3, .chosen = chosen, .relu = true}, 0);
    check(&(Case){.shape = {19, 5, 3, 3}, .mean = mean, .variance = variance}, 0);
    check(&(Case){.shape = {19, 5, 3, 3}, .mean = mean, .variance = variance, .relu = true}, 0);
}

static void norms_on_every_tier(void **state) {
    (void)state;
    op_for_tiers(norms);
}

/* A picture of one pixel has no deviation: the result is the shift. */
static void one_pixel(void **state) {
    (void)state;
    check(&(Case){.shape = {5, 1, 1, 2}, .relu = true}, 0);
}

/* The statistics that a run reports, given to another run, make the same picture. */
static void statistics_can_be_handed_on(void **state) {
    (void)state;
    enum { CHANNELS = 5, IMAGES = 2, PLACES = 30 };
    ImpError error;
    ImpGraph *graph;
    ImpNode *node;
    float ones[CHANNELS], mean[IMAGES * CHANNELS], variance[IMAGES * CHANNELS], plain[IMAGES * CHANNELS * PLACES];
    float first[IMAGES * CHANNELS * PLACES];
    for (int i = 0; i < CHANNELS; i++) ones[i] = 1;
    ImpShape shape = {CHANNELS, 5, 6, IMAGES};
    ImpRandom random;
    imp_random_seed(&random, 1);
    imp_random_normal(&random, plain, IMAGES * CHANNELS * PLACES, 1);
    assert_int_equal(imp_graph_new_blocked(shape, &graph, &error), IMP_OK);
    ImpInstanceNorm norm = {.scale = {.value = ones}, .shift = {.value = ones}};
    assert_int_equal(imp_graph_instance_norm(graph, imp_graph_input(graph), &norm, &node, &error), IMP_OK);
    imp_graph_tap(node);
    assert_int_equal(imp_graph_plan(graph, false, &error), IMP_OK);
    ImpTensor input = imp_graph_value(imp_graph_input(graph)), output = imp_graph_value(node);
    imp_tensor_from_plain(&input, plain);
    assert_int_equal(imp_graph_forward(graph, &error), IMP_OK);
    imp_tensor_to_plain(&output, first);
    imp_graph_read_statistics(node, mean, variance);
    for (size_t plane = 0; plane < IMAGES * CHANNELS; plane++) {
        double x[PLACES], m, v;
        for (size_t i = 0; i < PLACES; i++) x[i] = (double)plain[plane * PLACES + i];
        moments(x, PLACES, &m, &v);
        assert_true(fabs((double)mean[plane] - m) < 1e-6 && fabs((double)variance[plane] - v) < 1e-6);
    }
    imp_graph_give_statistics(node, mean, variance);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(imp_graph_forward(graph, &error), IMP_OK);
        imp_tensor_to_plain(&output, plain);
        assert_memory_equal(plain, first, sizeof first);
        imp_graph_give_statistics(node, NULL, NULL);
        imp_tensor_to_plain(&input, plain);
    }
    imp_graph_free(&graph);
}

/* --- AdaIN -------------------------------------------------------------------------------------------------------- */

static ImpStatus build_adain(const void *context, ImpGraph *graph, ImpNode *source, const ImpParameter *parameters,
                             ImpNode **out, ImpError *error) {
    (void)context, (void)parameters;
    return imp_graph_adain(graph, source, out, error);
}

static void planned_adain(const void *context, ImpNode *node) {
    const Case *c = context;
    imp_graph_set_style(node, c->mean, c->deviation, c->strength);
}

static void reference_adain(const void *context, double *const *parameters, const double *source, double *result) {
    (void)parameters;
    const Case *c = context;
    size_t places = imp_shape_places(c->shape);
    for (size_t plane = 0; plane < imp_shape_images(c->shape) * (size_t)c->shape.channels; plane++) {
        double mean, variance, strength = (double)c->strength;
        moments(source, places, &mean, &variance);
        for (size_t i = 0; i < places; i++, source++) {
            double styled =
                (*source - mean) / sqrt(variance + epsilon) * (double)c->deviation[plane] + (double)c->mean[plane];
            *result++ = strength * styled + (1 - strength) * *source;
        }
    }
}

static void adains(void) {
    float mean[3 * 19], deviation[3 * 19];
    for (int i = 0; i < 3 * 19; i++) {
        mean[i] = 0.2f * (float)(i % 11) - 0.8f;
        deviation[i] = 0.3f + 0.2f * (float)(i % 6);
    }
    for (int images = 1; images <= 3; images += 2)
        for (int half = 1; half <= 2; half++) {
            Case c = {
                .shape = {19, 4, 7, images}, .mean = mean, .deviation = deviation, .strength = 0.5f * (float)half};
            op_check(&(OpCase){.what = "AdaIN",
                               .context = &c,
                               .input = c.shape,
                               .shift = 1,
                               .build = build_adain,
                               .planned = planned_adain,
                               .reference = reference_adain});
        }
}

static void adain_on_every_tier(void **state) {
    (void)state;
    op_for_tiers(adains);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_on_every_tier),
        cmocka_unit_test(one_pixel),
        cmocka_unit_test(statistics_can_be_handed_on),
        cmocka_unit_test(adain_on_every_tier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
