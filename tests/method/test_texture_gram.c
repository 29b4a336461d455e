/* Textures made by optimisation: any size, no seam where none is to be, resumed, stopped, and the same for any number
 * of threads. */
#include "support.h"

static int write_model(void **state) {
    if (make_folder(state) != 0) return -1;
    write_small_model(in_folder("model.safetensors"), 1);
    return 0;
}

static ImpStatus make_texture(const char *settings, Seen *seen, ImpResult *result, ImpError *error) {
    ImpParams *params;
    const ImpMethod *method = imp_method_find("texture");
    ImpImage *exemplar = make_picture(48, 40, 3);
    ImpPicture picture = {"exemplar", "bark.png", exemplar};
    char text[512];
    exemplar->bit_depth = 16;
    snprintf(text, sizeof text, "model=gram;network=%s;layers=relu1_1,relu2_1;threads=1;%s",
             in_folder("model.safetensors"), settings);
    must(imp_params_new(&method->params, &params, error), error);
    set_params(params, text);
    ImpRequest request = {.params = params, .pictures = &picture, .n_pictures = 1};
    if (seen) request.observer = (ImpObserver){seen, on_progress, on_snapshot, on_notice};
    *error = (ImpError){0};
    ImpStatus status = method->run(&request, result, error);
    imp_params_free(&params);
    imp_image_free(&exemplar);
    return status;
}

/* How neighbouring columns differ across the border where the picture is laid beside itself, over how they do inside.
 */
static double seam(const ImpImage *image) {
    double across = 0, inside = 0;
    int width = image->width, height = image->height;
    for (int row = 0; row < 3 * height; row++) {
        const float *line = image->rgb + (size_t)row * (size_t)width;
        across += fabs((double)(line[0] - line[width - 1]));
        for (int x = 1; x < width; x++) inside += fabs((double)(line[x] - line[x - 1])) / (width - 1);
    }
    return across / inside;
}

static void seamless_where_asked_for(void **state) {
    (void)state;
    ImpError error;
    ImpResult tile, plain;
    must(make_texture("seamless=true;size=64x48;evaluations=40", NULL, &tile, &error), &error);
    must(make_texture("size=64x48;evaluations=40", NULL, &plain, &error), &error);
    assert_int_equal(tile.image->width, 64);
    assert_int_equal(tile.image->height, 48);
    assert_int_equal(tile.image->bit_depth, 16);
    if (!(seam(tile.image) < 1.3 && seam(plain.image) > 1.5))
        fail_msg("seams: %g, and %g where there may be one", seam(tile.image), seam(plain.image));
    imp_image_free(&tile.image);
    imp_image_free(&plain.image);
}

static void sizes(void **state) {
    (void)state;
    static const int sides[][2] = {{1, 7}, {37, 100}, {16, 16}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        ImpError error;
        ImpResult result;
        char settings[64];
        snprintf(settings, sizeof settings, "size=%dx%d;evaluations=2", sides[i][0], sides[i][1]);
        must(make_texture(settings, NULL, &result, &error), &error);
        assert_true(result.image->width == sides[i][0] && result.image->height == sides[i][1]);
        imp_image_free(&result.image);
    }
}

static void threads_checkpoints_and_stops(void **state) {
    (void)state;
    ImpError error;
    ImpResult whole, other;
    Seen seen = {.stop_at = 2};
    char settings[256];
    must(make_texture("size=64x48;evaluations=6", NULL, &whole, &error), &error);
    must(make_texture("size=64x48;evaluations=6;threads=2", NULL, &other, &error), &error);
    assert_true(same_picture(whole.image, other.image));
    imp_image_free(&other.image);
    snprintf(settings, sizeof settings, "size=64x48;evaluations=3;checkpoint=%s", in_folder("run.st"));
    must(make_texture(settings, NULL, &other, &error), &error);
    imp_image_free(&other.image);
    snprintf(settings, sizeof settings, "size=64x48;evaluations=6;resume=%s", in_folder("run.st"));
    must(make_texture(settings, NULL, &other, &error), &error);
    assert_true(same_picture(whole.image, other.image));
    imp_image_free(&other.image);
    must(make_texture("size=64x48;evaluations=6", &seen, &other, &error), &error);
    assert_true(other.stopped && other.steps == 2 && other.image);
    imp_image_free(&other.image);
    imp_image_free(&whole.image);
}

static void refuse(const char *settings, const char *part) {
    ImpError error;
    ImpResult result;
    assert_int_not_equal(make_texture(settings, NULL, &result, &error), IMP_OK);
    assert_null(result.image);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void what_cannot_be_meant(void **state) {
    (void)state;
    refuse("seamless=true;size=60x48", "give size 64x48");
    refuse("seamless=true;size=3", "give size 16x16");
    refuse("window=5", "window means nothing to gram");
    refuse("model=quilting;size=64", "means nothing to quilting");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seamless_where_asked_for),
        cmocka_unit_test(sizes),
        cmocka_unit_test(threads_checkpoints_and_stops),
        cmocka_unit_test(what_cannot_be_meant),
    };
    return cmocka_run_group_tests(tests, write_model, remove_folder);
}
