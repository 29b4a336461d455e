/* The generator gives the numbers of its authors' reference code, and the distributions have their moments. */
#include "base/random.h"
#include "unit.h"
#include <math.h>

static void seeds_are_split_mix(void **state) {
    (void)state;
    /* The published sequence of SplitMix64 for the seed 1234567. */
    static const uint64_t expected[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                        UINT64_C(9817491932198370423), UINT64_C(4593380528125082431)};
    ImpRandom random;
    imp_random_seed(&random, 1234567);
    for (int i = 0; i < 4; i++) assert_true(random.state[i] == expected[i]);
}

static void numbers_are_xoshiro256(void **state) {
    (void)state;
    /* xoshiro256** from the state 1, 2, 3, 4, as the authors' C program prints it. */
    static const uint64_t expected[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600),
        UINT64_C(16172922978634559625),
        UINT64_C(8476171486693032832),
        UINT64_C(10595114339597558777),
        UINT64_C(2904607092377533576),
    };
    ImpRandom random = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_true(imp_random_next(&random) == expected[i]);
}

static void uniform_and_below_stay_in_range(void **state) {
    (void)state;
    ImpRandom random;
    imp_random_seed(&random, 1);
    int seen[7] = {0};
    for (int i = 0; i < 70000; i++) {
        double u = imp_random_uniform(&random);
        assert_true(u >= 0 && u < 1);
        uint64_t k = imp_random_below(&random, 7);
        assert_true(k < 7);
        seen[k]++;
    }
    /* 10000 expected, standard deviation 93: five of them. */
    for (int k = 0; k < 7; k++) assert_in_range(seen[k], 9535, 10465);
    assert_true(imp_random_below(&random, 1) == 0);
}

static void normal_has_its_moments(void **state) {
    (void)state;
    enum { COUNT = 100001 };
    static float values[COUNT + 1];
    values[COUNT] = 42;
    ImpRandom random;
    imp_random_seed(&random, 2);
    imp_random_normal(&random, values, COUNT, 3);
    double sum = 0, square = 0, fourth = 0;
    for (int i = 0; i < COUNT; i++) {
        double v = (double)values[i] / 3;
        sum += v, square += v * v, fourth += v * v * v * v;
    }
    /* Five standard errors: sqrt(1/n), sqrt(2/n), sqrt(96/n). */
    assert_true(fabs(sum / COUNT) < 5 * sqrt(1.0 / COUNT));
    assert_true(fabs(square / COUNT - 1) < 5 * sqrt(2.0 / COUNT));
    assert_true(fabs(fourth / COUNT - 3) < 5 * sqrt(96.0 / COUNT));
    assert_true(values[COUNT] == 42); /* an odd count writes nothing past the end */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_split_mix),
        cmocka_unit_test(numbers_are_xoshiro256),
        cmocka_unit_test(uniform_and_below_stay_in_range),
        cmocka_unit_test(normal_has_its_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
