/* Pictures computed in bands: the same losses and gradients, the same picture for any number of threads, and chosen by
 * the memory there may be. */
#include "support.h"

enum { WIDTH = 30, HEIGHT = 333, TALL = 2000 };

static int write_model(void **state) {
    if (make_folder(state) != 0) return -1;
    write_small_model(in_folder("model.safetensors"), 1);
    return 0;
}

static ImpResult run_tall(const char *settings, int height, Seen *seen) {
    ImpError error;
    ImpResult result;
    ImpImage *content = make_picture(WIDTH, height, 1), *style = make_picture(40, 300, 3);
    *seen = (Seen){0};
    must(run_pair(settings, content, style, seen, &result, &error), &error);
    imp_image_free(&content);
    imp_image_free(&style);
    return result;
}

static void compare(const char *options) {
    char whole[256], bands[300];
    Seen one, other;
    snprintf(whole, sizeof whole, "evaluations=3;optimizer=adam;%s", options);
    snprintf(bands, sizeof bands, "%s;band-rows=40", whole);
    ImpResult a = run_tall(whole, HEIGHT, &one), b = run_tall(bands, HEIGHT, &other);
    for (int i = 0; i < 3; i++)
        if (!(fabs(one.totals[i] / other.totals[i] - 1) < 1e-5 && fabs(one.norms[i] / other.norms[i] - 1) < 1e-4))
            fail_msg("%s, evaluation %d: %g %g and %g %g", options, i, one.totals[i], one.norms[i], other.totals[i],
                     other.norms[i]);
    imp_image_free(&a.image);
    imp_image_free(&b.image);
}

static void losses_and_gradients(void **state) {
    (void)state;
    static const char *const options[] = {"normalisation=mean", "normalisation=gatys", "normalisation=scaled",
                                          "normalisation=relative;padding=reflect;tv-weight=1;laplacian-weight=10",
                                          "pooling=average;style-layers=conv1_2,relu2_1;content-weight=5"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) compare(options[i]);
}

static void any_number_of_threads(void **state) {
    (void)state;
    Seen seen;
    ImpResult one = run_tall("evaluations=3;band-rows=64;threads=1", HEIGHT, &seen);
    ImpResult two = run_tall("evaluations=3;band-rows=64;threads=2", HEIGHT, &seen);
    assert_true(same_picture(one.image, two.image));
    imp_image_free(&one.image);
    imp_image_free(&two.image);
}

static void memory_decides(void **state) {
    (void)state;
    Seen seen;
    ImpResult result = run_tall("evaluations=1;size=2000;memory=75", TALL, &seen);
    if (seen.notices != 1 || !strstr(seen.notice, "computed in bands")) fail_msg("\"%s\"", seen.notice);
    imp_image_free(&result.image);
    result = run_tall("evaluations=1;size=2000;memory=4000", TALL, &seen);
    assert_int_equal(seen.notices, 0);
    imp_image_free(&result.image);
    result = run_tall("evaluations=1;size=2000;memory=1", TALL, &seen); /* cannot be, and is tried */
    assert_non_null(strstr(seen.notice, "more than the memory allows"));
    imp_image_free(&result.image);
    result = run_tall("evaluations=1;size=2000;memory=75;histogram-weight=1;histogram-layers=relu1_1", TALL, &seen);
    assert_non_null(strstr(seen.notice, "more than the memory allows")); /* needs the whole picture */
    imp_image_free(&result.image);
}

static void the_optimiser_remembers_less(void **state) {
    (void)state;
    Seen seen;
    ImpResult result = run_tall("evaluations=30;history=200;size=2000;memory=90", TALL, &seen);
    if (!strstr(seen.notice, "history is shortened from 200 to ")) fail_msg("\"%s\"", seen.notice);
    imp_image_free(&result.image);
    result = run_tall("evaluations=30;history=200;size=2000;memory=90;optimizer=adam", TALL, &seen);
    assert_null(strstr(seen.notice, "history"));
    imp_image_free(&result.image);
}

static void what_needs_the_whole_picture(void **state) {
    (void)state;
    ImpError error;
    ImpResult result;
    ImpImage *content = make_picture(WIDTH, HEIGHT, 1);
    assert_int_equal(
        run_pair("band-rows=64;histogram-weight=1;histogram-layers=relu1_1", content, content, NULL, &result, &error),
        IMP_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "leave band-rows out, or the histogram loss"));
    imp_image_free(&content);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_and_gradients),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(memory_decides),
        cmocka_unit_test(the_optimiser_remembers_less),
        cmocka_unit_test(what_needs_the_whole_picture),
    };
    return cmocka_run_group_tests(tests, write_model, remove_folder);
}
