/* Fetching, converting and describing models from end to end, from a server on this machine. */
#include "unit.h"

#include "../download/server.h"
#include "base/memory.h"
#include "impasto/model.h"
#include "network/transform_net.h"
#include "network/vgg_weights.h"
#include "weights/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static TestServer server;
static char home[64], folder[128], served[128]; /* XDG_DATA_HOME, the models in it, what the server gives */
static char hash[IMP_MODEL_HASH_SIZE];          /* of served/net: a PyTorch file, or one made here */

static int set_up(void **state) {
    (void)state;
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s/impasto'", home);
    return system(command);
}

/* A VGG-19 to conv3_4 under torchvision's names, with values that differ everywhere. */
static void make_network(const char *path) {
    static const int features[] = {0, 2, 5, 7, 10, 12, 14, 16}, out[] = {64, 64, 128, 128, 256, 256, 256, 256};
    ImpBundle *bundle;
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    for (int i = 0; i < 8; i++) {
        char name[64];
        ImpArray *array;
        int64_t dims[4] = {out[i], i ? out[i - 1] : 3, 3, 3};
        snprintf(name, sizeof name, "features.%d.weight", features[i]);
        imp_bundle_add(bundle, name, IMP_DTYPE_F32, 4, dims, NULL, &array, NULL);
        for (size_t k = 0; k < array->count; k++) ((float *)array->data)[k] = (float)sin((double)k * 0.7 + i);
        snprintf(name, sizeof name, "features.%d.bias", features[i]);
        imp_bundle_add(bundle, name, IMP_DTYPE_F32, 1, dims, NULL, &array, NULL);
        for (size_t k = 0; k < array->count; k++) ((float *)array->data)[k] = (float)cos((double)k * 0.3 + i);
    }
    int64_t dims[2] = {10, 100};
    imp_bundle_add(bundle, "classifier.0.weight", IMP_DTYPE_F32, 2, dims, NULL, NULL, NULL);
    assert_int_equal(imp_safetensors_write(bundle, path, false, NULL), IMP_OK);
    imp_bundle_free(&bundle);
}

static bool exists(const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static ImpVggWeights *read_weights(const char *path) {
    ImpVggWeights *weights;
    ImpError error = {0};
    if (imp_vgg_weights_read(path, IMP_INPUT_AUTO, &weights, &error) != IMP_OK) fail_msg("%s", error.message);
    return weights;
}

/* The convolutions of two files, within a relative tolerance; 0: the same bits. */
static void assert_same_network(const char *path_a, const char *path_b, float tolerance) {
    ImpVggWeights *a = read_weights(path_a), *b = read_weights(path_b);
    assert_int_equal(a->depth, b->depth);
    assert_int_equal(a->n_convs, b->n_convs);
    assert_memory_equal(a->input.source, b->input.source, sizeof a->input.source);
    for (int c = 0; c < 3; c++) {
        assert_true(fabsf(a->input.scale[c] - b->input.scale[c]) < 1e-4f * a->input.scale[c]);
        assert_true(fabsf(a->input.offset[c] - b->input.offset[c]) < 1e-4f * fabsf(a->input.offset[c]));
    }
    for (int i = 0; i < a->n_convs; i++) {
        size_t outs = (size_t)a->convs[i].out_channels, count = outs * (size_t)a->convs[i].in_channels * 9;
        for (size_t k = 0; k < count; k++)
            assert_true(fabsf(a->convs[i].weight[k] - b->convs[i].weight[k]) <=
                        tolerance * (fabsf(a->convs[i].weight[k]) + 1e-4f));
        for (size_t k = 0; k < outs; k++)
            assert_true(fabsf(a->convs[i].bias[k] - b->convs[i].bias[k]) <=
                        tolerance * (fabsf(a->convs[i].bias[k]) + 1e-4f));
    }
    imp_vgg_weights_free(&a);
    imp_vgg_weights_free(&b);
}

static ImpModelFetchOptions from(const char *const *source) {
    return (ImpModelFetchOptions){.sources = source, .n_sources = 1, .sha256 = hash};
}

static void fetch(const ImpModelFetchOptions *options, ImpModelFetched *out) {
    ImpError error = {0};
    if (imp_model_fetch("vgg19", options, out, &error) != IMP_OK) fail_msg("%s", error.message);
}

static void test_fetch(void **state) {
    (void)state;
    char net[256], path[IMP_MODEL_PATH_SIZE], expected[256];
    snprintf(net, sizeof net, "%s/net", served);
    snprintf(expected, sizeof expected, "%s/vgg19.safetensors", folder);
    const char *source = test_server_address(&server, "good/net");
    ImpModelFetchOptions options = from(&source);
    ImpModelFetched fetched;
    fetch(&options, &fetched);
    assert_string_equal(fetched.path, expected);
    assert_string_equal(fetched.sha256, hash);
    assert_true(fetched.verified && !fetched.present);
    assert_false(exists("vgg19-dcbb9e9d.pth"));
    assert_false(exists("vgg19-dcbb9e9d.pth.part"));
    assert_int_equal(imp_model_find("vgg19", path, NULL), IMP_OK);
    assert_string_equal(path, expected);
    assert_same_network(net, path, 0);

    source = "http://127.0.0.1:1/"; /* not asked: it is there */
    fetch(&options, &fetched);
    assert_true(fetched.present);
    assert_string_equal(fetched.path, expected);
}

static void test_fetch_half(void **state) {
    (void)state;
    char net[256];
    snprintf(net, sizeof net, "%s/net", served);
    const char *source = test_server_address(&server, "cut/4000000/net");
    ImpModelFetchOptions options = from(&source);
    ImpModelFetched fetched;
    options.half = options.again = true;
    options.sha256 = "none";
    fetch(&options, &fetched);
    assert_false(fetched.verified);
    assert_string_equal(fetched.sha256, hash);
    assert_same_network(net, fetched.path, 0x1p-11f);
    ImpModelInfo *info;
    assert_int_equal(imp_model_info("vgg19", NULL, &info, NULL), IMP_OK);
    assert_string_equal(info->arrays[0].dtype, "F16");
    assert_true(info->size < 5000000);
    imp_model_info_free(&info);
}

static void refuse(const char *name, const ImpModelFetchOptions *options, ImpStatus status, const char *first,
                   const char *second) {
    ImpModelFetched fetched;
    ImpError error = {0};
    assert_int_equal(imp_model_fetch(name, options, &fetched, &error), status);
    if (!strstr(error.message, first) || !strstr(error.message, second))
        fail_msg("\"%s\" lacks \"%s\" or \"%s\"", error.message, first, second);
    assert_false(exists("vgg19.safetensors"));
}

static void test_fetch_refused(void **state) {
    (void)state;
    const char *source = "http://127.0.0.1:1/x";
    ImpModelFetchOptions options = from(&source);
    options.sha256 = NULL;
    refuse("vgg18", &options, IMP_ERROR_ARGUMENT, "vgg18", "vgg19 and vgg16 can be fetched");
    refuse("vgg19", &options, IMP_ERROR_IO, "no answer", "vgg19-dcbb9e9d.pth and give the same command again");
    options.sha256 = "zz";
    refuse("vgg19", &options, IMP_ERROR_ARGUMENT, "no SHA-256", "zz");
    source = test_server_address(&server, "good/net");
    options.sha256 = NULL; /* then it must be the published file */
    refuse("vgg19", &options, IMP_ERROR_FORMAT, "it is another file", "574673361");
    source = test_server_address(&server, "good/page");
    options.sha256 = "none";
    refuse("vgg19", &options, IMP_ERROR_FORMAT, "HTML", "vgg19-dcbb9e9d.pth");
    source = test_server_address(&server, "good/bytes");
    refuse("vgg19", &options, IMP_ERROR_FORMAT, "vgg19-dcbb9e9d.pth", "");
    source = test_server_address(&server, "good/net");
    refuse("vgg16", &options, IMP_ERROR_FORMAT, "fetched as vgg16 is a VGG-19", "");
    assert_false(exists("vgg19-dcbb9e9d.pth") || exists("vgg16-397923af.pth"));
    setenv("XDG_DATA_HOME", "/proc/nowhere", 1);
    refuse("vgg19", &options, IMP_ERROR_IO, "cannot make the folder /proc/nowhere", "");
    setenv("XDG_DATA_HOME", home, 1);
}

static bool stop_at_once(const ImpModelProgress *progress, void *context) {
    *(uint64_t *)context = progress->received;
    return progress->received < 1000000;
}

static void test_fetch_stopped(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "good/net");
    ImpModelFetchOptions options = from(&source);
    ImpModelFetched fetched;
    uint64_t received;
    options.progress = stop_at_once;
    options.context = &received;
    refuse("vgg19", &options, IMP_ERROR_STOPPED, "goes on from there", "");
    assert_true(exists("vgg19-dcbb9e9d.pth.part"));
    options.progress = NULL;
    fetch(&options, &fetched);
    assert_false(exists("vgg19-dcbb9e9d.pth.part"));
}

static void test_convert(void **state) {
    (void)state;
    char net[256], out[256], half[256];
    snprintf(net, sizeof net, "%s/net", served);
    snprintf(out, sizeof out, "%s/out.safetensors", home);
    snprintf(half, sizeof half, "%s/half.safetensors", home);
    ImpError error = {0};
    if (imp_model_convert(net, out, false, NULL, &error) != IMP_OK) fail_msg("%s", error.message);
    assert_same_network(net, out, 0);
    assert_int_equal(imp_model_convert(out, half, true, NULL, &error), IMP_OK);
    assert_same_network(net, half, 0x1p-11f);
    assert_int_equal(imp_model_convert(out, out, false, "caffe", &error), IMP_OK); /* onto itself */
    ImpModelInfo *info;
    assert_int_equal(imp_model_info(out, NULL, &info, NULL), IMP_OK);
    assert_string_equal(info->input, "caffe");
    assert_string_equal(info->input_evidence, "the file's metadata");
    imp_model_info_free(&info);
    assert_int_equal(imp_model_convert(net, "/nowhere/x", false, NULL, &error), IMP_ERROR_IO);
    assert_int_equal(imp_model_convert(net, out, false, "bgr", &error), IMP_ERROR_ARGUMENT);
    assert_int_equal(imp_model_convert("no-such", out, false, NULL, &error), IMP_ERROR_IO);
}

static const char *metadata(const ImpModelInfo *info, const char *key) {
    for (size_t i = 0; i < info->n_metadata; i++)
        if (strcmp(info->keys[i], key) == 0) return info->values[i];
    return "";
}

static void test_info(void **state) {
    (void)state;
    char net[256], out[256];
    snprintf(net, sizeof net, "%s/net", served);
    snprintf(out, sizeof out, "%s/out.safetensors", home);
    ImpModelInfo *info;
    assert_int_equal(imp_model_info(net, NULL, &info, NULL), IMP_OK);
    assert_string_equal(info->architecture, "vgg19");
    assert_string_equal(info->deepest, "conv3_4");
    assert_string_equal(info->input, "torchvision");
    assert_string_equal(info->sha256, hash);
    assert_null(info->problem);
    imp_model_info_free(&info);
    assert_null(info);

    assert_int_equal(imp_model_convert(net, out, false, NULL, NULL), IMP_OK);
    assert_int_equal(imp_model_info(out, NULL, &info, NULL), IMP_OK);
    assert_int_equal(info->n_arrays, 16);
    assert_string_equal(info->arrays[0].name, "conv1_1.weight");
    assert_string_equal(info->arrays[15].name, "conv3_4.bias");
    assert_int_equal(info->arrays[0].rank, 4);
    assert_int_equal(info->arrays[0].dims[0], 64);
    assert_string_equal(info->format, "safetensors");
    assert_string_equal(metadata(info, "architecture"), "vgg19");
    assert_string_equal(metadata(info, "last_layer"), "conv3_4");
    assert_string_equal(metadata(info, "input_order"), "RGB");
    assert_string_equal(metadata(info, "input_scale"), "1");
    assert_string_equal(metadata(info, "input_mean"), "0.485,0.456,0.406");
    assert_string_equal(metadata(info, "input_std"), "0.229,0.224,0.225");
    assert_string_equal(metadata(info, "source_sha256"), hash);
    assert_string_equal(metadata(info, "licence"), "");
    imp_model_info_free(&info);
}

/* Who made the weights, and under which terms they may be used, goes along. */
static void test_licence_kept(void **state) {
    (void)state;
    char in[256], out[256];
    snprintf(in, sizeof in, "%s/in.safetensors", home);
    snprintf(out, sizeof out, "%s/out.safetensors", home);
    ImpBundle *bundle;
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    imp_bundle_add(bundle, "conv1_1.weight", IMP_DTYPE_F32, 4, (int64_t[]){64, 3, 3, 3}, NULL, NULL, NULL);
    imp_bundle_add_flat(bundle, "conv1_1.bias", IMP_DTYPE_F32, 64, NULL, NULL);
    imp_bundle_set_metadata(bundle, "licence", "CC-BY-4.0 (somebody)", NULL);
    imp_bundle_set_metadata(bundle, "source", "a dissertation", NULL);
    imp_safetensors_write(bundle, in, false, NULL);
    imp_bundle_free(&bundle);
    ImpModelInfo *info;
    assert_int_equal(imp_model_convert(in, out, false, NULL, NULL), IMP_OK);
    assert_int_equal(imp_model_info(out, NULL, &info, NULL), IMP_OK);
    assert_string_equal(metadata(info, "licence"), "CC-BY-4.0 (somebody)");
    assert_string_equal(metadata(info, "source"), "a dissertation");
    imp_model_info_free(&info);
}

/* Weights of another network are described as far as they go; what is no weight file is refused. */
/* A style network, one that is damaged, and what the list says of them. */
static void test_style_networks(void **state) {
    (void)state;
    char path[256], broken[256];
    ImpTransformNet *net;
    ImpModelInfo *info;
    ImpTransformShape shape = {.down = {4, 8, 12}, .up = {7, 5}, .residuals = 2};
    ImpNote notes[] = {{"steps", "1234"}, {"style_sha256", hash}};
    snprintf(path, sizeof path, "mkdir -p '%s'", folder);
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "%s/mosaic.safetensors", folder);
    snprintf(broken, sizeof broken, "%s/broken.safetensors", folder);
    assert_int_equal(imp_transform_new(shape, 1, &net, NULL), IMP_OK);
    assert_int_equal(imp_transform_write(net, notes, 2, path, false, NULL), IMP_OK);
    assert_int_equal(imp_model_info("mosaic", NULL, &info, NULL), IMP_OK);
    assert_int_equal(info->kind, IMP_MODEL_STYLE);
    assert_string_equal(info->architecture, "transformer_net");
    assert_null(info->problem);
    static const int channels[5] = {4, 8, 12, 7, 5};
    assert_memory_equal(info->channels, channels, sizeof channels);
    assert_int_equal(info->residuals, 2);
    uint64_t count = 0;
    for (size_t i = 0; i < info->n_arrays; i++) {
        uint64_t numbers = 1;
        for (int d = 0; d < info->arrays[i].rank; d++) numbers *= (uint64_t)info->arrays[i].dims[d];
        count += numbers;
    }
    assert_int_equal(info->parameters, count);
    assert_true(info->scale[1] == 255 && info->offset[1] == 0 && info->source[2] == 2);
    imp_model_info_free(&info);

    net->values[3] = (float)NAN;
    assert_int_equal(imp_transform_write(net, NULL, 0, broken, false, NULL), IMP_OK);
    imp_transform_free(&net);
    assert_int_equal(imp_model_info("broken", NULL, &info, NULL), IMP_OK);
    assert_int_equal(info->kind, IMP_MODEL_UNKNOWN);
    assert_null(info->architecture);
    assert_non_null(strstr(info->problem, "conv1.conv2d.weight holds a value that is no finite number"));
    imp_model_info_free(&info);

    ImpModelList *list;
    assert_int_equal(imp_model_list(&list, NULL), IMP_OK);
    assert_true(list->count >= 2);
    const ImpModelListed *last = &list->models[list->count - 1];
    assert_string_equal(last[0].name, "mosaic");
    assert_string_equal(last[0].summary, "style network, 4-8-12 channels, trained in 1234 steps");
    assert_string_equal(last[-1].name, "broken");
    assert_string_equal(last[-1].summary, "no network that is known");
    imp_model_list_free(&list);
}

static void test_info_of_others(void **state) {
    (void)state;
    char path[256];
    ImpBundle *bundle;
    snprintf(path, sizeof path, "%s/other.safetensors", home);
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    imp_bundle_add_flat(bundle, "layer1.bias", IMP_DTYPE_F64, 3, NULL, NULL);
    imp_safetensors_write(bundle, path, false, NULL);
    imp_bundle_free(&bundle);
    ImpModelInfo *info;
    assert_int_equal(imp_model_info(path, NULL, &info, NULL), IMP_OK);
    assert_null(info->architecture);
    assert_non_null(strstr(info->problem, "no VGG-16 or VGG-19"));
    assert_int_equal(info->n_arrays, 1);
    imp_model_info_free(&info);
    snprintf(path, sizeof path, "%s/page", served);
    assert_int_equal(imp_model_info(path, NULL, &info, NULL), IMP_ERROR_FORMAT);
    assert_null(info);
    assert_int_equal(imp_model_info(path, "bgr", &info, NULL), IMP_ERROR_ARGUMENT);
}

static void test_no_memory(void **state) {
    (void)state;
    char out[256];
    snprintf(out, sizeof out, "%s/out.safetensors", home);
    for (long calls = 0; calls < 1000; calls++) {
        ImpModelInfo *info = NULL;
        imp_alloc_fail_after(calls);
        ImpStatus status = imp_model_info(out, NULL, &info, NULL);
        imp_alloc_fail_after(-1);
        if (status == IMP_OK) {
            assert_true(calls > 20);
            imp_model_info_free(&info);
            return;
        }
        assert_int_equal(status, IMP_ERROR_MEMORY);
        assert_null(info);
    }
    fail();
}

static void serve_files(void) {
    char path[256], file[4096];
    const char *shared = getenv("IMPASTO_SHARED");
    snprintf(file, sizeof file, "%s/models/vgg19-torch-convention-to-conv3_4.pth", shared ? shared : "?");
    snprintf(path, sizeof path, "%s/net", served);
    assert_int_equal(mkdir(served, 0700), 0);
    if (access(file, R_OK) != 0)
        make_network(path);
    else
        assert_int_equal(symlink(file, path), 0);
    assert_int_equal(imp_sha256_file(path, hash, NULL), IMP_OK);
    snprintf(path, sizeof path, "%s/page", served);
    FILE *page = fopen(path, "wb");
    fputs("<!DOCTYPE html><html><body>Please sign in</body></html>", page);
    fclose(page);
}

int main(void) {
    snprintf(home, sizeof home, "/tmp/impasto-model-XXXXXX");
    if (!mkdtemp(home)) return 1;
    snprintf(folder, sizeof folder, "%s/impasto/models", home);
    snprintf(served, sizeof served, "%s/served", home);
    setenv("XDG_DATA_HOME", home, 1);
    serve_files();
    if (!test_server_start(&server, served)) {
        puts("skipped: no python3 for the test server");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_fetch, set_up),          cmocka_unit_test_setup(test_fetch_half, set_up),
        cmocka_unit_test_setup(test_fetch_refused, set_up),  cmocka_unit_test_setup(test_fetch_stopped, set_up),
        cmocka_unit_test_setup(test_convert, set_up),        cmocka_unit_test_setup(test_style_networks, set_up),
        cmocka_unit_test_setup(test_info, set_up),           cmocka_unit_test_setup(test_licence_kept, set_up),
        cmocka_unit_test_setup(test_info_of_others, set_up), cmocka_unit_test_setup(test_no_memory, set_up),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_server_stop(&server);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return system(command) != 0 || failed;
}
