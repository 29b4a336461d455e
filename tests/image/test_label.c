/* A line of text below a picture: where it is, that it can be read, and what does not fit. */
#include "unit.h"

#include "image/label.h"
#include <string.h>

static ImpImage *grey(int width, int height) {
    ImpError error;
    ImpImage *image;
    assert_int_equal(imp_image_new(width, height, &image, &error), IMP_OK);
    for (int i = 0; i < 3 * width * height; i++) image->rgb[i] = 0.5f + 0.1f * (float)(i % 3);
    return image;
}

static ImpImage *label(const ImpImage *image, const char *text) {
    ImpError error;
    ImpImage *out;
    assert_int_equal(imp_label_below(image, text, &out, &error), IMP_OK);
    return out;
}

/* The dots of the label as text, '#' for ink. */
static void read_line(const ImpImage *image, int y, char *out) {
    for (int x = 0; x < image->width; x++) out[x] = image->rgb[y * image->width + x] < 0.5f ? '#' : '.';
    out[image->width] = 0;
}

static void the_picture_stays_and_the_text_is_below(void **state) {
    (void)state;
    ImpImage *image = grey(21, 5), *out = label(image, "rle");
    assert_int_equal(out->width, 21);
    assert_int_equal(out->height, 5 + 11);
    for (int c = 0; c < 3; c++)
        assert_memory_equal(out->rgb + c * 21 * 16, image->rgb + c * 21 * 5, 21 * 5 * sizeof(float));
    char line[32];
    read_line(out, 5 + 2 + 4, line); /* the bar of the e, and stems of r and l */
    assert_string_equal(line, "..#.......#...#####..");
    read_line(out, 5, line);
    assert_null(strchr(line, '#'));
    read_line(out, 15, line);
    assert_null(strchr(line, '#'));
    imp_image_free(&image);
    imp_image_free(&out);
}

static void every_letter_is_another(void **state) {
    (void)state;
    static const char all[] = "0123456789abcdefghijklmnopqrstuvwxyzB_.- ";
    ImpImage *image = grey(5, 1), *made[sizeof all - 1];
    for (size_t i = 0; i < sizeof all - 1; i++) made[i] = label(image, (char[]){all[i], 0});
    for (size_t i = 0; i < sizeof all - 1; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(made[i]->rgb, made[j]->rgb, sizeof(float) * 3 * 5 * (size_t)made[i]->height);
    for (size_t i = 0; i < sizeof all - 1; i++) imp_image_free(&made[i]);
    imp_image_free(&image);
}

static void what_does_not_fit_is_cut_off(void **state) {
    (void)state;
    for (int width = 1; width < 40; width++) {
        ImpImage *image = grey(width, 2), *out = label(image, "relu1_1 \xff 12.34 dB");
        assert_int_equal(out->width, width);
        imp_image_free(&image);
        imp_image_free(&out);
    }
    ImpImage *image = grey(600, 2), *out = label(image, "8"); /* of 3x3 pixels a dot */
    assert_int_equal(out->height, 2 + 33);
    imp_image_free(&image);
    imp_image_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_stays_and_the_text_is_below),
        cmocka_unit_test(every_letter_is_another),
        cmocka_unit_test(what_does_not_fit_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
