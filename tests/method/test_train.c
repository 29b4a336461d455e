/* `train style` on a small network: that it learns, that a run taken up again ends in the same bytes, what it leaves
 * when it is stopped or the disk is full, and what it refuses. That its losses and steps are PyTorch's, train_peer.py
 * checks. */
#include "method/support.h"
#include "method/training.h"

#include "base/memory.h"
#include "method/feedforward/style_objective.h"
#include "method/feedforward/train_state.h"
#include "network/transform_net.h"
#include <sys/stat.h>

static int make_files(void **state) {
    ImpError error;
    if (make_folder(state) != 0) return -1;
    write_small_model(in_folder("model.safetensors"), 1);
    if (mkdir(in_folder("photos"), 0700) != 0 || mkdir(in_folder("empty"), 0700) != 0) return -1;
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, i < 3 ? "photos/%d.png" : "style.png", i);
        ImpImage *image = make_picture(40 + 7 * i, 44, i);
        must(imp_image_write(image, in_folder(name), NULL, &error), &error);
        imp_image_free(&image);
    }
    return 0;
}

static ImpParams *training_params(const char *settings) {
    ImpError error;
    ImpParams *params;
    char text[2048];
    must(imp_params_new(&imp_training_find("style")->params, &params, &error), &error);
    snprintf(text, sizeof text,
             "model=%s;style=%s;photos=%s;style-layers=relu1_1,relu2_1;content-layers=relu1_2;width=0.0625;"
             "residual-blocks=1;batch=2;crop=32;style-size=40;checkpoint-every=0;threads=1;%s",
             in_folder("model.safetensors"), in_folder("style.png"), in_folder("photos"), settings);
    set_params(params, text);
    return params;
}

static ImpStatus attempt(const char *settings, Watch *watch, ImpTrainingResult *result, ImpError *error) {
    ImpParams *params = training_params(settings);
    ImpStatus status = run_training("style", params, watch, result, error);
    imp_params_free(&params);
    return status;
}

static ImpTrainingResult train(const char *settings, Watch *watch) {
    ImpError error;
    ImpTrainingResult result;
    must(attempt(settings, watch, &result, &error), &error);
    return result;
}

static void it_learns(void **state) {
    (void)state;
    ImpError error;
    ImpTransformNet *net;
    Watch watch = {0};
    char settings[512];
    snprintf(settings, sizeof settings, "steps=80;learning-rate=0.01;output=%s;sample=%s", in_folder("a.safetensors"),
             in_folder("sheet.png"));
    ImpTrainingResult result = train(settings, &watch);
    assert_int_equal(result.steps, 80);
    assert_int_equal(result.faults, 0);
    double early = 0, late = 0;
    for (int i = 0; i < 10; i++) early += watch.totals[i], late += watch.totals[70 + i];
    if (!(late < 0.5 * early)) fail_msg("from %g to %g", early, late);
    must(imp_transform_read(in_folder("a.safetensors"), &net, &error), &error);
    assert_int_equal(net->shape.down[2], 8);
    assert_int_equal(net->shape.residuals, 1);
    imp_transform_free(&net);
    ImpImage *sheet;
    must(imp_image_read(in_folder("sheet.png"), 0, &sheet, &error), &error);
    assert_int_equal(sheet->width, 2 * 32 + 3 * 8);
    assert_int_equal(sheet->height, 2 * 32 + 3 * 8);
    imp_image_free(&sheet);
}

/* With everything that has a state: accumulation, average, warm-up, decay, more than one state to go back to. */
#define EVERYTHING "accumulate=2;average-decay=0.9;warmup=7;weight-decay=0.01;clip=1000;steps=108;"

static void a_training_taken_up_again_ends_in_the_same_bytes(void **state) {
    (void)state;
    char settings[1024];
    Watch whole = {0}, rest = {0};
    snprintf(settings, sizeof settings, EVERYTHING "threads=2;output=%s", in_folder("whole.safetensors"));
    train(settings, &whole);
    snprintf(settings, sizeof settings, EVERYTHING "threads=1;output=%s", in_folder("parts.safetensors"));
    static const int64_t stops[] = {3, 103};
    for (int i = 0; i < 3; i++) {
        Watch part = {.stop_at = i < 2 ? stops[i] : 0};
        char resume[1400];
        snprintf(resume, sizeof resume, "%s;resume=%s", settings, in_folder("parts.safetensors.checkpoint"));
        ImpTrainingResult result = train(i == 0 ? settings : resume, &part);
        assert_true(result.stopped == (i < 2));
        assert_int_equal(result.steps, i < 2 ? stops[i] : 108);
        rest = part;
    }
    assert_int_equal(rest.rows, 5);
    for (int i = 0; i < 5; i++) assert_true(rest.totals[i] == whole.totals[103 + i]);
    assert_same_file(in_folder("whole.safetensors"), in_folder("parts.safetensors"));
    /* A finished one can be made longer, and one that is done is not changed by going on. */
    snprintf(settings, sizeof settings, EVERYTHING "output=%s;resume=%s", in_folder("same.safetensors"),
             in_folder("whole.safetensors.checkpoint"));
    Watch none = {0};
    train(settings, &none);
    assert_int_equal(none.rows, 0);
    assert_same_file(in_folder("whole.safetensors"), in_folder("same.safetensors"));
}

static void it_starts_from_another_network(void **state) {
    (void)state;
    char settings[512], text[1024];
    Watch first = {0}, second = {0}, third = {0};
    snprintf(settings, sizeof settings, "steps=60;learning-rate=0.01;output=%s", in_folder("first.safetensors"));
    train(settings, &first);
    snprintf(settings, sizeof settings, "steps=6;output=%s;start=%s", in_folder("second.safetensors"),
             in_folder("first.safetensors"));
    train(settings, &second);
    if (!(second.totals[0] < 0.6 * first.totals[0])) fail_msg("%g after %g", second.totals[0], first.totals[0]);
    snprintf(text, sizeof text, "%s;resume=%s;steps=8", settings, in_folder("second.safetensors.checkpoint"));
    train(text, &third);
    assert_int_equal(third.rows, 2);
    ImpError error;
    ImpTrainingResult result;
    snprintf(text, sizeof text, "%s;width=0.125", settings);
    assert_int_equal(attempt(text, &third, &result, &error), IMP_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "another number of channels"));
}

static void a_full_disk_does_not_end_it(void **state) {
    (void)state;
    char settings[512];
    Watch watch = {0};
    snprintf(settings, sizeof settings, "steps=4;checkpoint-every=2;output=%s;checkpoint=/dev/full",
             in_folder("full.safetensors"));
    ImpTrainingResult result = train(settings, &watch);
    assert_int_equal(result.steps, 4);
    assert_int_equal(result.faults, 2);
    assert_int_equal(watch.notices, 1);
    assert_non_null(strstr(watch.notice, "no checkpoint"));
    assert_int_equal(access(in_folder("full.safetensors"), R_OK), 0);
}

static void refuse(const char *settings, const char *part) {
    char text[1024];
    ImpError error;
    ImpTrainingResult result;
    Watch watch = {0};
    snprintf(text, sizeof text, "steps=6;output=%s;%s", in_folder("refused.safetensors"), settings);
    assert_int_not_equal(attempt(text, &watch, &result, &error), IMP_OK);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    assert_int_not_equal(access(in_folder("refused.safetensors"), F_OK), 0);
}

/* The small model with weights under which every loss leaves the finite numbers. */
static void write_huge_model(void) {
    ImpError error;
    ImpBundle *bundle;
    must(imp_weights_read(in_folder("model.safetensors"), &bundle, &error), &error);
    for (size_t i = 0; i < bundle->count; i++)
        for (size_t k = 0; k < bundle->arrays[i].count; k++) ((float *)bundle->arrays[i].data)[k] *= 1e25f;
    must(imp_safetensors_write(bundle, in_folder("huge.safetensors"), false, &error), &error);
    imp_bundle_free(&bundle);
}

static void what_cannot_be_done_is_said(void **state) {
    (void)state;
    char text[512];
    refuse("crop=34", "multiple of 4");
    refuse("style-layers=relu7_1", "relu7_1");
    refuse("content-weight=0", "both content and style");
    refuse("style=/no/such/painting.jpg", "/no/such/painting.jpg");
    refuse("model=no-such-model", "no-such-model");
    refuse("output=/no/such/folder/x.safetensors", "/no/such/folder");
    snprintf(text, sizeof text, "photos=%s", in_folder("empty"));
    refuse(text, "empty");
    write_huge_model();
    snprintf(text, sizeof text, "model=%s", in_folder("huge.safetensors"));
    refuse(text, "left the finite numbers 21 times");
}

static void other_trainings_are_not_continued(void **state) {
    (void)state;
    char settings[512], text[512];
    Watch watch = {0};
    snprintf(settings, sizeof settings, "steps=2;output=%s", in_folder("one.safetensors"));
    train(settings, &watch);
    char *kept = strdup(in_folder("one.safetensors.checkpoint"));
    snprintf(text, sizeof text, "resume=%s;batch=3", kept);
    refuse(text, "made with batch 2, but this run has 3");
    snprintf(text, sizeof text, "resume=%s;style=%s", kept, in_folder("photos/0.png"));
    refuse(text, "another painting");
    snprintf(text, sizeof text, "resume=%s;photos=%s", kept, in_folder("photos/0.png"));
    refuse(text, "another set of photographs");
    snprintf(text, sizeof text, "resume=%s;schedule=cosine", kept);
    refuse(text, "schedule");
    snprintf(text, sizeof text, "resume=%s;steps=1", kept);
    refuse(text, "has 2 steps, more than the 1");
    snprintf(text, sizeof text, "resume=%s", in_folder("one.safetensors"));
    refuse(text, "is not a checkpoint");
    free(kept);
}

/* --- the parts ---------------------------------------------------------------------------------------------------- */

static void a_setback_returns_to_the_good_state(void **state) {
    (void)state;
    ImpError error;
    ImpTrainState s;
    enum { COUNT = 50 };
    float values[COUNT] = {0};
    ImpTrainTask task = {
        .settings = {.average_decay = 0.9, .schedule = {.rate = 1e-3}}, .values = values, .count = COUNT};
    must(imp_train_state_begin(&task, &s, &error), &error);
    size_t count = s.count;
    float *first = imp_alloc(count, sizeof *first), *gradient = imp_alloc(count, sizeof *gradient);
    for (int k = 0; k < 3; k++) {
        for (size_t i = 0; i < count; i++) gradient[i] = (float)(i % 7) - 3;
        must(imp_adam_move(s.optimiser, s.values, gradient, 1, 0, NULL, &error), &error);
        imp_average_add(s.average, s.values);
        s.step++;
        s.batches += 2;
        if (k == 0) must(imp_train_state_remember(&s, &error), &error);
        if (k == 0) memcpy(first, s.values, count * sizeof *first);
    }
    s.values[3] = NAN;
    must(imp_train_state_step_back(&s, &error), &error);
    assert_memory_equal(s.values, first, count * sizeof *first);
    assert_int_equal(s.step, 1);
    assert_int_equal(s.batches, 6); /* the photographs that did it are not met again */
    assert_int_equal(imp_adam_step(s.optimiser), 1);
    assert_int_equal(imp_average_count(s.average), 1);
    assert_true(s.rate_factor == 0.5);
    for (int k = 0; k < 19; k++) must(imp_train_state_step_back(&s, &error), &error);
    assert_int_equal(imp_train_state_step_back(&s, &error), IMP_ERROR_NUMBER);
    imp_train_state_end(&s);
    imp_free(first);
    imp_free(gradient);
}

/* The gradient at a few pixels against differences of the losses. */
static void the_gradient_is_that_of_the_losses(void **state) {
    (void)state;
    ImpError error;
    ImpParams *params = training_params("output=x;tv-weight=1e3;style-weight=1e5;content-weight=10");
    ImpTrainStyleSettings settings;
    ImpVggWeights *vgg;
    ImpStyleObjective *objective;
    must(imp_train_style_settings_read(params, &settings, &error), &error);
    must(imp_vgg_weights_read(in_folder("model.safetensors"), IMP_INPUT_TORCHVISION, &vgg, &error), &error);
    ImpImage *style = make_picture(40, 40, 3);
    must(imp_style_objective_new(vgg, &settings, style, 2, 32, &objective, &error), &error);
    enum { COUNT = 2 * 3 * 32 * 32 };
    static float photos[COUNT], made[COUNT], gradient[COUNT], other[COUNT];
    ImpRandom random;
    imp_random_seed(&random, 4);
    for (int i = 0; i < COUNT; i++) photos[i] = (float)imp_random_uniform(&random);
    for (int i = 0; i < COUNT; i++) made[i] = (float)(255 * imp_random_uniform(&random));
    ImpStyleLosses losses, above, below;
    must(imp_style_evaluate(objective, photos, made, gradient, &losses, &error), &error);
    assert_true(losses.content > 0 && losses.style > 0 && losses.tv > 0);
    for (int k = 0; k < 12; k++) {
        int at = (int)imp_random_below(&random, COUNT);
        float kept = made[at], step = 1;
        made[at] = kept + step;
        must(imp_style_evaluate(objective, photos, made, other, &above, &error), &error);
        made[at] = kept - step;
        must(imp_style_evaluate(objective, photos, made, other, &below, &error), &error);
        made[at] = kept;
        double slope = (above.total - below.total) / 2;
        if (fabs(slope - (double)gradient[at]) > 0.02 * fabs(slope) + 1e-4 * fabs(losses.total) / 255)
            fail_msg("at %d: %g instead of %g", at, (double)gradient[at], slope);
    }
    imp_style_objective_free(&objective);
    imp_vgg_weights_free(&vgg);
    imp_image_free(&style);
    imp_params_free(&params);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_is_that_of_the_losses),
        cmocka_unit_test(a_setback_returns_to_the_good_state),
        cmocka_unit_test(it_learns),
        cmocka_unit_test(it_starts_from_another_network),
        cmocka_unit_test(a_training_taken_up_again_ends_in_the_same_bytes),
        cmocka_unit_test(a_full_disk_does_not_end_it),
        cmocka_unit_test(other_trainings_are_not_continued),
        cmocka_unit_test(what_cannot_be_done_is_said),
    };
    return cmocka_run_group_tests(tests, make_files, remove_folder);
}
