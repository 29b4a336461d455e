/* Values and gradients of the losses against a second implementation in double and its central differences. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "compute/kernel/kernel.h"
#include "loss/loss.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CONTENT, GRAM, TV };

/* A loss in both implementations, at an activation kept as plain doubles. */
typedef struct Case {
    int kind, variant; /* variant: ImpNormalisation or ImpTvKind */
    ImpShape shape;
    double weight;
    double *activation, *target; /* (C,H,W); of a Gram loss the target is a style of the same shape */
    ImpLoss *loss;
} Case;

static const double weight = 3.5;

static double gram_of(const Case *c, const double *f, size_t i, size_t j) {
    size_t n = imp_shape_places(c->shape);
    double sum = 0;
    for (size_t p = 0; p < n; p++) sum += f[i * n + p] * f[j * n + p];
    return sum;
}

static double gram_value(const Case *c) {
    double sum = 0, channels = c->shape.channels, n = (double)imp_shape_places(c->shape);
    for (size_t i = 0; i < (size_t)c->shape.channels; i++)
        for (size_t j = 0; j < (size_t)c->shape.channels; j++) {
            double difference = gram_of(c, c->activation, i, j) - gram_of(c, c->target, i, j);
            sum += difference * difference;
        }
    if (c->variant == IMP_NORMALISE_GATYS) return sum / (4 * channels * channels * n * n);
    return sum / (channels * channels) / (channels * n * channels * n);
}

static double content_value(const Case *c) {
    double sum = 0;
    size_t count = imp_shape_count(c->shape);
    for (size_t i = 0; i < count; i++) sum += pow(c->activation[i] - c->target[i], 2);
    return c->variant == IMP_NORMALISE_GATYS ? sum / 2 : sum / (double)count;
}

static double tv_value(const Case *c) {
    int height = c->shape.height, width = c->shape.width;
    double sums[2] = {0}, counts[2] = {0};
    for (int k = 0; k < c->shape.channels * height * width; k++)
        for (int down = 0; down < 2; down++) {
            if (down ? k / width % height + 1 == height : k % width + 1 == width) continue;
            double difference = c->activation[k + (down ? width : 1)] - c->activation[k];
            sums[down] += c->variant == IMP_TV_ABSOLUTE ? fabs(difference) : difference * difference;
            counts[down]++;
        }
    if (c->variant == IMP_TV_SQUARED) return (sums[0] + sums[1]) / 2;
    if (c->variant == IMP_TV_ABSOLUTE) return sums[0] + sums[1];
    return (counts[0] > 0 ? sums[0] / counts[0] : 0) + (counts[1] > 0 ? sums[1] / counts[1] : 0);
}

static double plain_value(const Case *c) {
    double value = c->kind == CONTENT ? content_value(c) : c->kind == GRAM ? gram_value(c) : tv_value(c);
    return c->weight * value;
}

static double plain_derivative(const Case *c, size_t i) {
    double start = c->activation[i], step = 1e-5;
    c->activation[i] = start + step;
    double above = plain_value(c);
    c->activation[i] = start - step;
    double below = plain_value(c);
    c->activation[i] = start;
    return (above - below) / (2 * step);
}

/* --- the library's side ------------------------------------------------------------------------------------------- */

static ImpTensor tensor_of(const Case *c, const double *numbers) {
    int block = c->kind == TV ? 1 : imp_kernels()->block;
    ImpLayout layout = c->kind == TV ? IMP_LAYOUT_PLAIN : IMP_LAYOUT_BLOCKED;
    ImpTensor tensor = {.shape = c->shape, .layout = layout, .block = block};
    tensor.data = imp_alloc(imp_tensor_floats(c->shape, layout, block), sizeof(float));
    float *plain = imp_alloc(imp_shape_count(c->shape), sizeof *plain);
    assert_true(tensor.data && plain);
    for (size_t i = 0; numbers && i < imp_shape_count(c->shape); i++) plain[i] = (float)numbers[i];
    if (numbers) imp_tensor_from_plain(&tensor, plain);
    imp_free(plain);
    return tensor;
}

/* target: the tensor of c->target. */
static ImpStatus make_loss(Case *c, const ImpTensor *target, ImpError *error) {
    if (c->kind == CONTENT)
        return imp_content_loss_new(0, c->weight, (ImpNormalisation)c->variant, target, target->shape.channels,
                                    &c->loss, error);
    if (c->kind == TV) return imp_tv_loss_new(0, c->weight, (ImpTvKind)c->variant, c->shape, &c->loss, error);
    double *gram = malloc((size_t)(c->shape.channels * c->shape.channels) * sizeof *gram);
    ImpStatus status = imp_gram_target((ImpNormalisation)c->variant, target, target->shape.channels, NULL, gram, error);
    if (status == IMP_OK)
        status = imp_gram_loss_new(0, c->weight, (ImpNormalisation)c->variant, gram, c->shape, c->shape.channels, NULL,
                                   &c->loss, error);
    free(gram);
    return status;
}

static double *random_numbers(ImpRandom *random, size_t count) {
    double *numbers = malloc(count * sizeof *numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = (double)(float)(2 * imp_random_uniform(random) - 0.7);
    return numbers;
}

static void make_case(Case *c, int kind, int variant, ImpShape shape) {
    ImpRandom random;
    imp_random_seed(&random, (uint64_t)(kind + variant + shape.channels * shape.width));
    *c = (Case){.kind = kind, .variant = variant, .shape = shape, .weight = weight};
    c->activation = random_numbers(&random, imp_shape_count(shape));
    c->target = random_numbers(&random, imp_shape_count(shape));
}

static void free_case(Case *c) {
    imp_loss_free(&c->loss);
    assert_null(c->loss);
    free(c->activation);
    free(c->target);
}

/* The loss's gradient on top of ones: what was there must stay. Runs without allocating. */
static void library_gradient(Case *c, double *value, float *gradient) {
    ImpError error;
    ImpTensor activation = tensor_of(c, c->activation), sum = tensor_of(c, NULL);
    float *ones = imp_alloc(imp_shape_count(c->shape), sizeof *ones);
    for (size_t i = 0; i < imp_shape_count(c->shape); i++) ones[i] = 1;
    imp_tensor_from_plain(&sum, ones);
    imp_alloc_fail_after(0);
    assert_int_equal(imp_loss_value(c->loss, &activation, value, &error), IMP_OK);
    imp_loss_add_gradient(c->loss, &activation, &sum);
    imp_alloc_fail_after(-1);
    imp_tensor_to_plain(&sum, gradient);
    for (size_t i = 0; i < imp_shape_count(c->shape); i++) gradient[i] -= 1;
    imp_free(ones);
    imp_free(activation.data);
    imp_free(sum.data);
}

/* normalised: 0 for no, else by which norm, plus 1. */
static void check_case(int kind, int variant, ImpShape shape, int normalised) {
    Case c;
    ImpError error;
    make_case(&c, kind, variant, shape);
    ImpTensor target = tensor_of(&c, c.target);
    assert_int_equal(make_loss(&c, &target, &error), IMP_OK);
    ImpGradientNorm norm = normalised == 2 ? IMP_GRADIENT_L2 : IMP_GRADIENT_L1;
    if (normalised) assert_int_equal(imp_loss_normalise_gradient(c.loss, norm, &error), IMP_OK);
    size_t count = imp_shape_count(shape);
    double value, expected = plain_value(&c), length = 0, most = 0, *slopes = malloc(count * sizeof *slopes);
    float *gradient = malloc(count * sizeof *gradient);
    library_gradient(&c, &value, gradient);
    if (!(fabs(value - expected) <= 1e-5 * fabs(expected)))
        fail_msg("%d/%d: %g is not %g", kind, variant, value, expected);
    for (size_t i = 0; i < count; i++) {
        slopes[i] = plain_derivative(&c, i);
        length += norm == IMP_GRADIENT_L1 ? fabs(slopes[i]) / weight : pow(slopes[i] / weight, 2);
    }
    if (norm == IMP_GRADIENT_L2) length = sqrt(length);
    for (size_t i = 0; i < count; i++) slopes[i] /= normalised ? length + 1e-8 : 1;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(slopes[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)gradient[i] - slopes[i]) <= 1e-4 * most + 2e-7))
            fail_msg("%d/%d, %zu: derivative %g is not %g", kind, variant, i, (double)gradient[i], slopes[i]);
    free(slopes);
    free(gradient);
    imp_free(target.data);
    free_case(&c);
}

static const int variants[] = {[CONTENT] = 2, [GRAM] = 2, [TV] = 3};

static void gradients(void **state) {
    (void)state;
    static const ImpShape shapes[] = {{3, 1, 1, 1}, {3, 1, 6, 1}, {5, 4, 1, 1}, {3, 4, 5, 1}, {17, 3, 3, 1}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int kind = CONTENT; kind <= TV; kind++)
            for (int variant = 0; variant < variants[kind]; variant++)
                for (int normalised = 0; normalised < 3; normalised++) check_case(kind, variant, shapes[s], normalised);
}

/* At the target itself, content and Gram losses are 0 and flat. */
static void identities(void **state) {
    (void)state;
    ImpError error;
    for (int kind = CONTENT; kind <= GRAM; kind++)
        for (int variant = 0; variant < variants[kind]; variant++) {
            Case c;
            double value;
            float gradient[60];
            make_case(&c, kind, variant, (ImpShape){3, 4, 5, 1});
            memcpy(c.activation, c.target, 60 * sizeof *c.target);
            ImpTensor target = tensor_of(&c, c.target);
            assert_int_equal(make_loss(&c, &target, &error), IMP_OK);
            library_gradient(&c, &value, gradient);
            assert_true(fabs(value) < 1e-12);
            for (int i = 0; i < 60; i++) assert_true(gradient[i] == 0);
            imp_free(target.data);
            free_case(&c);
        }
}

/* Computed by hand: rows 0 1 3 and 2 2 2 have 1+4 across and 4+1+1 down. */
static void total_variation_by_hand(void **state) {
    (void)state;
    static const double expected[] = {5.5, 7, 5.0 / 4 + 6.0 / 3};
    float numbers[] = {0, 1, 3, 2, 2, 2};
    ImpTensor picture = {.shape = {1, 2, 3, 1}, .layout = IMP_LAYOUT_PLAIN, .block = 1, .data = numbers};
    for (int kind = 0; kind < 3; kind++) {
        ImpError error;
        ImpLoss *loss;
        double value;
        assert_int_equal(imp_tv_loss_new(0, 2, (ImpTvKind)kind, picture.shape, &loss, &error), IMP_OK);
        assert_int_equal(imp_loss_value(loss, &picture, &value, &error), IMP_OK);
        assert_true(fabs(value - 2 * expected[kind]) < 1e-12);
        imp_loss_free(&loss);
    }
}

static void running_out_of_memory(void **state) {
    (void)state;
    for (int kind = CONTENT; kind <= TV; kind++) {
        Case c;
        ImpError error;
        ImpStatus status;
        make_case(&c, kind, 0, (ImpShape){3, 4, 5, 1});
        ImpTensor target = tensor_of(&c, c.target);
        long countdown = 0;
        do {
            imp_alloc_fail_after(countdown++);
            status = make_loss(&c, &target, &error);
            imp_alloc_fail_after(-1);
            assert_true(status == IMP_OK ? c.loss != NULL : status == IMP_ERROR_MEMORY && !c.loss);
        } while (status != IMP_OK);
        assert_true(countdown > 2);
        imp_free(target.data);
        free_case(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients),
        cmocka_unit_test(identities),
        cmocka_unit_test(total_variation_by_hand),
        cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
