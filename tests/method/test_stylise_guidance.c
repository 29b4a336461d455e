/* Masks and strength maps: styles stay where they are sent, maps and pairs of masks say the same, and what cannot be
 * meant is refused. */
#include "support.h"

enum { WIDTH = 64, HEIGHT = 32, PLACES = WIDTH * HEIGHT };

/* A picture of two halves, each of one colour. */
static void write_halves(const char *name, int width, int height, const float left[3], const float right[3]) {
    ImpError error;
    ImpImage *image;
    must(imp_image_new(width, height, &image, &error), &error);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < width * height; i++)
            image->rgb[c * width * height + i] = i % width < width / 2 ? left[c] : right[c];
    must(imp_image_write(image, in_folder(name), NULL, &error), &error);
    imp_image_free(&image);
}

static const float white[3] = {1, 1, 1}, black[3] = {0, 0, 0}, red[3] = {1, 0, 0}, blue[3] = {0, 0, 1};

static int write_masks(void **state) {
    if (make_folder(state) != 0) return -1;
    write_small_model(in_folder("model.safetensors"), 1);
    write_halves("left.png", WIDTH, HEIGHT, white, black);
    write_halves("right.png", WIDTH, HEIGHT, black, white);
    write_halves("all.png", WIDTH, HEIGHT, white, white);
    write_halves("none.png", WIDTH, HEIGHT, black, black);
    write_halves("map.png", WIDTH, HEIGHT, red, blue);
    write_halves("tall.png", HEIGHT, WIDTH, red, blue);
    return 0;
}

/* The picture after a few evaluations with these options, in which %F stands for the folder. */
static ImpImage *made_with(const char *options, const ImpImage *const *styles, size_t n, Seen *seen) {
    ImpError error;
    ImpResult result;
    ImpImage *content = make_picture(WIDTH, HEIGHT, 1);
    ImpPicture pictures[4] = {{"content", "photo.png", content}};
    char settings[1024] = "evaluations=4;";
    for (const char *c = options; *c; c++) {
        size_t used = strlen(settings);
        if (c[0] == '%' && c[1] == 'F')
            snprintf(settings + used, sizeof settings - used, "%s", test_folder), c++;
        else
            snprintf(settings + used, sizeof settings - used, "%c", *c);
    }
    for (size_t i = 0; i < n; i++) pictures[i + 1] = (ImpPicture){"style", "painting.png", styles[i]};
    *seen = (Seen){0};
    must(run_pictures(settings, pictures, n + 1, seen, &result, &error), &error);
    imp_image_free(&content);
    return result.image;
}

/* The largest difference in columns first..end-1. */
static double difference(const ImpImage *a, const ImpImage *b, int first, int end) {
    double most = 0;
    for (int i = 0; i < 3 * PLACES; i++)
        if (i % WIDTH >= first && i % WIDTH < end) most = fmax(most, fabs((double)(a->rgb[i] - b->rgb[i])));
    return most;
}

static double mean_difference(const ImpImage *a, const ImpImage *b, int first, int end) {
    double sum = 0;
    for (int i = 0; i < 3 * PLACES; i++)
        if (i % WIDTH >= first && i % WIDTH < end) sum += fabs((double)(a->rgb[i] - b->rgb[i]));
    return sum / (3 * HEIGHT * (end - first));
}

static void strength_is_where_the_map_is_white(void **state) {
    (void)state;
    Seen seen;
    ImpImage *style = make_picture(40, 40, 3), *content = make_picture(WIDTH, HEIGHT, 1);
    const ImpImage *styles[] = {style};
    ImpImage *made = made_with("strength-map=%F/right.png", styles, 1, &seen);
    assert_true(difference(made, content, 0, WIDTH / 8) < 1e-6);
    assert_true(difference(made, content, WIDTH / 2, WIDTH) > 0.01);
    imp_image_free(&made);
    imp_image_free(&style);
    imp_image_free(&content);
}

static void a_mask_of_everything_changes_nothing(void **state) {
    (void)state;
    Seen plain, masked;
    ImpImage *style = make_picture(40, 40, 3);
    const ImpImage *styles[] = {style};
    ImpImage *a = made_with("", styles, 1, &plain), *b = made_with("content-mask=%F/all.png", styles, 1, &masked);
    assert_true(fabs(plain.totals[0] - masked.totals[0]) <= 1e-5 * plain.totals[0]);
    assert_true(difference(a, b, 0, WIDTH) < 1e-3);
    imp_image_free(&a);
    imp_image_free(&b);
    imp_image_free(&style);
}

/* Another style for the right half leaves the left one alone, but for what it does to the statistics near the border.
 * With Adam, as the steps of L-BFGS tie all pixels together. */
static void styles_stay_in_their_regions(void **state) {
    (void)state;
    Seen seen;
    ImpImage *first = make_picture(40, 40, 3), *second = make_picture(50, 30, 4), *third = make_picture(30, 50, 7);
    const ImpImage *before[] = {first, second}, *after[] = {first, third};
    const char *masks = "content-mask=%F/left.png,%F/right.png;optimizer=adam;evaluations=3";
    ImpImage *a = made_with(masks, before, 2, &seen), *b = made_with(masks, after, 2, &seen);
    assert_true(mean_difference(a, b, WIDTH / 2, WIDTH) > 0.01);
    assert_true(mean_difference(a, b, 0, WIDTH / 4) < mean_difference(a, b, WIDTH / 2, WIDTH) / 50);
    imp_image_free(&a);
    imp_image_free(&b);
    imp_image_free(&first);
    imp_image_free(&second);
    imp_image_free(&third);
}

static void a_map_is_its_masks(void **state) {
    (void)state;
    Seen pairs, map;
    ImpImage *style = make_picture(WIDTH, HEIGHT, 3);
    const ImpImage *styles[] = {style};
    ImpImage *a =
        made_with("content-mask=%F/left.png,%F/right.png;style-mask=%F/right.png,%F/left.png", styles, 1, &pairs);
    write_halves("turned.png", WIDTH, HEIGHT, blue, red);
    ImpImage *b = made_with("content-mask=%F/map.png;style-mask=%F/turned.png", styles, 1, &map);
    assert_true(fabs(pairs.totals[0] - map.totals[0]) <= 1e-6 * pairs.totals[0]);
    assert_true(difference(a, b, 0, WIDTH) < 1e-3);
    imp_image_free(&a);
    imp_image_free(&b);
    imp_image_free(&style);
}

static void refuse(const char *option, const char *value, size_t n_styles, const char *part) {
    ImpError error;
    ImpResult result;
    ImpImage *content = make_picture(WIDTH, HEIGHT, 1), *style = make_picture(WIDTH, HEIGHT, 3);
    ImpPicture pictures[4] = {{"content", "photo.png", content}};
    char settings[1024];
    snprintf(settings, sizeof settings, "evaluations=1;%s=%s", option, value);
    for (size_t i = 0; i < n_styles; i++) pictures[i + 1] = (ImpPicture){"style", "painting.png", style};
    assert_int_not_equal(run_pictures(settings, pictures, n_styles + 1, NULL, &result, &error), IMP_OK);
    assert_null(result.image);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    imp_image_free(&content);
    imp_image_free(&style);
}

static void what_cannot_be_meant(void **state) {
    (void)state;
    char both[256];
    refuse("style-mask", in_folder("left.png"), 1, "say with content-mask");
    refuse("content-mask", in_folder("map.png"), 1, "its map in the same colours");
    refuse("content-mask", in_folder("none.png"), 1, "masks the whole");
    refuse("content-mask", in_folder("tall.png"), 1, "another shape");
    refuse("content-mask", in_folder("left.png"), 2, "1 masks for 2 styles");
    refuse("content-mask", in_folder("missing.png"), 1, "missing.png");
    refuse("strength-map", in_folder("none.png"), 1, "masks the whole");
    snprintf(both, sizeof both, "%s;style-mask=%s,%s", in_folder("left.png"), in_folder("all.png"),
             in_folder("all.png"));
    refuse("content-mask", both, 1, "in pairs");
}

/* "not:" turns a mask round; a checkpoint knows its masks by what is in them. */
static void turned_masks_and_checkpoints(void **state) {
    (void)state;
    Seen seen;
    ImpError error;
    ImpResult result;
    ImpImage *style = make_picture(40, 40, 3), *content = make_picture(WIDTH, HEIGHT, 1);
    const ImpImage *styles[] = {style};
    char settings[512];
    ImpImage *a = made_with("content-mask=%F/left.png", styles, 1, &seen);
    ImpImage *b = made_with("content-mask=not:%F/right.png", styles, 1, &seen);
    assert_true(same_picture(a, b));
    write_halves("mask.png", WIDTH, HEIGHT, white, black);
    imp_image_free(&b);
    b = made_with("content-mask=%F/mask.png;checkpoint=%F/run.st", styles, 1, &seen);
    snprintf(settings, sizeof settings, "content-mask=%s;resume=%s;evaluations=6", in_folder("mask.png"),
             in_folder("run.st"));
    must(run_pair(settings, content, style, NULL, &result, &error), &error);
    imp_image_free(&result.image);
    write_halves("moved.png", WIDTH, HEIGHT, white, black);
    snprintf(settings, sizeof settings, "content-mask=%s;resume=%s;evaluations=6", in_folder("moved.png"),
             in_folder("run.st"));
    must(run_pair(settings, content, style, NULL, &result, &error), &error);
    imp_image_free(&result.image);
    write_halves("moved.png", WIDTH, HEIGHT, black, white);
    assert_int_equal(run_pair(settings, content, style, NULL, &result, &error), IMP_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "another mask than this"));
    imp_image_free(&a);
    imp_image_free(&b);
    imp_image_free(&style);
    imp_image_free(&content);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strength_is_where_the_map_is_white),
        cmocka_unit_test(a_mask_of_everything_changes_nothing),
        cmocka_unit_test(styles_stay_in_their_regions),
        cmocka_unit_test(a_map_is_its_masks),
        cmocka_unit_test(what_cannot_be_meant),
        cmocka_unit_test(turned_masks_and_checkpoints),
    };
    return cmocka_run_group_tests(tests, write_masks, remove_folder);
}
