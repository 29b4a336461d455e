/* Checkpoints of stylize: a run that was interrupted and resumed is the run that was not. */
#include "method/support.h"

static ImpImage *content, *style;

static int begin(void **state) {
    if (make_folder(state) != 0) return -1;
    write_small_model(in_folder("model.safetensors"), 1);
    write_small_model(in_folder("other.safetensors"), 2);
    content = make_picture(32, 24, 1);
    style = make_picture(30, 30, 2);
    return 0;
}

static int end(void **state) {
    imp_image_free(&content);
    imp_image_free(&style);
    return remove_folder(state);
}

static ImpResult run(const char *settings, Seen *seen) {
    ImpError error;
    ImpResult result;
    must(run_pair(settings, content, style, seen, &result, &error), &error);
    return result;
}

/* Every row of `part` is a row of `whole`. */
static void check_rows(const char *settings, const Seen *whole, const Seen *part) {
    for (int i = 0; i < part->rows; i++) {
        int at = 0; /* evaluations that are not finite have no row */
        while (at < whole->rows && whole->steps[at] != part->steps[i]) at++;
        assert_true(at < whole->rows);
        if (whole->totals[at] != part->totals[i] || whole->norms[at] != part->norms[i])
            fail_msg("%s: evaluation %d differs", settings, (int)part->steps[i]);
    }
}

static void check_resume(const char *settings, int64_t stop) {
    char first[512], second[512];
    snprintf(first, sizeof first, "%s;checkpoint=%s", settings, in_folder("run.st"));
    snprintf(second, sizeof second, "%s;resume=%s;threads=2", settings, in_folder("run.st"));
    Seen whole = {0}, before = {.stop_at = stop}, after = {0};
    ImpResult expected = run(settings, &whole), stopped = run(first, &before), resumed = run(second, &after);
    assert_true(stopped.stopped);
    check_rows(settings, &whole, &before);
    check_rows(settings, &whole, &after);
    if (!same_picture(expected.image, resumed.image)) fail_msg("%s: stopped at %d", settings, (int)stop);
    assert_int_equal(expected.steps, resumed.steps);
    for (size_t i = 0; i < expected.n_metrics; i++) assert_true(expected.metrics[i].value == resumed.metrics[i].value);
    imp_image_free(&expected.image);
    imp_image_free(&stopped.image);
    imp_image_free(&resumed.image);
}

static void resuming_is_exact(void **state) {
    (void)state;
    static const char *const variants[] = {
        "evaluations=12",
        "evaluations=12;history=3;init=noise",
        "evaluations=14;line-search=strong-wolfe",
        "evaluations=12;optimizer=adam",
        "evaluations=5;scales=18,25;size=32;optimizer=adam;average-decay=0.9;initial-evaluations=4",
        "evaluations=5;scales=18,25;size=32;tv-weight=1",
        "evaluations=8;variable=bytes;clamp=end;init=noise;noise=grey;seed=3",
        "evaluations=30;clamp=end;learning-rate=1e9;style-weight=1e15",
        "evaluations=5;scales=18,25;size=32;line-search=strong-wolfe",
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        for (int64_t stop = 1; stop <= 8; stop += i == 2 ? 1 : 3) check_resume(variants[i], stop);
}

/* A checkpoint that the observer asks for, or that comes by itself, is as good, and the run goes on. */
static void checkpoints_on_the_way(void **state) {
    (void)state;
    static const char *const asked[] = {"evaluations=10", "evaluations=10;checkpoint-every=4"};
    for (int i = 0; i < 2; i++) {
        char settings[512];
        Seen whole = {.checkpoint_at = i == 0 ? 4 : 0, .stop_at = 0}, after = {0};
        snprintf(settings, sizeof settings, "%s;checkpoint=%s", asked[i], in_folder("way.st"));
        ImpResult expected = run(settings, &whole);
        assert_false(expected.stopped);
        /* The end has overwritten what was written on the way: it resumes to itself. */
        snprintf(settings, sizeof settings, "evaluations=10;resume=%s", in_folder("way.st"));
        ImpResult resumed = run(settings, &after);
        assert_int_equal(after.rows, 0);
        assert_true(same_picture(expected.image, resumed.image));
        imp_image_free(&expected.image);
        imp_image_free(&resumed.image);
    }
}

static void a_finished_run_can_go_on(void **state) {
    (void)state;
    char settings[512];
    Seen whole = {0}, half = {0}, rest = {0};
    ImpResult expected = run("evaluations=14", &whole);
    snprintf(settings, sizeof settings, "evaluations=6;checkpoint=%s", in_folder("half.st"));
    ImpResult first = run(settings, &half);
    snprintf(settings, sizeof settings, "evaluations=14;resume=%s", in_folder("half.st"));
    ImpResult second = run(settings, &rest);
    assert_int_equal(rest.rows, 8);
    check_rows("twice", &whole, &rest);
    assert_true(same_picture(expected.image, second.image));
    imp_image_free(&expected.image);
    imp_image_free(&first.image);
    imp_image_free(&second.image);
}

static void expect_refusal(const char *settings, const ImpImage *photo, const char *part) {
    char text[512];
    ImpError error;
    ImpResult result;
    snprintf(text, sizeof text, "evaluations=10;resume=%s;%s", in_folder("kept.st"), settings);
    assert_int_not_equal(run_pair(text, photo, style, NULL, &result, &error), IMP_OK);
    assert_null(result.image);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void other_runs_are_refused(void **state) {
    (void)state;
    char settings[512];
    Seen seen = {.stop_at = 5};
    snprintf(settings, sizeof settings, "evaluations=10;checkpoint=%s", in_folder("kept.st"));
    ImpResult result = run(settings, &seen);
    imp_image_free(&result.image);
    expect_refusal("style-weight=5", content, "style-weight 1000000, but this run has 5");
    expect_refusal("style-size=7", content, "style-size nothing, but this run has 7");
    expect_refusal("optimizer=adam", content, "optimizer lbfgs");
    expect_refusal("evaluations=3", content, "has 5 evaluations");
    snprintf(settings, sizeof settings, "model=%s", in_folder("other.safetensors"));
    expect_refusal(settings, content, "another model");
    ImpImage *changed = make_picture(32, 24, 1);
    changed->rgb[100] += 0.01f;
    expect_refusal("seed=0", changed, "another picture than photo.png");
    imp_image_free(&changed);
    snprintf(settings, sizeof settings, "resume=%s", in_folder("model.safetensors"));
    expect_refusal(settings, content, "not a checkpoint");
    snprintf(settings, sizeof settings, "resume=%s", in_folder("missing.st"));
    expect_refusal(settings, content, "missing.st");
}

/* Cut off anywhere, a checkpoint is refused. */
static void damaged_files_are_refused(void **state) {
    (void)state;
    char settings[512];
    Seen seen = {.stop_at = 3};
    snprintf(settings, sizeof settings, "evaluations=10;checkpoint=%s", in_folder("kept.st"));
    ImpResult result = run(settings, &seen);
    imp_image_free(&result.image);
    FILE *file = fopen(in_folder("kept.st"), "rb");
    assert_non_null(file);
    static char bytes[1 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (int part = 0; part < 16; part++) {
        file = fopen(in_folder("cut.st"), "wb");
        assert_non_null(file);
        fwrite(bytes, 1, size * (size_t)part / 16, file);
        fclose(file);
        snprintf(settings, sizeof settings, "resume=%s", in_folder("cut.st"));
        expect_refusal(settings, content, "cut.st");
    }
}

/* A checkpoint that cannot be written costs the checkpoint, not the picture. */
static void a_failing_checkpoint_keeps_the_picture(void **state) {
    (void)state;
    char settings[512];
    snprintf(settings, sizeof settings, "evaluations=4;checkpoint-every=2;checkpoint=%s", in_folder("none/run.st"));
    Seen seen = {0};
    ImpResult result = run(settings, &seen), expected = run("evaluations=4", &(Seen){0});
    assert_int_equal(seen.rows, 4);
    assert_true(result.faults > 0);
    assert_int_equal(expected.faults, 0);
    assert_true(same_picture(expected.image, result.image));
    imp_image_free(&result.image);
    imp_image_free(&expected.image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resuming_is_exact),         cmocka_unit_test(checkpoints_on_the_way),
        cmocka_unit_test(a_finished_run_can_go_on),  cmocka_unit_test(other_runs_are_refused),
        cmocka_unit_test(damaged_files_are_refused), cmocka_unit_test(a_failing_checkpoint_keeps_the_picture),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
