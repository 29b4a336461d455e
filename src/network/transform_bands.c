#include "network/transform_bands.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include <assert.h>
#include <math.h>
#include <string.h>

/* Three stages. Down: the picture to conv3, once a layer, each time a layer further; what conv3 gives is kept in a map
 * at a quarter of the size. Middle: the residual blocks, convolution by convolution from map to map. Up: the map to the
 * picture, again a layer further each time. A band is computed within a window of rows that is `halo` rows larger on
 * either side: what the padding at the window's edge makes wrong stays within the halo, and at the picture's edge it is
 * right. All windows of a pass have the same height, so that one graph does. */

enum { HALO = 2, MIDDLE_HALO = 1, LEAST_ROWS = 4 }; /* in rows of the quarter */

static const double epsilon = 1e-5; /* of instance normalisation, as in the graph */

/* Rows of activations at a quarter of the size, blocked as the graph has them: (planes,height,width,block). */
typedef struct Map {
    size_t planes, row; /* floats of a row of one plane */
    int height;
    float *data;
} Map;

typedef struct Moments {
    float *mean, *variance; /* (C) */
} Moments;

typedef struct Work {
    const ImpTransformRun *run;
    const ImpTransformNet *net;
    int width, height;                         /* of the extended picture: multiples of 4 */
    Moments moments[IMP_TRANSFORM_MAX_LAYERS]; /* of each convolution's result over the whole picture */
    Map main, other;                           /* the residual stream, and what is inside a block */
    int block;                                 /* lanes of the blocked layout; 0 while unknown */
    int done, total;                           /* bands */
} Work;

/* Which rows a pass computes at a time. */
typedef struct Bands {
    int total, rows, halo, window;
} Bands;

static Bands bands_of(const Work *work, size_t bytes_a_row, int halo) {
    Bands bands = {.total = work->height / 4, .halo = halo};
    size_t rows = work->run->memory / 4 / bytes_a_row;
    bands.rows = rows > (size_t)bands.total ? bands.total : (int)rows - 2 * halo;
    if (bands.rows < LEAST_ROWS) bands.rows = LEAST_ROWS;
    if (bands.rows > bands.total) bands.rows = bands.total;
    bands.window = bands.rows + 2 * halo < bands.total ? bands.rows + 2 * halo : bands.total;
    return bands;
}

static int band_count(const Bands *bands) {
    return (bands->total + bands->rows - 1) / bands->rows;
}

/* Band i: its rows begin .. end - 1, in the window that begins at the row returned. */
static int place_band(const Bands *bands, int i, int *begin, int *end) {
    *begin = i * bands->rows;
    *end = *begin + bands->rows < bands->total ? *begin + bands->rows : bands->total;
    int start = *begin - bands->halo, last = bands->total - bands->window;
    return start < 0 ? 0 : start > last ? last : start;
}

static size_t padded_channels(int channels) {
    return ((size_t)channels + 15) / 16 * 16;
}

/* About what the widest activations of the down and up stages take for one row of the quarter: the picture's four rows,
 * as convolution's source, its padded copy and its result. */
static size_t outer_bytes(const Work *work) {
    const ImpTransformShape *shape = &work->net->shape;
    int full = shape->down[0] > shape->up[1] ? shape->down[0] : shape->up[1];
    int half = shape->down[1] > shape->up[0] ? shape->down[1] : shape->up[0];
    size_t floats = 4 * padded_channels(full) + padded_channels(half) + padded_channels(shape->down[2]) / 4;
    return 3 * sizeof(float) * floats * (size_t)work->width;
}

static size_t middle_bytes(const Work *work) {
    return 4 * sizeof(float) * padded_channels(work->net->shape.down[2]) * (size_t)(work->width / 4 + 2);
}

static ImpStatus step(Work *work, ImpError *error) {
    const ImpTransformRun *run = work->run;
    work->done++;
    if (!run->progress || run->progress(run->context, work->done, work->total)) return IMP_OK;
    return imp_fail(error, IMP_ERROR_STOPPED, "stopped before the picture was done");
}

/* --- mean and variance over all bands ----------------------------------------------------------------------------- */

typedef struct Sums {
    const ImpTensor *value;
    int first, rows; /* of value */
    size_t planes;
    double *of_rows; /* (planes,rows,2,block) */
} Sums;

/* Task: one row of one plane. */
static void sum_row(void *context, size_t index) {
    const Sums *sums = context;
    size_t block = (size_t)sums->value->block, width = (size_t)sums->value->shape.width;
    size_t plane = index / (size_t)sums->rows, y = index % (size_t)sums->rows + (size_t)sums->first;
    const float *row = sums->value->data + (plane * (size_t)sums->value->shape.height + y) * width * block;
    double *plain = sums->of_rows + index * 2 * block, *square = plain + block;
    memset(plain, 0, 2 * block * sizeof *plain);
    for (size_t x = 0; x < width; x++)
        for (size_t lane = 0; lane < block; lane++) {
            double value = (double)*row++;
            plain[lane] += value;
            square[lane] += value * value;
        }
}

/* Adds the sums of rows first .. first + rows - 1 to totals (2,C): of values and of squares. */
static ImpStatus add_sums(const ImpTensor *value, int first, int rows, double *totals, ImpError *error) {
    size_t block = (size_t)value->block, channels = (size_t)value->shape.channels;
    Sums sums = {.value = value, .first = first, .rows = rows, .planes = (channels + block - 1) / block};
    ImpStatus status = IMP_ALLOC(&sums.of_rows, sums.planes * (size_t)rows * 2 * block, "statistics", error);
    if (status != IMP_OK) return status;
    imp_parallel(sums.planes * (size_t)rows, sum_row, &sums);
    for (size_t c = 0; c < channels; c++)
        for (size_t y = 0; y < (size_t)rows; y++) {
            const double *row = sums.of_rows + (c / block * (size_t)rows + y) * 2 * block;
            totals[c] += row[c % block];
            totals[channels + c] += row[block + c % block];
        }
    imp_free(sums.of_rows);
    return IMP_OK;
}

static void finish_moments(const double *totals, size_t channels, double places, Moments *out) {
    assert(out->mean && out->variance);
    for (size_t c = 0; c < channels; c++) {
        double mean = totals[c] / places, variance = totals[channels + c] / places - mean * mean;
        out->mean[c] = (float)mean;
        out->variance[c] = variance > 0 ? (float)variance : 0;
    }
}

/* --- maps --------------------------------------------------------------------------------------------------------- */

static ImpStatus map_new(const Work *work, Map *out, ImpError *error) {
    size_t block = (size_t)work->block, channels = (size_t)work->net->shape.down[2], count;
    out->planes = (channels + block - 1) / block;
    out->row = (size_t)(work->width / 4) * block;
    out->height = work->height / 4;
    if (!imp_multiply(out->planes * out->row, (size_t)out->height, &count))
        return imp_fail(error, IMP_ERROR_MEMORY, "the picture is too large for this network");
    return IMP_ALLOC(&out->data, count, "picture's activations", error);
}

static float *map_row(const Map *map, size_t plane, int y) {
    return map->data + (plane * (size_t)map->height + (size_t)y) * map->row;
}

/* Rows from the map's row `first` on into all rows of the graph's input. */
static void load_rows(const Map *map, int first, int rows, float *input) {
    for (size_t plane = 0; plane < map->planes; plane++)
        memcpy(input + plane * (size_t)rows * map->row, map_row(map, plane, first),
               (size_t)rows * map->row * sizeof *input);
}

/* Rows begin .. end - 1 of the map from `value`, whose first row is the map's row `start`. */
static void store_rows(const Map *map, const ImpTensor *value, int start, int begin, int end) {
    for (size_t plane = 0; plane < map->planes; plane++)
        memcpy(map_row(map, plane, begin),
               value->data + (plane * (size_t)value->shape.height + (size_t)(begin - start)) * map->row,
               (size_t)(end - begin) * map->row * sizeof *value->data);
}

typedef struct Normalise {
    const Map *map, *target; /* target = or += normalised map */
    size_t block;
    bool relu, add;
    float *factor, *offset; /* (planes,block) */
} Normalise;

/* Task: one row of one plane. */
static void normalise_row(void *context, size_t index) {
    const Normalise *job = context;
    size_t plane = index / (size_t)job->map->height;
    int y = (int)(index % (size_t)job->map->height);
    const float *from = map_row(job->map, plane, y), *factor = job->factor + plane * job->block;
    const float *offset = job->offset + plane * job->block;
    float *to = map_row(job->target, plane, y);
    for (size_t i = 0; i < job->map->row; i += job->block)
        for (size_t lane = 0; lane < job->block; lane++) {
            float value = from[i + lane] * factor[lane] + offset[lane];
            if (job->relu) value = value > 0 ? value : 0;
            to[i + lane] = job->add ? to[i + lane] + value : value;
        }
}

/* target = or, for the second half of a block, += the layer's normalisation of `map`. */
static ImpStatus normalise(const Work *work, int layer, const Map *map, const Map *target, ImpError *error) {
    const ImpTransformLayer *l = &work->net->layers[layer];
    const Moments *moments = &work->moments[layer];
    Normalise job = {.map = map, .target = target, .block = (size_t)work->block, .relu = l->relu, .add = l->adds};
    size_t lanes = map->planes * job.block;
    ImpStatus status = IMP_ALLOC(&job.factor, 2 * lanes, "normalisation", error);
    if (status != IMP_OK) return status;
    job.offset = job.factor + lanes;
    for (size_t c = 0; c < (size_t)l->out; c++) {
        double factor = (double)work->net->values[l->scale + c] / sqrt((double)moments->variance[c] + epsilon);
        job.factor[c] = (float)factor;
        job.offset[c] = (float)((double)work->net->values[l->shift + c] - factor * (double)moments->mean[c]);
    }
    imp_parallel(map->planes * (size_t)map->height, normalise_row, &job);
    imp_free(job.factor);
    return IMP_OK;
}

/* --- passes ------------------------------------------------------------------------------------------------------- */

/* Layers first .. last as one graph for windows of this height, normalising with what is known of all but the last. */
typedef struct Piece {
    ImpGraph *graph;
    ImpNode *result;
} Piece;

static ImpStatus build_piece(const Work *work, ImpGraph *graph, int first, int last, ImpNode *norms[], ImpNode **node,
                             ImpError *error) {
    ImpStatus status = IMP_OK;
    *node = imp_graph_input(graph);
    for (int i = first; i <= last && status == IMP_OK; i++) {
        status = imp_transform_add_conv(graph, work->net, i, NULL, node, error);
        if (status != IMP_OK || i == last) continue;
        status = imp_transform_add_norm(graph, work->net, i, NULL, NULL, node, error);
        norms[i - first] = *node;
    }
    return status;
}

static ImpStatus piece_new(const Work *work, ImpShape input, int first, int last, Piece *out, ImpError *error) {
    ImpNode *norms[3];
    *out = (Piece){0};
    ImpStatus status = input.channels == 3 && first == 0 ? imp_graph_new(input, &out->graph, error)
                                                         : imp_graph_new_blocked(input, &out->graph, error);
    if (status == IMP_OK) status = build_piece(work, out->graph, first, last, norms, &out->result, error);
    if (status == IMP_OK) imp_graph_tap(out->result);
    if (status == IMP_OK) status = imp_graph_plan(out->graph, false, error);
    for (int i = first; i < last && status == IMP_OK; i++)
        imp_graph_give_statistics(norms[i - first], work->moments[i].mean, work->moments[i].variance);
    if (status != IMP_OK) imp_graph_free(&out->graph);
    return status;
}

/* Rows of `value`, the result of a window beginning at `start`, that are the band's: its scale is that of `layer`. */
static ImpStatus count_band(const Bands *bands, const ImpTensor *value, int start, int begin, int end, double *totals,
                            ImpError *error) {
    int scale = value->shape.height / bands->window;
    return add_sums(value, (begin - start) * scale, (end - begin) * scale, totals, error);
}

static ImpStatus totals_new(const Work *work, int layer, double **out, ImpError *error) {
    return IMP_ALLOC(out, 2 * (size_t)work->net->layers[layer].out, "statistics", error);
}

static void totals_finish(Work *work, int layer, const ImpTensor *value, const Bands *bands, const double *totals) {
    int scale = value->shape.height / bands->window;
    double places = (double)value->shape.width * bands->total * scale;
    finish_moments(totals, (size_t)value->shape.channels, places, &work->moments[layer]);
}

/* The picture as far as layer `last` (0..2); conv3's result goes into the main map. */
static ImpStatus pass_down(Work *work, const Bands *bands, int last, ImpError *error) {
    Piece piece;
    double *totals = NULL;
    ImpShape shape = {3, 4 * bands->window, work->width, 1};
    ImpStatus status = piece_new(work, shape, 0, last, &piece, error);
    if (status == IMP_OK) status = totals_new(work, last, &totals, error);
    ImpTensor value = {0};
    if (status == IMP_OK) value = imp_graph_value(piece.result);
    work->block = value.block;
    if (status == IMP_OK && last == 2) status = map_new(work, &work->main, error);
    for (int i = 0; i < band_count(bands) && status == IMP_OK; i++) {
        int begin, end, start = place_band(bands, i, &begin, &end);
        imp_transform_load(work->run, 4 * start, 4 * bands->window, work->width, imp_graph_input_data(piece.graph));
        status = imp_graph_forward(piece.graph, error);
        if (status == IMP_OK) status = count_band(bands, &value, start, begin, end, totals, error);
        if (status == IMP_OK && last == 2) store_rows(&work->main, &value, start, begin, end);
        if (status == IMP_OK) status = step(work, error);
    }
    if (status == IMP_OK) totals_finish(work, last, &value, bands, totals);
    imp_free(totals);
    imp_graph_free(&piece.graph);
    return status;
}

/* Keeps row y of a map, or puts it at row `at` of a graph's input. */
static void keep_row(const Map *map, int y, float *kept) {
    for (size_t plane = 0; plane < map->planes; plane++)
        memcpy(kept + plane * map->row, map_row(map, plane, y), map->row * sizeof *kept);
}

static void put_row(const Map *map, const float *kept, int at, int rows, float *input) {
    for (size_t plane = 0; plane < map->planes; plane++)
        memcpy(input + (plane * (size_t)rows + (size_t)at) * map->row, kept + plane * map->row,
               map->row * sizeof *input);
}

/* One convolution of a residual block from map to map, which may be the same: a band then overwrites the last row that
 * the next one reads, so that row is kept. */
static ImpStatus convolve(Work *work, const Bands *bands, int layer, const Map *from, const Map *to, ImpError *error) {
    Piece piece;
    double *totals = NULL;
    float *kept = NULL;
    ImpShape shape = {work->net->layers[layer].in, bands->window, work->width / 4, 1};
    ImpStatus status = piece_new(work, shape, layer, layer, &piece, error);
    if (status == IMP_OK) status = totals_new(work, layer, &totals, error);
    if (status == IMP_OK) status = IMP_ALLOC(&kept, from->planes * from->row, "row", error);
    ImpTensor value = {0};
    if (status == IMP_OK) value = imp_graph_value(piece.result);
    for (int i = 0; i < band_count(bands) && status == IMP_OK; i++) {
        int begin, end, start = place_band(bands, i, &begin, &end);
        float *input = imp_graph_input_data(piece.graph);
        load_rows(from, start, bands->window, input);
        if (i > 0) put_row(from, kept, begin - 1 - start, bands->window, input);
        keep_row(from, end - 1, kept);
        status = imp_graph_forward(piece.graph, error);
        if (status == IMP_OK) status = count_band(bands, &value, start, begin, end, totals, error);
        if (status == IMP_OK) store_rows(to, &value, start, begin, end);
        if (status == IMP_OK) status = step(work, error);
    }
    if (status == IMP_OK) totals_finish(work, layer, &value, bands, totals);
    imp_free(kept);
    imp_free(totals);
    imp_graph_free(&piece.graph);
    return status;
}

static ImpStatus residual(Work *work, const Bands *bands, int layer, ImpError *error) {
    ImpStatus status = convolve(work, bands, layer, &work->main, &work->other, error);
    if (status == IMP_OK) status = normalise(work, layer, &work->other, &work->other, error);
    if (status == IMP_OK) status = convolve(work, bands, layer + 1, &work->other, &work->other, error);
    return status == IMP_OK ? normalise(work, layer + 1, &work->other, &work->main, error) : status;
}

/* From the main map as far as layer `last` of the last three; the last one's result is the picture. */
static ImpStatus pass_up(Work *work, const Bands *bands, int last, ImpError *error) {
    Piece piece;
    double *totals = NULL;
    bool to_picture = last + 1 == work->net->n_layers;
    ImpShape shape = {work->net->shape.down[2], bands->window, work->width / 4, 1};
    ImpStatus status = piece_new(work, shape, work->net->n_layers - 3, last, &piece, error);
    if (status == IMP_OK) status = totals_new(work, last, &totals, error);
    ImpTensor value = {0};
    if (status == IMP_OK) value = imp_graph_value(piece.result);
    for (int i = 0; i < band_count(bands) && status == IMP_OK; i++) {
        int begin, end, start = place_band(bands, i, &begin, &end);
        load_rows(&work->main, start, bands->window, imp_graph_input_data(piece.graph));
        status = imp_graph_forward(piece.graph, error);
        if (status != IMP_OK) continue;
        if (to_picture)
            for (int y = 4 * begin; y < 4 * end; y++)
                imp_transform_store(work->run, value.data, 4 * bands->window, work->width, y - 4 * start, y);
        else
            status = count_band(bands, &value, start, begin, end, totals, error);
        if (status == IMP_OK) status = step(work, error);
    }
    if (status == IMP_OK && !to_picture) totals_finish(work, last, &value, bands, totals);
    imp_free(totals);
    imp_graph_free(&piece.graph);
    return status;
}

static ImpStatus run_passes(Work *work, ImpError *error) {
    Bands outer = bands_of(work, outer_bytes(work), HALO), middle = bands_of(work, middle_bytes(work), MIDDLE_HALO);
    int residuals = work->net->shape.residuals, layers = work->net->n_layers;
    work->total = 6 * band_count(&outer) + 2 * residuals * band_count(&middle);
    ImpStatus status = IMP_OK;
    for (int i = 0; i < 3 && status == IMP_OK; i++) status = pass_down(work, &outer, i, error);
    if (status == IMP_OK) status = normalise(work, 2, &work->main, &work->main, error);
    if (status == IMP_OK) status = map_new(work, &work->other, error);
    for (int i = 0; i < residuals && status == IMP_OK; i++) status = residual(work, &middle, 3 + 2 * i, error);
    imp_free(work->other.data);
    work->other.data = NULL;
    for (int i = layers - 3; i < layers && status == IMP_OK; i++) status = pass_up(work, &outer, i, error);
    return status;
}

ImpStatus imp_transform_run_bands(const ImpTransformRun *run, ImpError *error) {
    Work work = {.run = run, .net = run->net, .width = (run->width + 3) / 4 * 4, .height = (run->height + 3) / 4 * 4};
    ImpStatus status = IMP_OK;
    for (int i = 0; i < run->net->n_layers && status == IMP_OK; i++) {
        size_t channels = (size_t)run->net->layers[i].out;
        status = IMP_ALLOC(&work.moments[i].mean, 2 * channels, "statistics", error);
        if (status == IMP_OK) work.moments[i].variance = work.moments[i].mean + channels;
    }
    if (status == IMP_OK) status = run_passes(&work, error);
    for (int i = 0; i < run->net->n_layers; i++) imp_free(work.moments[i].mean);
    imp_free(work.main.data);
    imp_free(work.other.data);
    return status;
}
