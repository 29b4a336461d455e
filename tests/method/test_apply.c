/* The method apply: sizes, transparency, depth, strength and colours of its result, and what it refuses. That the
 * picture is PyTorch's, apply_peer.py checks; that bands give it too, tests/network/test_transform.c. */
#include "method/support.h"

#include "base/memory.h"
#include "network/transform_net.h"

static int make_style(void **state) {
    if (make_folder(state) != 0) return -1;
    ImpError error;
    ImpTransformNet *net;
    must(imp_transform_new(imp_transform_shape(0.25), 1, &net, &error), &error);
    const ImpTransformLayer *last = &net->layers[net->n_layers - 1];
    for (int c = 0; c < 3; c++) net->values[last->bias + (size_t)c] = 128;
    for (size_t i = last->weight; i < last->bias; i++) net->values[i] *= 100;
    must(imp_transform_write(net, NULL, 0, in_folder("style.safetensors"), false, &error), &error);
    imp_transform_free(&net);
    write_small_model(in_folder("vgg.safetensors"), 1);
    return 0;
}

/* The observer of this method, which has no metrics. */
static unsigned on_part(void *context, const ImpProgress *progress) {
    Seen *seen = context;
    seen->rows++;
    seen->last = *progress;
    return progress->step == seen->stop_at ? IMP_STOP : IMP_CONTINUE;
}

static ImpParams *params_of(const char *settings) {
    ImpParams *params;
    ImpError error;
    const ImpMethod *method = imp_method_find("apply");
    assert_non_null(method);
    must(imp_params_new(&method->params, &params, &error), &error);
    char text[512];
    snprintf(text, sizeof text, "%s", settings);
    set_params(params, text);
    return params;
}

static ImpStatus apply(const char *settings, const ImpImage *photo, Seen *seen, ImpResult *result, ImpError *error) {
    ImpParams *params = params_of(settings);
    ImpPicture picture = {"content", "photo.jpg", photo};
    ImpRequest request = {.params = params, .pictures = &picture, .n_pictures = 1};
    if (seen) request.observer = (ImpObserver){.context = seen, .progress = on_part};
    ImpStatus status = imp_method_find("apply")->run(&request, result, error);
    imp_params_free(&params);
    return status;
}

/* With the style of the folder. */
static ImpImage *applied(const char *settings, const ImpImage *photo) {
    char text[512];
    ImpError error;
    ImpResult result;
    snprintf(text, sizeof text, "model=%s;%s", in_folder("style.safetensors"), settings);
    must(apply(text, photo, NULL, &result, &error), &error);
    return result.image;
}

static double difference(const ImpImage *a, const ImpImage *b) {
    double sum = 0;
    size_t count = 3 * (size_t)a->width * (size_t)a->height;
    assert_true(a->width == b->width && a->height == b->height);
    for (size_t i = 0; i < count; i++) sum += fabs((double)a->rgb[i] - (double)b->rgb[i]);
    return sum / (double)count;
}

static void the_result_has_the_photographs_size(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 9}, {2, 3}, {31, 18}, {33, 64}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ImpImage *photo = make_picture(sizes[i][0], sizes[i][1], 1), *out = applied("", photo);
        assert_int_equal(out->width, photo->width);
        assert_int_equal(out->height, photo->height);
        for (int k = 0; k < 3 * out->width * out->height; k++) assert_true(out->rgb[k] >= 0 && out->rgb[k] <= 1);
        imp_image_free(&photo);
        imp_image_free(&out);
    }
    ImpImage *photo = make_picture(40, 30, 1), *out = applied("size=61", photo);
    assert_int_equal(out->width, 61);
    assert_int_equal(out->height, 46);
    imp_image_free(&photo);
    imp_image_free(&out);
}

static void strength_goes_from_the_photograph_to_the_style(void **state) {
    (void)state;
    ImpImage *photo = make_picture(50, 40, 1), *none = applied("strength=0", photo);
    ImpImage *half = applied("strength=0.5", photo), *full = applied("strength=1", photo);
    assert_true(difference(photo, none) < 1e-6);
    assert_true(difference(photo, full) > 0.05);
    assert_true(fabs(difference(photo, half) / difference(photo, full) - 0.5) < 1e-3);
    imp_image_free(&photo);
    imp_image_free(&none);
    imp_image_free(&half);
    imp_image_free(&full);
}

static void depth_transparency_and_colours_are_kept(void **state) {
    (void)state;
    ImpError error;
    ImpImage *photo = make_picture(37, 22, 1);
    photo->bit_depth = 16;
    must(imp_image_add_alpha(photo, &error), &error);
    for (int i = 0; i < 37 * 22; i++) photo->alpha[i] = (float)(i % 5) / 4;
    ImpImage *out = applied("", photo), *coloured = applied("original-colors=true", photo);
    assert_int_equal(out->bit_depth, 16);
    assert_non_null(out->alpha);
    for (int i = 0; i < 37 * 22; i++) assert_true(fabsf(out->alpha[i] - photo->alpha[i]) < 1e-6f);
    /* What cannot be seen does not count. */
    ImpImage *hidden;
    must(imp_image_copy(photo, &hidden, &error), &error);
    for (int i = 0; i < 37 * 22; i++)
        if (photo->alpha[i] == 0) hidden->rgb[i] = 1 - hidden->rgb[i];
    ImpImage *same = applied("", hidden);
    assert_true(difference(out, same) == 0);
    /* Chrominance of the photograph, or less of it where a colour would not exist. */
    assert_true(difference(out, coloured) > 0.01);
    imp_image_free(&photo);
    imp_image_free(&out);
    imp_image_free(&coloured);
    imp_image_free(&hidden);
    imp_image_free(&same);
}

static void refuse(const char *settings, const char *part) {
    ImpError error;
    ImpResult result;
    ImpImage *photo = make_picture(8, 8, 1);
    assert_int_not_equal(apply(settings, photo, NULL, &result, &error), IMP_OK);
    assert_null(result.image);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    imp_image_free(&photo);
}

static void what_cannot_be_done_is_said(void **state) {
    (void)state;
    char text[512];
    refuse("strength=1", "--model FILE");
    refuse("model=no-such-style", "no-such-style");
    snprintf(text, sizeof text, "model=%s", in_folder("vgg.safetensors"));
    refuse(text, "is no style network of the kind known here");
    snprintf(text, sizeof text, "model=%s", in_folder("style.safetensors"));
    assert_int_equal(truncate(in_folder("style.safetensors"), 5000), 0);
    refuse(text, "style.safetensors");
}

static void an_observer_sees_and_stops(void **state) {
    (void)state;
    char text[512];
    ImpError error;
    ImpResult result;
    ImpImage *photo = make_picture(300, 300, 1);
    Seen seen = {0}, stopped = {.stop_at = 2};
    snprintf(text, sizeof text, "memory=1;model=%s", in_folder("style.safetensors"));
    must(apply(text, photo, &seen, &result, &error), &error);
    assert_true(seen.rows > 10 && seen.last.step == seen.last.steps);
    assert_int_equal(result.steps, seen.last.steps);
    imp_image_free(&result.image);
    assert_int_equal(apply(text, photo, &stopped, &result, &error), IMP_ERROR_STOPPED);
    assert_int_equal(stopped.rows, 2);
    imp_image_free(&photo);
}

/* With the network of a file that is gone by then, pictures of one size after another and of different sizes. */
static void check_session(const char *more) {
    static const int sizes[][2] = {{40, 30}, {40, 30}, {44, 30}, {44, 37}, {1, 1}, {300, 200}, {40, 30}};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    char settings[512];
    ImpError error;
    ImpImage *photos[COUNT], *alone[COUNT];
    void *session;
    for (int i = 0; i < COUNT; i++) {
        photos[i] = make_picture(sizes[i][0], sizes[i][1], (uint64_t)i + 1);
        alone[i] = applied(more, photos[i]);
    }
    const ImpMethod *method = imp_method_find("apply");
    snprintf(settings, sizeof settings, "model=%s;%s", in_folder("style.safetensors"), more);
    ImpParams *params = params_of(settings);
    must(imp_method_open(method, params, &session, &error), &error);
    assert_int_equal(rename(in_folder("style.safetensors"), in_folder("away")), 0);
    for (int i = 0; i < COUNT; i++) {
        ImpResult result;
        ImpPicture picture = {"content", "photo.jpg", photos[i]};
        ImpRequest request = {.params = params, .pictures = &picture, .n_pictures = 1, .session = session};
        must(method->run(&request, &result, &error), &error);
        size_t bytes = 3 * sizeof(float) * (size_t)sizes[i][0] * (size_t)sizes[i][1];
        assert_memory_equal(result.image->rgb, alone[i]->rgb, bytes);
        imp_image_free(&result.image);
        imp_image_free(&alone[i]);
        imp_image_free(&photos[i]);
    }
    assert_int_equal(rename(in_folder("away"), in_folder("style.safetensors")), 0);
    imp_method_close(method, &session);
    assert_null(session);
    imp_method_close(method, &session);
    imp_params_free(&params);
}

static void a_session_reads_the_network_once(void **state) {
    (void)state;
    check_session("strength=1");
    check_session("memory=1");
}

static void a_session_that_cannot_be_opened_says_why(void **state) {
    (void)state;
    ImpError error;
    void *session = &error;
    ImpParams *params = params_of("model=no-such-style");
    assert_int_not_equal(imp_method_open(imp_method_find("apply"), params, &session, &error), IMP_OK);
    assert_null(session);
    assert_non_null(strstr(error.message, "no-such-style"));
    imp_params_free(&params);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_result_has_the_photographs_size),
        cmocka_unit_test(strength_goes_from_the_photograph_to_the_style),
        cmocka_unit_test(depth_transparency_and_colours_are_kept),
        cmocka_unit_test(an_observer_sees_and_stops),
        cmocka_unit_test(a_session_reads_the_network_once),
        cmocka_unit_test(a_session_that_cannot_be_opened_says_why),
        cmocka_unit_test(what_cannot_be_done_is_said), /* damages the style */
    };
    return cmocka_run_group_tests(tests, make_style, remove_folder);
}
