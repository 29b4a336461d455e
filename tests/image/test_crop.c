/* Squares out of picture files, against reading the whole picture, resizing it and cutting the square out. */
#include "fixture.h"

#include "image/crop.h"
#include "image/vips.h"

/* The library starts libvips, as it would in a program that knows nothing of libvips. */
static int start(void **state) {
    ImpImage *image;
    imp_image_read_memory("\x89PNG\r\n\x1a\n", 8, "start", 0, &image, NULL);
    return make_scratch(state);
}

static const char *write_picture(ImpImage *image, const char *name, int bit_depth) {
    ImpImageWriteOptions options = {.bit_depth = bit_depth, .quality = 95};
    OK(imp_image_write(image, in_scratch(name), &options, error));
    imp_image_free(&image);
    return in_scratch(name);
}

/* Smooth colours, so that lossy formats and different filters agree. */
static ImpImage *smooth_picture(int width, int height) {
    ImpImage *image;
    OK(imp_image_new(width, height, &image, error));
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                double u = (double)x / width, v = (double)y / height;
                image->rgb[((size_t)c * (size_t)height + (size_t)y) * (size_t)width + (size_t)x] =
                    (float)(0.5 + 0.4 * sin(5 * u + 3 * v * (c + 1)));
            }
    return image;
}

/* A number of an evenly drawn place among `count`, as the header has it. */
static int place(double u, int count) {
    return (int)(u * count);
}

/* The square by way of the whole picture; for files that stand upright. */
static float *cut(const char *path, const ImpCrop *crop) {
    ImpImage *whole, *scaled;
    OK(imp_image_read(path, 0, &whole, error));
    int shorter = whole->width < whole->height ? whole->width : whole->height;
    int target = (int)lround(crop->side * crop->size);
    int width = (int)lround((double)whole->width * target / shorter);
    int height = (int)lround((double)whole->height * target / shorter);
    OK(imp_image_resize(whole, width, height, &scaled, error));
    int left = place(crop->x, width - crop->side + 1), top = place(crop->y, height - crop->side + 1);
    float *out = malloc(3 * (size_t)crop->side * (size_t)crop->side * sizeof *out), *to = out;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < crop->side; y++)
            for (int x = 0; x < crop->side; x++) {
                int column = left + (crop->mirror ? crop->side - 1 - x : x);
                size_t i = (size_t)(top + y) * (size_t)width + (size_t)column;
                float value = scaled->rgb[(size_t)c * pixels_of(scaled) + i];
                if (scaled->alpha) value = value * scaled->alpha[i] + 1 - scaled->alpha[i];
                *to++ = value;
            }
    imp_image_free(&whole);
    imp_image_free(&scaled);
    return out;
}

static float *read_crop(const char *path, const ImpCrop *crop) {
    size_t count = 3 * (size_t)crop->side * (size_t)crop->side;
    float *out = malloc((count + 1) * sizeof *out);
    out[count] = 7;
    OK(imp_crop_read(path, crop, NULL, out, error));
    assert_true(out[count] == 7);
    for (size_t i = 0; i < count; i++) assert_true(out[i] >= 0 && out[i] <= 1);
    return out;
}

static void check(const char *path, const ImpCrop *crop, double tolerance) {
    float *got = read_crop(path, crop), *wanted = cut(path, crop);
    double worst = max_difference(got, wanted, 3 * (size_t)crop->side * (size_t)crop->side);
    if (!(worst <= tolerance))
        fail_msg("%s side %d size %g at %g,%g: differs by %g", path, crop->side, crop->size, crop->x, crop->y, worst);
    free(got);
    free(wanted);
}

/* Shrunk, as it is, enlarged; every corner; both mirrorings. */
static void check_all(const char *path, int width, int height, double tolerance) {
    int shorter = width < height ? width : height;
    static const double places[] = {0, 0.3, 0.999999};
    for (int side = 1; side <= 2 * shorter; side += shorter / 2 + 1)
        for (int s = 0; s < 3; s++)
            for (int p = 0; p < 9; p++) {
                ImpCrop crop = {.side = side, .size = 1 + 0.37 * s, .x = places[p / 3], .y = places[p % 3]};
                crop.mirror = (p + s) % 2;
                check(path, &crop, tolerance);
            }
    ImpCrop same = {.side = shorter, .size = 1, .x = 0.5, .y = 0.5};
    check(path, &same, tolerance);
    same.side = shorter / 2 + 1;
    same.size = (double)shorter / same.side;
    check(path, &same, tolerance);
}

static void squares_are_those_of_the_whole_picture(void **state) {
    (void)state;
    check_all(write_picture(golden_picture(23, 31, 1), "a.png", 8), 23, 31, 2e-6);
    check_all(write_picture(golden_picture(40, 17, 2), "b.png", 16), 40, 17, 2e-6);
    check_all(write_picture(golden_picture(19, 19, 3), "c.tif", 16), 19, 19, 2e-6);
    check_all(write_picture(golden_picture(1, 1, 4), "d.png", 8), 1, 1, 2e-6);
    check_all(write_picture(golden_picture(1, 300, 5), "e.png", 8), 1, 300, 2e-6);
    ImpImage *image = golden_picture(21, 13, 1);
    OK(imp_image_add_alpha(image, error));
    for (size_t i = 0; i < pixels_of(image); i++) image->alpha[i] = (float)(i % 5) / 4;
    check_all(write_picture(image, "f.png", 8), 21, 13, 4e-6);
}

/* The largest difference, leaving out `border` pixels all around. */
static double difference_within(const float *a, const float *b, int side, int border) {
    double worst = 0;
    for (int c = 0; c < 3; c++)
        for (int y = border; y < side - border; y++) {
            size_t row = ((size_t)c * (size_t)side + (size_t)y) * (size_t)side + (size_t)border;
            worst = fmax(worst, max_difference(a + row, b + row, (size_t)(side - 2 * border)));
        }
    return worst;
}

/* The colours here change by up to 0.1 from pixel to pixel, so that a shift by a tenth of one shows. The last column
 * and row of a shrunk JPEG stand for fewer pixels than the others and are further off. */
static void jpegs_shrink_on_load(void **state) {
    (void)state;
    const char *path = write_picture(smooth_picture(403, 301), "large.jpg", 8);
    for (int side = 16; side < 600; side = side * 3 / 2)
        for (int s = 0; s < 3; s++)
            for (int p = 0; p < 4; p++) {
                ImpCrop crop = {.side = side, .size = 1 + 0.25 * s, .x = 0.99 * (p / 2), .y = 0.99 * (p % 2)};
                float *got = read_crop(path, &crop), *wanted = cut(path, &crop);
                double inner = difference_within(got, wanted, side, 2), all = difference_within(got, wanted, side, 0);
                if (!(inner <= 0.015 && all <= 0.06))
                    fail_msg("side %d size %g: differs by %g, %g within", side, crop.size, all, inner);
                free(got);
                free(wanted);
            }
}

/* Grey, CMYK, 16 bits: whatever libvips can write. */
static void other_colours_are_taken(void **state) {
    (void)state;
    ImpImage *grey = smooth_picture(50, 40);
    for (size_t c = 1; c < 3; c++) memcpy(grey->rgb + c * 2000, grey->rgb, 2000 * sizeof(float));
    const char *path = write_picture(grey, "rgb.tif", 8);
    VipsImage *in = vips_image_new_from_file(path, NULL), *band = NULL, *cmyk = NULL;
    assert_non_null(in);
    assert_int_equal(vips_extract_band(in, &band, 0, NULL), 0);
    assert_int_equal(vips_icc_export(in, &cmyk, "output_profile", "cmyk", NULL), 0);
    assert_int_equal(vips_image_write_to_file(band, in_scratch("grey.jpg"), "strip", TRUE, "Q", 95, NULL), 0);
    assert_int_equal(vips_image_write_to_file(cmyk, in_scratch("cmyk.jpg"), "Q", 95, NULL), 0);
    assert_int_equal(vips_image_write_to_file(band, in_scratch("grey.png"), "bitdepth", 8, NULL), 0);
    g_object_unref(in);
    g_object_unref(band);
    g_object_unref(cmyk);
    ImpCrop crop = {.side = 20, .size = 1.3, .x = 0.4, .y = 0.7};
    check(in_scratch("grey.jpg"), &crop, 0.03);
    check(in_scratch("cmyk.jpg"), &crop, 0.04);
    check(in_scratch("grey.png"), &crop, 2e-6);
}

static int asked;

static bool is_even(const void *profile, size_t size) {
    (void)size;
    asked++;
    return *(const int *)profile % 2 == 0;
}

/* More keys than are remembered: verdicts stay right, and known ones are not asked for again. */
static void profile_verdicts_are_remembered(void **state) {
    (void)state;
    ImpProfileCache *cache;
    OK(imp_profile_cache_new(&cache, error));
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 100; i++) assert_int_equal(imp_profile_cache_ask(cache, &i, sizeof i, is_even), i % 2 == 0);
    asked = 0;
    for (int round = 0; round < 3; round++)
        for (int i = 90; i < 100; i++)
            assert_int_equal(imp_profile_cache_ask(cache, &i, sizeof i, is_even), i % 2 == 0);
    assert_int_equal(asked, 0);
    for (int i = 0; i < 5; i++) imp_profile_cache_ask(NULL, &i, sizeof i, is_even);
    assert_int_equal(asked, 5);
    imp_profile_cache_free(&cache);
    imp_profile_cache_free(&cache);
}

/* Display P3 is followed with a cache and without, sRGB is left alone. */
static void profiles_are_followed_from_the_cache(void **state) {
    (void)state;
    ImpProfileCache *cache;
    OK(imp_profile_cache_new(&cache, error));
    write_picture(plain_picture(9, 9, 0.2F, 0.8F, 0.4F), "plain.png", 8);
    VipsImage *in = vips_image_new_from_file(in_scratch("plain.png"), NULL);
    assert_non_null(in);
    assert_int_equal(vips_image_write_to_file(in, in_scratch("p3.png"), "profile", "p3", NULL), 0);
    g_object_unref(in);
    const ImpCrop crop = {.side = 1, .size = 1};
    for (int k = 0; k < 4; k++) {
        float plain[3], p3[3];
        OK(imp_crop_read(in_scratch("plain.png"), &crop, k ? cache : NULL, plain, error));
        OK(imp_crop_read(in_scratch("p3.png"), &crop, k ? cache : NULL, p3, error));
        assert_true(fabsf(plain[1] - 0.8F) < 1e-3F);
        assert_true(p3[0] < 0.05F && p3[1] > 0.805F); /* more saturated than in sRGB's numbers */
    }
    imp_profile_cache_free(&cache);
}

/* A picture whose left half is dark, turned by its EXIF tag, comes out dark where a viewer shows it dark. */
static void orientation_is_followed(void **state) {
    (void)state;
    static const char dark[9] = " lrrlttbb"; /* left, right, top, bottom */
    ImpImage *image;
    OK(imp_image_new(32, 32, &image, error));
    for (size_t i = 0; i < 3 * pixels_of(image); i++) image->rgb[i] = i % 32 < 16 ? 0 : 1;
    write_picture(image, "upright.tif", 8);
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int mirror = 0; mirror < 2; mirror++) {
            VipsImage *in = vips_image_new_from_file(in_scratch("upright.tif"), NULL), *copy = NULL;
            assert_int_equal(vips_copy(in, &copy, NULL), 0);
            vips_image_set_int(copy, VIPS_META_ORIENTATION, orientation);
            if (vips_image_write_to_file(copy, in_scratch("turned.jpg"), "Q", 95, NULL) != 0)
                fail_msg("%s", vips_error_buffer());
            g_object_unref(copy);
            g_object_unref(in);
            ImpCrop crop = {.side = 16, .size = 1, .mirror = mirror};
            float *out = read_crop(in_scratch("turned.jpg"), &crop);
            char side = dark[orientation];
            if (mirror && side == 'l')
                side = 'r';
            else if (mirror && side == 'r')
                side = 'l';
            size_t at = side == 'l' ? 8 * 16 + 2 : side == 'r' ? 8 * 16 + 13 : side == 't' ? 2 * 16 + 8 : 13 * 16 + 8;
            size_t across = 15 * 16 + 15 - at;
            if (!(out[at] < 0.2F && out[across] > 0.8F)) fail_msg("orientation %d, mirror %d", orientation, mirror);
            free(out);
        }
}

static void a_picture_of_extreme_shape_needs_little_memory(void **state) {
    (void)state;
    const char *path = write_picture(plain_picture(65535, 1, 0.25F, 0.5F, 0.75F), "line.png", 8);
    ImpCrop crop = {.side = 64, .size = 8, .x = 0.999, .y = 0.5};
    float *out = read_crop(path, &crop);
    assert_true(fabsf(out[0] - 64.0F / 255) < 1e-3F);
    free(out);
}

/* Wherever the square lies, a damaged file is refused. */
static void damage_is_found_everywhere(void **state) {
    (void)state;
    const char *names[] = {"whole.jpg", "whole.png"};
    for (int k = 0; k < 2; k++) {
        size_t size;
        unsigned char *data = read_bytes(write_picture(golden_picture(200, 300, 1), names[k], 8), &size);
        write_file(in_scratch("cut"), data, size - size / 8);
        free(data);
        float out[3 * 16 * 16];
        for (int p = 0; p < 2; p++)
            for (int size8 = 1; size8 <= 8; size8 *= 2) {
                ImpCrop crop = {.side = 16, .size = size8, .x = 0.3, .y = p ? 0.99 : 0};
                FAILS(IMP_ERROR_FORMAT, "cut", imp_crop_read(in_scratch("cut"), &crop, NULL, out, error));
            }
    }
}

static void bad_files_are_refused(void **state) {
    (void)state;
    float out[3];
    const ImpCrop crop = {.side = 1, .size = 1};
    write_file(in_scratch("text"), "hello", 5);
    write_file(in_scratch("empty"), "", 0);
    FAILS(IMP_ERROR_FORMAT, "text", imp_crop_read(in_scratch("text"), &crop, NULL, out, error));
    FAILS(IMP_ERROR_FORMAT, "is empty", imp_crop_read(in_scratch("empty"), &crop, NULL, out, error));
    FAILS(IMP_ERROR_IO, "nowhere", imp_crop_read(in_scratch("nowhere"), &crop, NULL, out, error));
    const char *path = write_picture(golden_picture(9, 7, 1), "x.png", 8);
    for (int k = 0;; k++) {
        ImpError error = {0};
        imp_alloc_fail_after(k);
        ImpStatus status = imp_crop_read(path, &(ImpCrop){.side = 1, .size = 2}, NULL, out, &error);
        imp_alloc_fail_after(-1);
        if (status == IMP_OK) break;
        assert_int_equal(status, IMP_ERROR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squares_are_those_of_the_whole_picture),
        cmocka_unit_test(jpegs_shrink_on_load),
        cmocka_unit_test(other_colours_are_taken),
        cmocka_unit_test(profile_verdicts_are_remembered),
        cmocka_unit_test(profiles_are_followed_from_the_cache),
        cmocka_unit_test(orientation_is_followed),
        cmocka_unit_test(a_picture_of_extreme_shape_needs_little_memory),
        cmocka_unit_test(damage_is_found_everywhere),
        cmocka_unit_test(bad_files_are_refused),
    };
    return cmocka_run_group_tests(tests, start, remove_scratch);
}
