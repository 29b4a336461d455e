/* Runs of stylize on small pictures through a small network of random weights: what comes out, whatever goes in. */
#include "method/support.h"

static int make_model(void **state) {
    if (make_folder(state) != 0) return -1;
    write_small_model(in_folder("model.safetensors"), 1);
    return 0;
}

static ImpResult run(const char *settings, const ImpImage *content, const ImpImage *style, Seen *seen) {
    ImpError error;
    ImpResult result;
    must(run_pair(settings, content, style, seen, &result, &error), &error);
    assert_non_null(result.image);
    size_t places = (size_t)result.image->width * (size_t)result.image->height;
    for (size_t i = 0; i < 3 * places; i++) assert_true(result.image->rgb[i] >= 0 && result.image->rgb[i] <= 1);
    return result;
}

static void expect_failure(const char *settings, const ImpImage *content, ImpStatus status, const char *part) {
    ImpError error;
    ImpResult result;
    ImpImage *style = make_picture(20, 20, 2);
    assert_int_equal(run_pair(settings, content, style, NULL, &result, &error), status);
    assert_null(result.image);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    imp_image_free(&style);
}

static void losses_fall(void **state) {
    (void)state;
    static const char *const variants[] = {
        "evaluations=25",
        "evaluations=25;line-search=strong-wolfe",
        "evaluations=40;optimizer=adam",
        "evaluations=40;optimizer=adam;average-decay=0.8",
        ("evaluations=25;variable=bytes;clamp=end;init=noise;noise=grey;tv-weight=1e-3;tv-kind=absolute;"
         "model-input=torchvision;style-weight=1e9"),
        "evaluations=25;normalisation=gatys;style-weight=1;content-weight=1e-3",
        "evaluations=30;normalize-gradients=all;optimizer=adam;style-weight=1;normalize-weights=true",
        "evaluations=30;normalisation=scaled;optimizer=adam;style-weight=1;content-weight=0.01",
        "evaluations=30;init=noise;padding=reflect;pooling=average",
        "evaluations=30;init=style;padding=replicate;match-colors=cholesky",
        "evaluations=10;scales=20,28;size=40",
        "evaluations=20;optimizer=adam;average-decay=0.9;scales=20,28;size=40",
    };
    ImpImage *content = make_picture(32, 24, 1), *style = make_picture(30, 30, 2);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        Seen seen = {0};
        ImpResult result = run(variants[i], content, style, &seen);
        int scale_starts = seen.last.scales > 1 ? seen.rows * 2 / 3 : 0; /* the last scale's first row */
        if (!(result.metrics[0].value < 0.7 * seen.totals[scale_starts]))
            fail_msg("%s: %g is not well below %g", variants[i], result.metrics[0].value, seen.totals[scale_starts]);
        assert_int_equal(result.steps, seen.rows);
        assert_int_equal(seen.last.step, seen.last.steps);
        assert_false(result.stopped);
        assert_string_equal(result.metrics[0].name, "total");
        assert_string_equal(result.metrics[4].name, "gradient_norm");
        imp_image_free(&result.image);
    }
    imp_image_free(&content);
    imp_image_free(&style);
}

/* The best evaluation is what comes back, with its numbers. */
static void the_best_step_is_the_result(void **state) {
    (void)state;
    ImpImage *content = make_picture(32, 24, 1), *style = make_picture(30, 30, 2);
    Seen seen = {0};
    ImpResult result = run("evaluations=12", content, style, &seen);
    double least = INFINITY;
    for (int i = 0; i < seen.rows; i++) least = fmin(least, seen.totals[i]);
    assert_true(result.metrics[0].value == least);
    imp_image_free(&result.image);
    imp_image_free(&content);
    imp_image_free(&style);
}

static void any_number_of_threads_gives_the_same_bytes(void **state) {
    (void)state;
    static const char *const variants[] = {"evaluations=8;size=70;tv-weight=1",
                                           "evaluations=8;size=70;optimizer=adam;average-decay=0.9;scales=40",
                                           "evaluations=8;size=70;init=noise;line-search=strong-wolfe"};
    ImpImage *content = make_picture(40, 31, 1), *style = make_picture(33, 37, 2);
    for (size_t i = 0; i < 3; i++) {
        ImpResult results[3];
        Seen seen[3] = {{0}};
        for (int threads = 1; threads <= 3; threads++) {
            char settings[256];
            snprintf(settings, sizeof settings, "%s;threads=%d", variants[i], threads);
            results[threads - 1] = run(settings, content, style, &seen[threads - 1]);
        }
        for (int other = 1; other < 3; other++) {
            assert_true(same_picture(results[0].image, results[other].image));
            assert_int_equal(seen[0].rows, seen[other].rows);
            assert_memory_equal(seen[0].totals, seen[other].totals, sizeof seen[0].totals);
            assert_memory_equal(seen[0].norms, seen[other].norms, sizeof seen[0].norms);
        }
        for (int j = 0; j < 3; j++) imp_image_free(&results[j].image);
    }
    imp_image_free(&content);
    imp_image_free(&style);
}

static void the_number_of_threads_is_put_back(void **state) {
    (void)state;
    ImpImage *content = make_picture(20, 20, 1);
    int before = imp_threads_get();
    ImpResult result = run("evaluations=1;threads=3", content, content, NULL);
    assert_int_equal(imp_threads_get(), before);
    expect_failure("threads=3;size=20;model=/nowhere", content, IMP_ERROR_IO, "nowhere");
    assert_int_equal(imp_threads_get(), before);
    imp_image_free(&result.image);
    imp_image_free(&content);
}

static void sizes_are_exact(void **state) {
    (void)state;
    static const int sizes[][2] = {{5, 3},  {3, 5},  {2, 2},   {1, 2},   {2, 1},
                                   {1, 40}, {40, 1}, {17, 16}, {33, 21}, {47, 90}};
    ImpImage *style = make_picture(23, 19, 2);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ImpImage *content = make_picture(sizes[i][0], sizes[i][1], 1);
        ImpResult result = run("evaluations=3;tv-weight=1;tv-kind=mean-squared", content, style, NULL);
        assert_int_equal(result.image->width, sizes[i][0]);
        assert_int_equal(result.image->height, sizes[i][1]);
        imp_image_free(&result.image);
        imp_image_free(&content);
    }
    ImpImage *content = make_picture(40, 30, 1);
    for (int size = 1; size < 60; size += 7) {
        char settings[64];
        snprintf(settings, sizeof settings, "evaluations=2;size=%d", size);
        ImpResult result = run(settings, content, style, NULL);
        int width, height;
        imp_image_fit(40, 30, size, &width, &height);
        assert_int_equal(result.image->width, width);
        assert_int_equal(result.image->height, height);
        imp_image_free(&result.image);
    }
    imp_image_free(&content);
    imp_image_free(&style);
}

static void a_single_pixel_is_refused(void **state) {
    (void)state;
    ImpImage *content = make_picture(1, 1, 1);
    expect_failure("evaluations=1", content, IMP_ERROR_UNSUPPORTED, "photo.png has a single pixel");
    imp_image_free(&content);
}

static void faults_come_before_work(void **state) {
    (void)state;
    ImpImage *content = make_picture(20, 20, 1);
    expect_failure("model=/no/such/file.pth", content, IMP_ERROR_IO, "/no/such/file.pth");
    expect_failure("content-layers=relu4_2", content, IMP_ERROR_UNSUPPORTED, "conv2_1");
    expect_failure("style-layers=relu9_9", content, IMP_ERROR_ARGUMENT, "relu9_9");
    expect_failure("content-layers=image", content, IMP_ERROR_ARGUMENT, "image is no layer");
    expect_failure("init=/no/such/start.png", content, IMP_ERROR_IO, "/no/such/start.png");
    expect_failure("style-scale=100;size=16384;evaluations=1", content, IMP_ERROR_ARGUMENT, "style-scale 100");
    ImpPicture only_content = {"content", "photo.png", content};
    ImpError error;
    ImpResult result;
    assert_int_equal(run_pictures("evaluations=1", &only_content, 1, NULL, &result, &error), IMP_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "at least one style"));
    imp_image_free(&content);
}

static void transparency_and_depth_are_kept(void **state) {
    (void)state;
    ImpError error;
    ImpImage *content = make_picture(30, 20, 1), *style = make_picture(20, 20, 2);
    must(imp_image_add_alpha(content, &error), &error);
    must(imp_image_add_alpha(style, &error), &error);
    for (int i = 0; i < 600; i++) content->alpha[i] = i % 30 < 10 ? 0 : i % 30 < 12 ? 0.5f : 1;
    content->bit_depth = 16;
    ImpResult result = run("evaluations=3", content, style, NULL);
    assert_int_equal(result.image->bit_depth, 16);
    assert_non_null(result.image->alpha);
    assert_memory_equal(result.image->alpha, content->alpha, 600 * sizeof(float));

    /* What lies under full transparency does not matter. */
    for (int i = 0; i < 600; i++)
        if (content->alpha[i] == 0) content->rgb[i] = content->rgb[600 + i] = 1;
    ImpResult other = run("evaluations=3", content, style, NULL);
    assert_true(same_picture(result.image, other.image));
    imp_image_free(&other.image);
    for (int i = 0; i < 400; i++) style->alpha[i] = i < 200 ? 1 : 0;
    other = run("evaluations=3", content, style, NULL);
    for (int i = 200; i < 400; i++) style->rgb[i] = style->rgb[400 + i] = style->rgb[800 + i] = 0.123f;
    ImpResult third = run("evaluations=3", content, style, NULL);
    assert_true(same_picture(other.image, third.image));
    assert_false(same_picture(result.image, third.image));
    imp_image_free(&result.image);
    imp_image_free(&other.image);
    imp_image_free(&third.image);
    imp_image_free(&content);
    imp_image_free(&style);
}

static void original_colours_keep_the_chrominance(void **state) {
    (void)state;
    ImpImage *content = make_picture(30, 20, 1), *style = make_picture(20, 20, 2);
    for (int i = 0; i < 600; i++) content->rgb[i] = content->rgb[600 + i] = content->rgb[1200 + i]; /* grey */
    ImpResult result = run("evaluations=6;original-colors=true", content, style, NULL);
    for (int i = 0; i < 600; i++) {
        assert_true(fabsf(result.image->rgb[i] - result.image->rgb[600 + i]) < 1e-5f);
        assert_true(fabsf(result.image->rgb[i] - result.image->rgb[1200 + i]) < 1e-5f);
    }
    imp_image_free(&result.image);
    imp_image_free(&content);
    imp_image_free(&style);
}

static ImpResult run_styles(const char *settings, const ImpImage *content, const ImpImage *const *styles,
                            size_t count) {
    ImpPicture pictures[4] = {{"content", "photo.png", content}};
    for (size_t i = 0; i < count; i++) pictures[i + 1] = (ImpPicture){"style", "painting.png", styles[i]};
    ImpError error;
    ImpResult result;
    must(run_pictures(settings, pictures, count + 1, NULL, &result, &error), &error);
    return result;
}

/* On lightness alone nothing but lightness changes; matched afterwards, the result has the content's means. */
static void colours_of_the_content(void **state) {
    (void)state;
    ImpImage *content = make_picture(24, 20, 1), *style = make_picture(24, 20, 2);
    ImpResult grey = run("evaluations=6;luminance-only=true", content, style, NULL);
    ImpResult matched = run("evaluations=6;match-colors=mean-std;match-when=after", content, style, NULL);
    ImpResult plain = run("evaluations=6", content, style, NULL);
    size_t n = 24 * 20, changed = 0;
    for (size_t i = 0; i < n; i++) {
        double red = (double)(grey.image->rgb[i] - content->rgb[i]);
        double blue = (double)(grey.image->rgb[2 * n + i] - content->rgb[2 * n + i]);
        bool inside = grey.image->rgb[i] > 0.01f && grey.image->rgb[i] < 0.99f && grey.image->rgb[n + i] > 0.01f &&
                      grey.image->rgb[n + i] < 0.99f && grey.image->rgb[2 * n + i] > 0.01f &&
                      grey.image->rgb[2 * n + i] < 0.99f;
        if (inside) assert_true(fabs(red - blue) < 1e-4);
        changed += fabs(red) > 1e-3;
    }
    assert_true(changed > n / 4);
    for (size_t c = 0; c < 3; c++) {
        double means[3] = {0};
        for (size_t i = c * n; i < (c + 1) * n; i++) {
            means[0] += (double)content->rgb[i] / (double)n;
            means[1] += (double)matched.image->rgb[i] / (double)n;
            means[2] += (double)plain.image->rgb[i] / (double)n;
        }
        assert_true(fabs(means[1] - means[0]) < 0.02 && fabs(means[1] - means[0]) <= fabs(means[2] - means[0]) + 1e-3);
    }
    imp_image_free(&grey.image);
    imp_image_free(&matched.image);
    imp_image_free(&plain.image);
    imp_image_free(&content);
    imp_image_free(&style);
}

static void styles_are_blended(void **state) {
    (void)state;
    ImpImage *content = make_picture(30, 20, 1);
    const ImpImage *a = make_picture(20, 20, 2), *b = make_picture(24, 20, 3), *both[] = {a, b};
    ImpResult only_a = run_styles("evaluations=6", content, &a, 1);
    ImpResult all_a = run_styles("evaluations=6;style-blend-weights=5,0", content, both, 2);
    ImpResult mixed = run_styles("evaluations=6;style-blend-weights=1,1", content, both, 2);
    ImpResult alike = run_styles("evaluations=6", content, both, 2);
    ImpResult doubled = run_styles("evaluations=6;style-blend-weights=2,2", content, both, 2);
    assert_true(same_picture(only_a.image, all_a.image));
    assert_false(same_picture(only_a.image, mixed.image));
    assert_true(same_picture(mixed.image, alike.image));
    assert_true(same_picture(mixed.image, doubled.image));
    ImpResult *results[] = {&only_a, &all_a, &mixed, &alike, &doubled};
    for (int i = 0; i < 5; i++) imp_image_free(&results[i]->image);
    imp_image_free(&content);
    imp_image_free((ImpImage **)&a);
    imp_image_free((ImpImage **)&b);
}

/* Where the picture already is the target, everything is zero and the run ends at once. */
static void nothing_to_do_is_noticed(void **state) {
    (void)state;
    ImpImage *content = make_picture(30, 20, 1);
    Seen seen = {0};
    ImpResult result = run("evaluations=50", content, content, &seen);
    assert_int_equal(seen.rows, 1);
    assert_true(seen.totals[0] == 0);
    assert_non_null(strstr(seen.notice, "nothing changes"));
    assert_true(same_picture(result.image, content));
    imp_image_free(&result.image);
    imp_image_free(&content);
}

static void the_observer_can_stop(void **state) {
    (void)state;
    static const char *const variants[] = {"evaluations=12", "evaluations=12;line-search=strong-wolfe",
                                           "evaluations=6;scales=20;size=32;optimizer=adam;average-decay=0.9"};
    ImpImage *content = make_picture(32, 24, 1), *style = make_picture(30, 30, 2);
    for (size_t i = 0; i < 3; i++)
        for (int64_t stop = 1; stop <= 12; stop += 3 + (int64_t)i) {
            Seen seen = {.stop_at = stop};
            ImpResult result = run(variants[i], content, style, &seen);
            assert_true(result.stopped);
            assert_int_equal(result.steps, stop);
            assert_int_equal(seen.rows, stop);
            assert_int_equal(result.image->width, 32);
            imp_image_free(&result.image);
        }
    imp_image_free(&content);
    imp_image_free(&style);
}

static void snapshots_have_the_size_of_the_result(void **state) {
    (void)state;
    ImpImage *content = make_picture(32, 24, 1), *style = make_picture(30, 30, 2);
    Seen seen = {.snapshot_at = 2};
    ImpResult result = run("evaluations=3;scales=20;size=32", content, style, &seen);
    assert_int_equal(seen.snapshots, 1);
    assert_int_equal(seen.snapshot_width, 32);
    assert_int_equal(seen.snapshot_height, 24);
    assert_int_equal(seen.last.scales, 2);
    assert_int_equal(seen.last.steps, 6);
    imp_image_free(&result.image);
    imp_image_free(&content);
    imp_image_free(&style);
}

/* Without the clamp a huge step leaves the finite numbers: the best picture so far is kept. */
static void numbers_out_of_bounds_are_survived(void **state) {
    (void)state;
    ImpImage *content = make_picture(32, 24, 1), *style = make_picture(30, 30, 2);
    Seen seen = {0};
    ImpResult result = run("evaluations=30;clamp=end;learning-rate=1e9;style-weight=1e15", content, style, &seen);
    assert_non_null(strstr(seen.notice, "finite numbers"));
    assert_int_equal(seen.notices, 1);
    assert_true(result.metrics[0].value < seen.totals[0]);
    imp_image_free(&result.image);
    imp_image_free(&content);
    imp_image_free(&style);
}

static void seeds_make_the_noise(void **state) {
    (void)state;
    ImpImage *content = make_picture(32, 24, 1), *style = make_picture(30, 30, 2);
    ImpResult a = run("evaluations=2;init=noise", content, style, NULL);
    ImpResult b = run("evaluations=2;init=noise", content, style, NULL);
    ImpResult c = run("evaluations=2;init=noise;seed=1", content, style, NULL);
    assert_true(same_picture(a.image, b.image));
    assert_false(same_picture(a.image, c.image));
    imp_image_free(&a.image);
    imp_image_free(&b.image);
    imp_image_free(&c.image);
    imp_image_free(&content);
    imp_image_free(&style);
}

/* What belongs to one run is not written into a recipe, nor taken from one: it may come from anybody. */
static void recipes_name_no_files_to_write(void **state) {
    (void)state;
    static const char hostile[] =
        "{\"impasto-recipe\": 1, \"method\": \"stylize\", \"parameters\": {\"checkpoint\": \"evil.st\", "
        "\"resume\": \"a\", \"threads\": 7, \"seed\": 3}}";
    ImpError error;
    ImpRecipe *recipe;
    char *text;
    ImpParams *params = make_params("checkpoint=kept.st;checkpoint-every=2;seed=4");
    must(imp_recipe_new(imp_method_find("stylize"), params, NULL, NULL, 0, &recipe, &error), &error);
    must(imp_recipe_to_json(recipe, &text, &error), &error);
    assert_non_null(strstr(text, "\"seed\""));
    assert_null(strstr(text, "checkpoint"));
    assert_null(strstr(text, "threads"));
    free(text);
    imp_recipe_free(&recipe);
    imp_params_free(&params);
    must(imp_recipe_from_json(hostile, strlen(hostile), "hostile", &recipe, &error), &error);
    assert_int_equal(imp_params_integer(recipe->params, "seed"), 3);
    assert_int_equal(imp_params_integer(recipe->params, "threads"), 0);
    assert_false(imp_params_has(recipe->params, "checkpoint") || imp_params_has(recipe->params, "resume"));
    imp_recipe_free(&recipe);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_fall),
        cmocka_unit_test(the_best_step_is_the_result),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(the_number_of_threads_is_put_back),
        cmocka_unit_test(sizes_are_exact),
        cmocka_unit_test(a_single_pixel_is_refused),
        cmocka_unit_test(faults_come_before_work),
        cmocka_unit_test(recipes_name_no_files_to_write),
        cmocka_unit_test(transparency_and_depth_are_kept),
        cmocka_unit_test(original_colours_keep_the_chrominance),
        cmocka_unit_test(colours_of_the_content),
        cmocka_unit_test(styles_are_blended),
        cmocka_unit_test(nothing_to_do_is_noticed),
        cmocka_unit_test(the_observer_can_stop),
        cmocka_unit_test(snapshots_have_the_size_of_the_result),
        cmocka_unit_test(numbers_out_of_bounds_are_survived),
        cmocka_unit_test(seeds_make_the_noise),
    };
    return cmocka_run_group_tests(tests, make_model, remove_folder);
}
