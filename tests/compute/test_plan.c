/* Places in the arena: numbers needed at the same time never share one, and the arena is not much larger than its peak.
 */
#include "unit.h"

#include "base/random.h"
#include "compute/graph/node.h"

enum { MOST = 60, STEPS = 40 };

static size_t fill(ImpInterval *intervals, ImpRandom *random) {
    size_t count = 1 + imp_random_below(random, MOST);
    for (size_t i = 0; i < count; i++) {
        size_t first = imp_random_below(random, STEPS), length = imp_random_below(random, 12);
        intervals[i] = (ImpInterval){.floats = imp_random_below(random, 1000), .first = first, .last = first + length};
        if (imp_random_below(random, 5) == 0) intervals[i].floats = 0;
    }
    return count;
}

static void check_pair(const ImpInterval *a, const ImpInterval *b) {
    bool together = a->first <= b->last && b->first <= a->last;
    bool overlap = a->offset < b->offset + b->floats && b->offset < a->offset + a->floats;
    assert_false(together && overlap && a->floats > 0 && b->floats > 0);
}

/* The most floats that are needed in one step. */
static size_t peak_of(const ImpInterval *intervals, size_t count) {
    size_t peak = 0;
    for (size_t step = 0; step < STEPS + 12; step++) {
        size_t live = 0;
        for (size_t i = 0; i < count; i++)
            if (intervals[i].first <= step && step <= intervals[i].last) live += intervals[i].floats;
        peak = live > peak ? live : peak;
    }
    return peak;
}

static void intervals_that_meet_are_apart(void **state) {
    (void)state;
    ImpRandom random;
    imp_random_seed(&random, 1);
    for (int round = 0; round < 500; round++) {
        ImpInterval intervals[MOST], before[MOST];
        size_t count = fill(intervals, &random);
        for (size_t i = 0; i < count; i++) before[i] = intervals[i];
        size_t end = imp_plan_offsets(intervals, count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(intervals[i].offset % 16, 0);
            assert_true(intervals[i].floats >= before[i].floats);
            assert_true(intervals[i].offset + intervals[i].floats <= end);
            for (size_t j = 0; j < i; j++) check_pair(&intervals[i], &intervals[j]);
        }
        size_t peak = peak_of(intervals, count);
        assert_true(end >= peak);
        assert_true(end <= 2 * peak);
    }
}

static void places_are_used_again(void **state) {
    (void)state;
    ImpInterval chain[] = {{.floats = 64, .first = 0, .last = 1},
                           {.floats = 64, .first = 1, .last = 2},
                           {.floats = 64, .first = 2, .last = 3},
                           {.floats = 64, .first = 3, .last = 4}};
    assert_int_equal(imp_plan_offsets(chain, 4), 128);
    ImpInterval together[] = {{.floats = 10, .first = 0, .last = 5}, {.floats = 10, .first = 5, .last = 9}};
    assert_int_equal(imp_plan_offsets(together, 2), 32);
    assert_int_equal(imp_plan_offsets(NULL, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_that_meet_are_apart),
        cmocka_unit_test(places_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
