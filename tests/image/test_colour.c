/* Colour conversions and matching: against numpy's numbers and by identities. */
#include "fixture.h"
#include "golden.h"

#include "base/threads.h"
#include "image/colour.h"

/* golden_picture with every value times `scale` plus `offset`. */
static ImpImage *toned_picture(int width, int height, int salt, float scale, float offset) {
    ImpImage *image = golden_picture(width, height, salt);
    for (size_t i = 0; i < 3 * pixels_of(image); i++) image->rgb[i] = image->rgb[i] * scale + offset;
    return image;
}

static float luminance_at(const ImpImage *image, size_t i) {
    size_t n = pixels_of(image);
    return imp_colour_luminance(image->rgb[i], image->rgb[n + i], image->rgb[2 * n + i]);
}

static void yiq_has_its_textbook_values(void **state) {
    (void)state;
    const float rgb[] = {1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1}; /* (3,4): red, green, blue, white */
    const double textbook[] = {0.299,  0.587,   0.114,   1,   /* the rounded matrix of NTSC */
                               0.5959, -0.2746, -0.3213, 0, 0.2115, -0.5227, 0.3112, 0};
    float yiq[12], back[12];
    imp_colour_to_yiq(rgb, 4, yiq);
    for (int i = 0; i < 12; i++) assert_true(fabs((double)yiq[i] - textbook[i]) < 2e-4);
    imp_colour_from_yiq(yiq, 4, back);
    assert_true(max_difference(back, rgb, 12) < 1e-6);
    imp_colour_to_yiq(back, 4, back);
    assert_true(max_difference(back, yiq, 12) < 1e-6);
}

static void grey_keeps_the_luminance(void **state) {
    (void)state;
    ImpImage *image = golden_picture(200, 130, 1), *grey;
    OK(imp_image_copy(image, &grey, error));
    imp_colour_make_grey(grey);
    size_t n = pixels_of(image);
    for (size_t i = 0; i < n; i++) {
        assert_true(grey->rgb[i] == grey->rgb[n + i] && grey->rgb[i] == grey->rgb[2 * n + i]);
        assert_float_equal(luminance_at(image, i), grey->rgb[i], 1e-6);
    }
    imp_image_free(&grey);
    imp_image_free(&image);
}

static void keep_of_itself_changes_nothing(void **state) {
    (void)state;
    ImpImage *image = golden_picture(200, 130, 1), *result;
    OK(imp_image_copy(image, &result, error));
    OK(imp_colour_keep(image, result, error));
    assert_true(image_difference(image, result) < 1e-6);
    imp_image_free(&result);
    imp_image_free(&image);
}

/* Luminance from the result exactly; chrominance from the content, all of it where it fits. */
static void keep_takes_luminance_and_chrominance(void **state) {
    (void)state;
    ImpImage *content = golden_picture(50, 40, 1), *result = golden_picture(50, 40, 6), *before;
    OK(imp_image_copy(result, &before, error));
    OK(imp_colour_keep(content, result, error));
    size_t n = pixels_of(result), whole = 0;
    for (size_t i = 0; i < n; i++) {
        assert_float_equal(luminance_at(result, i), luminance_at(before, i), 1e-6);
        float y = luminance_at(before, i), content_y = luminance_at(content, i);
        bool fits = true;
        for (size_t c = 0; c < 3; c++) {
            float wanted = content->rgb[c * n + i] - content_y + y;
            if (wanted < 0 || wanted > 1) fits = false;
            float dot = (result->rgb[c * n + i] - y) * (content->rgb[c * n + i] - content_y);
            assert_true(dot > -1e-6f); /* never the opposite hue */
        }
        for (size_t c = 0; c < 3 && fits; c++)
            assert_float_equal(result->rgb[c * n + i], content->rgb[c * n + i] - content_y + y, 1e-6);
        whole += fits;
    }
    assert_true(whole > n / 4);
    imp_image_free(&before);
    imp_image_free(&result);
    imp_image_free(&content);
}

static void keep_resizes_the_content(void **state) {
    (void)state;
    ImpImage *content = plain_picture(7, 30, 0.6f, 0.5f, 0.4f), *result = plain_picture(20, 20, 0.5f, 0.5f, 0.5f);
    OK(imp_colour_keep(content, result, error));
    assert_float_equal(result->rgb[0] - result->rgb[pixels_of(result)], 0.1, 1e-5);
    assert_float_equal(luminance_at(result, 399), 0.5, 1e-6);
    imp_image_free(&result);
    imp_image_free(&content);
}

static void check_match(ImpColourMatch mode, bool alpha, const float *golden) {
    ImpImage *style = toned_picture(6, 5, 3, 0.5f, 0.2f), *content = toned_picture(4, 7, 1, 0.6f, 0.1f);
    if (alpha) {
        OK(imp_image_add_alpha(style, error));
        for (int i = 0; i < 30; i++) style->alpha[i] = (float)(i % 4) / 3;
    }
    OK(imp_colour_match(style, content, mode, error));
    assert_golden(style, golden, 3e-6);
    imp_image_free(&style);
    imp_image_free(&content);
}

static void linear_matches_agree_with_numpy(void **state) {
    (void)state;
    check_match(IMP_COLOUR_MATCH_MEAN, false, golden_match_mean);
    check_match(IMP_COLOUR_MATCH_CHOLESKY, false, golden_match_cholesky);
    check_match(IMP_COLOUR_MATCH_PCA, false, golden_match_pca);
    check_match(IMP_COLOUR_MATCH_SYMMETRIC, false, golden_match_symmetric);
    check_match(IMP_COLOUR_MATCH_CHOLESKY, true, golden_match_cholesky_alpha);
}

static void histogram_match_agrees_with_numpy(void **state) {
    (void)state;
    ImpImage *style = golden_picture(6, 5, 3), *content = golden_picture(4, 7, 1);
    OK(imp_colour_match(style, content, IMP_COLOUR_MATCH_HISTOGRAM, error));
    assert_golden(style, golden_match_histogram, 1e-5);
    imp_image_free(&style);
    imp_image_free(&content);
}

/* Any mode maps a picture to itself when both are the same, and stays finite for pictures of one colour. */
static void matching_itself_and_plain_pictures(void **state) {
    (void)state;
    for (int mode = IMP_COLOUR_MATCH_MEAN; mode <= IMP_COLOUR_MATCH_SYMMETRIC; mode++) {
        ImpImage *image = golden_picture(61, 33, 2), *same, *plain = plain_picture(3, 3, 0.2f, 0.4f, 0.9f);
        OK(imp_image_copy(image, &same, error));
        OK(imp_colour_match(same, image, (ImpColourMatch)mode, error));
        assert_true(image_difference(same, image) < 1e-5);
        OK(imp_colour_match(image, plain, (ImpColourMatch)mode, error)); /* all shades of one colour */
        for (size_t i = 0; i < pixels_of(image); i++) assert_float_equal(image->rgb[i], 0.2, 0.02);
        OK(imp_colour_match(plain, same, (ImpColourMatch)mode, error));
        for (size_t i = 0; i < 27; i++) assert_true(plain->rgb[i] >= 0 && plain->rgb[i] <= 1);
        imp_image_free(&plain);
        imp_image_free(&same);
        imp_image_free(&image);
    }
}

/* What nobody sees does not count: hiding half of the content is like not having it. */
static void transparent_pixels_do_not_count(void **state) {
    (void)state;
    for (int mode = IMP_COLOUR_MATCH_MEAN; mode <= IMP_COLOUR_MATCH_SYMMETRIC; mode++) {
        ImpImage *content = toned_picture(8, 10, 1, 0.6f, 0.1f), *top = toned_picture(8, 5, 1, 0.6f, 0.1f);
        ImpImage *a = toned_picture(9, 9, 3, 0.5f, 0.2f), *b = toned_picture(9, 9, 3, 0.5f, 0.2f);
        OK(imp_image_add_alpha(content, error));
        for (size_t i = 40; i < 80; i++) content->alpha[i] = 0;
        OK(imp_colour_match(a, content, (ImpColourMatch)mode, error));
        OK(imp_colour_match(b, top, (ImpColourMatch)mode, error));
        assert_true(image_difference(a, b) < 1e-6);
        imp_image_free(&a);
        imp_image_free(&b);
        imp_image_free(&top);
        imp_image_free(&content);
    }
}

static void threads_do_not_matter(void **state) {
    (void)state;
    for (int mode = IMP_COLOUR_MATCH_MEAN; mode <= IMP_COLOUR_MATCH_SYMMETRIC; mode++) {
        ImpImage *one = golden_picture(301, 307, 2), *many = golden_picture(301, 307, 2);
        ImpImage *content = toned_picture(211, 401, 4, 0.7f, 0.1f);
        int former = imp_threads_set(1);
        OK(imp_colour_match(one, content, (ImpColourMatch)mode, error));
        imp_threads_set(7);
        OK(imp_colour_match(many, content, (ImpColourMatch)mode, error));
        imp_threads_set(former);
        assert_memory_equal(one->rgb, many->rgb, 3 * pixels_of(one) * sizeof(float));
        imp_image_free(&one);
        imp_image_free(&many);
        imp_image_free(&content);
    }
}

static void no_memory_changes_nothing(void **state) {
    (void)state;
    for (int mode = IMP_COLOUR_MATCH_MEAN; mode <= IMP_COLOUR_MATCH_SYMMETRIC + 1; mode++) {
        ImpImage *style = golden_picture(9, 9, 2), *content = golden_picture(5, 5, 1), *before;
        OK(imp_image_copy(style, &before, error));
        for (long calls = 0;; calls++) {
            imp_alloc_fail_after(calls);
            ImpStatus status = mode > IMP_COLOUR_MATCH_SYMMETRIC
                                   ? imp_colour_keep(content, style, NULL)
                                   : imp_colour_match(style, content, (ImpColourMatch)mode, NULL);
            imp_alloc_fail_after(-1);
            if (status == IMP_OK) break;
            assert_int_equal(status, IMP_ERROR_MEMORY);
            assert_true(image_difference(style, before) == 0);
            assert_true(calls < 100);
        }
        imp_image_free(&before);
        imp_image_free(&style);
        imp_image_free(&content);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yiq_has_its_textbook_values),       cmocka_unit_test(grey_keeps_the_luminance),
        cmocka_unit_test(keep_of_itself_changes_nothing),    cmocka_unit_test(keep_takes_luminance_and_chrominance),
        cmocka_unit_test(keep_resizes_the_content),          cmocka_unit_test(linear_matches_agree_with_numpy),
        cmocka_unit_test(histogram_match_agrees_with_numpy), cmocka_unit_test(matching_itself_and_plain_pictures),
        cmocka_unit_test(transparent_pixels_do_not_count),   cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(no_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
