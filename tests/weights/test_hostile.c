/* Files that are wrong, each in one way: fuzz/make_corpus.py made them. Each gets one sentence that says what is wrong,
 * without a crash and without memory that the file does not warrant. */
#include "base/file.h"
#include "base/memory.h"
#include "weights/support.h"
#include "weights/weights.h"
#include <sys/resource.h>

static const struct {
    const char *file;
    ImpStatus status;
    const char *said;
} cases[] = {
    {"safetensors/too_short", IMP_ERROR_FORMAT, "neither a safetensors nor a PyTorch file"},
    {"safetensors/header_2_63", IMP_ERROR_FORMAT, "a header of 9223372036854775808 bytes"},
    {"safetensors/header_all_ones", IMP_ERROR_FORMAT, "a header of 18446744073709551615 bytes"},
    {"safetensors/header_1_gib", IMP_ERROR_FORMAT, "a header of 1073741824 bytes"},
    {"safetensors/header_beyond_file", IMP_ERROR_FORMAT, "ends inside its header"},
    {"safetensors/not_json", IMP_ERROR_FORMAT, "not valid JSON"},
    {"safetensors/not_utf8", IMP_ERROR_FORMAT, "not valid JSON"},
    {"safetensors/not_object", IMP_ERROR_FORMAT, "the tensor a has no dtype"},
    {"safetensors/deep", IMP_ERROR_FORMAT, "depth"},
    {"safetensors/twice", IMP_ERROR_FORMAT, "duplicate"},
    {"safetensors/control_in_name", IMP_ERROR_FORMAT, "impossible name"},
    {"safetensors/metadata_number", IMP_ERROR_FORMAT, "__metadata__"},
    {"safetensors/metadata_text", IMP_ERROR_FORMAT, "__metadata__"},
    {"safetensors/dtype_unknown", IMP_ERROR_UNSUPPORTED, "F8_E4M3"},
    {"safetensors/dtype_number", IMP_ERROR_FORMAT, "has no dtype"},
    {"safetensors/dtype_wrong", IMP_ERROR_FORMAT, "more or fewer bytes than its type and shape"},
    {"safetensors/shape_wrong", IMP_ERROR_FORMAT, "more or fewer bytes than its type and shape"},
    {"safetensors/shape_negative", IMP_ERROR_FORMAT, "impossible shape"},
    {"safetensors/shape_overflow", IMP_ERROR_FORMAT, "impossible shape"},
    {"safetensors/shape_wraps", IMP_ERROR_FORMAT, "impossible shape"},
    {"safetensors/shape_real", IMP_ERROR_FORMAT, "impossible shape"},
    {"safetensors/shape_missing", IMP_ERROR_FORMAT, "no shape"},
    {"safetensors/rank_9", IMP_ERROR_FORMAT, "more than 8 dimensions"},
    {"safetensors/offsets_beyond", IMP_ERROR_FORMAT, "ends at byte 1099511627776 of 8"},
    {"safetensors/offsets_reversed", IMP_ERROR_FORMAT, "impossible data_offsets"},
    {"safetensors/offsets_negative", IMP_ERROR_FORMAT, "impossible data_offsets"},
    {"safetensors/offsets_huge", IMP_ERROR_FORMAT, "too big integer"},
    {"safetensors/offsets_three", IMP_ERROR_FORMAT, "impossible data_offsets"},
    {"safetensors/overlap", IMP_ERROR_FORMAT, "the tensor b overlaps another"},
    {"safetensors/same_bytes", IMP_ERROR_FORMAT, "overlaps another"},
    {"safetensors/gap", IMP_ERROR_FORMAT, "bytes that belong to no tensor"},
    {"safetensors/gap_at_end", IMP_ERROR_FORMAT, "4 bytes after its last tensor"},
    {"safetensors/bool_2", IMP_ERROR_FORMAT, "truth values"},
    {"safetensors/truncated", IMP_ERROR_FORMAT, "incomplete"},
    {"safetensors/truncated_header", IMP_ERROR_FORMAT, "incomplete"},
    {"torch/zip_os_system", IMP_ERROR_UNSUPPORTED, "os.system"},
    {"torch/zip_stack_global", IMP_ERROR_UNSUPPORTED, "os.system"},
    {"torch/zip_module", IMP_ERROR_UNSUPPORTED, "torch.nn.modules.container.Sequential"},
    {"torch/zip_quantised", IMP_ERROR_UNSUPPORTED, "torch.QInt8Storage"},
    {"torch/zip_control_global", IMP_ERROR_UNSUPPORTED, "sys?tem"},
    {"torch/zip_no_tensors", IMP_ERROR_FORMAT, "without tensors"},
    {"torch/zip_no_pickle", IMP_ERROR_FORMAT, "no data.pkl"},
    {"torch/zip_program", IMP_ERROR_UNSUPPORTED, "TorchScript"},
    {"torch/zip_big_endian", IMP_ERROR_UNSUPPORTED, "big-endian"},
    {"torch/zip_storage_missing", IMP_ERROR_FORMAT, "lacks the storage data/7"},
    {"torch/zip_storage_short", IMP_ERROR_FORMAT, "16 bytes where 20 are needed"},
    {"torch/zip_storage_huge", IMP_ERROR_MEMORY, "far more memory"},
    {"torch/zip_storage_overflow", IMP_ERROR_FORMAT, "in a way that torch.save does not"},
    {"torch/zip_storage_negative", IMP_ERROR_FORMAT, "in a way that torch.save does not"},
    {"torch/zip_offset_beyond", IMP_ERROR_FORMAT, "reaches beyond its storage"},
    {"torch/zip_shape_beyond", IMP_ERROR_FORMAT, "reaches beyond its storage"},
    {"torch/zip_stride_beyond", IMP_ERROR_FORMAT, "reaches beyond its storage"},
    {"torch/zip_stride_wraps", IMP_ERROR_FORMAT, "impossible strides"},
    {"torch/zip_stride_negative", IMP_ERROR_FORMAT, "negative"},
    {"torch/zip_shape_wraps", IMP_ERROR_FORMAT, "impossible shape"},
    {"torch/zip_expanded", IMP_ERROR_MEMORY, "far more memory"},
    {"torch/zip_rank_9", IMP_ERROR_FORMAT, "more than 8 dimensions"},
    {"torch/zip_rank_differs", IMP_ERROR_FORMAT, "no shape"},
    {"torch/zip_bool_2", IMP_ERROR_FORMAT, "truth values"},
    {"torch/zip_twice", IMP_ERROR_FORMAT, "a.b is there twice"},
    {"torch/zip_control_name", IMP_ERROR_FORMAT, "impossible name"},
    {"torch/zip_not_utf8_name", IMP_ERROR_FORMAT, "impossible name"},
    {"torch/zip_bomb", IMP_ERROR_MEMORY, "far more memory"},
    {"torch/zip_sum", IMP_ERROR_FORMAT, "checksum"},
    {"torch/zip_truncated", IMP_ERROR_FORMAT, "incomplete"},
    {"torch/zip_self", IMP_ERROR_FORMAT, "nests"},
    {"torch/zip_laughs", IMP_ERROR_FORMAT, "nests"},
    {"torch/zip_deep", IMP_ERROR_FORMAT, "nests"},
    {"torch/zip_persistent_number", IMP_ERROR_FORMAT, "in a way that torch.save does not"},
    {"torch/zip_not_storage", IMP_ERROR_FORMAT, "in a way that torch.save does not"},
    {"torch/pickle_memo_huge", IMP_ERROR_FORMAT, "memo number is too large"},
    {"torch/pickle_memo_unknown", IMP_ERROR_FORMAT, "memo number is unknown"},
    {"torch/pickle_empty_stack", IMP_ERROR_FORMAT, "a value is missing"},
    {"torch/pickle_no_mark", IMP_ERROR_FORMAT, "a mark is missing"},
    {"torch/pickle_mark_left", IMP_ERROR_FORMAT, "inside a container"},
    {"torch/pickle_odd_dict", IMP_ERROR_FORMAT, "a key has no value"},
    {"torch/pickle_below_mark", IMP_ERROR_FORMAT, "a value is missing"},
    {"torch/pickle_append_to_dict", IMP_ERROR_FORMAT, "wrong kind"},
    {"torch/pickle_reduce_number", IMP_ERROR_FORMAT, "wrong kind"},
    {"torch/pickle_build_number", IMP_ERROR_FORMAT, "wrong kind"},
    {"torch/pickle_opcode", IMP_ERROR_UNSUPPORTED, "opcode 0x69"},
    {"torch/pickle_text_length", IMP_ERROR_FORMAT, "incomplete"},
    {"torch/pickle_text_length_8", IMP_ERROR_FORMAT, "incomplete"},
    {"torch/pickle_long_length", IMP_ERROR_FORMAT, "incomplete"},
    {"torch/pickle_global_open", IMP_ERROR_FORMAT, "incomplete"},
    {"torch/pickle_dict_of_number", IMP_ERROR_FORMAT, "no pairs"},
    {"torch/legacy_view_beyond", IMP_ERROR_FORMAT, "in a way that torch.save does not"},
    {"torch/legacy_outside_view", IMP_ERROR_FORMAT, "beyond its storage"},
    {"torch/legacy_os_system", IMP_ERROR_UNSUPPORTED, "os.system"},
    {"torch/legacy_big_endian", IMP_ERROR_UNSUPPORTED, "big-endian"},
    {"torch/legacy_version", IMP_ERROR_UNSUPPORTED, "unknown version"},
    {"torch/legacy_storage_missing", IMP_ERROR_FORMAT, "lacks the storage"},
    {"torch/legacy_storage_unused", IMP_ERROR_FORMAT, "no tensor uses"},
    {"torch/legacy_storage_twice", IMP_ERROR_FORMAT, "lists a storage twice"},
    {"torch/legacy_storage_size", IMP_ERROR_FORMAT, "two different sizes"},
    {"torch/legacy_two_types", IMP_ERROR_FORMAT, "in two ways"},
    {"torch/legacy_truncated", IMP_ERROR_FORMAT, "incomplete"},
    {"torch/legacy_truncated_pickle", IMP_ERROR_FORMAT, "incomplete"},
};

/* Other files, given as bytes. */
static const struct {
    const char *bytes;
    size_t size;
    const char *said;
} others[] = {
#define BYTES(literal, said)                                                                                           \
    { literal, sizeof(literal) - 1, said }
    BYTES("", "is empty"),
    BYTES("\0\0\0\0\0\0\0\0\0\0\0\0", "zeros"),
    BYTES("\xef\xbb\xbf \r\n<!DOCTYPE HTML><p>Log in", "HTML page"),
    BYTES("<?xml version='1.0'?><Error>NoSuchKey</Error>", "HTML page"),
    BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
    BYTES("{\"name\": {}, \"x\": 1}", "a text"),
    BYTES("1234567 {not a header}", "a text"),
    BYTES("\x89HDF\r\n\x1a\n", "HDF5"),
    BYTES("MATLAB 5.0 MAT-file, Platform: GLNXA64", "MATLAB"),
    BYTES("\x04\0\0\0\1\0\0\0\3\0\0\0", "Torch7"),
    BYTES("\x80\2}q\0.", "not one that torch.save wrote"),
    BYTES("\x1f\x8b\x08\0\0\0\0\0", "gzip"),
    BYTES("\xfe\xed\xfa\xce\x7f\x45\x4c\x46", "neither a safetensors nor a PyTorch file"),
#undef BYTES
};

static void map_corpus(const char *file, ImpFileView *out) {
    char path[1024];
    snprintf(path, sizeof path, "%s/fuzz/corpus/%s", test_folder("IMPASTO_SOURCE"), file);
    assert_int_equal(imp_file_map(path, out, NULL), IMP_OK);
}

/* With little memory above what the process has now, an allocation of a size that a file made up fails, and the message
 * becomes another. Sanitizers keep terabytes of shadow, so that they cannot be limited. */
static void limit_memory(void) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%zu", &pages) != 1) pages = 0;
    if (file) fclose(file);
    if (pages == 0 || getenv("IMPASTO_UNDER_VALGRIND")) return;
    struct rlimit limit = {.rlim_cur = pages * (size_t)sysconf(_SC_PAGESIZE) + (64 << 20), .rlim_max = RLIM_INFINITY};
    setrlimit(RLIMIT_AS, &limit);
#endif
}

static void test_corpus(void **state) {
    (void)state;
    limit_memory();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ImpFileView view;
        map_corpus(cases[i].file, &view);
        ImpBundle *bundle;
        ImpError error = {0};
        ImpStatus status = imp_weights_parse(view.data, view.size, cases[i].file, &bundle, &error);
        if (status != cases[i].status) fail_msg("%s: status %d, \"%s\"", cases[i].file, status, error.message);
        assert_null(bundle);
        assert_message(&error, cases[i].said);
        assert_message(&error, cases[i].file);
        imp_file_unmap(&view);
    }
}

static void test_others(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ImpBundle *bundle;
        ImpError error = {0};
        const unsigned char *bytes = (const unsigned char *)others[i].bytes;
        assert_int_equal(imp_weights_parse(bytes, others[i].size, "a file", &bundle, &error), IMP_ERROR_FORMAT);
        assert_null(bundle);
        assert_message(&error, others[i].said);
    }
}

/* `data` cut off after `size` bytes must be refused; the copy lets sanitizers see each byte read beyond. */
static void check_truncated(const unsigned char *data, size_t size, const char *name) {
    unsigned char *copy = imp_alloc(size + 1, 1);
    assert_non_null(copy);
    if (size) memcpy(copy, data, size);
    ImpBundle *bundle;
    ImpError error = {0};
    ImpStatus status = imp_weights_parse(copy, size, name, &bundle, &error);
    if (status != IMP_ERROR_FORMAT) fail_msg("%s cut after %zu bytes: status %d", name, size, status);
    assert_null(bundle);
    assert_message(&error, name);
    imp_free(copy);
}

static void test_truncated_everywhere(void **state) {
    (void)state;
    static const char *const files[] = {"safetensors/good_all_types", "torch/good_zip_views", "torch/good_legacy_view"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        ImpFileView view;
        map_corpus(files[i], &view);
        for (size_t size = 0; size < view.size; size++) check_truncated(view.data, size, files[i]);
        imp_file_unmap(&view);
    }
}

static void test_real_files_truncated(void **state) {
    (void)state;
    static const char *const files[] = {"models/vgg19-oxford-to-conv3_4.safetensors",
                                        "models/vgg19-torch-convention-to-conv3_4.pth", "weight_files/decoder3.pt"};
    size_t checked = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[1024];
        ImpFileView view;
        snprintf(path, sizeof path, "%s/%s", test_folder("IMPASTO_SHARED"), files[i]);
        if (imp_file_map(path, &view, NULL) != IMP_OK) continue;
        for (size_t part = 0; part < 16; part++) check_truncated(view.data, view.size / 16 * part, files[i]);
        check_truncated(view.data, view.size - 1, files[i]);
        imp_file_unmap(&view);
        checked++;
    }
    if (checked == 0) skip_because("no shared weight files here");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_others), cmocka_unit_test(test_truncated_everywhere),
        cmocka_unit_test(test_real_files_truncated),
        cmocka_unit_test(test_corpus), /* last: it limits the process's memory */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
