/* A bundle keeps what it was given, refuses what cannot be, and stays whole when memory runs out. */
#include "base/bundle.h"
#include "base/memory.h"
#include "unit.h"
#include <string.h>

static ImpBundle *fresh(void) {
    ImpBundle *bundle;
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    return bundle;
}

static void arrays_are_kept_in_order(void **state) {
    (void)state;
    ImpBundle *bundle = fresh();
    const int64_t dims[] = {2, 3};
    const float values[] = {1, 2, 3, 4, 5, 6};
    for (int i = 0; i < 100; i++) { /* more than the first capacity */
        char name[16];
        snprintf(name, sizeof name, "array.%d", i);
        ImpArray *array;
        assert_int_equal(imp_bundle_add(bundle, name, IMP_DTYPE_F32, 2, dims, values, &array, NULL), IMP_OK);
        assert_string_equal(array->name, name);
    }
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "array.%d", i);
        const ImpArray *array = imp_bundle_find(bundle, name);
        assert_true(array == &bundle->arrays[i] && array->count == 6 && array->rank == 2 && array->dims[1] == 3);
        assert_memory_equal(array->data, values, sizeof values);
    }
    assert_null(imp_bundle_find(bundle, "array.100"));
    imp_bundle_free(&bundle);
    assert_null(bundle);
    imp_bundle_free(&bundle);
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    ImpBundle *bundle = fresh();
    ImpError error;
    const int64_t negative[] = {-1}, huge[] = {INT64_MAX, INT64_MAX}, none[] = {0, 5}, large[] = {INT64_MAX};
    assert_int_equal(imp_bundle_add(bundle, "a", IMP_DTYPE_F32, 1, negative, NULL, NULL, &error), IMP_ERROR_FORMAT);
    assert_int_equal(imp_bundle_add(bundle, "a", IMP_DTYPE_F32, 2, huge, NULL, NULL, &error), IMP_ERROR_FORMAT);
    assert_int_equal(imp_bundle_add(bundle, "a", IMP_DTYPE_F32, 9, none, NULL, NULL, &error), IMP_ERROR_FORMAT);
    assert_int_equal(imp_bundle_add(bundle, "a", IMP_DTYPE_F64, 1, large, NULL, NULL, &error), IMP_ERROR_MEMORY);
    assert_int_equal(bundle->count, 0);
    assert_int_equal(imp_bundle_add(bundle, "a", IMP_DTYPE_F32, 2, none, NULL, NULL, &error), IMP_OK);
    assert_int_equal(imp_bundle_add(bundle, "a", IMP_DTYPE_F32, 0, NULL, NULL, NULL, &error), IMP_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "the array a is there twice"));
    assert_int_equal(imp_bundle_add(bundle, "b", IMP_DTYPE_I64, 0, NULL, NULL, NULL, &error), IMP_OK);
    assert_int_equal(bundle->arrays[1].count, 1); /* rank 0 is one number */
    imp_bundle_free(&bundle);
}

static void flat_arrays_are_checked_when_taken(void **state) {
    (void)state;
    ImpBundle *bundle = fresh();
    const double values[] = {1, 2, 3};
    const void *data = NULL;
    ImpError error;
    assert_int_equal(imp_bundle_add_flat(bundle, "x", IMP_DTYPE_F64, 3, values, NULL), IMP_OK);
    assert_int_equal(imp_bundle_get(bundle, "x", IMP_DTYPE_F64, 3, &data, NULL), IMP_OK);
    assert_memory_equal(data, values, sizeof values);
    assert_int_equal(imp_bundle_get(bundle, "x", IMP_DTYPE_F64, 4, &data, &error), IMP_ERROR_FORMAT);
    assert_string_equal(error.message, "the array x holds 3 values of F64 where 4 of F64 are needed");
    assert_int_equal(imp_bundle_get(bundle, "x", IMP_DTYPE_F32, 3, &data, &error), IMP_ERROR_FORMAT);
    assert_int_equal(imp_bundle_get(bundle, "y", IMP_DTYPE_F64, 3, &data, &error), IMP_ERROR_FORMAT);
    assert_string_equal(error.message, "the array y is missing");
    imp_bundle_free(&bundle);
}

static void metadata_is_replaced(void **state) {
    (void)state;
    ImpBundle *bundle = fresh();
    assert_null(imp_bundle_metadata(bundle, "licence"));
    assert_int_equal(imp_bundle_set_metadata(bundle, "licence", "CC0", NULL), IMP_OK);
    assert_int_equal(imp_bundle_set_metadata(bundle, "layers", "5", NULL), IMP_OK);
    assert_int_equal(imp_bundle_set_metadata(bundle, "licence", "CC BY 4.0", NULL), IMP_OK);
    assert_int_equal(bundle->n_metadata, 2);
    assert_string_equal(imp_bundle_metadata(bundle, "licence"), "CC BY 4.0");
    assert_string_equal(imp_bundle_metadata(bundle, "layers"), "5");
    imp_bundle_free(&bundle);
}

/* Leaks are the sanitizers' to see; here: every call either succeeds or leaves the bundle as it was. */
static void no_memory_leaves_it_whole(void **state) {
    (void)state;
    for (long allowed = 0; allowed < 16; allowed++) {
        ImpBundle *bundle = fresh();
        assert_int_equal(imp_bundle_set_metadata(bundle, "key", "old", NULL), IMP_OK);
        imp_alloc_fail_after(allowed);
        ImpStatus added = imp_bundle_add_flat(bundle, "x", IMP_DTYPE_F32, 3, NULL, NULL);
        ImpStatus replaced = imp_bundle_set_metadata(bundle, "key", "new", NULL);
        ImpStatus paired = imp_bundle_set_metadata(bundle, "other", "value", NULL);
        imp_alloc_fail_after(-1);
        assert_int_equal(bundle->count, added == IMP_OK);
        assert_string_equal(imp_bundle_metadata(bundle, "key"), replaced == IMP_OK ? "new" : "old");
        assert_int_equal(bundle->n_metadata, paired == IMP_OK ? 2 : 1);
        if (allowed == 0) assert_int_equal(added, IMP_ERROR_MEMORY);
        if (allowed == 15) assert_int_equal(paired, IMP_OK);
        imp_bundle_free(&bundle);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_kept_in_order),           cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(flat_arrays_are_checked_when_taken), cmocka_unit_test(metadata_is_replaced),
        cmocka_unit_test(no_memory_leaves_it_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
