/* Writing safetensors, and reading back what was written. */
#include "base/file.h"
#include "base/memory.h"
#include "weights/support.h"
#include "weights/weights.h"
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/impasto-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

/* The number of entries of the folder, temporary files included. */
static int count_files(void) {
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

static const char *path_of(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int remove_folder(void **state) {
    (void)state;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (entry->d_name[0] != '.') unlink(path_of(entry->d_name));
    if (dir) closedir(dir);
    return rmdir(folder);
}

/* One array of each type, of ranks 0 to 8, with bytes that tell places apart. */
static ImpBundle *make_bundle(void) {
    ImpBundle *bundle;
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    for (int i = 0; i < IMP_DTYPE_COUNT; i++) {
        char name[32];
        int64_t dims[IMP_MAX_RANK] = {3, 1, 2, 1, 1, 1, 1, 5};
        ImpArray *array;
        snprintf(name, sizeof name, "\xc3\xa4.%d \"x\\", i);
        assert_int_equal(imp_bundle_add(bundle, name, (ImpDtype)i, i % 9, dims, NULL, &array, NULL), IMP_OK);
        unsigned char *bytes = array->data;
        for (size_t k = 0; k < array->count * imp_dtype_size(array->dtype); k++)
            bytes[k] = (unsigned char)(i == IMP_DTYPE_BOOL ? k % 2 : k * 7 + (size_t)i);
    }
    int64_t none[2] = {0, 4};
    assert_int_equal(imp_bundle_add(bundle, "none", IMP_DTYPE_F32, 2, none, NULL, NULL, NULL), IMP_OK);
    assert_int_equal(imp_bundle_set_metadata(bundle, "architecture", "vgg19", NULL), IMP_OK);
    assert_int_equal(imp_bundle_set_metadata(bundle, "note", "\xe2\x82\xac \"\n", NULL), IMP_OK);
    return bundle;
}

static void assert_same(const ImpBundle *a, const ImpBundle *b) {
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const ImpArray *x = &a->arrays[i], *y = &b->arrays[i];
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->dtype, y->dtype);
        assert_int_equal(x->rank, y->rank);
        assert_int_equal(x->count, y->count);
        for (int d = 0; d < x->rank; d++) assert_int_equal(x->dims[d], y->dims[d]);
        assert_memory_equal(x->data, y->data, x->count * imp_dtype_size(x->dtype));
    }
    assert_int_equal(a->n_metadata, b->n_metadata);
    for (size_t i = 0; i < a->n_metadata; i++) assert_string_equal(imp_bundle_metadata(b, a->keys[i]), a->values[i]);
}

static void test_round_trip(void **state) {
    (void)state;
    ImpBundle *bundle = make_bundle(), *read;
    ImpError error = {0};
    assert_int_equal(imp_safetensors_write(bundle, path_of("all"), false, &error), IMP_OK);
    assert_int_equal(imp_weights_read(path_of("all"), &read, &error), IMP_OK);
    assert_same(bundle, read);
    imp_bundle_free(&read);
    imp_bundle_free(&bundle);
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK); /* nothing at all */
    assert_int_equal(imp_safetensors_write(bundle, path_of("all"), false, &error), IMP_OK);
    assert_int_equal(imp_weights_read(path_of("all"), &read, &error), IMP_OK);
    assert_same(bundle, read);
    imp_bundle_free(&read);
    imp_bundle_free(&bundle);
}

/* The bytes as the format's description has them, for other readers. */
static void test_layout(void **state) {
    (void)state;
    ImpBundle *bundle;
    ImpFileView view;
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    const uint8_t small[1] = {9};
    const double wide[1] = {1};
    assert_int_equal(imp_bundle_add_flat(bundle, "s", IMP_DTYPE_U8, 1, small, NULL), IMP_OK);
    assert_int_equal(imp_bundle_add_flat(bundle, "w", IMP_DTYPE_F64, 1, wide, NULL), IMP_OK);
    assert_int_equal(imp_bundle_set_metadata(bundle, "k", "v", NULL), IMP_OK);
    assert_int_equal(imp_safetensors_write(bundle, path_of("layout"), false, NULL), IMP_OK);
    assert_int_equal(imp_file_map(path_of("layout"), &view, NULL), IMP_OK);
    static const char header[] = "{\"__metadata__\":{\"k\":\"v\"},"
                                 "\"s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[8,9]},"
                                 "\"w\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}";
    size_t length = view.data[0] + 256u * view.data[1];
    assert_int_equal((8 + length) % 64, 0);
    assert_memory_equal(view.data + 8, header, sizeof header - 1);
    for (size_t i = sizeof header - 1; i < length; i++) assert_int_equal(view.data[8 + i], ' ');
    assert_int_equal(view.size, 8 + length + 9);
    assert_memory_equal(view.data + 8 + length, "\0\0\0\0\0\0\xf0\x3f\x09", 9);
    imp_file_unmap(&view);
    imp_bundle_free(&bundle);
}

static void test_half(void **state) {
    (void)state;
    ImpBundle *bundle, *read;
    ImpError error = {0};
    const float single[6] = {1, -2.5f, 65504, 1e-9f, INFINITY, 0.1f};
    const double wide[2] = {0.5, -3};
    const int32_t whole[2] = {70000, -1};
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    assert_int_equal(imp_bundle_add_flat(bundle, "single", IMP_DTYPE_F32, 6, single, NULL), IMP_OK);
    assert_int_equal(imp_bundle_add_flat(bundle, "wide", IMP_DTYPE_F64, 2, wide, NULL), IMP_OK);
    assert_int_equal(imp_bundle_add_flat(bundle, "whole", IMP_DTYPE_I32, 2, whole, NULL), IMP_OK);
    assert_int_equal(imp_safetensors_write(bundle, path_of("half"), true, &error), IMP_OK);
    assert_int_equal(imp_weights_read(path_of("half"), &read, &error), IMP_OK);
    assert_int_equal(read->arrays[0].dtype, IMP_DTYPE_F16);
    assert_int_equal(read->arrays[1].dtype, IMP_DTYPE_F16);
    assert_int_equal(read->arrays[2].dtype, IMP_DTYPE_I32);
    assert_memory_equal(read->arrays[0].data, ((uint16_t[]){0x3c00, 0xc100, 0x7bff, 0, 0x7c00, 0x2e66}), 12);
    assert_memory_equal(read->arrays[1].data, ((uint16_t[]){0x3800, 0xc200}), 4);
    assert_memory_equal(read->arrays[2].data, whole, sizeof whole);
    imp_bundle_free(&read);
    imp_bundle_free(&bundle);
}

static void test_half_out_of_range(void **state) {
    (void)state;
    ImpBundle *bundle;
    ImpError error = {0};
    double values[2] = {1, 1e300};
    int before = count_files();
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    assert_int_equal(imp_bundle_add_flat(bundle, "big", IMP_DTYPE_F64, 2, values, NULL), IMP_OK);
    assert_int_equal(imp_safetensors_write(bundle, path_of("range"), true, &error), IMP_ERROR_NUMBER);
    assert_message(&error, "big");
    assert_message(&error, "1e+300");
    assert_int_equal(count_files(), before);
    imp_bundle_free(&bundle);
}

static void write_one(float value, ImpStatus expected, ImpError *error) {
    enum { COUNT = 100000 };
    ImpBundle *bundle;
    ImpArray *array;
    int64_t dims[1] = {COUNT};
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    assert_int_equal(imp_bundle_add(bundle, "one", IMP_DTYPE_F32, 1, dims, NULL, &array, NULL), IMP_OK);
    for (int i = 0; i < COUNT; i++) ((float *)array->data)[i] = value;
    assert_int_equal(imp_safetensors_write(bundle, path_of("kept"), false, error), expected);
    imp_bundle_free(&bundle);
}

static void assert_kept(float value) {
    ImpBundle *read;
    assert_int_equal(imp_weights_read(path_of("kept"), &read, NULL), IMP_OK);
    assert_true(((const float *)read->arrays[0].data)[99999] == value);
    imp_bundle_free(&read);
}

/* A file size limit stands for a full disk: the write fails half way. */
static void test_full_disk(void **state) {
    (void)state;
    ImpError error = {0};
    write_one(1, IMP_OK, &error);
    int before = count_files();
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = (struct rlimit){.rlim_cur = 50000, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    write_one(2, IMP_ERROR_IO, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_message(&error, "cannot write");
    assert_int_equal(count_files(), before);
    assert_kept(1);
    write_one(3, IMP_OK, &error);
    assert_kept(3);
}

static void test_impossible_targets(void **state) {
    (void)state;
    ImpBundle *bundle = make_bundle();
    ImpError error = {0};
    assert_int_equal(imp_safetensors_write(bundle, path_of("no/folder"), false, &error), IMP_ERROR_IO);
    assert_message(&error, "no/folder");
    assert_int_equal(imp_safetensors_write(bundle, folder, false, &error), IMP_ERROR_IO);
    const float one[1] = {1};
    assert_int_equal(imp_bundle_add_flat(bundle, "__metadata__", IMP_DTYPE_F32, 1, one, NULL), IMP_OK);
    assert_int_equal(imp_safetensors_write(bundle, path_of("reserved"), false, &error), IMP_ERROR_ARGUMENT);
    assert_message(&error, "reserved");
    imp_bundle_free(&bundle);
}

/* Every allocation that writing and reading make fails once; nothing leaks (the sanitizers look) and nothing is left.
 */
static void test_out_of_memory(void **state) {
    (void)state;
    ImpBundle *bundle = make_bundle(), *read;
    assert_int_equal(imp_safetensors_write(bundle, path_of("memory"), false, NULL), IMP_OK);
    int before = count_files();
    bool failed = true;
    for (long left = 0; failed; left++) {
        ImpError error = {0};
        imp_alloc_fail_after(left);
        ImpStatus status = imp_safetensors_write(bundle, path_of("memory"), false, &error);
        if (status == IMP_OK) status = imp_weights_read(path_of("memory"), &read, &error);
        imp_alloc_fail_after(-1);
        failed = status != IMP_OK;
        if (failed) assert_int_equal(status, IMP_ERROR_MEMORY);
        assert_int_equal(count_files(), before);
    }
    imp_bundle_free(&read);
    imp_bundle_free(&bundle);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_layout),
        cmocka_unit_test(test_half),          cmocka_unit_test(test_half_out_of_range),
        cmocka_unit_test(test_full_disk),     cmocka_unit_test(test_impossible_targets),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
