/* VGG weights out of bundles: names, shapes, gaps, depth, and how pictures become the input. */
#include "unit.h"

#include "base/memory.h"
#include "network/vgg_weights.h"
#include "weights/weights.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Written out by hand, independently of the library's own counting. */
static const int features_19[] = {0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34};
static const int features_16[] = {0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28};
static const char *const caffe_19[] = {"1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "3_4",
                                       "4_1", "4_2", "4_3", "4_4", "5_1", "5_2", "5_3", "5_4"};
static const char *const caffe_16[] = {"1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3",
                                       "4_1", "4_2", "4_3", "5_1", "5_2", "5_3"};
static const int out_19[] = {64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512};
static const int out_16[] = {64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512};

static ImpBundle *new_bundle(void) {
    ImpBundle *bundle;
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    return bundle;
}

/* Adds weight and bias called NAME.weight and NAME.bias; every value is `value`. */
static void add_conv(ImpBundle *bundle, const char *name, int out, int in, float value) {
    char text[128];
    int64_t dims[4] = {out, in, 3, 3};
    ImpArray *array;
    snprintf(text, sizeof text, "%s.weight", name);
    assert_int_equal(imp_bundle_add(bundle, text, IMP_DTYPE_F32, 4, dims, NULL, &array, NULL), IMP_OK);
    for (size_t i = 0; i < array->count; i++) ((float *)array->data)[i] = value;
    snprintf(text, sizeof text, "%s.bias", name);
    assert_int_equal(imp_bundle_add(bundle, text, IMP_DTYPE_F32, 1, dims, NULL, &array, NULL), IMP_OK);
    for (size_t i = 0; i < array->count; i++) ((float *)array->data)[i] = -value;
}

/* The first `count` convolutions; `skipped` (or -1) is left out. */
static ImpBundle *make_vgg(int depth, bool caffe, const char *prefix, int count, int skipped) {
    ImpBundle *bundle = new_bundle();
    const int *out = depth == 16 ? out_16 : out_19;
    for (int i = 0; i < count; i++) {
        char name[64];
        if (caffe)
            snprintf(name, sizeof name, "%sconv%s", prefix, (depth == 16 ? caffe_16 : caffe_19)[i]);
        else
            snprintf(name, sizeof name, "%s%d", prefix, (depth == 16 ? features_16 : features_19)[i]);
        if (i != skipped) add_conv(bundle, name, out[i], i ? out[i - 1] : 3, (float)(i + 1));
    }
    return bundle;
}

static ImpVggWeights *take(const ImpBundle *bundle) {
    ImpVggWeights *weights;
    ImpError error = {0};
    if (imp_vgg_weights_from_bundle(bundle, "net.pth", IMP_INPUT_AUTO, &weights, &error) != IMP_OK)
        fail_msg("%s", error.message);
    return weights;
}

static void expect(ImpBundle *bundle, ImpStatus status, const char *part) {
    ImpVggWeights *weights = (ImpVggWeights *)1;
    ImpError error = {0};
    assert_int_equal(imp_vgg_weights_from_bundle(bundle, "net.pth", IMP_INPUT_AUTO, &weights, &error), status);
    assert_null(weights);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    assert_ptr_equal(strstr(error.message, "net.pth"), error.message);
    imp_bundle_free(&bundle);
}

static void check_order(int depth, bool caffe, const char *prefix) {
    int count = depth == 16 ? 13 : 16, in = 3;
    ImpBundle *bundle = make_vgg(depth, caffe, prefix, count, -1);
    add_conv(bundle, "classifier.0", 8, 8, 1); /* to be ignored */
    ImpVggWeights *weights = take(bundle);
    assert_int_equal(weights->depth, depth);
    assert_int_equal(weights->n_convs, count);
    for (int i = 0; i < count; i++) {
        const ImpVggConv *conv = &weights->convs[i];
        char name[16];
        snprintf(name, sizeof name, "%d_%d", conv->block, conv->index);
        assert_string_equal(name, (depth == 16 ? caffe_16 : caffe_19)[i]);
        assert_int_equal(conv->out_channels, (depth == 16 ? out_16 : out_19)[i]);
        assert_int_equal(conv->in_channels, in);
        in = conv->out_channels;
        assert_true(conv->weight[0] == (float)(i + 1) && conv->bias[0] == -(float)(i + 1));
        assert_true(conv->weight[(size_t)conv->in_channels * (size_t)conv->out_channels * 9 - 1] == (float)(i + 1));
    }
    assert_int_equal(weights->input.convention, caffe ? IMP_INPUT_CAFFE : IMP_INPUT_TORCHVISION);
    assert_int_equal(weights->input.evidence, IMP_INPUT_BY_NAMES);
    imp_vgg_weights_free(&weights);
    assert_null(weights);
    imp_bundle_free(&bundle);
}

static void test_names(void **state) {
    (void)state;
    check_order(19, false, "features.");
    check_order(16, false, "features.");
    check_order(19, true, "");
    check_order(16, true, "");
    check_order(19, false, "module.features.");
    check_order(16, false, "module.vgg.features.module.");
    check_order(16, true, "vgg16.");
}

static void test_any_depth(void **state) {
    (void)state;
    for (int caffe = 0; caffe < 2; caffe++)
        for (int depth = 16; depth <= 19; depth += 3)
            for (int count = 1; count <= (depth == 16 ? 13 : 16); count++) {
                ImpBundle *bundle = make_vgg(depth, caffe, caffe ? "" : "features.", count, -1);
                ImpVggWeights *weights = take(bundle);
                assert_int_equal(weights->n_convs, count);
                /* Up to conv3_3 the two are the same and called VGG-19. */
                assert_int_equal(weights->depth, count <= 7 ? 19 : depth);
                char deepest[16];
                imp_vgg_deepest(weights, deepest);
                assert_string_equal(deepest + 4, (depth == 16 ? caffe_16 : caffe_19)[count - 1]);
                imp_vgg_weights_free(&weights);
                imp_bundle_free(&bundle);
            }
}

static void test_architecture_in_metadata(void **state) {
    (void)state;
    ImpBundle *bundle = make_vgg(16, false, "features.", 5, -1);
    imp_bundle_set_metadata(bundle, "architecture", "vgg16", NULL);
    ImpVggWeights *weights = take(bundle);
    assert_int_equal(weights->depth, 16);
    imp_vgg_weights_free(&weights);
    imp_bundle_free(&bundle);
}

static void test_gaps(void **state) {
    (void)state;
    expect(make_vgg(19, false, "features.", 16, 5), IMP_ERROR_FORMAT, "conv3_2 (features.12) is missing");
    expect(make_vgg(19, true, "", 16, 7), IMP_ERROR_FORMAT, "conv3_4 (features.16) is missing");
    expect(make_vgg(16, false, "features.", 13, 0), IMP_ERROR_UNSUPPORTED, "neither features.0.weight nor conv1_1");
    expect(new_bundle(), IMP_ERROR_FORMAT, "no arrays");
}

static void test_other_networks(void **state) {
    (void)state;
    ImpBundle *bundle = make_vgg(19, false, "features.", 2, -1);
    add_conv(bundle, "features.3", 64, 64, 1); /* VGG-11 and VGG-13 count otherwise */
    expect(bundle, IMP_ERROR_UNSUPPORTED, "features.3.weight has no place");
    bundle = make_vgg(16, false, "features.", 8, -1);
    add_conv(bundle, "features.16", 256, 256, 1);
    expect(bundle, IMP_ERROR_UNSUPPORTED, "belongs to the one");
    bundle = make_vgg(19, false, "features.", 1, -1);
    imp_bundle_add_flat(bundle, "features.1.running_mean", IMP_DTYPE_F32, 64, NULL, NULL);
    expect(bundle, IMP_ERROR_UNSUPPORTED, "batch normalisation");
    bundle = new_bundle();
    add_conv(bundle, "layer1.0.conv1", 64, 64, 1);
    expect(bundle, IMP_ERROR_UNSUPPORTED, "layer1.0.conv1.weight");
    bundle = make_vgg(19, false, "features.", 2, -1);
    add_conv(bundle, "module.features.2", 64, 64, 1);
    expect(bundle, IMP_ERROR_FORMAT, "both conv1_2");
}

static void test_bad_arrays(void **state) {
    (void)state;
    ImpBundle *bundle = make_vgg(19, false, "features.", 2, -1);
    add_conv(bundle, "features.5", 128, 63, 1);
    expect(bundle, IMP_ERROR_FORMAT, "features.5.weight has the shape (128,63,3,3) where VGG has (128,64,3,3)");

    bundle = make_vgg(19, false, "features.", 2, -1);
    imp_bundle_add_flat(bundle, "features.5.bias", IMP_DTYPE_F32, 128, NULL, NULL);
    expect(bundle, IMP_ERROR_FORMAT, "conv2_1 has a bias (features.5.bias) but no weight");

    bundle = new_bundle();
    imp_bundle_add(bundle, "conv1_1.weight", IMP_DTYPE_I64, 4, (int64_t[]){64, 3, 3, 3}, NULL, NULL, NULL);
    imp_bundle_add_flat(bundle, "conv1_1.bias", IMP_DTYPE_F32, 64, NULL, NULL);
    expect(bundle, IMP_ERROR_FORMAT, "conv1_1.weight holds I64");

    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        bundle = make_vgg(19, false, "features.", 3, -1);
        ((float *)imp_bundle_find(bundle, "features.2.bias")->data)[7] = bad[i];
        expect(bundle, IMP_ERROR_FORMAT, "features.2.bias holds a value that is no finite number (element 7)");
    }
    bundle = make_vgg(19, true, "", 1, -1);
    imp_bundle_add(bundle, "conv1_2.weight", IMP_DTYPE_F64, 4, (int64_t[]){64, 64, 3, 3}, NULL, NULL, NULL);
    imp_bundle_add_flat(bundle, "conv1_2.bias", IMP_DTYPE_F64, 64, NULL, NULL);
    ((double *)imp_bundle_find(bundle, "conv1_2.bias")->data)[0] = 1e300; /* infinite as float */
    expect(bundle, IMP_ERROR_FORMAT, "conv1_2.bias holds a value that is no finite number (element 0)");
}

/* Half-precision arrays arrive as floats. */
static void test_half(void **state) {
    (void)state;
    ImpBundle *bundle = new_bundle();
    ImpArray *array;
    imp_bundle_add(bundle, "conv1_1.weight", IMP_DTYPE_F16, 4, (int64_t[]){64, 3, 3, 3}, NULL, &array, NULL);
    for (size_t i = 0; i < array->count; i++) ((uint16_t *)array->data)[i] = 0x3800; /* 0.5 */
    imp_bundle_add_flat(bundle, "conv1_1.bias", IMP_DTYPE_BF16, 64, NULL, NULL);
    ((uint16_t *)imp_bundle_find(bundle, "conv1_1.bias")->data)[3] = 0xc000; /* -2 */
    ImpVggWeights *weights = take(bundle);
    assert_true(weights->convs[0].weight[64 * 27 - 1] == 0.5f && weights->convs[0].bias[3] == -2.0f);
    imp_vgg_weights_free(&weights);
    imp_bundle_free(&bundle);
}

static void check_input(const ImpModelInput *input, const double rgb[3], const double expected[3], double tolerance) {
    for (int c = 0; c < 3; c++) {
        double value = rgb[input->source[c]] * (double)input->scale[c] + (double)input->offset[c];
        if (fabs(value - expected[c]) > tolerance) fail_msg("channel %d is %g, not %g", c, value, expected[c]);
    }
}

static void test_conventions(void **state) {
    (void)state;
    const double rgb[3] = {0.2, 0.5, 0.9};
    ImpModelInput input = imp_model_input_of(IMP_INPUT_TORCHVISION, IMP_INPUT_BY_USER);
    check_input(&input, rgb, (double[]){(0.2 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.9 - 0.406) / 0.225}, 1e-6);
    input = imp_model_input_of(IMP_INPUT_CAFFE, IMP_INPUT_BY_USER);
    check_input(&input, rgb, (double[]){0.9 * 255 - 103.939, 0.5 * 255 - 116.779, 0.2 * 255 - 123.68}, 1e-4);
    ImpInputConvention convention;
    assert_int_equal(imp_input_convention_parse("caffe", &convention, NULL), IMP_OK);
    assert_int_equal(convention, IMP_INPUT_CAFFE);
    ImpError error;
    assert_int_equal(imp_input_convention_parse("other", &convention, &error), IMP_ERROR_ARGUMENT);
}

static ImpModelInput decide(const char *order, const char *scale, const char *mean, const char *deviation,
                            ImpInputConvention wanted) {
    ImpBundle *bundle = make_vgg(19, false, "features.", 1, -1);
    imp_bundle_set_metadata(bundle, "input_order", order, NULL);
    if (scale) imp_bundle_set_metadata(bundle, "input_scale", scale, NULL);
    if (mean) imp_bundle_set_metadata(bundle, "input_mean", mean, NULL);
    if (deviation) imp_bundle_set_metadata(bundle, "input_std", deviation, NULL);
    ImpVggWeights *weights;
    ImpError error = {0};
    if (imp_vgg_weights_from_bundle(bundle, "net", wanted, &weights, &error) != IMP_OK) fail_msg("%s", error.message);
    ImpModelInput input = weights->input;
    imp_vgg_weights_free(&weights);
    imp_bundle_free(&bundle);
    return input;
}

static void test_metadata(void **state) {
    (void)state;
    ImpModelInput input = decide("BGR", "255", "103.939,116.779,123.68", "1,1,1", IMP_INPUT_AUTO);
    assert_int_equal(input.convention, IMP_INPUT_CAFFE);
    assert_int_equal(input.evidence, IMP_INPUT_BY_METADATA);
    input = decide("RGB", "1", "0.485,0.456,0.406", "0.229,0.224,0.225", IMP_INPUT_AUTO);
    assert_int_equal(input.convention, IMP_INPUT_TORCHVISION);
    input = decide("RGB", "255", "127.5", "127.5", IMP_INPUT_AUTO);
    assert_int_equal(input.convention, IMP_INPUT_OTHER);
    check_input(&input, (double[]){0, 0.5, 1}, (double[]){-1, 0, 1}, 1e-6);
    input = decide("BGR", "255", "103.939,116.779,123.68", NULL, IMP_INPUT_TORCHVISION);
    assert_int_equal(input.convention, IMP_INPUT_TORCHVISION);
    assert_int_equal(input.evidence, IMP_INPUT_BY_USER);
}

static void test_metadata_round_trip(void **state) {
    (void)state;
    ImpModelInput odd = {.convention = IMP_INPUT_OTHER, .source = {2, 1, 0}, .scale = {2, 2, 2}, .offset = {-1, 0, 1}};
    ImpModelInput inputs[] = {imp_model_input_of(IMP_INPUT_CAFFE, IMP_INPUT_BY_USER),
                              imp_model_input_of(IMP_INPUT_TORCHVISION, IMP_INPUT_BY_USER), odd};
    for (int i = 0; i < 3; i++) {
        ImpBundle *bundle = make_vgg(19, false, "features.", 1, -1);
        assert_int_equal(imp_model_input_describe(&inputs[i], bundle, NULL), IMP_OK);
        ImpVggWeights *weights = take(bundle);
        assert_int_equal(weights->input.convention, inputs[i].convention);
        for (int c = 0; c < 3; c++) {
            assert_int_equal(weights->input.source[c], inputs[i].source[c]);
            assert_true(fabsf(weights->input.scale[c] - inputs[i].scale[c]) < 1e-4f);
            assert_true(fabsf(weights->input.offset[c] - inputs[i].offset[c]) < 1e-4f);
        }
        imp_vgg_weights_free(&weights);
        imp_bundle_free(&bundle);
    }
}

static void test_bad_metadata(void **state) {
    (void)state;
    static const char *const cases[][4] = {
        {"GBR", "1", "0", "1"},   {"RGB", "0", "0", "1"},       {"RGB", "x", "0", "1"},
        {"RGB", "1", "1,2", "1"}, {"RGB", "1", "1,2,3,4", "1"}, {"RGB", "1", "", "1"},
        {"RGB", "1", "0", "-1"},  {"RGB", "1", "nan", "1"},     {"RGB", "1e300", "0", "1"}};
    static const char *const keys[] = {"input_order", "input_scale", "input_mean", "input_std"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ImpBundle *bundle = make_vgg(19, false, "features.", 1, -1);
        for (int k = 0; k < 4; k++) imp_bundle_set_metadata(bundle, keys[k], cases[i][k], NULL);
        expect(bundle, IMP_ERROR_FORMAT, "metadata");
    }
    ImpBundle *bundle = make_vgg(19, false, "features.", 1, -1);
    imp_bundle_set_metadata(bundle, "input_order", "RGB", NULL);
    expect(bundle, IMP_ERROR_FORMAT, "input_scale");
}

/* torchvision's published VGG-16 biases must not be taken for Oxford's: the first 64, as it prints them. */
static void test_torchvision_is_not_oxford(void **state) {
    (void)state;
    static const float bias[64] = {
        0.4034f,  0.3778f,  0.4644f,  -0.3228f, 0.3940f,  -0.3953f, 0.3951f,  -0.5496f, 0.2693f,  -0.7602f, -0.3508f,
        0.2334f,  -1.3239f, -0.1694f, 0.3938f,  -0.1026f, 0.0460f,  -0.6995f, 0.1549f,  0.5628f,  0.3011f,  0.3425f,
        0.1073f,  0.4651f,  0.1295f,  0.0788f,  -0.0492f, -0.5638f, 0.1465f,  -0.3890f, -0.0715f, 0.0649f,  0.2768f,
        0.3279f,  0.5682f,  -1.2640f, -0.8368f, -0.9485f, 0.1358f,  0.2727f,  0.1841f,  -0.5325f, 0.3507f,  -0.0827f,
        -1.0248f, -0.6912f, -0.7711f, 0.2612f,  0.4033f,  -0.4802f, -0.3066f, 0.5807f,  -1.3325f, 0.4844f,  -0.8160f,
        0.2386f,  0.2300f,  0.4979f,  0.5553f,  0.5230f,  -0.2182f, 0.0117f,  -0.5516f, 0.2108f};
    ImpBundle *bundle = make_vgg(16, false, "features.", 13, -1);
    memcpy(imp_bundle_find(bundle, "features.0.bias")->data, bias, sizeof bias);
    ImpVggWeights *weights = take(bundle);
    assert_int_equal(weights->input.convention, IMP_INPUT_TORCHVISION);
    assert_int_equal(weights->input.evidence, IMP_INPUT_BY_NAMES);
    imp_vgg_weights_free(&weights);
    imp_bundle_free(&bundle);
}

/* The reference files, which say nothing (PyTorch) or everything (safetensors) about their input. */
static void check_file(const char *file, int depth, const char *deepest, ImpInputConvention convention,
                       ImpInputEvidence evidence) {
    char path[4096], last[16];
    snprintf(path, sizeof path, "%s/models/%s", getenv("IMPASTO_SHARED") ? getenv("IMPASTO_SHARED") : "?", file);
    if (access(path, R_OK) != 0) skip_because("the reference models are not there");
    ImpVggWeights *weights;
    ImpError error = {0};
    if (imp_vgg_weights_read(path, IMP_INPUT_AUTO, &weights, &error) != IMP_OK) fail_msg("%s", error.message);
    imp_vgg_deepest(weights, last);
    assert_int_equal(weights->depth, depth);
    assert_string_equal(last, deepest);
    assert_int_equal(weights->input.convention, convention);
    assert_int_equal(weights->input.evidence, evidence);
    assert_int_equal(strlen(weights->sha256), 64);
    imp_vgg_weights_free(&weights);
}

static void test_reference_files(void **state) {
    (void)state;
    check_file("vgg19-oxford-f16.safetensors", 19, "conv5_4", IMP_INPUT_CAFFE, IMP_INPUT_BY_METADATA);
    check_file("vgg19-oxford-to-conv3_4.safetensors", 19, "conv3_4", IMP_INPUT_CAFFE, IMP_INPUT_BY_METADATA);
    check_file("vgg19-torch-convention.pth", 19, "conv5_1", IMP_INPUT_TORCHVISION, IMP_INPUT_BY_WEIGHTS);
    check_file("vgg19-torch-convention-to-conv3_4.pth", 19, "conv3_4", IMP_INPUT_TORCHVISION, IMP_INPUT_BY_WEIGHTS);
}

/* Oxford's weights under torchvision's names and without metadata, as the popular conversions have them: told by the
 * numbers. `flip` exchanges red and blue, and the pixels and features are scaled. */
static ImpStatus decide_renamed(const ImpBundle *oxford, bool flip, float weight_scale, float bias_scale,
                                ImpModelInput *input) {
    ImpBundle *bundle = new_bundle();
    const float *weight = imp_bundle_find(oxford, "conv1_1.weight")->data;
    add_conv(bundle, "features.0", 64, 3, 0);
    float *to = imp_bundle_find(bundle, "features.0.weight")->data,
          *bias = imp_bundle_find(bundle, "features.0.bias")->data;
    for (int i = 0; i < 64 * 27; i++)
        to[i / 27 * 27 + (flip ? 2 - i / 9 % 3 : i / 9 % 3) * 9 + i % 9] = weight_scale * weight[i];
    for (int i = 0; i < 64; i++)
        bias[i] = bias_scale * ((const float *)imp_bundle_find(oxford, "conv1_1.bias")->data)[i];
    ImpVggWeights *weights;
    ImpStatus status = imp_vgg_weights_from_bundle(bundle, "net", IMP_INPUT_AUTO, &weights, NULL);
    if (status == IMP_OK) *input = weights->input;
    imp_vgg_weights_free(&weights);
    imp_bundle_free(&bundle);
    return status;
}

static void test_recognised_by_numbers(void **state) {
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/models/vgg19-oxford-to-conv3_4.safetensors",
             getenv("IMPASTO_SHARED") ? getenv("IMPASTO_SHARED") : "?");
    if (access(path, R_OK) != 0) skip_because("the reference models are not there");
    ImpBundle *oxford;
    assert_int_equal(imp_weights_read(path, &oxford, NULL), IMP_OK);
    ImpModelInput input;
    const double rgb[3] = {0.2, 0.5, 0.9};
    assert_int_equal(decide_renamed(oxford, false, 1, 1, &input), IMP_OK);
    assert_int_equal(input.convention, IMP_INPUT_CAFFE);
    assert_int_equal(input.evidence, IMP_INPUT_BY_WEIGHTS);
    assert_int_equal(decide_renamed(oxford, true, 1, 1, &input), IMP_OK); /* RGB, 0-255 */
    assert_int_equal(input.convention, IMP_INPUT_OTHER);
    check_input(&input, rgb, (double[]){0.2 * 255 - 123.68, 0.5 * 255 - 116.779, 0.9 * 255 - 103.939}, 1e-4);
    assert_int_equal(decide_renamed(oxford, true, 1, 1.0f / 57.6f, &input), IMP_OK);
    assert_int_equal(input.convention, IMP_INPUT_TORCHVISION);
    assert_int_equal(decide_renamed(oxford, true, 57.6f, 1, &input),
                     IMP_OK); /* the same with the features' own scale */
    assert_int_equal(input.convention, IMP_INPUT_TORCHVISION);
    assert_int_equal(decide_renamed(oxford, false, 57.6f, 1, &input), IMP_OK); /* BGR, normalised */
    check_input(&input, rgb, (double[]){(0.9 - 0.406) / 0.225, (0.5 - 0.456) / 0.224, (0.2 - 0.485) / 0.229}, 1e-5);
    assert_int_equal(decide_renamed(oxford, false, 1, 0.1f, &input), IMP_ERROR_UNSUPPORTED); /* pixels to 25? */
    imp_bundle_free(&oxford);
}

static void test_no_memory(void **state) {
    (void)state;
    ImpBundle *bundle = make_vgg(16, false, "features.", 3, -1);
    for (long calls = 0; calls < 100; calls++) {
        ImpVggWeights *weights;
        ImpError error = {0};
        imp_alloc_fail_after(calls);
        ImpStatus status = imp_vgg_weights_from_bundle(bundle, "net", IMP_INPUT_AUTO, &weights, &error);
        imp_alloc_fail_after(-1);
        if (status == IMP_OK) {
            assert_true(calls > 5);
            imp_vgg_weights_free(&weights);
            imp_bundle_free(&bundle);
            return;
        }
        assert_int_equal(status, IMP_ERROR_MEMORY);
        assert_null(weights);
    }
    fail();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_any_depth),
        cmocka_unit_test(test_architecture_in_metadata),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_other_networks),
        cmocka_unit_test(test_bad_arrays),
        cmocka_unit_test(test_half),
        cmocka_unit_test(test_conventions),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_metadata_round_trip),
        cmocka_unit_test(test_bad_metadata),
        cmocka_unit_test(test_torchvision_is_not_oxford),
        cmocka_unit_test(test_reference_files),
        cmocka_unit_test(test_recognised_by_numbers),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
