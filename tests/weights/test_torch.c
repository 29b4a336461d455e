/* The good PyTorch files of fuzz/make_corpus.py; PyTorch reads the same values from them (make_corpus.py --check). */
#include "weights/support.h"
#include "weights/weights.h"

static ImpBundle *read_corpus(const char *file) {
    char path[1024];
    ImpBundle *bundle;
    ImpError error = {0};
    snprintf(path, sizeof path, "%s/fuzz/corpus/torch/%s", test_folder("IMPASTO_SOURCE"), file);
    if (imp_weights_read(path, &bundle, &error) != IMP_OK) fail_msg("%s", error.message);
    return bundle;
}

/* Array i has this name, shape (dims end with -1) and these values as floats. */
static void assert_array(const ImpBundle *bundle, size_t i, const char *name, const int64_t *dims,
                         const float *values) {
    assert_true(i < bundle->count);
    const ImpArray *array = &bundle->arrays[i];
    assert_string_equal(array->name, name);
    int rank = 0;
    while (dims[rank] >= 0) rank++;
    assert_int_equal(array->rank, rank);
    for (int d = 0; d < rank; d++) assert_int_equal(array->dims[d], dims[d]);
    float actual[16];
    assert_true(array->count <= 16);
    assert_int_equal(imp_array_to_float(array, actual, NULL), IMP_OK);
    for (size_t k = 0; k < array->count; k++) assert_true(actual[k] == values[k]);
}
#define DIMS(...)   ((const int64_t[]){__VA_ARGS__})
#define VALUES(...) ((const float[]){__VA_ARGS__})

static void test_containers(void **state) {
    (void)state;
    static const struct {
        const char *file, *name;
    } cases[] = {
        {"good_zip", "a.weight"},      {"good_zip_no_folder", "a.weight"},  {"good_zip_deflated", "a.weight"},
        {"good_legacy", "a.weight"},   {"good_legacy_python2", "w"},        {"good_legacy_protocol_4", "w"},
        {"good_zip_tensor", "tensor"}, {"good_zip_checkpoint", "a.weight"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ImpBundle *bundle = read_corpus(cases[i].file);
        assert_int_equal(bundle->count, 1);
        assert_array(bundle, 0, cases[i].name, DIMS(4, -1), VALUES(0, 1, 2, 3));
        assert_int_equal((uintptr_t)bundle->arrays[0].data % 64, 0);
        imp_bundle_free(&bundle);
    }
}

static void test_views(void **state) {
    (void)state;
    ImpBundle *bundle = read_corpus("good_zip_views");
    assert_int_equal(bundle->count, 7);
    assert_array(bundle, 0, "whole", DIMS(2, 3, -1), VALUES(0, 1, 2, 3, 4, 5));
    assert_array(bundle, 1, "turned", DIMS(3, 2, -1), VALUES(0, 3, 1, 4, 2, 5));
    assert_array(bundle, 2, "column", DIMS(2, -1), VALUES(1, 4));
    assert_array(bundle, 3, "same", DIMS(2, 2, -1), VALUES(2, 2, 2, 2));
    assert_array(bundle, 4, "none", DIMS(0, -1), NULL);
    assert_array(bundle, 5, "scalar", DIMS(-1), VALUES(5));
    assert_array(bundle, 6, "half", DIMS(2, -1), VALUES(1, -2));
    assert_int_equal(bundle->arrays[6].dtype, IMP_DTYPE_F16);
    imp_bundle_free(&bundle);
    bundle = read_corpus("good_legacy_view");
    assert_int_equal(bundle->count, 2);
    assert_array(bundle, 0, "a", DIMS(4, -1), VALUES(0, 1, 2, 3));
    assert_array(bundle, 1, "b", DIMS(1, -1), VALUES(2));
    imp_bundle_free(&bundle);
}

static void test_types(void **state) {
    (void)state;
    static const ImpDtype dtypes[] = {IMP_DTYPE_F64, IMP_DTYPE_BF16, IMP_DTYPE_I64, IMP_DTYPE_I32,
                                      IMP_DTYPE_I16, IMP_DTYPE_I8,   IMP_DTYPE_U8,  IMP_DTYPE_BOOL};
    ImpBundle *bundle = read_corpus("good_zip_types");
    assert_int_equal(bundle->count, 8);
    for (size_t i = 0; i < 8; i++) assert_int_equal(bundle->arrays[i].dtype, dtypes[i]);
    assert_array(bundle, 0, "Double", DIMS(2, -1), VALUES(0.5f, -2));
    assert_array(bundle, 1, "BFloat16", DIMS(2, -1), VALUES(1, -2));
    const ImpArray *arrays = bundle->arrays;
    assert_true(((const int64_t *)arrays[2].data)[0] == -1 && ((const int64_t *)arrays[2].data)[1] == 2);
    assert_true(((const int32_t *)arrays[3].data)[0] == -1 && ((const int32_t *)arrays[3].data)[1] == 2);
    assert_true(((const int16_t *)arrays[4].data)[0] == -1 && ((const int16_t *)arrays[4].data)[1] == 2);
    assert_true(((const int8_t *)arrays[5].data)[0] == -1 && ((const int8_t *)arrays[5].data)[1] == 2);
    assert_true(((const uint8_t *)arrays[6].data)[0] == 255 && ((const uint8_t *)arrays[6].data)[1] == 2);
    assert_true(((const bool *)arrays[7].data)[0] && !((const bool *)arrays[7].data)[1]);
    imp_bundle_free(&bundle);
}

/* "model" beside another part of the network is a part too, and keeps its name. */
static void test_nested(void **state) {
    (void)state;
    ImpBundle *bundle = read_corpus("good_zip_nested");
    assert_int_equal(bundle->count, 3);
    assert_array(bundle, 0, "model.w", DIMS(4, -1), VALUES(0, 1, 2, 3));
    assert_array(bundle, 1, "head.layers.0", DIMS(4, -1), VALUES(0, 1, 2, 3));
    assert_array(bundle, 2, "head.layers.1", DIMS(4, -1), VALUES(0, 1, 2, 3));
    imp_bundle_free(&bundle);
    bundle = read_corpus("good_zip_model");
    assert_int_equal(bundle->count, 1);
    assert_array(bundle, 0, "w", DIMS(4, -1), VALUES(0, 1, 2, 3));
    imp_bundle_free(&bundle);
}

static void test_recognise(void **state) {
    (void)state;
    assert_string_equal(imp_weights_format_name(IMP_WEIGHTS_SAFETENSORS), "safetensors");
    assert_int_equal(imp_weights_recognise((const unsigned char *)"PK\3\4", 4), IMP_WEIGHTS_TORCH_ZIP);
    assert_int_equal(imp_weights_recognise((const unsigned char *)"PK\3", 3), IMP_WEIGHTS_UNKNOWN);
    assert_int_equal(imp_weights_recognise((const unsigned char *)"\2\0\0\0\0\0\0\0{}", 10), IMP_WEIGHTS_SAFETENSORS);
    assert_int_equal(imp_weights_recognise((const unsigned char *)"", 0), IMP_WEIGHTS_UNKNOWN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_containers), cmocka_unit_test(test_views),     cmocka_unit_test(test_types),
        cmocka_unit_test(test_nested),     cmocka_unit_test(test_recognise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
