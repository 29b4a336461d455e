/* Image quilting (Efros, Freeman 2001): blocks of the exemplar, laid out in rows so that they overlap; each is one that
 * fits what is there already, and is joined to it along the cut where the two differ least. */
#include "base/error.h"
#include "base/memory.h"
#include "method/texture/cut.h"
#include "method/texture/model.h"
#include "method/texture/query.h"
#include "method/texture/search.h"
#include <math.h>

typedef struct Quilt {
    const ImpTextureJob *job;
    ImpTextureSample sample;
    ImpTextureCanvas canvas;
    ImpTextureSearch *search;
    ImpTextureQuery query;
    int block, overlap;
    float *error;    /* (block,overlap) between what is there and the new block, along the cut */
    int *left, *top; /* (block) the first pixel of each row, and of each column, that the new block has */
    int *corners;    /* (columns) places in the exemplar of the last block of each column */
} Quilt;

/* A block's place on the canvas. */
typedef struct Place {
    int column;
    int x, y, width, height; /* what of it lies on the canvas */
    int left, top;           /* how many columns and rows of it overlap with what is there */
} Place;

static int smaller(int a, int b) {
    return a < b ? a : b;
}

/* How many blocks, `step` apart, a side takes. */
static int count_blocks(int side, int step, int overlap) {
    return side <= step + overlap ? 1 : (side - overlap + step - 1) / step;
}

static ImpStatus choose_block(Quilt *q, ImpError *error) {
    const ImpTextureSettings *settings = q->job->settings;
    int side = q->sample.width < q->sample.height ? q->sample.width : q->sample.height;
    q->block = settings->block;
    if (q->block == 0) {
        int least = side < 8 ? side : 8;
        q->block = side / 5 < least ? least : side / 5;
    }
    if (q->block > side)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "a block of %d pixels does not fit into the exemplar of %dx%d; give at most %d", q->block,
                        q->sample.width, q->sample.height, side);
    q->overlap = settings->overlap;
    if (q->overlap < 0) q->overlap = q->block < 2 ? 0 : q->block < 6 ? 1 : q->block / 6;
    if (2 * q->overlap > q->block)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "an overlap of %d pixels is more than half a block of %d; give at most %d", q->overlap,
                        q->block, q->block / 2);
    return IMP_OK;
}

static ImpStatus prepare(Quilt *q, ImpError *error) {
    const ImpTextureSettings *settings = q->job->settings;
    ImpStatus status = imp_texture_sample_new(q->job->exemplar, NULL, &q->sample, error);
    if (status == IMP_OK) status = choose_block(q, error);
    if (status == IMP_OK) status = imp_texture_search_new(&q->sample, q->block, q->block, &q->search, error);
    if (status == IMP_OK && imp_texture_search_count(q->search) == 0)
        status = imp_fail(error, IMP_ERROR_ARGUMENT,
                          "the exemplar has nowhere %dx%d pixels without transparency; give a smaller block", q->block,
                          q->block);
    size_t block = (size_t)q->block;
    if (status == IMP_OK) status = imp_texture_query_new(block, 3 * block, &q->query, error);
    if (status == IMP_OK) status = IMP_ALLOC(&q->error, block * block, "cut", error);
    if (status == IMP_OK) status = IMP_ALLOC(&q->left, block, "cut", error);
    if (status == IMP_OK) status = IMP_ALLOC(&q->top, block, "cut", error);
    size_t columns = 0;
    if (status == IMP_OK) columns = (size_t)count_blocks(settings->width, q->block - q->overlap, q->overlap);
    if (status == IMP_OK) status = IMP_ALLOC(&q->corners, columns, "cut", error);
    if (status == IMP_OK) status = imp_texture_canvas_new(settings->width, settings->height, &q->canvas, error);
    return status;
}

static void clear(Quilt *q) {
    imp_texture_sample_clear(&q->sample);
    imp_texture_canvas_clear(&q->canvas);
    imp_texture_search_free(&q->search);
    imp_texture_query_clear(&q->query);
    imp_free(q->error);
    imp_free(q->left);
    imp_free(q->top);
    imp_free(q->corners);
}

/* What there is where the block will overlap. */
static void ask(Quilt *q, const Place *place) {
    imp_texture_query_begin(&q->query);
    for (int j = 0; j < place->height; j++) {
        int count = j < place->top ? place->width : place->left;
        if (count == 0) continue;
        size_t first = imp_texture_query_add(&q->query, 3 * (size_t)j * (size_t)q->sample.width, 3 * (size_t)count);
        for (int i = 0; i < count; i++) {
            const float *numbers =
                imp_texture_numbers(&q->canvas, &q->sample, (place->y + j) * q->canvas.width + place->x + i);
            for (int c = 0; c < 3; c++) {
                q->query.values[first + (size_t)(3 * i + c)] = numbers[c];
                q->query.weights[first + (size_t)(3 * i + c)] = 1;
            }
        }
    }
}

/* The squared difference between what is there and the new block at (i,j) of it. */
static float difference(const Quilt *q, const Place *place, int corner, int i, int j) {
    const float *there = imp_texture_numbers(&q->canvas, &q->sample, (place->y + j) * q->canvas.width + place->x + i);
    const float *fresh = q->sample.numbers + 3 * (size_t)(corner + j * q->sample.width + i);
    float sum = 0;
    for (int c = 0; c < 3; c++) sum += (there[c] - fresh[c]) * (there[c] - fresh[c]);
    return sum;
}

static void cut(Quilt *q, const Place *place, int corner) {
    for (int j = 0; j < q->block; j++) q->left[j] = q->top[j] = 0;
    if (place->left > 0) {
        for (int j = 0; j < place->height; j++)
            for (int i = 0; i < place->left; i++) q->error[j * place->left + i] = difference(q, place, corner, i, j);
        imp_texture_cut(q->error, place->height, place->left, q->left);
    }
    if (place->top > 0) {
        for (int i = 0; i < place->width; i++)
            for (int j = 0; j < place->top; j++) q->error[i * place->top + j] = difference(q, place, corner, i, j);
        imp_texture_cut(q->error, place->width, place->top, q->top);
    }
}

/* The distance of the block that goes on with the one to the left or above, the lesser: a bound for the best. */
static float guess(const Quilt *q, const Place *place) {
    int width = q->sample.width, step = q->block - q->overlap;
    float least = INFINITY;
    for (int above = 0; above < 2; above++) {
        if (above ? place->top == 0 : place->left == 0) continue;
        int from = q->corners[above ? place->column : place->column - 1];
        int x = from % width + (above ? 0 : step), y = from / width + (above ? step : 0);
        if (!imp_texture_search_has(q->search, x, y)) continue;
        float distance = imp_texture_search_distance(q->search, &q->query.window, y * width + x);
        if (distance < least) least = distance;
    }
    return least;
}

static void lay(Quilt *q, const Place *place) {
    int corner;
    if (place->left == 0 && place->top == 0) {
        corner = imp_texture_search_any(q->search, q->job->random);
    } else {
        float distance;
        ask(q, place);
        corner = imp_texture_search_nearest(q->search, &q->query.window, q->job->settings->epsilon, guess(q, place),
                                            q->job->random, &distance);
    }
    q->corners[place->column] = corner;
    cut(q, place, corner);
    for (int j = 0; j < place->height; j++)
        for (int i = 0; i < place->width; i++)
            if (i >= q->left[j] && j >= q->top[i])
                q->canvas.source[(place->y + j) * q->canvas.width + place->x + i] = corner + j * q->sample.width + i;
}

static ImpStatus lay_all(Quilt *q, ImpError *error) {
    int step = q->block - q->overlap, width = q->canvas.width, height = q->canvas.height;
    int columns = count_blocks(width, step, q->overlap), rows = count_blocks(height, step, q->overlap);
    ImpTextureStage stage = {.steps = (int64_t)columns * rows, .scale = 1, .scales = 1, .canvas = &q->canvas};
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            Place place = {.column = column, .x = column * step, .y = row * step};
            place.width = smaller(q->block, width - place.x);
            place.height = smaller(q->block, height - place.y);
            place.left = column > 0 ? smaller(q->overlap, place.width) : 0;
            place.top = row > 0 ? smaller(q->overlap, place.height) : 0;
            lay(q, &place);
            stage.step++;
            ImpStatus status = imp_texture_watch_step(q->job->watch, &stage, error);
            if (status != IMP_OK || q->job->watch->stop) return status;
        }
    return IMP_OK;
}

static ImpStatus run(const ImpTextureJob *job, ImpImage **out, ImpError *error) {
    Quilt quilt = {.job = job};
    *out = NULL;
    ImpStatus status = prepare(&quilt, error);
    if (status == IMP_OK) status = lay_all(&quilt, error);
    if (status == IMP_OK)
        status = imp_texture_canvas_paint(&quilt.canvas, job->exemplar, job->settings->width, job->settings->height, 0,
                                          out, error);
    clear(&quilt);
    return status;
}

const ImpTextureModel imp_texture_quilting = {
    .name = "quilting", .options = "|size|epsilon|block|overlap|", .run = run};
