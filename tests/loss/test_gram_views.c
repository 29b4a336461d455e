/* Gram losses of a part of the places, and of projected channels, against plain loops in double. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "compute/kernel/kernel.h"
#include "loss/loss.h"
#include <math.h>
#include <string.h>

enum { C = 7, ROWS = 5, HEIGHT = 4, WIDTH = 5, PLACES = HEIGHT * WIDTH, COUNT = C * PLACES };

static const ImpShape shape = {C, HEIGHT, WIDTH, 1};
static const double weight = 3.5;

/* A view in plain numbers: weights of places, and a projection where rows > 0. */
typedef struct View {
    ImpNormalisation normalisation;
    float places[PLACES];
    float matrix[C * C];
    int rows;
} View;

static ImpRandom source;

static double number(void) {
    return (double)(float)(2 * imp_random_uniform(&source) - 0.7);
}

/* gram (n,n) of P F over weighted places, divided as targets are; n = rows or C. Returns n. */
static int plain_gram(const View *view, const double *f, double *gram) {
    double projected[COUNT], sum = 0;
    int n = view->rows > 0 ? view->rows : C;
    for (int i = 0; i < n; i++)
        for (int p = 0; p < PLACES; p++) {
            double value = view->rows > 0 ? 0 : f[i * PLACES + p];
            for (int c = 0; c < C && view->rows > 0; c++) value += (double)view->matrix[i * C + c] * f[c * PLACES + p];
            projected[i * PLACES + p] = value;
        }
    for (int p = 0; p < PLACES; p++) sum += (double)view->places[p];
    if (view->normalisation == IMP_NORMALISE_MEAN) sum *= C;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            gram[i * n + j] = 0;
            for (int p = 0; p < PLACES; p++)
                gram[i * n + j] +=
                    (double)view->places[p] * projected[i * PLACES + p] * projected[j * PLACES + p] / sum;
        }
    return n;
}

static double plain_value(const View *view, const double *f, const double *style) {
    double gram[C * C], target[C * C], squares = 0, magnitudes = 1e-8, of_target = 0;
    View all = *view;
    for (int p = 0; p < PLACES; p++) all.places[p] = 1;
    int n = plain_gram(view, f, gram);
    plain_gram(&all, style, target);
    for (int i = 0; i < n * n; i++) {
        squares += (gram[i] - target[i]) * (gram[i] - target[i]);
        magnitudes += fabs(gram[i] - target[i]);
        of_target += target[i] * target[i];
    }
    switch (view->normalisation) {
    case IMP_NORMALISE_MEAN:
        return weight * squares / (C * C);
    case IMP_NORMALISE_GATYS:
        return weight * squares / (4 * C * C);
    case IMP_NORMALISE_SCALED: /* counts C channels, whatever is projected */
        return weight * n / C * squares / (magnitudes);
    case IMP_NORMALISE_RELATIVE:
        break;
    }
    return weight * squares / of_target;
}

/* --- the library's side ------------------------------------------------------------------------------------------- */

static ImpTensor blocked(const double *numbers) {
    int block = imp_kernels()->block;
    ImpTensor tensor = {.shape = shape, .layout = IMP_LAYOUT_BLOCKED, .block = block};
    float plain[COUNT];
    tensor.data = imp_alloc(imp_tensor_floats(shape, IMP_LAYOUT_BLOCKED, block), sizeof(float));
    for (int i = 0; i < COUNT; i++) plain[i] = (float)numbers[i];
    imp_tensor_from_plain(&tensor, plain);
    return tensor;
}

static ImpStatus make(const View *view, const ImpTensor *style, ImpLoss **out, ImpError *error) {
    double target[C * C];
    ImpStatus status = imp_gram_target(view->normalisation, style, C, NULL, target, error);
    *out = NULL;
    if (status == IMP_OK)
        status = imp_gram_loss_new(0, weight, view->normalisation, target, shape, C, view->places, out, error);
    if (status == IMP_OK && view->rows > 0) status = imp_gram_loss_project(*out, view->matrix, view->rows, error);
    return status;
}

static void check(const View *view, double *f, const double *style) {
    ImpError error;
    ImpLoss *loss;
    double zeros[COUNT] = {0}, value;
    float gradient[COUNT];
    ImpTensor target = blocked(style), activation = blocked(f), slope = blocked(zeros);
    assert_int_equal(make(view, &target, &loss, &error), IMP_OK);
    assert_int_equal(imp_loss_value(loss, &activation, &value, &error), IMP_OK);
    imp_loss_add_gradient(loss, &activation, &slope);
    imp_tensor_to_plain(&slope, gradient);
    double expected = plain_value(view, f, style), most = 0, slopes[COUNT];
    assert_true(fabs(value - expected) <= 1e-5 * expected);
    for (int i = 0; i < COUNT; i++) {
        double at = f[i], step = 1e-5;
        f[i] = at + step;
        double above = plain_value(view, f, style);
        f[i] = at - step;
        slopes[i] = (above - plain_value(view, f, style)) / (2 * step);
        f[i] = at;
        most = fmax(most, fabs(slopes[i]));
    }
    for (int i = 0; i < COUNT; i++)
        if (!(fabs((double)gradient[i] - slopes[i]) <= 1e-4 * most))
            fail_msg("%d, %d rows, %d: %g is not %g", view->normalisation, view->rows, i, (double)gradient[i],
                     slopes[i]);
    imp_loss_free(&loss);
    imp_free(target.data);
    imp_free(activation.data);
    imp_free(slope.data);
}

static void fill(View *view, double *f, double *style) {
    for (int i = 0; i < COUNT; i++) f[i] = number(), style[i] = number();
    for (int i = 0; i < PLACES; i++) view->places[i] = i % 4 == 0 ? 0 : (float)imp_random_uniform(&source);
    for (int i = 0; i < C * C; i++) view->matrix[i] = (float)number();
}

static void values_and_gradients(void **state) {
    (void)state;
    static const int rows[] = {0, ROWS, C};
    imp_random_seed(&source, 5);
    for (int normalisation = IMP_NORMALISE_MEAN; normalisation <= IMP_NORMALISE_RELATIVE; normalisation++)
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
            View view = {.normalisation = (ImpNormalisation)normalisation, .rows = rows[r]};
            double f[COUNT], style[COUNT];
            fill(&view, f, style);
            check(&view, f, style);
        }
}

/* Hard masks leave what is outside alone; a mask of nothing is no loss. */
static void what_is_masked_does_not_count(void **state) {
    (void)state;
    ImpError error;
    ImpLoss *loss;
    View view = {.normalisation = IMP_NORMALISE_RELATIVE};
    double f[COUNT], style[COUNT], zeros[COUNT] = {0}, value, changed;
    float gradient[COUNT];
    fill(&view, f, style);
    for (int nothing = 0; nothing < 2; nothing++) {
        for (int p = 0; p < PLACES; p++) view.places[p] = !nothing && p < PLACES / 2 ? 1 : 0;
        ImpTensor target = blocked(style), activation = blocked(f), slope = blocked(zeros);
        assert_int_equal(make(&view, &target, &loss, &error), IMP_OK);
        assert_int_equal(imp_loss_value(loss, &activation, &value, &error), IMP_OK);
        imp_loss_add_gradient(loss, &activation, &slope);
        imp_tensor_to_plain(&slope, gradient);
        for (int i = 0; i < COUNT; i++) assert_true((nothing || i % PLACES >= PLACES / 2) ? gradient[i] == 0 : 1);
        imp_free(activation.data);
        for (int i = 0; i < COUNT; i++) f[i] += i % PLACES >= PLACES / 2 ? 10 : 0;
        activation = blocked(f);
        assert_int_equal(imp_loss_value(loss, &activation, &changed, &error), IMP_OK);
        assert_true(changed == value && (nothing ? value == 0 : value > 0));
        imp_loss_free(&loss);
        imp_free(target.data);
        imp_free(activation.data);
        imp_free(slope.data);
    }
}

static void running_out_of_memory(void **state) {
    (void)state;
    ImpError error;
    ImpLoss *loss;
    View view = {.normalisation = IMP_NORMALISE_MEAN, .rows = ROWS};
    double f[COUNT], style[COUNT];
    fill(&view, f, style);
    ImpTensor target = blocked(style);
    ImpStatus status;
    long countdown = 0;
    do {
        imp_alloc_fail_after(countdown++);
        status = make(&view, &target, &loss, &error);
        imp_alloc_fail_after(-1);
        assert_true(status == IMP_OK || status == IMP_ERROR_MEMORY);
        imp_loss_free(&loss);
    } while (status != IMP_OK);
    assert_true(countdown > 10);
    imp_free(target.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients),
        cmocka_unit_test(what_is_masked_does_not_count),
        cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
