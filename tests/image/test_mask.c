/* Masks: what grey and transparency mean, means over areas, and regions told by their colours. */
#include "unit.h"

#include "base/memory.h"
#include "image/mask.h"
#include <math.h>

static ImpImage *picture(int width, int height) {
    ImpError error;
    ImpImage *image;
    assert_int_equal(imp_image_new(width, height, &image, &error), IMP_OK);
    return image;
}

static void paint(ImpImage *image, int i, float red, float green, float blue) {
    int n = image->width * image->height;
    image->rgb[i] = red, image->rgb[n + i] = green, image->rgb[2 * n + i] = blue;
}

static void grey_and_transparency(void **state) {
    (void)state;
    ImpError error;
    ImpMask mask;
    ImpImage *image = picture(2, 2);
    assert_int_equal(imp_image_add_alpha(image, &error), IMP_OK);
    paint(image, 1, 1, 1, 1);
    paint(image, 2, 0.5f, 0.5f, 0.5f);
    paint(image, 3, 1, 1, 1);
    image->alpha[3] = 0.25f;
    assert_int_equal(imp_mask_from_grey(image, &mask, &error), IMP_OK);
    assert_true(mask.at[0] == 0 && fabsf(mask.at[1] - 1) < 1e-6f && fabsf(mask.at[2] - 0.5f) < 1e-6f &&
                fabsf(mask.at[3] - 0.25f) < 1e-6f);
    assert_true(fabs(imp_mask_mean(&mask) - 1.75 / 4) < 1e-6);
    imp_mask_free(&mask);
    assert_null(mask.at);
    imp_image_free(&image);
}

/* Shrinking takes means over areas that need not be whole pixels; the mean of all stays. Enlarging repeats. */
static void resizing(void **state) {
    (void)state;
    float numbers[3] = {0, 0.6f, 0.9f}, two[2], six[6], row[35], small[6];
    ImpMask mask = {3, 1, numbers};
    imp_mask_resize(&mask, 2, 1, two);
    assert_true(fabsf(two[0] - 0.3f / 1.5f) < 1e-6f && fabsf(two[1] - (0.3f + 0.9f) / 1.5f) < 1e-6f);
    imp_mask_resize(&mask, 6, 1, six);
    for (int i = 0; i < 6; i++) assert_true(fabsf(six[i] - numbers[i / 2]) < 1e-6f);
    for (int i = 0; i < 35; i++) row[i] = (float)(i * 17 % 35) / 35;
    ImpMask other = {7, 5, row};
    imp_mask_resize(&other, 3, 2, small);
    double sum = 0;
    for (int i = 0; i < 6; i++) sum += (double)small[i] / 6;
    assert_true(fabs(sum - imp_mask_mean(&other)) < 1e-6);
}

/* Three colours with a rim of mixtures between them, which is not a region. */
static void regions(void **state) {
    (void)state;
    ImpError error;
    ImpRegionColours colours;
    ImpImage *image = picture(40, 40);
    for (int i = 0; i < 1600; i++) {
        int x = i % 40;
        if (x < 20)
            paint(image, i, 1, 0, 0.02f * (float)(i % 2));
        else if (x < 30)
            paint(image, i, 0, 0, 1);
        else
            paint(image, i, 0, 0, 0);
    }
    for (int y = 0; y < 4; y++) paint(image, y * 40 + 20, 0.5f, 0, 0.5f);
    assert_int_equal(imp_region_colours(image, &colours, &error), IMP_OK);
    assert_int_equal(colours.count, 3);
    assert_true(imp_region_is_map(&colours));
    assert_true(colours.rgb[0][0] > 0.9f && colours.rgb[0][2] < 0.1f);
    double sum = 0;
    for (int k = 0; k < 3; k++) {
        ImpMask mask;
        assert_int_equal(imp_mask_from_region(image, &colours, k, &mask, &error), IMP_OK);
        for (int i = 0; i < 1600; i++) assert_true(mask.at[i] == 0 || mask.at[i] == 1);
        if (k == 0) assert_true(mask.at[0] == 1 && mask.at[39] == 0);
        sum += imp_mask_mean(&mask);
        imp_mask_free(&mask);
    }
    assert_true(fabs(sum - 1) < 1e-12);
    for (int i = 0; i < 1600; i++) paint(image, i, (float)(i % 40) / 40, (float)(i % 40) / 40, (float)(i % 40) / 40);
    assert_int_equal(imp_region_colours(image, &colours, &error), IMP_OK);
    assert_false(imp_region_is_map(&colours));
    imp_image_free(&image);
}

static void running_out_of_memory(void **state) {
    (void)state;
    ImpError error;
    ImpMask mask;
    ImpRegionColours colours;
    ImpImage *image = picture(3, 3);
    imp_alloc_fail_after(0);
    assert_int_equal(imp_mask_from_grey(image, &mask, &error), IMP_ERROR_MEMORY);
    assert_null(mask.at);
    assert_int_equal(imp_region_colours(image, &colours, &error), IMP_ERROR_MEMORY);
    imp_alloc_fail_after(-1);
    imp_image_free(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grey_and_transparency),
        cmocka_unit_test(resizing),
        cmocka_unit_test(regions),
        cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
