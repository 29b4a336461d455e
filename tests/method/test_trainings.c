/* The trainings beside `train style`, on small networks: that each learns, that a run taken up again ends in the same
 * bytes, that what it writes is read by what uses it, and what it refuses. */
#include "method/support.h"
#include "method/training.h"

#include "base/memory.h"
#include "network/decoder.h"
#include "network/vgg.h"
#include <sys/stat.h>

static int make_files(void **state) {
    ImpError error;
    if (make_folder(state) != 0) return -1;
    write_small_model(in_folder("model.safetensors"), 1);
    if (mkdir(in_folder("photos"), 0700) != 0 || mkdir(in_folder("paintings"), 0700) != 0) return -1;
    for (int i = 0; i < 6; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s/%d.png", i < 3 ? "photos" : "paintings", i);
        ImpImage *image = make_picture(40 + 7 * i, 44, i);
        must(imp_image_write(image, in_folder(name), NULL, &error), &error);
        imp_image_free(&image);
    }
    return 0;
}

/* Options that make it small; the last ones win. */
typedef struct Kind {
    const char *name, *model, *settings;
} Kind;

static const Kind kinds[] = {
    {"perceptual", "teacher", "channels=5,6,8,8,8;layers=relu1_1,relu1_2:2,relu2_1;crop=32;"},
    {"decoder", "model", "layer=relu2_1;crop=32;feature-weight=0.1;"},
    {"adain", "model", "layer=relu2_1;style-layers=relu1_1,relu2_1:2;crop=32;tv-weight=0.1;"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static ImpStatus attempt(const Kind *kind, const char *settings, Watch *watch, ImpTrainingResult *result,
                         ImpError *error) {
    const ImpTraining *training = imp_training_find(kind->name);
    ImpParams *params;
    char text[4096];
    assert_non_null(training);
    must(imp_params_new(&training->params, &params, error), error);
    int used = snprintf(text, sizeof text, "%s=%s;photos=%s;batch=2;checkpoint-every=0;threads=1;%s%s", kind->model,
                        in_folder("model.safetensors"), in_folder("photos"), kind->settings, settings);
    if (imp_param_find(&training->params, "paintings"))
        must(imp_params_set(params, "paintings", in_folder("paintings"), error), error);
    assert_true(used > 0 && (size_t)used < sizeof text);
    set_params(params, text);
    ImpStatus status = run_training(kind->name, params, watch, result, error);
    imp_params_free(&params);
    return status;
}

static ImpTrainingResult train(const Kind *kind, const char *settings, Watch *watch) {
    ImpError error;
    ImpTrainingResult result;
    must(attempt(kind, settings, watch, &result, &error), &error);
    return result;
}

static void each_learns(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        Watch watch = {0};
        char settings[512];
        snprintf(settings, sizeof settings, "steps=60;learning-rate=0.005;output=%s", in_folder("learned.safetensors"));
        ImpTrainingResult result = train(&kinds[k], settings, &watch);
        assert_int_equal(result.steps, 60);
        double early = 0, late = 0;
        for (int i = 0; i < 8; i++) early += watch.totals[i], late += watch.totals[52 + i];
        if (!(late < 0.9 * early)) fail_msg("%s: from %g to %g", kinds[k].name, early, late);
    }
}

static void each_is_taken_up_again_to_the_same_bytes(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        char settings[1024], resume[1400];
        Watch whole = {0}, first = {.stop_at = 3}, second = {0};
        snprintf(settings, sizeof settings, "steps=7;accumulate=2;threads=2;output=%s", in_folder("whole.safetensors"));
        train(&kinds[k], settings, &whole);
        snprintf(settings, sizeof settings, "steps=7;accumulate=2;output=%s", in_folder("parts.safetensors"));
        assert_true(train(&kinds[k], settings, &first).stopped);
        snprintf(resume, sizeof resume, "%s;resume=%s", settings, in_folder("parts.safetensors.checkpoint"));
        train(&kinds[k], resume, &second);
        assert_int_equal(second.rows, 4);
        for (int i = 0; i < 4; i++) assert_true(second.totals[i] == whole.totals[3 + i]);
        assert_same_file(in_folder("whole.safetensors"), in_folder("parts.safetensors"));
    }
}

/* `apply --style` on a small picture with the decoder in decoder.safetensors. */
static ImpStatus paint(const char *model, const char *settings, ImpImage **out, ImpError *error) {
    const ImpMethod *apply = imp_method_find("apply");
    ImpImage *photo = make_picture(21, 34, 1);
    ImpPicture picture = {"content", "photo.png", photo};
    ImpParams *params;
    ImpResult result;
    char text[1024];
    must(imp_params_new(&apply->params, &params, error), error);
    snprintf(text, sizeof text, "model=%s;decoder=%s;style-size=40;threads=1;%s", model,
             in_folder("decoder.safetensors"), settings);
    set_params(params, text);
    ImpRequest request = {.params = params, .pictures = &picture, .n_pictures = 1};
    ImpStatus status = apply->run(&request, &result, error);
    *out = result.image;
    imp_params_free(&params);
    imp_image_free(&photo);
    return status;
}

/* One painting, and two whose weights leave only the first. */
static void a_decoder_paints(const char *model) {
    ImpError error;
    ImpImage *one, *two, *other;
    char settings[512];
    snprintf(settings, sizeof settings, "style=%s", in_folder("paintings/3.png"));
    must(paint(model, settings, &one, &error), &error);
    assert_int_equal(one->width, 21);
    assert_int_equal(one->height, 34);
    snprintf(settings, sizeof settings, "style=%s,%s;style-weights=2,0", in_folder("paintings/3.png"),
             in_folder("paintings/4.png"));
    must(paint(model, settings, &two, &error), &error);
    assert_true(same_picture(one, two));
    snprintf(settings, sizeof settings, "style=%s;transform=wct", in_folder("paintings/3.png"));
    must(paint(model, settings, &other, &error), &error);
    assert_false(same_picture(one, other));
    imp_image_free(&one);
    imp_image_free(&two);
    imp_image_free(&other);
    snprintf(settings, sizeof settings, "style=%s;style-weights=1,2", in_folder("paintings/3.png"));
    assert_int_equal(paint(model, settings, &one, &error), IMP_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "2 style-weights for 1 paintings"));
}

/* A network for losses, with which a decoder is trained in turn. */
static void what_is_written_is_used(void **state) {
    (void)state;
    char settings[512], model[256];
    ImpVggWeights *weights;
    ImpDecoder *decoder;
    ImpError error;
    Watch watch = {0};
    snprintf(model, sizeof model, "%s", in_folder("small.safetensors"));
    snprintf(settings, sizeof settings, "steps=2;half=true;output=%s", model);
    train(&kinds[0], settings, &watch);
    must(imp_vgg_weights_read(model, IMP_INPUT_AUTO, &weights, &error), &error);
    assert_int_equal(weights->n_convs, 3);
    assert_int_equal(weights->convs[1].out_channels, 5);
    assert_int_equal(weights->convs[2].projected, 6);
    assert_int_equal(imp_vgg_counted_channels(weights, "relu2_1", 6), 128);
    for (int k = 1; k < KINDS; k++) {
        snprintf(settings, sizeof settings, "model=%s;steps=2;output=%s;sample=%s", model,
                 in_folder("decoder.safetensors"), in_folder("sheet.png"));
        train(&kinds[k], settings, &watch);
        must(imp_decoder_read(in_folder("decoder.safetensors"), &decoder, &error), &error);
        assert_string_equal(decoder->layer, "relu2_1");
        assert_string_equal(decoder->encoder_sha256, weights->sha256);
        assert_int_equal(decoder->layers[0].in, 6);
        assert_int_equal(access(in_folder("sheet.png"), R_OK), 0);
        imp_decoder_free(&decoder);
        a_decoder_paints(model);
    }
    imp_vgg_weights_free(&weights);
}

/* With the average of another training, whose options may differ but for the sizes. */
static void each_starts_from_a_checkpoint(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        char settings[1024];
        ImpError error;
        ImpTrainingResult result;
        Watch first = {0}, second = {0};
        snprintf(settings, sizeof settings, "steps=60;learning-rate=0.005;average-decay=0.5;output=%s",
                 in_folder("first.safetensors"));
        train(&kinds[k], settings, &first);
        snprintf(settings, sizeof settings, "steps=2;seed=0;average-decay=0;output=%s;start=%s",
                 in_folder("second.safetensors"), in_folder("first.safetensors.checkpoint"));
        train(&kinds[k], settings, &second);
        if (!(second.totals[0] < 0.9 * first.totals[0]))
            fail_msg("%s: %g after %g", kinds[k].name, second.totals[0], first.totals[0]);
        snprintf(settings, sizeof settings, "steps=2;output=%s;start=%s", in_folder("third.safetensors"),
                 in_folder("first.safetensors"));
        assert_int_equal(attempt(&kinds[k], settings, &second, &result, &error), IMP_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, "is no checkpoint"));
    }
}

static void refuse(int kind, const char *settings, const char *part) {
    char text[1024];
    ImpError error = {0};
    ImpTrainingResult result;
    Watch watch = {0};
    snprintf(text, sizeof text, "steps=2;output=%s;%s", in_folder("refused.safetensors"), settings);
    assert_int_not_equal(attempt(&kinds[kind], text, &watch, &result, &error), IMP_OK);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    assert_int_not_equal(access(in_folder("refused.safetensors"), F_OK), 0);
}

static void what_cannot_be_done_is_said(void **state) {
    (void)state;
    refuse(0, "layers=pool1", "pool1");
    refuse(0, "layers=relu3_1", "relu3_1");
    refuse(0, "channels=4,4", "channels has 2 numbers");
    refuse(0, "crop=40", "multiple of 16");
    refuse(1, "layer=conv1_1", "conv1_1");
    refuse(1, "layer=relu9_1", "relu9_1");
    refuse(1, "pixel-weight=0;feature-weight=0", "nothing is learned");
    refuse(2, "style-weight=0", "no style to learn");
    refuse(2, "paintings=/no/such/folder", "/no/such/folder");
    char settings[512];
    Watch watch = {0};
    snprintf(settings, sizeof settings, "steps=2;output=%s", in_folder("one.safetensors"));
    train(&kinds[1], settings, &watch);
    snprintf(settings, sizeof settings, "resume=%s", in_folder("one.safetensors.checkpoint"));
    refuse(2, settings, "is not a checkpoint of 'train adain'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_learns),
        cmocka_unit_test(each_is_taken_up_again_to_the_same_bytes),
        cmocka_unit_test(what_is_written_is_used),
        cmocka_unit_test(each_starts_from_a_checkpoint),
        cmocka_unit_test(what_cannot_be_done_is_said),
    };
    return cmocka_run_group_tests(tests, make_files, remove_folder);
}
