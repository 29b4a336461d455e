/* The style network: its file, its first numbers, what is refused, and that bands give the whole picture. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "network/transform_run.h"
#include "weights/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const ImpTransformShape small = {.down = {5, 7, 18}, .up = {9, 4}, .residuals = 2};

static ImpTransformNet *make_net(ImpTransformShape shape, uint64_t seed) {
    ImpError error;
    ImpTransformNet *net;
    if (imp_transform_new(shape, seed, &net, &error) != IMP_OK) fail_msg("%s", error.message);
    return net;
}

static void the_papers_network_has_its_size(void **state) {
    (void)state;
    ImpTransformNet *net = make_net(imp_transform_shape(1), 0);
    assert_int_equal(net->count, 1679235);
    assert_int_equal(net->n_layers, 16);
    assert_string_equal(net->layers[3].conv, "res1.conv1.conv2d");
    assert_string_equal(net->layers[12].norm, "res5.in2");
    assert_string_equal(net->layers[15].conv, "deconv3.conv2d");
    imp_transform_free(&net);
    net = make_net(imp_transform_shape(0.5), 0);
    assert_int_equal(net->shape.down[2], 64);
    assert_int_equal(net->shape.up[1], 16);
    imp_transform_free(&net);
}

/* Uniform in +-1/sqrt(in kernel^2), as nn.Conv2d begins: the deviation of that is bound / sqrt(3). */
static void first_numbers_are_pytorchs(void **state) {
    (void)state;
    ImpTransformNet *net = make_net(imp_transform_shape(0.5), 3), *again = make_net(imp_transform_shape(0.5), 3);
    assert_memory_equal(net->values, again->values, net->count * sizeof *net->values);
    for (int i = 0; i < net->n_layers; i++) {
        const ImpTransformLayer *layer = &net->layers[i];
        double bound = 1 / sqrt((double)(layer->in * layer->kernel * layer->kernel)), squares = 0, most = 0;
        for (size_t k = layer->weight; k < layer->scale; k++) {
            squares += (double)net->values[k] * (double)net->values[k];
            most = fmax(most, fabs((double)net->values[k]));
        }
        double count = (double)(layer->scale - layer->weight);
        assert_true(most <= bound * (1 + 1e-6) && most > 0.98 * bound);
        assert_true(fabs(sqrt(squares / count) / (bound / sqrt(3)) - 1) < 0.05);
        for (size_t k = layer->scale; k < layer->shift; k++) assert_true(net->values[k] == 1);
        if (*layer->norm)
            for (int k = 0; k < layer->out; k++) assert_true(net->values[layer->shift + (size_t)k] == 0);
    }
    imp_transform_free(&net);
    imp_transform_free(&again);
}

static void files_come_back(void **state) {
    (void)state;
    char path[] = "/tmp/impasto-transform-XXXXXX";
    ImpError error;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    ImpTransformNet *net = make_net(small, 1), *read;
    for (int half = 0; half < 2; half++) {
        ImpNote note = {"style_sha256", "0123"};
        assert_int_equal(imp_transform_write(net, &note, 1, path, half == 1, &error), IMP_OK);
        if (imp_transform_read(path, &read, &error) != IMP_OK) fail_msg("%s", error.message);
        assert_memory_equal(&read->shape, &small, sizeof small);
        assert_int_equal(read->count, net->count);
        assert_int_equal(strlen(read->sha256), 64);
        for (size_t i = 0; i < net->count; i++)
            assert_true(fabsf(read->values[i] - net->values[i]) <= (half ? 1e-3f * fabsf(net->values[i]) + 1e-7f : 0));
        imp_transform_free(&read);
    }
    ImpBundle *bundle;
    assert_int_equal(imp_weights_read(path, &bundle, &error), IMP_OK);
    assert_string_equal(bundle->arrays[0].name, "conv1.conv2d.weight");
    assert_string_equal(bundle->arrays[2].name, "in1.weight");
    assert_string_equal(imp_bundle_metadata(bundle, "architecture"), "transformer_net");
    assert_string_equal(imp_bundle_metadata(bundle, "style_sha256"), "0123");
    imp_bundle_free(&bundle);
    imp_transform_free(&net);
    unlink(path);
}

/* --- what is refused ---------------------------------------------------------------------------------------------- */

/* The small network's tensors, one of them (`odd`) with other dimensions, another name, or left out. */
typedef struct Change {
    const char *tensor;
    int rank;
    int64_t dims[4];
    const char *name; /* instead of its own; "" leaves it out */
    float value;      /* of its first element */
} Change;

static void add(ImpBundle *bundle, const char *name, int rank, const int64_t *dims, const Change *change) {
    ImpError error;
    ImpArray *array;
    bool changed = change && strcmp(change->tensor, name) == 0;
    if (changed && change->name && !*change->name) return;
    if (changed && change->name) name = change->name;
    if (changed && change->rank) {
        rank = change->rank;
        dims = change->dims;
    }
    assert_int_equal(imp_bundle_add(bundle, name, IMP_DTYPE_F32, rank, dims, NULL, &array, &error), IMP_OK);
    if (changed && array->count > 0) ((float *)array->data)[0] = change->value;
}

static ImpBundle *make_bundle(const char *prefix, const Change *change) {
    ImpError error;
    ImpBundle *bundle;
    ImpTransformNet *net = make_net(small, 1);
    assert_int_equal(imp_bundle_new(&bundle, &error), IMP_OK);
    for (int i = 0; i < net->n_layers; i++) {
        const ImpTransformLayer *l = &net->layers[i];
        int64_t dims[4] = {l->out, l->in, l->kernel, l->kernel};
        char name[64];
        const char *parts[2] = {"weight", "bias"};
        for (int k = 0; k < 2; k++) {
            snprintf(name, sizeof name, "%s%s.%s", prefix, l->conv, parts[k]);
            add(bundle, name, k == 0 ? 4 : 1, dims, change);
        }
        for (int k = 0; k < 2 && *l->norm; k++) {
            snprintf(name, sizeof name, "%s%s.%s", prefix, l->norm, parts[k]);
            add(bundle, name, 1, dims, change);
        }
    }
    imp_transform_free(&net);
    return bundle;
}

static void refuse(const Change *change, const char *part) {
    ImpError error;
    ImpTransformNet *net;
    ImpBundle *bundle = make_bundle("", change);
    assert_int_not_equal(imp_transform_from_bundle(bundle, "a.pth", &net, &error), IMP_OK);
    assert_null(net);
    if (!strstr(error.message, part) || strncmp(error.message, "a.pth", 5) != 0)
        fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    imp_bundle_free(&bundle);
}

static void other_networks_are_refused(void **state) {
    (void)state;
    refuse(&(Change){"conv1.conv2d.weight", .name = "features.0.weight"}, "has no tensor conv1.conv2d.weight");
    refuse(&(Change){"conv1.conv2d.weight", .rank = 4, .dims = {5, 3, 7, 7}},
           "conv1.conv2d.weight has the shape (5,3,7,7)");
    refuse(&(Change){"conv1.conv2d.weight", .rank = 1, .dims = {5}}, "conv1.conv2d.weight is no convolution");
    refuse(&(Change){"conv3.conv2d.weight", .rank = 4, .dims = {0, 7, 3, 3}}, "conv3.conv2d.weight is no convolution");
    refuse(&(Change){"conv3.conv2d.weight", .rank = 4, .dims = {100000, 1, 1, 1}},
           "conv3.conv2d.weight is no convolution");
    refuse(&(Change){"conv3.conv2d.weight", .rank = 4, .dims = {1024, 1, 1, 1}},
           "conv3.conv2d.weight has the shape (1024,1,1,1)");
    refuse(&(Change){"res2.conv2.conv2d.bias", .rank = 1, .dims = {19}}, "res2.conv2.conv2d.bias has the shape (19)");
    refuse(&(Change){"in4.bias", .name = ""}, "is incomplete: it has no tensor in4.bias");
    refuse(&(Change){"res1.conv1.conv2d.weight", .name = ""}, "has no tensor res1.conv1.conv2d.weight");
    refuse(&(Change){"res2.conv1.conv2d.weight", .name = ""}, "res2.conv1.conv2d.bias has no place");
    refuse(&(Change){"in5.weight", .value = NAN}, "in5.weight holds a value that is no finite number (element 0)");
    refuse(&(Change){"in5.weight", .value = -INFINITY}, "in5.weight holds a value");
    refuse(&(Change){"deconv3.conv2d.bias", .name = "module.in1.bias"}, "in1.bias and module.in1.bias are the same");
    refuse(&(Change){"in5.weight", .name = "in6.weight"}, "in6.weight has no place");
}

static void wrapped_and_old_files_are_read(void **state) {
    (void)state;
    ImpError error;
    ImpTransformNet *net;
    int64_t five = 5, one = 1;
    ImpBundle *bundle = make_bundle("module.", NULL);
    assert_int_equal(imp_bundle_add(bundle, "module.in1.running_mean", IMP_DTYPE_F32, 1, &five, NULL, NULL, &error), 0);
    assert_int_equal(imp_bundle_add(bundle, "in1.num_batches_tracked", IMP_DTYPE_I64, 0, &one, NULL, NULL, &error), 0);
    if (imp_transform_from_bundle(bundle, "old.model", &net, &error) != IMP_OK) fail_msg("%s", error.message);
    assert_memory_equal(&net->shape, &small, sizeof small);
    imp_transform_free(&net);
    imp_bundle_free(&bundle);
}

/* --- running ------------------------------------------------------------------------------------------------------ */

static float *make_picture(int width, int height) {
    size_t places = (size_t)width * (size_t)height;
    float *rgb = imp_alloc(3 * places, sizeof *rgb);
    assert_non_null(rgb);
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < places; i++) {
            double x = (double)(i % (size_t)width), y = (double)(i / (size_t)width);
            rgb[c * places + i] = (float)(0.5 + 0.3 * sin(0.21 * x + 0.1 * y + (double)c) + 0.2 * (y / height));
        }
    return rgb;
}

static float *run_net(const ImpTransformNet *net, const float *rgb, int width, int height, size_t memory) {
    ImpError error;
    float *out = imp_alloc(3 * (size_t)width * (size_t)height, sizeof *out);
    ImpTransformRun run = {.net = net, .rgb = rgb, .width = width, .height = height, .out = out, .memory = memory};
    memset(out, 0xff, 3 * (size_t)width * (size_t)height * sizeof *out); /* not a number */
    if (imp_transform_run(&run, NULL, &error) != IMP_OK) fail_msg("%s", error.message);
    return out;
}

static double worst_difference(const float *a, const float *b, size_t count) {
    double worst = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)a[i] - (double)b[i]);
        worst = difference <= worst ? worst : difference; /* not a number stays */
    }
    return worst;
}

static void bands_give_the_whole_picture(void **state) {
    (void)state;
    ImpTransformNet *net = make_net(small, 5);
    ImpRandom random; /* scales and shifts that show */
    imp_random_seed(&random, 1);
    for (int i = 0; i + 1 < net->n_layers; i++)
        for (int c = 0; c < 2 * net->layers[i].out; c++)
            net->values[net->layers[i].scale + (size_t)c] += (float)(0.6 * imp_random_uniform(&random));
    for (int c = 0; c < 3; c++) net->values[net->layers[net->n_layers - 1].bias + (size_t)c] = 100;
    static const int sizes[][2] = {{61, 157}, {40, 400}, {33, 64}, {17, 16}, {30, 5}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int width = sizes[i][0], height = sizes[i][1];
        size_t count = 3 * (size_t)width * (size_t)height;
        float *rgb = make_picture(width, height), *whole = run_net(net, rgb, width, height, SIZE_MAX);
        size_t memories[] = {0, 200000, 900000};
        for (int k = 0; k < 3; k++) {
            float *bands = run_net(net, rgb, width, height, memories[k]);
            double worst = worst_difference(whole, bands, count);
            if (!(worst < 2e-5)) fail_msg("%dx%d with %zu bytes: off by %g", width, height, memories[k], worst);
            imp_free(bands);
        }
        imp_free(whole);
        imp_free(rgb);
    }
    imp_transform_free(&net);
}

static void every_size_from_one_pixel_on(void **state) {
    (void)state;
    ImpTransformNet *net = make_net(small, 7);
    for (int width = 1; width <= 10; width++)
        for (int height = 1; height <= 10; height++)
            for (int bands = 0; bands < 2; bands++) {
                size_t count = 3 * (size_t)width * (size_t)height;
                float *rgb = make_picture(width, height);
                float *out = run_net(net, rgb, width, height, bands ? 0 : SIZE_MAX);
                for (size_t i = 0; i < count; i++)
                    if (!isfinite(out[i])) fail_msg("%dx%d has no value at %zu", width, height, i);
                imp_free(out);
                imp_free(rgb);
            }
    imp_transform_free(&net);
}

static void threads_do_not_change_it(void **state) {
    (void)state;
    ImpTransformNet *net = make_net(small, 9);
    float *rgb = make_picture(50, 70);
    for (int bands = 0; bands < 2; bands++) {
        int former = imp_threads_set(1);
        float *one = run_net(net, rgb, 50, 70, bands ? 0 : SIZE_MAX);
        imp_threads_set(3);
        float *three = run_net(net, rgb, 50, 70, bands ? 0 : SIZE_MAX);
        imp_threads_set(former);
        assert_memory_equal(one, three, 3 * 50 * 70 * sizeof *one);
        imp_free(one);
        imp_free(three);
    }
    imp_free(rgb);
    imp_transform_free(&net);
}

static bool stop_at_third(void *context, int done, int total) {
    int *calls = context;
    assert_true(done <= total && done == ++*calls);
    return done < 3;
}

static void a_run_can_be_stopped(void **state) {
    (void)state;
    ImpError error;
    int calls = 0;
    ImpTransformNet *net = make_net(small, 9);
    float *rgb = make_picture(40, 40), out[3 * 40 * 40];
    ImpTransformRun run = {net, rgb, 40, 40, out, 0, stop_at_third, &calls};
    assert_int_equal(imp_transform_run(&run, NULL, &error), IMP_ERROR_STOPPED);
    assert_int_equal(calls, 3);
    imp_free(rgb);
    imp_transform_free(&net);
}

/* The files of the fuzzer's corpus: those that are wrong, each in one way, get one sentence that says in which. */
static void hostile_files_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *file, *said; /* NULL: it is read */
    } cases[] = {
        {"good_least", NULL},
        {"good_single", NULL},
        {"good_double", NULL},
        {"good_wide", NULL},
        {"good_uneven", NULL},
        {"good_wrapped", NULL},
        {"good_running_means", NULL},
        {"good_order", NULL},
        {"good_legacy", NULL},
        {"no_tensors", "holds no tensors"},
        {"other_network", "is no style network of the kind known here"},
        {"missing_conv2", "has no tensor conv2.conv2d.weight"},
        {"missing_bias", "has no tensor deconv2.conv2d.bias"},
        {"missing_norm", "has no tensor res1.in2.weight"},
        {"missing_residual", "has no tensor res1.conv1.conv2d.weight"},
        {"gap_in_residuals", "res3.conv1.conv2d.weight has no place"},
        {"half_a_residual", "has no tensor res1.conv2.conv2d.weight"},
        {"too_many_residuals", "more than 32 residual blocks"},
        {"more_tensors", "in6.weight has no place"},
        {"more_of_a_layer", "deconv3.conv2d.scale has no place"},
        {"twice", "are the same tensor"},
        {"many_prefixes", "has no tensor conv2.conv2d.weight"},
        {"no_channels", "no convolution of 1 to 1024 channels"},
        {"too_many_channels", "no convolution of 1 to 1024 channels"},
        {"rank_3", "no convolution of 1 to 1024 channels"},
        {"rank_0", "no convolution of 1 to 1024 channels"},
        {"kernel_7", "(3,1,7,7) where its neighbours need (3,1,9,9)"},
        {"four_colours", "(4,1,9,9) where its neighbours need (3,1,9,9)"},
        {"channels_differ", "conv2.conv2d.bias has the shape (1) where its neighbours need (2)"},
        {"norm_differs", "in5.bias has the shape (2)"},
        {"integers", "holds I32 values"},
        {"infinite", "in3.weight holds a value that is no finite number"},
        {"no_number", "res1.conv2.conv2d.bias holds a value that is no finite number"},
        {"too_large", "in2.bias holds a value that is no finite number"},
        {"control_in_name", "impossible name"},
    };
    const char *source = getenv("IMPASTO_SOURCE");
    if (!source) {
        print_message("skipped: IMPASTO_SOURCE is not set\n");
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[4096];
        ImpError error = {0};
        ImpTransformNet *net;
        snprintf(path, sizeof path, "%s/fuzz/corpus/style/%s", source, cases[i].file);
        ImpStatus status = imp_transform_read(path, &net, &error);
        if (!cases[i].said && status != IMP_OK) fail_msg("%s", error.message);
        if (cases[i].said && (status == IMP_OK || !strstr(error.message, cases[i].said)))
            fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].file, error.message, cases[i].said);
        imp_transform_free(&net);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_papers_network_has_its_size),
        cmocka_unit_test(first_numbers_are_pytorchs),
        cmocka_unit_test(files_come_back),
        cmocka_unit_test(other_networks_are_refused),
        cmocka_unit_test(hostile_files_are_refused),
        cmocka_unit_test(wrapped_and_old_files_are_read),
        cmocka_unit_test(bands_give_the_whole_picture),
        cmocka_unit_test(every_size_from_one_pixel_on),
        cmocka_unit_test(threads_do_not_change_it),
        cmocka_unit_test(a_run_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
