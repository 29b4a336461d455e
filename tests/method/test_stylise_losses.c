/* Every loss of stylize by itself, and all of them together: reported, minimised, resumed and the same for any number
 * of threads. */
#include "support.h"

static const char every[] =
    "histogram-weight=10;histogram-layers=relu1_1,relu2_1;moments-weight=20;moments-layers=relu1_2;"
    "wasserstein-weight=5;wasserstein-layers=relu1_1;mrf-weight=30;mrf-layers=relu1_2,relu2_1:0.5;patch-stride=2;"
    "patch-angles=0,20;patch-scales=1,0.8;laplacian-weight=1000;laplacian-pools=1,3;laplacian-pool-weights=1,2;"
    "tv-weight=0.01;optimizer=adam";

static int write_model_and_masks(void **state) {
    if (make_folder(state) != 0) return -1;
    write_small_model(in_folder("model.safetensors"), 1);
    ImpError error;
    ImpImage *mask = make_picture(40, 30, 2), *other = make_picture(30, 30, 5);
    must(imp_image_write(mask, in_folder("content-mask.png"), NULL, &error), &error);
    must(imp_image_write(other, in_folder("style-mask.png"), NULL, &error), &error);
    imp_image_free(&mask);
    imp_image_free(&other);
    return 0;
}

static void all_with_masks(char *out, size_t size, const char *more) {
    snprintf(out, size,
             "%s;content-mask=%s/content-mask.png,not:%s/content-mask.png;"
             "style-mask=%s/style-mask.png,not:%s/style-mask.png;%s",
             every, test_folder, test_folder, test_folder, test_folder, more);
}

static void run_small(const char *settings, Seen *seen, ImpResult *result) {
    ImpError error;
    ImpImage *content = make_picture(40, 30, 1), *style = make_picture(30, 30, 3);
    must(run_pair(settings, content, style, seen, result, &error), &error);
    imp_image_free(&content);
    imp_image_free(&style);
}

static double metric(const ImpResult *result, const char *name) {
    for (size_t i = 0; i < result->n_metrics; i++)
        if (strcmp(result->metrics[i].name, name) == 0) return result->metrics[i].value;
    return NAN;
}

/* Each loss alone goes down; the others are not reported, but for the usual ones. */
static void each_alone(void **state) {
    (void)state;
    static const char *const losses[][2] = {{"histogram", "histogram-layers=relu1_1"},
                                            {"moments", "moments-layers=relu1_1"},
                                            {"wasserstein", "wasserstein-layers=relu1_1"},
                                            {"mrf", "mrf-layers=relu1_2"},
                                            {"mrf", "mrf-layers=relu2_1;patch-size=5;style-patch-stride=2"},
                                            {"laplacian", "style-weight=1"}};
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        char settings[512];
        Seen seen = {0};
        ImpResult result;
        snprintf(
            settings, sizeof settings,
            "content-weight=0;style-weight=0;content-layers=;%s-weight=100;%s;init=noise;optimizer=adam;evaluations=12",
            losses[i][0], losses[i][1]);
        run_small(settings, &seen, &result);
        double end = metric(&result, losses[i][0]);
        if (!(end > 0 && end < seen.totals[0])) fail_msg("%s: %g from %g", losses[i][0], end, seen.totals[0]);
        assert_int_equal(result.n_metrics, 6); /* total, content, style, itself, tv, the gradient's norm */
        imp_image_free(&result.image);
    }
}

/* The style itself is where patches, histograms and moments are at rest. */
static void the_style_itself(void **state) {
    (void)state;
    ImpError error;
    ImpResult result;
    ImpImage *style = make_picture(30, 30, 3);
    static const char *const names[] = {"histogram", "moments", "wasserstein", "mrf"};
    must(
        run_pair("content-weight=0;style-weight=0;histogram-weight=1;histogram-layers=relu1_1,relu2_1;moments-weight=1;"
                 "moments-layers=relu2_1;wasserstein-weight=1;wasserstein-layers=relu1_1;mrf-weight=1;"
                 "mrf-layers=relu2_1;evaluations=1",
                 style, style, NULL, &result, &error),
        &error);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!(metric(&result, names[i]) < 1e-6)) fail_msg("%s: %g", names[i], metric(&result, names[i]));
    imp_image_free(&result.image);
    imp_image_free(&style);
}

static void all_together(void **state) {
    (void)state;
    char settings[2048], more[512];
    ImpResult whole, threads, begun, resumed;
    all_with_masks(settings, sizeof settings, "evaluations=7");
    run_small(settings, NULL, &whole);
    assert_int_equal(whole.n_metrics, 10);
    for (size_t i = 1; i < whole.n_metrics; i++)
        if (!(whole.metrics[i].value > 0)) fail_msg("%s: %g", whole.metrics[i].name, whole.metrics[i].value);
    all_with_masks(settings, sizeof settings, "evaluations=7;threads=2");
    run_small(settings, NULL, &threads);
    assert_true(same_picture(whole.image, threads.image));
    snprintf(more, sizeof more, "evaluations=4;checkpoint=%s/run.st", test_folder);
    all_with_masks(settings, sizeof settings, more);
    run_small(settings, NULL, &begun);
    snprintf(more, sizeof more, "evaluations=7;resume=%s/run.st", test_folder);
    all_with_masks(settings, sizeof settings, more);
    run_small(settings, NULL, &resumed);
    assert_true(same_picture(whole.image, resumed.image));
    imp_image_free(&whole.image);
    imp_image_free(&threads.image);
    imp_image_free(&begun.image);
    imp_image_free(&resumed.image);
}

/* With its gradient divided by the norm, a loss's size does not matter: only its weight. Another program's way of
 * naming all of them would be a flag. */
static void normalised_gradients(void **state) {
    (void)state;
    ImpResult result;
    Seen one = {0}, other = {0};
    static const char common[] = "content-weight=0;style-weight=3;init=noise;optimizer=adam;evaluations=1;"
                                 "style-layers=relu1_1;gradient-norm=l2;normalize-gradients=style;normalisation=";
    char settings[256];
    snprintf(settings, sizeof settings, "%smean", common);
    run_small(settings, &one, &result);
    imp_image_free(&result.image);
    snprintf(settings, sizeof settings, "%sgatys", common);
    run_small(settings, &other, &result);
    imp_image_free(&result.image);
    assert_true(fabs(one.totals[0] / other.totals[0] - 1) > 0.5);
    assert_true(fabs(one.norms[0] / other.norms[0] - 1) < 1e-4);
}

static void refuse(const char *settings, const char *part) {
    ImpError error;
    ImpResult result;
    ImpImage *content = make_picture(40, 30, 1);
    assert_int_not_equal(run_pair(settings, content, content, NULL, &result, &error), IMP_OK);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    imp_image_free(&content);
}

static void what_cannot_be_meant(void **state) {
    (void)state;
    refuse("normalize-gradients=style,sytle", "no loss is called \"sytle\"");
    refuse("patch-size=4;mrf-weight=1;mrf-layers=relu2_1", "patches have a middle: give 5");
    refuse("patch-angles=;mrf-weight=1;mrf-layers=relu2_1", "at least one number each");
    refuse("laplacian-weight=1;laplacian-pools=", "at least one of laplacian-pools");
    refuse("laplacian-pools=2,4;laplacian-pool-weights=1", "1 numbers for 2 laplacian-pools");
    refuse("mrf-weight=1", "no layer relu3_1"); /* the small model ends before */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_alone),           cmocka_unit_test(the_style_itself),     cmocka_unit_test(all_together),
        cmocka_unit_test(normalised_gradients), cmocka_unit_test(what_cannot_be_meant),
    };
    return cmocka_run_group_tests(tests, write_model_and_masks, remove_folder);
}
