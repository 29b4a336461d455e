/* Blocks are zeroed, aligned and counted right; sizes that cannot be are refused; allocations fail on demand. */
#include "base/memory.h"
#include "unit.h"
#include <string.h>

/* Small ones come from the heap, large ones are mapped: both sides of the border. */
static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, ((size_t)4 << 20) - 64, (size_t)4 << 20, (size_t)9 << 20};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

static bool all_zero(const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0) return false;
    return true;
}

static void blocks_are_zeroed_and_aligned(void **state) {
    (void)state;
    for (int i = 0; i < N_SIZES; i++) {
        unsigned char *block = imp_alloc(sizes[i], 1);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % IMP_ALIGNMENT, 0);
        assert_true(all_zero(block, sizes[i]));
        if (sizes[i]) memset(block, 0xff, sizes[i]);
        imp_free(block);
    }
    imp_free(NULL);
}

static void growing_keeps_what_was_there(void **state) {
    (void)state;
    for (int from = 0; from < N_SIZES; from++) {
        for (int to = 0; to < N_SIZES; to++) {
            unsigned char *block = imp_alloc(sizes[from], 1);
            if (sizes[from]) memset(block, 7, sizes[from]);
            block = imp_realloc(block, sizes[from], sizes[to], 1);
            assert_non_null(block);
            size_t kept = sizes[from] < sizes[to] ? sizes[from] : sizes[to];
            if (kept) assert_true(block[0] == 7 && block[kept - 1] == 7);
            assert_true(all_zero(block + kept, sizes[to] - kept));
            imp_free(block);
        }
    }
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    size_t product = 5;
    assert_false(imp_multiply(SIZE_MAX / 2 + 1, 2, &product));
    assert_int_equal(product, 5);
    assert_true(imp_multiply(SIZE_MAX, 1, &product) && product == SIZE_MAX);
    assert_true(imp_multiply(SIZE_MAX, 0, &product) && product == 0);
    assert_null(imp_alloc(SIZE_MAX / 2, 4));
    assert_null(imp_alloc(SIZE_MAX, 1));
    assert_null(imp_alloc(PTRDIFF_MAX, 1));
    assert_null(imp_strndup("", SIZE_MAX));
    float *numbers = (float *)1;
    ImpError error;
    assert_int_equal(IMP_ALLOC(&numbers, SIZE_MAX / 4, "test numbers", &error), IMP_ERROR_MEMORY);
    assert_null(numbers);
    assert_non_null(strstr(error.message, "out of memory for the test numbers"));
}

static void text_is_copied(void **state) {
    (void)state;
    char *copy = imp_strndup("relu4_2", 4), *all = imp_strdup(""), *made = imp_format("%s-%d", "conv", 12);
    assert_string_equal(copy, "relu");
    assert_string_equal(all, "");
    assert_string_equal(made, "conv-12");
    imp_free(copy);
    imp_free(all);
    imp_free(made);
}

static void allocations_fail_on_demand(void **state) {
    (void)state;
    imp_alloc_fail_after(2);
    void *first = imp_alloc(1, 1), *second = imp_alloc(1, 1), *third = imp_alloc(1, 1), *fourth = imp_alloc(1, 1);
    void *grown = imp_realloc(first, 1, 2, 1);
    imp_alloc_fail_after(-1);
    assert_true(first && second && !third && !fourth && !grown);
    imp_free(first); /* a failed imp_realloc leaves it */
    imp_free(second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_and_aligned), cmocka_unit_test(growing_keeps_what_was_there),
        cmocka_unit_test(impossible_sizes_are_refused),  cmocka_unit_test(text_is_copied),
        cmocka_unit_test(allocations_fail_on_demand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
