#include "image/mask.h"

#include "base/memory.h"
#include "image/colour.h"
#include <math.h>

static size_t places_of(const ImpMask *mask) {
    return (size_t)mask->width * (size_t)mask->height;
}

static ImpStatus begin(const ImpImage *image, ImpMask *out, ImpError *error) {
    *out = (ImpMask){.width = image->width, .height = image->height};
    return IMP_ALLOC(&out->at, places_of(out), "mask", error);
}

ImpStatus imp_mask_from_grey(const ImpImage *image, ImpMask *out, ImpError *error) {
    ImpStatus status = begin(image, out, error);
    if (status != IMP_OK) return status;
    size_t n = places_of(out);
    for (size_t i = 0; i < n; i++) {
        float grey = imp_colour_luminance(image->rgb[i], image->rgb[n + i], image->rgb[2 * n + i]);
        float seen = image->alpha ? grey * image->alpha[i] : grey;
        out->at[i] = seen < 0 ? 0 : seen > 1 ? 1 : seen;
    }
    return IMP_OK;
}

void imp_mask_free(ImpMask *mask) {
    imp_free(mask->at);
    *mask = (ImpMask){0};
}

void imp_mask_turn(ImpMask *mask) {
    for (size_t i = 0; i < places_of(mask); i++) mask->at[i] = 1 - mask->at[i];
}

double imp_mask_mean(const ImpMask *mask) {
    double sum = 0;
    for (size_t i = 0; i < places_of(mask); i++) sum += (double)mask->at[i];
    return sum / (double)places_of(mask);
}

/* The mean of what lies between from and end (end > from) on a line of `side` numbers. */
static double mean_between(const float *line, int side, double from, double end) {
    double sum = 0;
    int last = (int)ceil(end) - 1;
    for (int i = (int)from; i <= last && i < side; i++) {
        double begins = fmax(from, i), ends = fmin(end, i + 1);
        sum += (ends - begins) * (double)line[i];
    }
    return sum / (end - from);
}

void imp_mask_resize(const ImpMask *mask, int width, int height, float *out) {
    double across = (double)mask->width / width, down = (double)mask->height / height;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double from = y * down, end = (y + 1) * down, sum = 0;
            int last = (int)ceil(end) - 1;
            for (int row = (int)from; row <= last && row < mask->height; row++) {
                double share = fmin(end, row + 1) - fmax(from, row);
                const float *line = mask->at + (size_t)row * (size_t)mask->width;
                sum += share * mean_between(line, mask->width, x * across, (x + 1) * across);
            }
            double mean = sum / (end - from);
            out[(size_t)y * (size_t)width + (size_t)x] = (float)(mean < 0 ? 0 : mean > 1 ? 1 : mean);
        }
}

/* --- regions ------------------------------------------------------------------------------------------------------ */

/* Colours are counted in cells of so many levels a channel; two regions differ by more than `apart` in a channel. */
enum { LEVELS = 16, CELLS = LEVELS * LEVELS * LEVELS };
static const float apart = 0.2f, least_chroma = 0.15f;
static const double least_share = 1.0 / 200;

typedef struct Cell {
    double count, sum[3];
} Cell;

static size_t cell_of(const ImpImage *image, size_t n, size_t i) {
    size_t cell = 0;
    for (size_t c = 0; c < 3; c++) {
        float level = image->rgb[c * n + i] * (LEVELS - 1) + 0.5f;
        cell = cell * LEVELS + (size_t)(level < 0 ? 0 : level > LEVELS - 1 ? LEVELS - 1 : level);
    }
    return cell;
}

static bool is_new(const ImpRegionColours *colours, const float *rgb) {
    for (int k = 0; k < colours->count; k++) {
        float most = 0;
        for (int c = 0; c < 3; c++) most = fmaxf(most, fabsf(colours->rgb[k][c] - rgb[c]));
        if (most <= apart) return false;
    }
    return true;
}

/* Takes the fullest cell out, as the next region where its colour is a new one. */
static void take_fullest(Cell *cells, double least, ImpRegionColours *out, bool *more) {
    size_t fullest = 0;
    float rgb[3];
    for (size_t i = 1; i < CELLS; i++)
        if (cells[i].count > cells[fullest].count) fullest = i;
    *more = cells[fullest].count > 0 && cells[fullest].count >= least && out->count < IMP_REGION_MAX;
    if (!*more) return;
    for (int c = 0; c < 3; c++) rgb[c] = (float)(cells[fullest].sum[c] / cells[fullest].count);
    cells[fullest].count = 0;
    if (!is_new(out, rgb)) return;
    for (int c = 0; c < 3; c++) out->rgb[out->count][c] = rgb[c];
    out->count++;
}

ImpStatus imp_region_colours(const ImpImage *image, ImpRegionColours *out, ImpError *error) {
    size_t n = (size_t)image->width * (size_t)image->height;
    Cell *cells;
    out->count = 0;
    ImpStatus status = IMP_ALLOC(&cells, CELLS, "map of regions", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < n; i++) {
        Cell *cell = &cells[cell_of(image, n, i)];
        cell->count++;
        for (size_t c = 0; c < 3; c++) cell->sum[c] += (double)image->rgb[c * n + i];
    }
    for (bool more = true; more;) take_fullest(cells, least_share * (double)n, out, &more);
    imp_free(cells);
    return IMP_OK;
}

bool imp_region_is_map(const ImpRegionColours *colours) {
    for (int k = 0; k < colours->count; k++) {
        const float *rgb = colours->rgb[k];
        float most = fmaxf(fmaxf(rgb[0], rgb[1]), rgb[2]), least = fminf(fminf(rgb[0], rgb[1]), rgb[2]);
        if (most - least > least_chroma) return true;
    }
    return false;
}

static int nearest(const ImpRegionColours *colours, const float *rgb, size_t n) {
    int best = 0;
    float least = INFINITY;
    for (int k = 0; k < colours->count; k++) {
        float sum = 0;
        for (size_t c = 0; c < 3; c++) sum += (rgb[c * n] - colours->rgb[k][c]) * (rgb[c * n] - colours->rgb[k][c]);
        if (sum < least) least = sum, best = k;
    }
    return best;
}

ImpStatus imp_mask_from_region(const ImpImage *image, const ImpRegionColours *colours, int index, ImpMask *out,
                               ImpError *error) {
    ImpStatus status = begin(image, out, error);
    if (status != IMP_OK) return status;
    size_t n = places_of(out);
    for (size_t i = 0; i < n; i++) out->at[i] = nearest(colours, image->rgb + i, n) == index ? 1 : 0;
    return IMP_OK;
}
