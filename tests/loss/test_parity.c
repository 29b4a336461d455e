/* The losses against PyTorch: values, and gradients by automatic differentiation (torch_parity.py). */
#include "check.h"

#include "base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { C = 19, HEIGHT = 24, WIDTH = 21, STYLE_HEIGHT = 17, STYLE_WIDTH = 30 };

static const double weight = 2500, tolerance = 1e-4;
static const ImpShape shape = {C, HEIGHT, WIDTH, 1}, style_shape = {C, STYLE_HEIGHT, STYLE_WIDTH, 1};

static float *read_array(FILE *file, size_t expected) {
    int64_t n;
    assert_int_equal(fread(&n, sizeof n, 1, file), 1);
    assert_int_equal(n, expected);
    float *values = imp_alloc((size_t)n, sizeof *values);
    assert_non_null(values);
    assert_int_equal(fread(values, sizeof *values, (size_t)n, file), n);
    return values;
}

typedef struct Case {
    ImpNormalisation normalisation;
    int pool;
    ImpTensor style; /* or the content */
    const float *places, *style_places;
} Case;

static ImpStatus make_histogram(const void *context, ImpLoss **loss, ImpError *error) {
    const Case *c = context;
    ImpHistogramTarget *target = NULL;
    ImpStatus status = imp_histogram_target_new(C, &target, error);
    if (status == IMP_OK) status = imp_histogram_target_add(target, &c->style, c->style_places, 2, error);
    if (status == IMP_OK)
        status = imp_histogram_loss_new(0, weight, c->normalisation, target, shape, C, c->places, loss, error);
    imp_histogram_target_free(&target);
    return status;
}

static ImpStatus make_moments(const void *context, ImpLoss **loss, ImpError *error) {
    const Case *c = context;
    double target[2 * C];
    ImpStatus status = imp_moments_target(&c->style, c->style_places, target, error);
    if (status != IMP_OK) return status;
    return imp_moments_loss_new(0, weight, c->normalisation, target, shape, C, c->places, loss, error);
}

static ImpStatus make_wasserstein(const void *context, ImpLoss **loss, ImpError *error) {
    const Case *c = context;
    double target[C + C * C];
    ImpStatus status = imp_wasserstein_target(&c->style, c->style_places, target, error);
    if (status != IMP_OK) return status;
    return imp_wasserstein_loss_new(0, weight, c->normalisation, target, shape, C, c->places, loss, error);
}

static ImpStatus make_laplacian(const void *context, ImpLoss **loss, ImpError *error) {
    const Case *c = context;
    return imp_laplacian_loss_new(0, weight, c->pool, &c->style, loss, error);
}

static void compare(FILE *file, const Subject *subject, const float *x, const char *name, int variant) {
    size_t count = imp_shape_count(subject->shape);
    float *expected = read_array(file, 1), *slopes = read_array(file, count),
          *gradient = imp_alloc(count, sizeof *gradient);
    double value, most = 0;
    check_run(subject, x, &value, gradient);
    if (!(fabs(value - (double)*expected) <= tolerance * (double)*expected))
        fail_msg("%s, %d: value %g is not %g", name, variant, value, (double)*expected);
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs((double)slopes[i]));
    /* Gradients are added to ones, which leaves 1e-7 of rounding. */
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)gradient[i] - (double)slopes[i]) <= tolerance * most + 2e-7))
            fail_msg("%s, %d: derivative %zu is %g, not %g", name, variant, i, (double)gradient[i], (double)slopes[i]);
    imp_free(expected);
    imp_free(slopes);
    imp_free(gradient);
}

typedef ImpStatus (*Make)(const void *context, ImpLoss **loss, ImpError *error);

static void check_style_loss(FILE *file, Make make, const char *name) {
    float *x = read_array(file, (size_t)C * HEIGHT * WIDTH),
          *style = read_array(file, (size_t)C * STYLE_HEIGHT * STYLE_WIDTH);
    float *places = read_array(file, HEIGHT * WIDTH), *style_places = read_array(file, STYLE_HEIGHT * STYLE_WIDTH);
    Case c = {
        .style = check_tensor(style_shape, IMP_LAYOUT_BLOCKED, style), .places = places, .style_places = style_places};
    Subject subject = {.shape = shape, .layout = IMP_LAYOUT_BLOCKED, .make = make, .context = &c};
    static const ImpNormalisation order[] = {IMP_NORMALISE_MEAN, IMP_NORMALISE_GATYS, IMP_NORMALISE_SCALED,
                                             IMP_NORMALISE_RELATIVE};
    for (int i = 0; i < 4; i++) {
        c.normalisation = order[i];
        compare(file, &subject, x, name, i);
    }
    imp_free(c.style.data);
    imp_free(x);
    imp_free(style);
    imp_free(places);
    imp_free(style_places);
}

static void check_laplacian(FILE *file) {
    static const int pools[] = {1, 2, 4, 16};
    ImpShape picture_shape = {3, HEIGHT, WIDTH, 1};
    float *x = read_array(file, 3 * HEIGHT * WIDTH), *content = read_array(file, 3 * HEIGHT * WIDTH);
    Case c = {.style = check_tensor(picture_shape, IMP_LAYOUT_PLAIN, content)};
    Subject subject = {.shape = picture_shape, .layout = IMP_LAYOUT_PLAIN, .make = make_laplacian, .context = &c};
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
        c.pool = pools[i];
        compare(file, &subject, x, "Laplacian", pools[i]);
    }
    imp_free(c.style.data);
    imp_free(x);
    imp_free(content);
}

static void losses_agree_with_pytorch(void **state) {
    (void)state;
    char path[] = "/tmp/impasto-loss-parity-XXXXXX", command[4096];
    const char *source = getenv("IMPASTO_SOURCE");
    if (!source) skip_because("IMPASTO_SOURCE is not set");
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    snprintf(command, sizeof command, "/usr/bin/python3 '%s/tests/loss/torch_parity.py' %s", source, path);
    int result = system(command);
    if (result != 0 && WIFEXITED(result) && (WEXITSTATUS(result) == 77 || WEXITSTATUS(result) == 127)) {
        unlink(path);
        skip_because("PyTorch for /usr/bin/python3 is missing");
    }
    assert_int_equal(result, 0);
    FILE *file = fdopen(descriptor, "rb");
    check_style_loss(file, make_histogram, "histogram");
    check_style_loss(file, make_moments, "moments");
    check_style_loss(file, make_wasserstein, "Wasserstein");
    check_laplacian(file);
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(losses_agree_with_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
