/* The worked example and Gatys' layers against trajectories that PyTorch computed in double precision. */
#include "method/support.h"

#include "base/file.h"
#include "base/json.h"

typedef struct Row {
    double style, content, norm;
} Row;

enum { MOST_ROWS = 128 };

static const char *shared(const char *name) {
    static char paths[8][512];
    static int next;
    const char *folder = getenv("IMPASTO_SHARED");
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder ? folder : "", name);
    return path;
}

static int read_golden(const char *path, Row *rows) {
    ImpError error;
    ImpFileView view;
    json_t *root;
    must(imp_file_map(path, &view, &error), &error);
    must(imp_json_parse((const char *)view.data, view.size, path, &root, &error), &error);
    json_t *list = json_object_get(root, "rows");
    int count = (int)json_array_size(list);
    assert_true(count > 0 && count <= MOST_ROWS);
    for (int i = 0; i < count; i++) {
        json_t *row = json_array_get(list, (size_t)i);
        rows[i] =
            (Row){json_number_value(json_object_get(row, "style")), json_number_value(json_object_get(row, "content")),
                  json_number_value(json_object_get(row, "gradient_norm"))};
    }
    json_decref(root);
    imp_file_unmap(&view);
    return count;
}

typedef struct Rows {
    Row list[MOST_ROWS];
    int count;
} Rows;

static unsigned keep_row(void *context, const ImpProgress *progress) {
    Rows *rows = context;
    assert_true(rows->count < MOST_ROWS);
    rows->list[rows->count++] =
        (Row){progress->metrics[2].value, progress->metrics[1].value, progress->metrics[4].value};
    return IMP_CONTINUE;
}

static double run_preset(const char *preset, const char *model, int evaluations, Rows *rows) {
    ImpError error = {0};
    ImpImage *content, *style;
    ImpParams *params;
    ImpResult result;
    char number[16];
    snprintf(number, sizeof number, "%d", evaluations);
    const ImpMethod *method = imp_method_find("stylize");
    must(imp_image_read(shared("golden/content_256.png"), 0, &content, &error), &error);
    must(imp_image_read(shared("golden/style_256.png"), 0, &style, &error), &error);
    must(imp_params_new(&method->params, &params, &error), &error);
    must(imp_params_set(params, "model", shared(model), &error), &error);
    must(imp_params_set(params, "evaluations", number, &error), &error);
    must(imp_method_apply_preset(method, preset, params, &error), &error);
    ImpPicture pictures[] = {{"content", "content", content}, {"style", "style", style}};
    ImpRequest request = {
        .params = params, .pictures = pictures, .n_pictures = 2, .observer = {.context = rows, .progress = keep_row}};
    must(method->run(&request, &result, &error), &error);
    double total = result.metrics[0].value;
    imp_image_free(&result.image);
    imp_image_free(&content);
    imp_image_free(&style);
    imp_params_free(&params);
    return total;
}

static bool missing(const char *name) {
    return access(shared(name), R_OK) != 0;
}

static void check(const char *what, int row, double value, double golden, double tolerance) {
    double difference = golden == 0 ? fabs(value) : fabs(value / golden - 1);
    if (!(difference <= tolerance))
        fail_msg("%s of evaluation %d is %.9g, golden %.9g: %.2g off, more than %g", what, row, value, golden,
                 difference, tolerance);
}

static void check_losses(const Rows *rows, const Row *golden, int from, int to, double tolerance) {
    for (int i = from; i <= to; i++) {
        check("style", i, rows->list[i].style, golden[i].style, tolerance);
        check("content", i, rows->list[i].content, golden[i].content, tolerance);
    }
}

static void check_norms(const Rows *rows, const Row *golden, int from, int to, double tolerance) {
    for (int i = from; i <= to; i++) check("|gradient|", i, rows->list[i].norm, golden[i].norm, tolerance);
}

/* The norms are those of steep places that the path only brushes: they wander off sooner than the losses. */
static void the_example_is_reproduced(void **state) {
    (void)state;
    static const char model[] = "models/vgg19-torch-convention-to-conv3_4.pth";
    if (missing(model) || missing("golden/example_256_float64.json")) skip_because("no shared models or golden runs");
    Row golden[MOST_ROWS];
    Rows rows = {.count = 0};
    int count = read_golden(shared("golden/example_256_float64.json"), golden);
    double best = run_preset("example", model, count, &rows);
    assert_int_equal(rows.count, count);
    check_losses(&rows, golden, 0, 9, 0.005);
    check_norms(&rows, golden, 0, 9, 0.005);
    /* Paths that differ by rounding alone part by a factor of ten every four evaluations (doc/methods/gatys.md): the
     * losses of the three tiers are up to 3.8 % off here, the norm up to 9.7 % at the one evaluation 18. */
    check_losses(&rows, golden, 10, 19, 0.08);
    check_norms(&rows, golden, 10, 19, 0.15);
    double final = golden[count - 1].style + golden[count - 1].content;
    print_message("after %d evaluations the total is %.3f times the golden one\n", count, best / final);
    assert_true(best < 1.15 * final);
}

/* Single precision is not enough for more: from evaluation 6 on PyTorch in float32 is up to 4.4 % off as well. */
static void gatys_is_reproduced(void **state) {
    (void)state;
    static const char model[] = "models/vgg19-torch-convention.pth";
    if (missing(model) || missing("golden/gatys_256_float64.json")) skip_because("no shared models or golden runs");
    Row golden[MOST_ROWS];
    Rows rows = {.count = 0};
    read_golden(shared("golden/gatys_256_float64.json"), golden);
    run_preset("gatys", model, 10, &rows);
    check_losses(&rows, golden, 0, 5, 0.005);
    check_norms(&rows, golden, 0, 5, 0.005);
    check_losses(&rows, golden, 6, 9, 0.05);
    check_norms(&rows, golden, 6, 9, 0.05);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_example_is_reproduced),
                                       cmocka_unit_test(gatys_is_reproduced)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
