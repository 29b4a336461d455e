/* The Laplacian loss against the filter written out: pooled with a mean over the pixels there are, read beyond the
 * border by clamping. */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double weight = 2.5;

typedef struct Context {
    ImpShape shape;
    int pool;
    float *content;
} Context;

static ImpStatus make(const void *context, ImpLoss **loss, ImpError *error) {
    const Context *c = context;
    ImpTensor tensor = {.shape = c->shape, .layout = IMP_LAYOUT_PLAIN, .block = 1, .data = c->content};
    return imp_laplacian_loss_new(0, weight, c->pool, &tensor, loss, error);
}

/* The mean of a cell, of all channels together; cells outside are those at the border. */
static double cell(const Context *c, const double *x, int row, int column, int rows, int columns) {
    row = row < 0 ? 0 : row >= rows ? rows - 1 : row;
    column = column < 0 ? 0 : column >= columns ? columns - 1 : column;
    double sum = 0;
    int count = 0;
    for (int v = row * c->pool; v < (row + 1) * c->pool && v < c->shape.height; v++)
        for (int u = column * c->pool; u < (column + 1) * c->pool && u < c->shape.width; u++, count++)
            for (int k = 0; k < c->shape.channels; k++) sum += x[(k * c->shape.height + v) * c->shape.width + u];
    return sum / count;
}

static double plain(const void *context, const double *x) {
    const Context *c = context;
    int rows = (c->shape.height + c->pool - 1) / c->pool, columns = (c->shape.width + c->pool - 1) / c->pool;
    size_t count = imp_shape_count(c->shape);
    double sum = 0, *difference = malloc(count * sizeof *difference); /* the filter is linear */
    for (size_t i = 0; i < count; i++) difference[i] = x[i] - (double)c->content[i];
    for (int v = 0; v < rows; v++)
        for (int u = 0; u < columns; u++) {
            double response = 4 * cell(c, difference, v, u, rows, columns);
            response -= cell(c, difference, v - 1, u, rows, columns) + cell(c, difference, v + 1, u, rows, columns);
            response -= cell(c, difference, v, u - 1, rows, columns) + cell(c, difference, v, u + 1, rows, columns);
            sum += response * response;
        }
    free(difference);
    return weight * sum / (rows * columns);
}

enum { MOST = 3 * 40 * 30 };
static float picture[MOST], content[MOST];

static Subject subject_of(Context *context, ImpShape shape, int pool) {
    *context = (Context){.shape = shape, .pool = pool, .content = content};
    check_fill(content, imp_shape_count(shape), 1, 0);
    check_fill(picture, imp_shape_count(shape), 2, 0);
    return (Subject){.shape = shape, .layout = IMP_LAYOUT_PLAIN, .make = make, .plain = plain, .context = context};
}

static const ImpShape shapes[] = {{3, 1, 1, 1}, {3, 1, 9, 1}, {3, 8, 1, 1}, {3, 8, 12, 1}, {3, 7, 10, 1}};

static void it_follows_the_formula(void **state) {
    (void)state;
    static const int pools[] = {1, 2, 4, 5, 100};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (size_t p = 0; p < sizeof pools / sizeof *pools; p++) {
            Context context;
            Subject subject = subject_of(&context, shapes[s], pools[p]);
            check_formula(&subject, picture, 1e-6, 1e-5);
        }
}

/* Rows 0 0 0, 0 1 0, 0 0 0 in one channel: 4 in the middle, -1 beside it. */
static void by_hand(void **state) {
    (void)state;
    Context context;
    Subject subject = subject_of(&context, (ImpShape){3, 3, 3, 1}, 1);
    double value;
    float gradient[27];
    memset(content, 0, sizeof content);
    memset(picture, 0, sizeof picture);
    picture[9 + 4] = 1;
    check_run(&subject, picture, &value, gradient);
    assert_true(fabs(value - weight * 20 / 9) < 1e-12);
    /* The filter again: 4 * 4 + 4 in the middle, the same for each colour. */
    for (int c = 0; c < 3; c++) assert_true(fabs((double)gradient[c * 9 + 4] - 2 * weight * 20 / 9) < 1e-5);
}

static void another_brightness_costs_nothing(void **state) {
    (void)state;
    for (int pool = 1; pool <= 4; pool++) {
        Context context;
        Subject subject = subject_of(&context, (ImpShape){3, 9, 14, 1}, pool);
        check_rest(&subject, content, 0);
        for (size_t i = 0; i < imp_shape_count(subject.shape); i++) picture[i] = content[i] + 0.25f;
        check_rest(&subject, picture, 1e-6);
    }
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
    (void)state;
    for (int pool = 1; pool <= 4; pool += 3) {
        Context context;
        Subject subject = subject_of(&context, (ImpShape){3, 40, 30, 1}, pool);
        check_threads(&subject, picture);
    }
}

static void running_out_of_memory(void **state) {
    (void)state;
    Context context;
    Subject subject = subject_of(&context, (ImpShape){3, 4, 5, 1}, 2);
    check_memory(&subject);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_follows_the_formula),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(another_brightness_costs_nothing),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
