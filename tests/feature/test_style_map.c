/* Maps between statistics: what is mapped has the style's. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "feature/style_map.h"
#include <math.h>
#include <string.h>

enum { C = 6 };

/* Statistics of C channels that go together. */
static ImpStatistics make_statistics(uint64_t seed) {
    ImpStatistics s;
    ImpRandom random;
    ImpError error;
    float factors[C * C], mean[C];
    imp_random_seed(&random, seed);
    imp_random_normal(&random, factors, C * C, 1);
    imp_random_normal(&random, mean, C, 1);
    assert_int_equal(imp_statistics_new(C, &s, &error), IMP_OK);
    for (int i = 0; i < C; i++) {
        s.mean[i] = (double)mean[i];
        for (int j = 0; j < C; j++)
            for (int k = 0; k < C; k++)
                s.covariance[i * C + j] += (double)factors[i * C + k] * (double)factors[j * C + k];
    }
    return s;
}

/* matrix S matrix^T, at (i,j). */
static double mapped(const float *matrix, const double *covariance, int i, int j) {
    double sum = 0;
    for (int a = 0; a < C; a++)
        for (int b = 0; b < C; b++)
            sum += (double)matrix[i * C + a] * covariance[a * C + b] * (double)matrix[j * C + b];
    return sum;
}

static double mapped_mean(const float *matrix, const float *bias, const double *mean, int i) {
    double sum = (double)bias[i];
    for (int a = 0; a < C; a++) sum += (double)matrix[i * C + a] * mean[a];
    return sum;
}

static void the_result_has_the_styles_statistics(void **state) {
    (void)state;
    ImpStatistics content = make_statistics(1), style = make_statistics(2);
    float matrix[C * C], bias[C];
    double share = 1;
    ImpError error;
    for (int t = IMP_STYLE_ADAIN; t <= IMP_STYLE_WCT; t++) {
        assert_int_equal(imp_style_map((ImpStyleTransform)t, &content, &style, &share, 1, 1, matrix, bias, &error),
                         IMP_OK);
        for (int i = 0; i < C; i++) {
            assert_true(fabs(mapped_mean(matrix, bias, content.mean, i) - style.mean[i]) < 1e-3);
            for (int j = 0; j < C; j++) {
                if (t == IMP_STYLE_ADAIN && i != j) continue;
                double got = mapped(matrix, content.covariance, i, j), wanted = style.covariance[i * C + j];
                if (fabs(got - wanted) > 1e-3 * (1 + fabs(wanted))) fail_msg("%d: %g and %g", t, got, wanted);
            }
        }
    }
    imp_statistics_free(&content);
    imp_statistics_free(&style);
}

static void strength_and_shares_mix(void **state) {
    (void)state;
    ImpStatistics content = make_statistics(1), styles[2] = {make_statistics(2), make_statistics(3)};
    float whole[2][C * C], matrix[C * C], bias[C];
    double shares[2] = {0.25, 0.75}, one = 1;
    ImpError error;
    for (int t = IMP_STYLE_ADAIN; t <= IMP_STYLE_WCT; t++) {
        for (int s = 0; s < 2; s++)
            assert_int_equal(
                imp_style_map((ImpStyleTransform)t, &content, &styles[s], &one, 1, 1, whole[s], bias, &error), IMP_OK);
        assert_int_equal(imp_style_map((ImpStyleTransform)t, &content, styles, shares, 2, 0.5, matrix, bias, &error),
                         IMP_OK);
        for (int i = 0; i < C * C; i++) {
            float wanted = 0.5f * (0.25f * whole[0][i] + 0.75f * whole[1][i]) + (i % (C + 1) == 0 ? 0.5f : 0);
            assert_true(fabsf(matrix[i] - wanted) < 1e-4f);
        }
        assert_int_equal(imp_style_map((ImpStyleTransform)t, &content, styles, shares, 2, 0, matrix, bias, &error),
                         IMP_OK);
        for (int i = 0; i < C * C; i++) assert_true(matrix[i] == (i % (C + 1) == 0 ? 1.0f : 0.0f));
        for (int i = 0; i < C; i++) assert_true(bias[i] == 0);
    }
    imp_statistics_free(&content);
    imp_statistics_free(&styles[0]);
    imp_statistics_free(&styles[1]);
}

/* A channel that is silent in the photograph, and directions without any energy, do no harm. */
static void nothing_is_divided_by_nothing(void **state) {
    (void)state;
    ImpStatistics content = make_statistics(1), style = make_statistics(2);
    float matrix[C * C], bias[C];
    double share = 1;
    ImpError error;
    for (int i = 0; i < C; i++) content.covariance[2 * C + i] = content.covariance[i * C + 2] = 0;
    content.mean[2] = 0;
    for (int t = IMP_STYLE_ADAIN; t <= IMP_STYLE_WCT; t++) {
        assert_int_equal(imp_style_map((ImpStyleTransform)t, &content, &style, &share, 1, 1, matrix, bias, &error),
                         IMP_OK);
        for (int i = 0; i < C * C; i++) assert_true(isfinite(matrix[i]));
    }
    content.covariance[0] = NAN;
    assert_int_equal(imp_style_map(IMP_STYLE_WCT, &content, &style, &share, 1, 1, matrix, bias, &error),
                     IMP_ERROR_NUMBER);
    imp_statistics_free(&content);
    imp_statistics_free(&style);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_result_has_the_styles_statistics),
        cmocka_unit_test(strength_and_shares_mix),
        cmocka_unit_test(nothing_is_divided_by_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
