#include "image/sheet.h"

#include "base/error.h"
#include "base/memory.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Where the columns and rows lie. */
typedef struct Grid {
    size_t columns, rows;
    int *width;  /* (columns) */
    int *height; /* (rows) */
} Grid;

static size_t usual_columns(size_t count) {
    size_t columns = 1;
    while (columns * columns < count) columns++;
    return columns;
}

static ImpStatus check_cells(const ImpSheetCell *cells, size_t count, const ImpSheetOptions *options, ImpError *error) {
    if (count < 1 || count > IMP_IMAGE_MAX_SIDE)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "a sheet of %zu pictures is impossible; give 1 to %d", count,
                        IMP_IMAGE_MAX_SIDE);
    if (options->margin < 0 || options->margin > IMP_IMAGE_MAX_SIDE || options->columns < 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "a sheet with %d columns and a margin of %d is impossible; give 0 or more of each",
                        options->columns, options->margin);
    for (size_t i = 0; i < count; i++) {
        const ImpSheetCell *cell = &cells[i];
        bool fits = cell->width >= 1 && cell->height >= 1 && cell->width <= IMP_IMAGE_MAX_SIDE &&
                    cell->height <= IMP_IMAGE_MAX_SIDE && (cell->channels == 1 || cell->channels == 3);
        if (cell->planes && !fits)
            return imp_fail(error, IMP_ERROR_ARGUMENT,
                            "picture %zu of a sheet has %d channels of %dx%d pixels; give 1 or 3, at most %d a side", i,
                            cell->channels, cell->width, cell->height, IMP_IMAGE_MAX_SIDE);
    }
    return IMP_OK;
}

static void measure(const ImpSheetCell *cells, size_t count, Grid *grid) {
    for (size_t i = 0; i < count; i++) {
        if (!cells[i].planes) continue;
        int *width = &grid->width[i % grid->columns], *height = &grid->height[i / grid->columns];
        if (cells[i].width > *width) *width = cells[i].width;
        if (cells[i].height > *height) *height = cells[i].height;
    }
}

/* Pixels from one end to the other; may be more than a picture can have. */
static int64_t extent(const int *sizes, size_t count, int margin) {
    int64_t sum = margin;
    for (size_t i = 0; i < count; i++) sum += (int64_t)sizes[i] + margin;
    return sum > 0 ? sum : 1;
}

static void fill(ImpImage *sheet, const float *colour) {
    size_t plane = (size_t)sheet->width * (size_t)sheet->height;
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < plane; i++) sheet->rgb[c * plane + i] = colour[c];
}

static float clamp(float value) {
    return value > 0 ? (value < 1 ? value : 1) : 0;
}

static void draw(ImpImage *sheet, const ImpSheetCell *cell, size_t left, size_t top) {
    size_t plane = (size_t)sheet->width * (size_t)sheet->height;
    size_t width = (size_t)cell->width, height = (size_t)cell->height;
    for (size_t c = 0; c < 3; c++) {
        const float *from = cell->planes + (cell->channels == 3 ? c * width * height : 0);
        for (size_t y = 0; y < height; y++) {
            float *to = sheet->rgb + c * plane + (top + y) * (size_t)sheet->width + left;
            for (size_t x = 0; x < width; x++) to[x] = clamp(from[y * width + x]);
        }
    }
}

static void draw_all(ImpImage *sheet, const ImpSheetCell *cells, size_t count, const Grid *grid, int margin) {
    int top = margin;
    for (size_t row = 0; row < grid->rows; row++) {
        int left = margin;
        for (size_t column = 0; column < grid->columns; column++) {
            size_t i = row * grid->columns + column;
            if (i < count && cells[i].planes)
                draw(sheet, &cells[i], (size_t)(left + (grid->width[column] - cells[i].width) / 2),
                     (size_t)(top + (grid->height[row] - cells[i].height) / 2));
            left += grid->width[column] + margin;
        }
        top += grid->height[row] + margin;
    }
}

ImpStatus imp_sheet_new(const ImpSheetCell *cells, size_t count, const ImpSheetOptions *options, ImpImage **out,
                        ImpError *error) {
    *out = NULL;
    const ImpSheetOptions usual = {.margin = 8, .background = {1, 1, 1}};
    if (!options) options = &usual;
    ImpStatus status = check_cells(cells, count, options, error);
    if (status != IMP_OK) return status;
    Grid grid = {.columns = options->columns > 0 ? (size_t)options->columns : usual_columns(count)};
    if (grid.columns > count) grid.columns = count;
    grid.rows = (count + grid.columns - 1) / grid.columns;
    status = IMP_ALLOC(&grid.width, grid.columns, "sheet", error);
    if (status == IMP_OK) status = IMP_ALLOC(&grid.height, grid.rows, "sheet", error);
    if (status == IMP_OK) {
        measure(cells, count, &grid);
        int64_t width = extent(grid.width, grid.columns, options->margin);
        int64_t height = extent(grid.height, grid.rows, options->margin);
        status = imp_image_new(width < INT32_MAX ? (int)width : INT32_MAX, height < INT32_MAX ? (int)height : INT32_MAX,
                               out, error);
    }
    if (status == IMP_OK) {
        fill(*out, options->background);
        draw_all(*out, cells, count, &grid, options->margin);
    }
    imp_free(grid.width);
    imp_free(grid.height);
    return status;
}
