/* Sheets of pictures, and how far pictures are apart. */
#include "fixture.h"

#include "base/threads.h"
#include "image/quality.h"
#include "image/sheet.h"

static const float *constant(float value, size_t count) {
    static float planes[4][3 * 64];
    static unsigned next;
    float *to = planes[next++ % 4];
    for (size_t i = 0; i < count; i++) to[i] = value;
    return to;
}

static float at(const ImpImage *image, int c, int x, int y) {
    return image->rgb[((size_t)c * (size_t)image->height + (size_t)y) * (size_t)image->width + (size_t)x];
}

/* Three cells in two columns, of different sizes: the layout is written out. */
static void cells_lie_in_their_places(void **state) {
    (void)state;
    float ramp[3 * 2 * 3]; /* (3,2,3): 0.01 i */
    for (int i = 0; i < 18; i++) ramp[i] = 0.01F * (float)i;
    const ImpSheetCell cells[] = {{ramp, 3, 3, 2}, {constant(0.5F, 16), 1, 4, 4}, {constant(2, 3), 3, 1, 1}};
    const ImpSheetOptions options = {.columns = 2, .margin = 2, .background = {0.25F, 0, 1}};
    static const char *const wanted[] = {".............", ".............", ".......bbbb..", "..aaa..bbbb..",
                                         "..aaa..bbbb..", ".......bbbb..", ".............", ".............",
                                         "...c.........", ".............", "............."};
    ImpImage *sheet;
    OK(imp_sheet_new(cells, 3, &options, &sheet, error));
    assert_int_equal(sheet->width, 13);
    assert_int_equal(sheet->height, 11);
    for (int y = 0; y < 11; y++)
        for (int x = 0; x < 13; x++)
            for (int c = 0; c < 3; c++) {
                float value = options.background[c];
                if (wanted[y][x] == 'a') value = ramp[c * 6 + (y - 3) * 3 + (x - 2)];
                if (wanted[y][x] == 'b') value = 0.5F;
                if (wanted[y][x] == 'c') value = 1;
                if (at(sheet, c, x, y) != value) fail_msg("%d,%d is %g", x, y, (double)at(sheet, c, x, y));
            }
    imp_image_free(&sheet);
}

static void usual_sheets_are_nearly_square(void **state) {
    (void)state;
    ImpSheetCell cells[7];
    for (int i = 0; i < 7; i++) cells[i] = (ImpSheetCell){constant(i == 0 ? NAN : -1, 3), 3, 1, 1};
    cells[3].planes = NULL;
    ImpImage *sheet;
    OK(imp_sheet_new(cells, 7, NULL, &sheet, error));
    assert_int_equal(sheet->width, 4 * 8 + 3);
    assert_int_equal(sheet->height, 4 * 8 + 3);
    assert_true(at(sheet, 0, 8, 8) == 0);
    assert_true(at(sheet, 1, 17, 8) == 0);
    assert_true(at(sheet, 1, 8, 17) == 1); /* the empty cell */
    imp_image_free(&sheet);
    cells[0].planes = NULL;
    OK(imp_sheet_new(cells, 1, &(ImpSheetOptions){0}, &sheet, error));
    assert_int_equal(sheet->width, 1);
    imp_image_free(&sheet);
}

static void impossible_sheets_are_refused(void **state) {
    (void)state;
    const float pixel[3] = {0, 0, 0};
    const ImpSheetCell fine = {pixel, 3, 1, 1};
    ImpImage *sheet;
    FAILS(IMP_ERROR_ARGUMENT, "0 pictures", imp_sheet_new(&fine, 0, NULL, &sheet, error));
    FAILS(IMP_ERROR_ARGUMENT, "margin of -1", imp_sheet_new(&fine, 1, &(ImpSheetOptions){.margin = -1}, &sheet, error));
    FAILS(IMP_ERROR_ARGUMENT, "pixels", imp_sheet_new(&fine, 1, &(ImpSheetOptions){.margin = 65535}, &sheet, error));
    FAILS(IMP_ERROR_ARGUMENT, "2 channels", imp_sheet_new(&(ImpSheetCell){pixel, 2, 1, 1}, 1, NULL, &sheet, error));
    FAILS(IMP_ERROR_ARGUMENT, "0x1", imp_sheet_new(&(ImpSheetCell){pixel, 3, 0, 1}, 1, NULL, &sheet, error));
    assert_null(sheet);
    for (int k = 0; k < 5; k++) {
        imp_alloc_fail_after(k);
        ImpStatus status = imp_sheet_new(&fine, 1, NULL, &sheet, NULL);
        imp_alloc_fail_after(-1);
        assert_int_equal(status, k < 4 ? IMP_ERROR_MEMORY : IMP_OK);
        imp_image_free(&sheet);
    }
}

static void errors_are_the_mean_of_squares(void **state) {
    (void)state;
    const float a[] = {0, 0.5F, 1}, b[] = {0.1F, 0.5F, 0.8F};
    assert_true(fabs(imp_mean_squared_error(a, b, 3) - 0.05 / 3) < 1e-8);
    assert_true(fabs(imp_psnr(0.01) - 20) < 1e-12);
    assert_true(isinf(imp_psnr(imp_mean_squared_error(a, a, 3))));
    size_t count = 300 * (size_t)IMP_PIECE + 3; /* more than one round of pieces */
    float *x = malloc(count * sizeof *x), *y = malloc(count * sizeof *y);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        x[i] = (float)(i % 1000) / 1000;
        y[i] = (float)(i % 77) / 77;
        sum += ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]);
    }
    int former = imp_threads_set(1);
    double one = imp_mean_squared_error(x, y, count);
    imp_threads_set(3);
    assert_true(imp_mean_squared_error(x, y, count) == one);
    imp_threads_set(former);
    assert_true(fabs(one - sum / (double)count) < 1e-12);
    free(x);
    free(y);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_lie_in_their_places),
        cmocka_unit_test(usual_sheets_are_nearly_square),
        cmocka_unit_test(impossible_sheets_are_refused),
        cmocka_unit_test(errors_are_the_mean_of_squares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
