/* The patch loss against its formula in double: a search of all pairs of patches, the value, and central differences of
 * it with the nearest patches held. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include "loss/loss.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STYLES = 3, MOST_NUMBERS = 4096 };

/* Plain (C,H,W) numbers of an activation and its guidance. */
typedef struct Plain {
    int height, width;
    double numbers[MOST_NUMBERS];
    float guidance[MOST_NUMBERS];
} Plain;

typedef struct Case {
    ImpNormalisation normalisation;
    int channels, guides, styles, counted; /* counted: what normalisation takes for channels */
    ImpPatchOptions options;
    bool weighted;
    Plain own, style[MOST_STYLES];
    float places[MOST_NUMBERS];
} Case;

static const double weight = 2.5;

/* --- the formula -------------------------------------------------------------------------------------------------- */

typedef struct Patches {
    int tall, wide, rows, columns;
} Patches;

static Patches patches_of(const Case *c, const Plain *plain, int stride) {
    Patches p = {.tall = c->options.size, .wide = c->options.size};
    for (int i = -1; i < c->styles; i++) {
        const Plain *other = i < 0 ? &c->own : &c->style[i];
        if (other->height < p.tall) p.tall = other->height;
        if (other->width < p.wide) p.wide = other->width;
    }
    p.rows = (plain->height - p.tall) / stride + 1;
    p.columns = (plain->width - p.wide) / stride + 1;
    return p;
}

/* Number k of patch `index`, channels first and guidance after them. */
static double number_at(const Case *c, const Plain *plain, int stride, int index, int k) {
    Patches p = patches_of(c, plain, stride);
    int channel = k / (p.tall * p.wide), y = index / p.columns * stride + k / p.wide % p.tall;
    int x = index % p.columns * stride + k % p.wide;
    if (channel < c->channels) return plain->numbers[(channel * plain->height + y) * plain->width + x];
    return (double)plain->guidance[((channel - c->channels) * plain->height + y) * plain->width + x];
}

static double product(const Case *c, const Plain *a, int a_stride, int i, const Plain *b, int b_stride, int j) {
    Patches p = patches_of(c, a, a_stride);
    double sum = 0;
    for (int k = 0; k < (c->channels + c->guides) * p.tall * p.wide; k++)
        sum += number_at(c, a, a_stride, i, k) * number_at(c, b, b_stride, j, k);
    return sum;
}

typedef struct Nearest {
    int style, patch;
} Nearest;

/* nearest: one a patch of the picture. */
static void find(const Case *c, Nearest *nearest) {
    Patches own = patches_of(c, &c->own, c->options.stride);
    for (int i = 0; i < own.rows * own.columns; i++) {
        double best = -INFINITY;
        for (int s = 0; s < c->styles; s++) {
            int stride = c->options.style_stride;
            Patches style = patches_of(c, &c->style[s], stride);
            for (int j = 0; j < style.rows * style.columns; j++) {
                double square = product(c, &c->style[s], stride, j, &c->style[s], stride, j);
                double score = product(c, &c->own, c->options.stride, i, &c->style[s], stride, j);
                score = square > 0 ? score / sqrt(square) : 0;
                if (!(score > best)) continue;
                best = score;
                nearest[i] = (Nearest){s, j};
            }
        }
    }
}

static double mean_square(const Case *c) {
    double sum = 0;
    int count = 0;
    for (int s = 0; s < c->styles; s++) {
        Patches p = patches_of(c, &c->style[s], c->options.style_stride);
        for (int j = 0; j < p.rows * p.columns; j++, count++)
            for (int k = 0; k < c->channels * p.tall * p.wide; k++)
                sum += pow(number_at(c, &c->style[s], c->options.style_stride, j, k), 2);
    }
    return sum / count;
}

static double value_of(const Case *c, const Nearest *nearest) {
    Patches p = patches_of(c, &c->own, c->options.stride);
    double squares = 0, magnitudes = 0, patches = 0;
    for (int i = 0; i < p.rows * p.columns; i++) {
        int y = i / p.columns * c->options.stride + p.tall / 2, x = i % p.columns * c->options.stride + p.wide / 2;
        double counts = c->weighted ? (double)c->places[y * c->own.width + x] : 1;
        patches += counts;
        for (int k = 0; k < c->channels * p.tall * p.wide; k++) {
            double difference = number_at(c, &c->own, c->options.stride, i, k) -
                                number_at(c, &c->style[nearest[i].style], c->options.style_stride, nearest[i].patch, k);
            squares += counts * difference * difference;
            magnitudes += counts * fabs(difference);
        }
    }
    switch (c->normalisation) {
    case IMP_NORMALISE_MEAN:
        return weight * squares / (patches * p.tall * p.wide * c->counted);
    case IMP_NORMALISE_RELATIVE:
        return weight * squares / (patches * mean_square(c));
    case IMP_NORMALISE_SCALED:
        return weight * sqrt((double)c->channels / c->counted) * squares / (magnitudes + 1e-8);
    default:
        return weight * squares;
    }
}

/* --- the library's side ------------------------------------------------------------------------------------------- */

static ImpTensor tensor_of(const Case *c, const Plain *plain, bool zero) {
    static float numbers[MOST_NUMBERS];
    ImpTensor tensor = {.shape = {c->channels, plain->height, plain->width, 1}, .layout = IMP_LAYOUT_BLOCKED};
    tensor.block = imp_kernels()->block;
    tensor.data = imp_alloc(imp_tensor_floats(tensor.shape, tensor.layout, tensor.block), sizeof(float));
    assert_non_null(tensor.data);
    for (size_t i = 0; i < imp_shape_count(tensor.shape); i++) numbers[i] = zero ? 0 : (float)plain->numbers[i];
    imp_tensor_from_plain(&tensor, numbers);
    return tensor;
}

static ImpStatus make_set(const Case *c, const ImpTensor *styles, ImpPatchSet **set, ImpError *error) {
    ImpStatus status = imp_patch_set_new(c->channels, c->guides, set, error);
    for (int i = 0; i < c->styles && status == IMP_OK; i++)
        status = imp_patch_set_add(*set, &styles[i], c->guides > 0 ? c->style[i].guidance : NULL, error);
    return status;
}

/* After failure nothing is left. */
static ImpStatus make_loss(const Case *c, const ImpTensor *styles, ImpLoss **loss, ImpError *error) {
    ImpPatchSet *set = NULL;
    ImpPatchOptions options = c->options;
    options.guidance = c->guides > 0 ? c->own.guidance : NULL;
    *loss = NULL;
    ImpStatus status = make_set(c, styles, &set, error);
    if (status == IMP_OK)
        status = imp_patch_loss_new(0, weight, c->normalisation, &set, &options,
                                    (ImpShape){c->channels, c->own.height, c->own.width, 1}, c->counted,
                                    c->weighted ? c->places : NULL, loss, error);
    assert_true(status == IMP_OK ? set == NULL : *loss == NULL);
    imp_patch_set_free(&set);
    return status;
}

/* The value, and the gradient (C,H,W) on top of `base`; the evaluation does not allocate. */
static double evaluate(const Case *c, float base, float *gradient) {
    ImpError error;
    ImpLoss *loss;
    ImpTensor styles[MOST_STYLES], own = tensor_of(c, &c->own, false), slopes = tensor_of(c, &c->own, true);
    size_t count = imp_tensor_floats(slopes.shape, slopes.layout, slopes.block);
    double value;
    for (int i = 0; i < c->styles; i++) styles[i] = tensor_of(c, &c->style[i], false);
    assert_int_equal(make_loss(c, styles, &loss, &error), IMP_OK);
    for (int i = 0; i < c->styles; i++) imp_free(styles[i].data);
    imp_alloc_fail_after(0);
    assert_int_equal(imp_loss_value(loss, &own, &value, &error), IMP_OK);
    float *plain = gradient;
    for (size_t i = 0; i < imp_shape_count(slopes.shape); i++) plain[i] = base;
    imp_tensor_from_plain(&slopes, plain);
    imp_loss_add_gradient(loss, &own, &slopes);
    imp_alloc_fail_after(-1);
    imp_tensor_to_plain(&slopes, gradient);
    for (size_t i = 0, block = (size_t)slopes.block, places = imp_shape_places(slopes.shape); i < count; i++)
        if (i / block / places * block + i % block >= (size_t)c->channels) assert_true(slopes.data[i] == 0);
    imp_loss_free(&loss);
    imp_free(own.data);
    imp_free(slopes.data);
    return value;
}

/* --- cases -------------------------------------------------------------------------------------------------------- */

static void fill(Plain *plain, ImpRandom *random) {
    for (int i = 0; i < MOST_NUMBERS; i++) plain->numbers[i] = (double)(float)(2 * imp_random_uniform(random) - 0.6);
    for (int i = 0; i < MOST_NUMBERS; i++) plain->guidance[i] = (float)imp_random_uniform(random);
}

/* Sides of the picture's activation and of up to three styles'; a height of 0 ends them. */
typedef struct Sizes {
    int channels, guides, size, stride, style_stride;
    bool weighted;
    int sides[1 + MOST_STYLES][2];
} Sizes;

static Case *make_case(const Sizes *sizes, ImpNormalisation normalisation) {
    Case *c = calloc(1, sizeof *c);
    ImpRandom random;
    imp_random_seed(&random, (uint64_t)(sizes->channels * 10 + sizes->size + (int)normalisation));
    c->normalisation = normalisation;
    c->channels = sizes->channels;
    c->counted = sizes->channels + 2;
    c->guides = sizes->guides;
    c->options = (ImpPatchOptions){.size = sizes->size, .stride = sizes->stride, .style_stride = sizes->style_stride};
    c->weighted = sizes->weighted;
    fill(&c->own, &random);
    c->own.height = sizes->sides[0][0];
    c->own.width = sizes->sides[0][1];
    for (; c->styles < MOST_STYLES && sizes->sides[1 + c->styles][0] > 0; c->styles++) {
        Plain *style = &c->style[c->styles];
        fill(style, &random);
        style->height = sizes->sides[1 + c->styles][0];
        style->width = sizes->sides[1 + c->styles][1];
    }
    for (int i = 0; i < MOST_NUMBERS; i++) c->places[i] = (float)(i % 5) * 0.5f;
    return c;
}

static const Sizes cases[] = {
    {3, 0, 3, 1, 1, false, {{6, 7}, {5, 8}}},         {5, 0, 1, 1, 1, true, {{3, 4}, {5, 3}}},
    {17, 0, 3, 1, 1, true, {{4, 6}, {5, 4}, {3, 7}}}, {2, 2, 3, 2, 1, false, {{7, 8}, {6, 5}, {5, 5}, {4, 9}}},
    {3, 1, 5, 1, 2, true, {{8, 9}, {7, 9}}},          {4, 0, 9, 1, 1, false, {{1, 1}, {5, 8}}},
    {4, 0, 3, 1, 1, false, {{6, 5}, {1, 2}, {7, 4}}}, {2, 3, 3, 3, 2, true, {{11, 13}, {9, 12}}},
    {3, 0, 5, 7, 1, false, {{6, 14}, {6, 6}}},
};
enum { CASES = sizeof cases / sizeof *cases };

static void check(const Sizes *sizes, ImpNormalisation normalisation) {
    Case *c = make_case(sizes, normalisation);
    int count = c->channels * c->own.height * c->own.width;
    static float gradient[MOST_NUMBERS];
    static double slopes[MOST_NUMBERS];
    static Nearest nearest[MOST_NUMBERS];
    double value = evaluate(c, 1, gradient), most = 0;
    find(c, nearest);
    double expected = value_of(c, nearest);
    if (!(fabs(value - expected) <= 1e-5 * expected))
        fail_msg("case %d, %d: %g is not %g", (int)(sizes - cases), (int)normalisation, value, expected);
    for (int i = 0; i < count; i++) {
        double start = c->own.numbers[i], step = 1e-6;
        c->own.numbers[i] = start + step;
        double above = value_of(c, nearest);
        c->own.numbers[i] = start - step;
        slopes[i] = (above - value_of(c, nearest)) / (2 * step);
        c->own.numbers[i] = start;
        most = fmax(most, fabs(slopes[i]));
    }
    for (int i = 0; i < count; i++)
        if (!(fabs((double)gradient[i] - 1 - slopes[i]) <= 1e-5 * most + 4e-7))
            fail_msg("case %d, %d, %d: derivative %g is not %g", (int)(sizes - cases), (int)normalisation, i,
                     (double)gradient[i] - 1, slopes[i]);
    free(c);
}

static void values_and_gradients(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++)
        for (int n = IMP_NORMALISE_MEAN; n <= IMP_NORMALISE_RELATIVE; n++) check(&cases[i], (ImpNormalisation)n);
}

/* What is among the styles costs nothing and pulls nowhere, whatever else is among them; zeros neither. */
static void the_style_itself(void **state) {
    (void)state;
    static float gradient[MOST_NUMBERS];
    for (int n = IMP_NORMALISE_MEAN; n <= IMP_NORMALISE_RELATIVE; n++)
        for (int zeros = 0; zeros < 2; zeros++) {
            Sizes sizes = {5, 1, 3, 1, 1, false, {{6, 9}, {7, 8}, {6, 9}}};
            Case *c = make_case(&sizes, (ImpNormalisation)n);
            if (zeros) {
                memset(c->style[1].numbers, 0, sizeof c->style[1].numbers);
                c->styles = 1;
                c->style[0] = c->style[1];
            }
            c->own = c->style[zeros ? 0 : 1];
            assert_true(evaluate(c, 0, gradient) == 0);
            for (int i = 0; i < 5 * 6 * 9; i++) assert_true(gradient[i] == 0);
            free(c);
        }
}

/* Where no place counts, nothing does. */
static void no_weight(void **state) {
    (void)state;
    static float gradient[MOST_NUMBERS];
    for (int n = IMP_NORMALISE_MEAN; n <= IMP_NORMALISE_RELATIVE; n++) {
        Case *c = make_case(&cases[1], (ImpNormalisation)n);
        memset(c->places, 0, sizeof c->places);
        assert_true(evaluate(c, 0, gradient) == 0);
        for (int i = 0; i < 5 * 3 * 4; i++) assert_true(gradient[i] == 0);
        free(c);
    }
}

/* Guidance decides which patches are compared, though the styles are alike. */
static void guidance_leads(void **state) {
    (void)state;
    static float gradient[MOST_NUMBERS];
    Sizes sizes = {3, 1, 1, 1, 1, false, {{1, 2}, {1, 2}}};
    Case *c = make_case(&sizes, IMP_NORMALISE_GATYS);
    static const double own[] = {1, 1, 1, 1, 1, 1}, style[] = {1, 2, 1, 2, 1, 2};
    memcpy(c->own.numbers, own, sizeof own);
    memcpy(c->style[0].numbers, style, sizeof style);
    static const float right[] = {0, 100}, left[] = {100, 0};
    memcpy(c->own.guidance, right, sizeof right);
    memcpy(c->style[0].guidance, right, sizeof right);
    assert_true(evaluate(c, 0, gradient) == weight * 3); /* the second place is held to the 2s */
    memcpy(c->style[0].guidance, left, sizeof left);
    assert_true(gradient[0] == 0 && gradient[1] == (float)(-2 * weight));
    evaluate(c, 0, gradient);
    assert_true(gradient[1] == 0 && gradient[0] == (float)(-2 * weight));
    free(c);
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
    (void)state;
    static float gradients[2][MOST_NUMBERS];
    double values[2];
    Sizes sizes = {9, 2, 3, 1, 1, true, {{17, 23}, {16, 19}, {20, 8}}};
    Case *c = make_case(&sizes, IMP_NORMALISE_SCALED);
    int before = imp_threads_get();
    for (int k = 0; k < 2; k++) {
        imp_threads_set(k + 1);
        values[k] = evaluate(c, 0, gradients[k]);
    }
    imp_threads_set(before);
    assert_true(values[0] == values[1]);
    assert_memory_equal(gradients[0], gradients[1], sizeof gradients[0]);
    free(c);
}

static void memory_of_the_set(void **state) {
    (void)state;
    ImpError error;
    ImpPatchSet *set;
    Case *c = make_case(&cases[3], IMP_NORMALISE_MEAN);
    ImpTensor styles[MOST_STYLES];
    size_t places = 0, block = (size_t)imp_kernels()->block;
    for (int i = 0; i < c->styles; i++) {
        styles[i] = tensor_of(c, &c->style[i], false);
        places += imp_shape_places(styles[i].shape);
    }
    assert_int_equal(make_set(c, styles, &set, &error), IMP_OK);
    assert_int_equal(imp_patch_set_bytes(set), places * 2 * block * sizeof(float));
    imp_patch_set_free(&set);
    assert_null(set);
    for (int i = 0; i < c->styles; i++) imp_free(styles[i].data);
    free(c);
}

static void running_out_of_memory(void **state) {
    (void)state;
    ImpError error;
    ImpLoss *loss;
    ImpStatus status;
    long countdown = 0;
    Case *c = make_case(&cases[7], IMP_NORMALISE_MEAN);
    ImpTensor style = tensor_of(c, &c->style[0], false);
    do {
        imp_alloc_fail_after(countdown++);
        status = make_loss(c, &style, &loss, &error);
        imp_alloc_fail_after(-1);
        assert_true(status == IMP_OK || status == IMP_ERROR_MEMORY);
    } while (status != IMP_OK);
    assert_true(countdown > 10);
    imp_loss_free(&loss);
    imp_free(style.data);
    free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients),
        cmocka_unit_test(the_style_itself),
        cmocka_unit_test(no_weight),
        cmocka_unit_test(guidance_leads),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(memory_of_the_set),
        cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
