/* Resizing: against Pillow's numbers, and by what must hold for any filter. */
#include "fixture.h"
#include "golden.h"

#include "base/threads.h"

static void check_golden(int width, int height, int salt, int to_width, int to_height, const float *golden) {
    ImpImage *image = golden_picture(width, height, salt), *resized;
    OK(imp_image_resize(image, to_width, to_height, &resized, error));
    assert_golden(resized, golden, 2e-6);
    imp_image_free(&resized);
    imp_image_free(&image);
}

static void agrees_with_pillow(void **state) {
    (void)state;
    check_golden(7, 5, 0, 3, 2, golden_shrunk_7x5_to_3x2);
    check_golden(40, 23, 1, 5, 3, golden_shrunk_40x23_to_5x3);
    check_golden(5, 3, 0, 8, 7, golden_enlarged_5x3_to_8x7);
    check_golden(9, 4, 2, 4, 6, golden_mixed_9x4_to_4x6);
}

/* Every small size to every small size, and some extreme ones: exact dimensions, and one colour stays that colour. */
static void check_size(int width, int height, int to_width, int to_height) {
    ImpImage *image = plain_picture(width, height, 0.25f, 0.5f, 1), *resized;
    OK(imp_image_resize(image, to_width, to_height, &resized, error));
    assert_int_equal(resized->width, to_width);
    assert_int_equal(resized->height, to_height);
    ImpImage *wanted = plain_picture(to_width, to_height, 0.25f, 0.5f, 1);
    assert_true(image_difference(resized, wanted) < 1e-6);
    imp_image_free(&wanted);
    imp_image_free(&resized);
    imp_image_free(&image);
}

static void sizes_are_exact(void **state) {
    (void)state;
    for (int from = 1; from <= 9; from++)
        for (int to = 1; to <= 40; to++) {
            check_size(from, 10 - from, to, 41 - to);
            check_size(to, 41 - to, from, 10 - from);
        }
    check_size(3, 5, 1, 1);
    check_size(1, 1, 4000, 3);
    check_size(1, 1, 1, 1);
    check_size(65535, 1, 1, 1);
    check_size(1, 65535, 2, 7);
    check_size(1, 1, 1, 65535);
    check_size(500, 338, 225, 338);
    check_size(1200, 1, 7, 300);
}

static void same_size_is_a_copy(void **state) {
    (void)state;
    ImpImage *image = golden_picture(31, 17, 5), *resized;
    image->bit_depth = 16;
    OK(imp_image_add_alpha(image, error));
    image->alpha[40] = 0.5f;
    OK(imp_image_resize(image, 31, 17, &resized, error));
    assert_true(image_difference(image, resized) == 0);
    assert_int_equal(resized->bit_depth, 16);
    imp_image_free(&resized);
    imp_image_free(&image);
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    ImpImage *image = golden_picture(3, 3, 0), *resized = image;
    FAILS(IMP_ERROR_ARGUMENT, "impossible", imp_image_resize(image, 0, 5, &resized, error));
    assert_null(resized);
    FAILS(IMP_ERROR_ARGUMENT, "impossible", imp_image_resize(image, 5, -1, &resized, error));
    FAILS(IMP_ERROR_ARGUMENT, "limit", imp_image_resize(image, 65536, 1, &resized, error));
    FAILS(IMP_ERROR_ARGUMENT, "limit", imp_image_resize(image, 65535, 65535, &resized, error));
    imp_image_free(&image);
}

/* Black and white in equal parts look like the grey that gives half the light: 0.7354 in sRGB, not 0.5. */
static void shrinking_keeps_the_light(void **state) {
    (void)state;
    ImpImage *image = plain_picture(64, 64, 0, 0, 0), *resized;
    for (size_t i = 0; i < 3 * pixels_of(image); i++) image->rgb[i] = (float)((i + i / 64) % 2);
    OK(imp_image_resize(image, 8, 8, &resized, error));
    for (size_t i = 0; i < 3 * pixels_of(resized); i++) assert_float_equal(resized->rgb[i], 0.7353569, 0.01);
    imp_image_free(&resized);
    imp_image_free(&image);
}

/* Red on the left; transparent and green on the right: no green may show in what is opaque. */
static void transparent_colours_do_not_bleed(void **state) {
    (void)state;
    const int sizes[][2] = {{16, 8}, {90, 61}};
    for (int s = 0; s < 2; s++) {
        ImpImage *image = plain_picture(40, 20, 1, 0, 0), *resized;
        OK(imp_image_add_alpha(image, error));
        for (size_t i = 0; i < pixels_of(image); i++) {
            if (i % 40 < 20) continue;
            image->alpha[i] = 0;
            image->rgb[i] = 0;
            image->rgb[pixels_of(image) + i] = 1;
        }
        OK(imp_image_resize(image, sizes[s][0], sizes[s][1], &resized, error));
        size_t n = pixels_of(resized);
        for (size_t i = 0; i < n; i++) {
            assert_true(resized->alpha[i] >= 0 && resized->alpha[i] <= 1);
            if (resized->alpha[i] < 0.05f) continue;
            assert_true(resized->rgb[i] > 0.99f);
            assert_true(resized->rgb[n + i] < 0.03f);
        }
        size_t right = n - 1; /* wholly transparent: keeps its own colour */
        assert_float_equal(resized->alpha[right], 0, 1e-6);
        assert_float_equal(resized->rgb[n + right], 1, 1e-3);
        imp_image_free(&resized);
        imp_image_free(&image);
    }
}

static void overshoot_is_clamped(void **state) {
    (void)state;
    ImpImage *image = plain_picture(10, 10, 1, 1, 1), *resized;
    for (size_t i = 0; i < 3 * pixels_of(image); i++)
        if (i % 10 < 5) image->rgb[i] = 0;
    OK(imp_image_resize(image, 37, 37, &resized, error));
    for (size_t i = 0; i < 3 * pixels_of(resized); i++) assert_true(resized->rgb[i] >= 0 && resized->rgb[i] <= 1);
    for (size_t y = 0; y < 37; y++) { /* the border is as clean as the middle */
        assert_float_equal(resized->rgb[y * 37], 0, 1e-6);
        assert_float_equal(resized->rgb[y * 37 + 36], 1, 1e-6);
    }
    imp_image_free(&resized);
    imp_image_free(&image);
}

static void threads_do_not_matter(void **state) {
    (void)state;
    ImpImage *image = golden_picture(401, 300, 7), *one, *many;
    int former = imp_threads_set(1);
    OK(imp_image_resize(image, 133, 517, &one, error));
    imp_threads_set(5);
    OK(imp_image_resize(image, 133, 517, &many, error));
    imp_threads_set(former);
    assert_memory_equal(one->rgb, many->rgb, 3 * pixels_of(one) * sizeof(float));
    imp_image_free(&one);
    imp_image_free(&many);
    imp_image_free(&image);
}

static void no_memory_is_an_error(void **state) {
    (void)state;
    ImpImage *image = golden_picture(20, 200, 0), *resized;
    OK(imp_image_add_alpha(image, error));
    for (long calls = 0;; calls++) {
        imp_alloc_fail_after(calls);
        ImpStatus status = imp_image_resize(image, 10, 150, &resized, NULL);
        imp_alloc_fail_after(-1);
        if (status == IMP_OK) break;
        assert_int_equal(status, IMP_ERROR_MEMORY);
        assert_null(resized);
        assert_true(calls < 100);
    }
    imp_image_free(&resized);
    imp_image_free(&image);
}

static void fit_keeps_the_aspect(void **state) {
    (void)state;
    const int cases[][5] = {{4000, 3000, 1000, 1000, 750},
                            {3000, 4000, 1000, 750, 1000},
                            {10000, 1, 512, 512, 1},
                            {1, 10000, 512, 1, 512},
                            {5, 5, 3, 3, 3},
                            {500, 338, 512, 512, 346},
                            {65535, 65535, 1, 1, 1},
                            {3, 2, 65535, 65535, 43690}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int width, height;
        imp_image_fit(cases[i][0], cases[i][1], cases[i][2], &width, &height);
        assert_int_equal(width, cases[i][3]);
        assert_int_equal(height, cases[i][4]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_pillow),        cmocka_unit_test(sizes_are_exact),
        cmocka_unit_test(same_size_is_a_copy),       cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(shrinking_keeps_the_light), cmocka_unit_test(transparent_colours_do_not_bleed),
        cmocka_unit_test(overshoot_is_clamped),      cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(no_memory_is_an_error),     cmocka_unit_test(fit_keeps_the_aspect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
