/* Real files, compared with what PyTorch reads from them: make_golden.py wrote golden.txt. */
#include "base/hash.h"
#include "base/memory.h"
#include "weights/support.h"
#include "weights/weights.h"

/* The line that stands for an array's name, type and shape. */
static size_t describe(const ImpArray *array, char *out, size_t size) {
    int length = snprintf(out, size, "%s %s ", array->name, imp_dtype_name(array->dtype));
    for (int d = 0; d < array->rank; d++)
        length += snprintf(out + length, size - (size_t)length, d ? "x%lld" : "%lld", (long long)array->dims[d]);
    return (size_t)length + (size_t)snprintf(out + length, size - (size_t)length, "\n");
}

static void hash_bundle(const ImpBundle *bundle, char out[IMP_SHA256_TEXT]) {
    enum { LINE = 1024 };
    size_t room = 0, used = 0;
    for (size_t i = 0; i < bundle->count; i++)
        room += LINE + bundle->arrays[i].count * imp_dtype_size(bundle->arrays[i].dtype);
    unsigned char *bytes = imp_alloc(room, 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < bundle->count; i++) {
        const ImpArray *array = &bundle->arrays[i];
        size_t size = array->count * imp_dtype_size(array->dtype);
        used += describe(array, (char *)bytes + used, LINE);
        memcpy(bytes + used, array->data, size);
        used += size;
    }
    assert_int_equal(imp_sha256(bytes, used, out, NULL), IMP_OK);
    imp_free(bytes);
}

/* One line of golden.txt; false where the file is not there. */
static bool check_file(const char *relative, size_t count, const char *hash) {
    char path[1024], actual[IMP_SHA256_TEXT];
    snprintf(path, sizeof path, "%s/%s", test_folder("IMPASTO_SHARED"), relative);
    if (access(path, R_OK) != 0) return false;
    ImpBundle *bundle;
    ImpError error = {0};
    ImpStatus status = imp_weights_read(path, &bundle, &error);
    if (status != IMP_OK) fail_msg("%s", error.message);
    hash_bundle(bundle, actual);
    if (bundle->count != count || strcmp(actual, hash) != 0)
        fail_msg("%s: %zu tensors with hash %s", relative, bundle->count, actual);
    imp_bundle_free(&bundle);
    return true;
}

static void test_golden(void **state) {
    (void)state;
    char path[1024], relative[256], hash[65];
    snprintf(path, sizeof path, "%s/tests/weights/golden.txt", test_folder("IMPASTO_SOURCE"));
    FILE *golden = fopen(path, "r");
    assert_non_null(golden);
    size_t count, checked = 0;
    while (fscanf(golden, "%255s %zu %64s", relative, &count, hash) == 3) checked += check_file(relative, count, hash);
    fclose(golden);
    if (checked == 0) {
        skip_because("no shared weight files here");
    }
    print_message("%zu files are as PyTorch reads them\n", checked);
}

/* Files that are no weights this program reads get a sentence that says what they are. */
static void test_other_files(void **state) {
    (void)state;
    static const struct {
        const char *path, *said;
    } cases[] = {
        {"weight_files/bad/html_named.onnx", "HTML page"},
        {"style_models/model.onnx", "ONNX"},
        {"weight_files/caffemodel/mtcnn_det1.caffemodel", "Caffe"},
        {"weight_files/caffemodel/mtcnn_det2.caffemodel", "Caffe"},
        {"weight_files/caffemodel/waifu2x_upresnet10_scale2x.caffemodel", "Caffe"},
        {"weight_files/caffemodel/mtcnn_det1.prototxt", "text"},
        {"weight_files/lpips_v0.1/ex_ref.png", "PNG"},
    };
    size_t checked = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", test_folder("IMPASTO_SHARED"), cases[i].path);
        if (access(path, R_OK) != 0) continue;
        ImpBundle *bundle;
        ImpError error = {0};
        assert_int_equal(imp_weights_read(path, &bundle, &error), IMP_ERROR_FORMAT);
        assert_null(bundle);
        assert_message(&error, cases[i].said);
        checked++;
    }
    if (checked == 0) skip_because("no shared files here");
}

static void test_no_file(void **state) {
    (void)state;
    ImpBundle *bundle;
    ImpError error = {0};
    assert_int_equal(imp_weights_read("/nowhere/at.all", &bundle, &error), IMP_ERROR_IO);
    assert_message(&error, "/nowhere/at.all");
    assert_int_equal(imp_weights_read("/", &bundle, &error), IMP_ERROR_IO);
    assert_message(&error, "folder");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
