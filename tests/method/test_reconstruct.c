/* Runs of reconstruct on small pictures through a small network of random weights, and through a decoder of random
 * weights. That the losses are PyTorch's, reconstruct_peer.py checks. */
#include "method/support.h"

#include "network/decoder.h"

static ImpImage *photo;

/* A decoder that knows nothing, for the model. */
static void write_decoder(const char *path) {
    ImpError error;
    ImpVggWeights *weights;
    ImpDecoder *decoder;
    must(imp_vgg_weights_read(in_folder("model.safetensors"), IMP_INPUT_AUTO, &weights, &error), &error);
    must(imp_decoder_new(weights, "relu2_1", 1, &decoder, &error), &error);
    must(imp_decoder_write(decoder, NULL, 0, path, false, &error), &error);
    imp_decoder_free(&decoder);
    imp_vgg_weights_free(&weights);
}

static int begin(void **state) {
    if (make_folder(state) != 0) return -1;
    write_small_model(in_folder("model.safetensors"), 1);
    write_small_model(in_folder("other.safetensors"), 2);
    write_decoder(in_folder("decoder.safetensors"));
    photo = make_picture(32, 24, 1);
    return 0;
}

static int end(void **state) {
    imp_image_free(&photo);
    return remove_folder(state);
}

static ImpParams *params_of(const char *settings) {
    ImpError error;
    ImpParams *params;
    char text[2048];
    must(imp_params_new(&imp_method_find("reconstruct")->params, &params, &error), &error);
    snprintf(text, sizeof text, "model=%s;threads=1;%s", in_folder("model.safetensors"), settings);
    set_params(params, text);
    return params;
}

static ImpStatus try(const char *settings, const ImpImage *image, Seen *seen, ImpResult *result, ImpError *error) {
    ImpParams *params = params_of(settings);
    ImpPicture picture = {"content", "photo.png", image};
    ImpRequest request = {.params = params, .pictures = &picture, .n_pictures = 1};
    if (seen) request.observer = (ImpObserver){seen, on_progress, on_snapshot, on_notice};
    *error = (ImpError){0};
    ImpStatus status = imp_method_find("reconstruct")->run(&request, result, error);
    imp_params_free(&params);
    return status;
}

static ImpResult run(const char *settings, const ImpImage *image, Seen *seen) {
    ImpError error;
    ImpResult result;
    must(try(settings, image, seen, &result, &error), &error);
    assert_non_null(result.image);
    size_t places = (size_t)result.image->width * (size_t)result.image->height;
    for (size_t i = 0; i < 3 * places; i++) assert_true(result.image->rgb[i] >= 0 && result.image->rgb[i] <= 1);
    return result;
}

static double metric(const ImpResult *result, const char *name) {
    for (size_t i = 0; i < result->n_metrics; i++)
        if (strcmp(result->metrics[i].name, name) == 0) return result->metrics[i].value;
    fail_msg("there is no metric %s", name);
    return 0;
}

static double psnr_between(const ImpImage *a, const ImpImage *b) {
    double sum = 0;
    size_t count = 3 * (size_t)a->width * (size_t)a->height;
    assert_true(a->width == b->width && a->height == b->height);
    for (size_t i = 0; i < count; i++) sum += pow((double)a->rgb[i] - (double)b->rgb[i], 2);
    return -10 * log10(sum / (double)count);
}

/* --- by optimisation ---------------------------------------------------------------------------------------------- */

static void shallower_layers_come_back_better(void **state) {
    (void)state;
    static const char *const layers[] = {"relu1_1", "relu1_2", "relu2_1"};
    double last = INFINITY;
    for (int i = 0; i < 3; i++) {
        char settings[128];
        snprintf(settings, sizeof settings, "layer=%s;evaluations=80", layers[i]);
        ImpResult result = run(settings, photo, NULL);
        double psnr = metric(&result, "psnr");
        if (!(psnr < last)) fail_msg("%s: %g dB, not less than %g", layers[i], psnr, last);
        assert_true(fabs(psnr - psnr_between(result.image, photo)) < 1e-6);
        assert_true(i > 0 || psnr > 35);
        assert_non_null(strstr(result.remark, "PSNR"));
        last = psnr;
        imp_image_free(&result.image);
    }
    assert_true(last > 15);
}

static void losses_fall(void **state) {
    (void)state;
    static const char *const variants[] = {
        "layer=relu2_1",
        "layer=relu2_1;optimizer=adam;evaluations=60",
        "layer=conv1_2;init=grey;line-search=strong-wolfe",
        "layer=pool1;alpha=2;alpha-weight=0.1;tv-beta=1;padding=zero;pooling=average",
        "layer=relu1_2;tv-weight=0;alpha-weight=0;size=20",
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        Seen seen = {0};
        char settings[256];
        snprintf(settings, sizeof settings, "evaluations=30;%s", variants[i]);
        ImpResult result = run(settings, photo, &seen);
        if (!(metric(&result, "total") < 0.5 * seen.totals[0]))
            fail_msg("%s: %g, from %g", variants[i], metric(&result, "total"), seen.totals[0]);
        assert_int_equal(result.steps, seen.rows);
        assert_int_equal(seen.last.step, seen.last.steps);
        assert_false(result.stopped);
        imp_image_free(&result.image);
    }
}

/* What starts as the picture is told apart by the regularisers alone. */
static void the_picture_itself_is_the_solution(void **state) {
    (void)state;
    Seen seen = {0};
    ImpResult result = run("layer=relu2_1;init=content;evaluations=1;tv-weight=0;alpha-weight=0", photo, &seen);
    assert_true(metric(&result, "total") == 0);
    assert_true(same_picture(result.image, photo));
    assert_true(metric(&result, "psnr") == 120);
    imp_image_free(&result.image);
}

static void more_total_variation_is_smoother(void **state) {
    (void)state;
    double roughness[2];
    for (int i = 0; i < 2; i++) {
        ImpResult result = run(
            i ? "layer=relu2_1;evaluations=40;tv-weight=1" : "layer=relu2_1;evaluations=40;tv-weight=0", photo, NULL);
        roughness[i] = 0;
        for (int k = 0; k + 1 < 3 * 32 * 24; k++)
            if (k % 32 != 31) roughness[i] += pow((double)(result.image->rgb[k + 1] - result.image->rgb[k]), 2);
        imp_image_free(&result.image);
    }
    assert_true(roughness[1] < 0.5 * roughness[0]);
}

static void the_seed_decides_the_noise(void **state) {
    (void)state;
    ImpResult results[4];
    static const char *const variants[] = {"seed=1", "seed=1;threads=3", "seed=2", "seed=2;init=grey"};
    for (int i = 0; i < 4; i++) {
        char settings[128];
        snprintf(settings, sizeof settings, "layer=relu2_1;evaluations=8;size=70;%s", variants[i]);
        results[i] = run(settings, photo, NULL);
    }
    assert_true(same_picture(results[0].image, results[1].image));
    assert_false(same_picture(results[0].image, results[2].image));
    assert_false(same_picture(results[2].image, results[3].image));
    for (int i = 0; i < 4; i++) imp_image_free(&results[i].image);
}

static void sizes_depth_and_transparency(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 9}, {5, 3}, {33, 21}, {17, 40}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ImpImage *image = make_picture(sizes[i][0], sizes[i][1], 1);
        ImpResult result = run("layer=relu2_1;evaluations=2", image, NULL);
        assert_int_equal(result.image->width, image->width);
        assert_int_equal(result.image->height, image->height);
        imp_image_free(&result.image);
        imp_image_free(&image);
    }
    ImpError error;
    ImpImage *image;
    must(imp_image_copy(photo, &image, &error), &error);
    must(imp_image_add_alpha(image, &error), &error);
    image->bit_depth = 16;
    for (int i = 0; i < 32 * 24; i++) image->alpha[i] = (float)(i % 3) / 2;
    ImpResult result = run("layer=relu1_1;evaluations=2", image, NULL);
    assert_int_equal(result.image->bit_depth, 16);
    assert_memory_equal(result.image->alpha, image->alpha, sizeof(float) * 32 * 24);
    imp_image_free(&result.image);
    imp_image_free(&image);
    Seen seen = {0};
    image = make_picture(1100, 2, 1);
    result = run("layer=relu1_1;evaluations=1", image, &seen);
    assert_int_equal(result.image->width, 1024);
    assert_non_null(strstr(seen.notice, "give size 1100"));
    imp_image_free(&result.image);
    imp_image_free(&image);
}

static void stopping_keeps_the_best(void **state) {
    (void)state;
    Seen seen = {.stop_at = 7, .snapshot_at = 3};
    ImpResult result = run("layer=relu2_1;evaluations=50", photo, &seen);
    double least = INFINITY;
    for (int i = 0; i < seen.rows; i++) least = fmin(least, seen.totals[i]);
    assert_true(result.stopped);
    assert_int_equal(result.steps, 7);
    assert_int_equal(seen.snapshots, 1);
    assert_true(metric(&result, "total") == least);
    imp_image_free(&result.image);
}

static void resuming_is_exact(void **state) {
    (void)state;
    static const char *const variants[] = {"evaluations=12", "evaluations=12;line-search=strong-wolfe",
                                           "evaluations=12;optimizer=adam;init=grey"};
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        for (int64_t stop = 1; stop < 12; stop += 5) {
            char alone[256], first[512], second[512];
            Seen seen = {.stop_at = stop};
            snprintf(alone, sizeof alone, "layer=relu2_1;%s", variants[i]);
            snprintf(first, sizeof first, "%s;checkpoint=%s", alone, in_folder("run.st"));
            snprintf(second, sizeof second, "%s;resume=%s", alone, in_folder("run.st"));
            ImpResult whole = run(alone, photo, NULL), part = run(first, photo, &seen);
            ImpResult rest = run(second, photo, NULL);
            assert_true(part.stopped);
            assert_true(same_picture(whole.image, rest.image));
            assert_int_equal(whole.steps, rest.steps);
            imp_image_free(&whole.image);
            imp_image_free(&part.image);
            imp_image_free(&rest.image);
        }
}

/* --- the sheet ---------------------------------------------------------------------------------------------------- */

static void all_layers_are_on_the_sheet(void **state) {
    (void)state;
    Seen seen = {0}, stopped = {.stop_at = 6};
    ImpResult result = run("all-layers=true;evaluations=4", photo, &seen);
    assert_int_equal(result.image->width, 2 * 32 + 3 * 8); /* the picture and three layers, labelled */
    assert_int_equal(result.image->height, 2 * (24 + 11) + 3 * 8);
    assert_int_equal(result.steps, 12);
    assert_int_equal(seen.last.step, seen.last.steps);
    assert_int_equal(seen.last.scales, 3);
    assert_int_equal(seen.notices, 3);
    assert_non_null(strstr(seen.notice, "relu2_1: PSNR"));
    imp_image_free(&result.image);
    result = run("all-layers=true;layer=relu1_2;evaluations=4;size=16", photo, NULL);
    assert_int_equal(result.steps, 8);
    assert_int_equal(result.image->width, 2 * 16 + 3 * 8);
    imp_image_free(&result.image);
    result = run("all-layers=true;evaluations=4", photo, &stopped); /* within the second layer */
    assert_true(result.stopped);
    assert_int_equal(result.image->width, 2 * 32 + 3 * 8);
    assert_int_equal(stopped.notices, 2);
    imp_image_free(&result.image);
}

/* --- through a decoder -------------------------------------------------------------------------------------------- */

static void a_decoder_gives_the_picture_in_one_pass(void **state) {
    (void)state;
    char settings[512];
    static const int sizes[][2] = {{32, 24}, {1, 1}, {7, 40}, {33, 21}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ImpImage *image = make_picture(sizes[i][0], sizes[i][1], 1);
        snprintf(settings, sizeof settings, "decoder-file=%s", in_folder("decoder.safetensors"));
        ImpResult result = run(settings, image, NULL);
        assert_int_equal(result.image->width, image->width);
        assert_int_equal(result.image->height, image->height);
        assert_int_equal(result.steps, 1);
        assert_true(fabs(metric(&result, "psnr") - psnr_between(result.image, image)) < 1e-6);
        imp_image_free(&result.image);
        imp_image_free(&image);
    }
    snprintf(settings, sizeof settings, "decoder=true;layer=relu2_1;size=16;decoder-file=%s",
             in_folder("decoder.safetensors"));
    ImpResult result = run(settings, photo, NULL);
    assert_int_equal(result.image->width, 16);
    imp_image_free(&result.image);
}

static void a_session_reads_the_networks_once(void **state) {
    (void)state;
    ImpError error;
    const ImpMethod *method = imp_method_find("reconstruct");
    for (int decoder = 0; decoder < 2; decoder++) {
        char settings[256];
        void *session;
        snprintf(settings, sizeof settings, decoder ? "decoder-file=%s" : "layer=relu2_1;evaluations=3",
                 in_folder("decoder.safetensors"));
        ImpResult alone = run(settings, photo, NULL);
        ImpParams *params = params_of(settings);
        must(imp_method_open(method, params, &session, &error), &error);
        assert_int_equal(rename(in_folder("model.safetensors"), in_folder("away")), 0);
        for (int i = 0; i < 2; i++) {
            ImpResult result;
            ImpPicture picture = {"content", "photo.png", photo};
            ImpRequest request = {.params = params, .pictures = &picture, .n_pictures = 1, .session = session};
            must(method->run(&request, &result, &error), &error);
            assert_true(same_picture(result.image, alone.image));
            imp_image_free(&result.image);
        }
        assert_int_equal(rename(in_folder("away"), in_folder("model.safetensors")), 0);
        imp_method_close(method, &session);
        imp_params_free(&params);
        imp_image_free(&alone.image);
    }
}

/* --- faults ------------------------------------------------------------------------------------------------------- */

static void refuse(const char *settings, const char *part) {
    ImpError error;
    ImpResult result;
    assert_int_not_equal(try(settings, photo, NULL, &result, &error), IMP_OK);
    assert_null(result.image);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void what_cannot_be_done_is_said(void **state) {
    (void)state;
    char settings[512];
    refuse("layer=relu4_2", "conv2_1");
    refuse("layer=image", "image is no layer");
    refuse("layer=nonsense", "nonsense");
    refuse("evaluations=1", "conv2_1"); /* relu4_2 */
    refuse("model=/no/such/file.pth", "/no/such/file.pth");
    refuse("all-layers=true;layer=pool1", "pool1");
    refuse("all-layers=true;checkpoint=a.st", "checkpoint is for a single layer");
    refuse("layer=relu1_1;checkpoint-every=5", "checkpoint-every needs");
    refuse("layer=relu1_1;optimizer=adam;line-search=strong-wolfe", "strong-wolfe");
    refuse("decoder-file=no-such-decoder", "no-such-decoder");
    snprintf(settings, sizeof settings, "layer=relu1_1;decoder-file=%s", in_folder("decoder.safetensors"));
    refuse(settings, "reads relu2_1, not relu1_1");
    snprintf(settings, sizeof settings, "all-layers=true;decoder-file=%s", in_folder("decoder.safetensors"));
    refuse(settings, "leave it or the decoder out");
    snprintf(settings, sizeof settings, "decoder-file=%s;model=%s", in_folder("decoder.safetensors"),
             in_folder("other.safetensors"));
    refuse(settings, "decoder");
    snprintf(settings, sizeof settings, "layer=relu2_1;evaluations=6;checkpoint=%s", in_folder("kept.st"));
    ImpResult result = run(settings, photo, NULL);
    imp_image_free(&result.image);
    snprintf(settings, sizeof settings, "layer=relu2_1;evaluations=6;alpha=4;resume=%s", in_folder("kept.st"));
    refuse(settings, "alpha 6, but this run has 4");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shallower_layers_come_back_better),
        cmocka_unit_test(losses_fall),
        cmocka_unit_test(the_picture_itself_is_the_solution),
        cmocka_unit_test(more_total_variation_is_smoother),
        cmocka_unit_test(the_seed_decides_the_noise),
        cmocka_unit_test(sizes_depth_and_transparency),
        cmocka_unit_test(stopping_keeps_the_best),
        cmocka_unit_test(resuming_is_exact),
        cmocka_unit_test(all_layers_are_on_the_sheet),
        cmocka_unit_test(a_decoder_gives_the_picture_in_one_pass),
        cmocka_unit_test(a_session_reads_the_networks_once),
        cmocka_unit_test(what_cannot_be_done_is_said),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
