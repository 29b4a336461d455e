/* Half precision against its definition, (-1)^s 2^(e-15) (1 + f/1024), for all 65536 values and the ties between. */
#include "base/bundle.h"
#include "unit.h"
#include <math.h>
#include <string.h>

static double defined(unsigned half) {
    int exponent = (int)(half >> 10 & 31), fraction = (int)(half & 1023);
    double size = exponent == 31  ? (fraction ? NAN : INFINITY)
                  : exponent == 0 ? ldexp(fraction, -24)
                                  : ldexp(1024 + fraction, exponent - 25);
    return half & 0x8000 ? -size : size;
}

static void every_half_is_read_right(void **state) {
    (void)state;
    for (unsigned half = 0; half < 65536; half++) {
        float read = imp_half_to_float((uint16_t)half);
        double expected = defined(half);
        if (isnan(expected)) {
            assert_true(isnan(read) && isnan(imp_half_to_float(imp_float_to_half(read))));
            continue;
        }
        assert_true((double)read == expected && !signbit(read) == !signbit(expected));
        assert_int_equal(imp_float_to_half(read), half);
    }
}

static void rounding_is_to_nearest_even(void **state) {
    (void)state;
    for (unsigned half = 0; half < 0x7c00; half++) {
        /* Half-way to the next; past the largest finite one the next would be 65536. */
        double next = half == 0x7bff ? 65536 : defined(half + 1);
        float middle = (float)((defined(half) + next) / 2);
        unsigned even = half & 1 ? half + 1 : half;
        assert_int_equal(imp_float_to_half(middle), even);
        assert_int_equal(imp_float_to_half(-middle), even | 0x8000);
        assert_int_equal(imp_float_to_half(nextafterf(middle, 0)), half);
        assert_int_equal(imp_float_to_half(nextafterf(middle, INFINITY)), half + 1);
    }
    assert_int_equal(imp_float_to_half(3e38f), 0x7c00);
    assert_int_equal(imp_float_to_half(-INFINITY), 0xfc00);
    assert_int_equal(imp_float_to_half(1e-30f), 0);
}

static void bfloat_is_the_upper_half_of_a_float(void **state) {
    (void)state;
    assert_true(imp_bfloat_to_float(0x3f80) == 1 && imp_bfloat_to_float(0xc049) == -3.140625f);
}

static void arrays_become_floats(void **state) {
    (void)state;
    double doubles[] = {0.1, -2};
    uint16_t halves[] = {0x3c00, 0xc000}, bfloats[] = {0x3f80, 0xc000};
    int32_t integers[] = {1, 2};
    float out[2];
    ImpArray array = {.name = (char[]){"a"}, .dtype = IMP_DTYPE_F64, .rank = 1, .dims = {2}, .count = 2};
    array.data = doubles;
    assert_int_equal(imp_array_to_float(&array, out, NULL), IMP_OK);
    assert_true(out[0] == 0.1f && out[1] == -2);
    array.dtype = IMP_DTYPE_F16, array.data = halves;
    assert_int_equal(imp_array_to_float(&array, out, NULL), IMP_OK);
    assert_true(out[0] == 1 && out[1] == -2);
    array.dtype = IMP_DTYPE_BF16, array.data = bfloats, out[0] = 0;
    assert_int_equal(imp_array_to_float(&array, out, NULL), IMP_OK);
    assert_true(out[0] == 1 && out[1] == -2);
    array.dtype = IMP_DTYPE_I32, array.data = integers;
    ImpError error;
    assert_int_equal(imp_array_to_float(&array, out, &error), IMP_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "the array a holds I32"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_is_read_right),
        cmocka_unit_test(rounding_is_to_nearest_even),
        cmocka_unit_test(bfloat_is_the_upper_half_of_a_float),
        cmocka_unit_test(arrays_become_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
