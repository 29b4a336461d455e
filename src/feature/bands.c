#include "feature/bands.h"

#include "base/memory.h"
#include "base/threads.h"
#include <assert.h>
#include <string.h>

enum { ALIGN = 32 }; /* pixels: the stride of the deepest layer that can be tapped, pool5 */

/* Rows of the picture. */
typedef struct Band {
    int start;       /* of the window */
    int first, last; /* rows first..last-1 are the band's own */
} Band;

struct ImpBands {
    ImpExtractor *extractor;
    size_t n_taps;
    int height, width, window;
    Band *list; /* (count) */
    size_t count, at;
    float *pixels, *slopes; /* (3,window,width) of a window; NULL where the window is the picture */
    float *part, *gradient; /* (largest) of a tap's part; likewise */
    size_t largest;
};

/* --- which rows --------------------------------------------------------------------------------------------------- */

static int round_up(int n) {
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

/* The height of windows for bands of about `rows` rows: it differs from the picture's by a multiple, so that the last
 * window ends with it. */
static int window_of(int height, int rows, int halo) {
    int rest = height % ALIGN, own = rows > ALIGN ? rows : ALIGN;
    int window = round_up(own + 2 * halo + ALIGN - rest) + rest;
    return rows <= 0 || own >= height || window >= height ? height : window;
}

/* Windows from the top; the last is moved up to end with the picture. A band's own rows end `halo` before its window
 * does, but for the last. */
static ImpStatus list_bands(ImpBands *b, int halo, ImpError *error) {
    int step = (b->window - 2 * halo) / ALIGN * ALIGN - ALIGN, last = b->height - b->window;
    b->count = last == 0 ? 1 : 1 + (size_t)((last + step - 1) / step);
    ImpStatus status = IMP_ALLOC(&b->list, b->count, "bands", error);
    for (size_t i = 0; status == IMP_OK && i < b->count; i++) {
        int start = (int)i * step < last ? (int)i * step : last;
        b->list[i] = (Band){.start = start, .first = i == 0 ? 0 : start + halo, .last = b->height};
        if (i > 0) b->list[i - 1].last = b->list[i].first;
    }
    return status;
}

/* --- a window ----------------------------------------------------------------------------------------------------- */

static ImpStatus allocate(ImpBands *b, ImpError *error) {
    size_t pixels = 3 * (size_t)b->window * (size_t)b->width;
    if (b->count == 1) return IMP_OK;
    for (size_t tap = 0; tap < b->n_taps; tap++) {
        ImpTensor value = imp_extractor_value(b->extractor, tap);
        size_t floats = imp_tensor_floats(value.shape, value.layout, value.block);
        if (floats > b->largest) b->largest = floats;
    }
    ImpStatus status = IMP_ALLOC(&b->pixels, pixels, "window", error);
    if (status == IMP_OK) status = IMP_ALLOC(&b->slopes, pixels, "window", error);
    if (status == IMP_OK) status = IMP_ALLOC(&b->part, b->largest, "window", error);
    if (status == IMP_OK) status = IMP_ALLOC(&b->gradient, b->largest, "window", error);
    return status;
}

ImpStatus imp_bands_new(const ImpVggWeights *weights, const ImpVggSpec *spec, int height, int width, int rows,
                        bool backward, ImpBands **out, ImpError *error) {
    int reach = 0;
    ImpStatus status = imp_vgg_reach(weights, spec, &reach, error);
    if (status == IMP_OK) status = IMP_ALLOC(out, 1, "bands", error);
    if (status != IMP_OK) return status;
    ImpBands *b = *out;
    int halo = round_up(reach);
    b->n_taps = spec->n_taps;
    b->height = height;
    b->width = width;
    b->window = window_of(height, rows, halo);
    status = list_bands(b, halo, error);
    if (status == IMP_OK) status = imp_extractor_new(weights, spec, b->window, width, backward, &b->extractor, error);
    if (status == IMP_OK) status = allocate(b, error);
    if (status != IMP_OK) imp_bands_free(out);
    return status;
}

void imp_bands_free(ImpBands **bands) {
    ImpBands *b = *bands;
    if (!b) return;
    imp_extractor_free(&b->extractor);
    imp_free(b->list);
    imp_free(b->pixels);
    imp_free(b->slopes);
    imp_free(b->part);
    imp_free(b->gradient);
    imp_free(b);
    *bands = NULL;
}

size_t imp_bands_count(const ImpBands *bands) {
    return bands->count;
}

double imp_bands_bytes(const ImpBands *bands) {
    double own = 2 * (3 * (double)bands->window * bands->width + (double)bands->largest) * sizeof(float);
    return (double)imp_extractor_bytes(bands->extractor) + (bands->count > 1 ? own : 0);
}

/* --- a tap's part ------------------------------------------------------------------------------------------------- */

/* Pixels from one row of a window's activation to the next. */
static int stride_of(const ImpBands *b, ImpShape shape) {
    int stride = 1;
    while (b->window / (2 * stride) >= shape.height) stride *= 2;
    return stride;
}

ImpShape imp_bands_shape(const ImpBands *bands, size_t tap) {
    ImpShape shape = imp_extractor_value(bands->extractor, tap).shape;
    if (bands->count > 1) shape.height += (bands->height - bands->window) / stride_of(bands, shape);
    return shape;
}

/* Rows first..last-1 of the window's activation are the part; *row is where they are in the whole. */
static void rows_of_part(const ImpBands *b, ImpShape shape, int *first, int *last, int *row) {
    const Band *band = &b->list[b->at];
    int stride = stride_of(b, shape);
    *first = (band->first - band->start) / stride;
    *last = b->at + 1 == b->count ? shape.height : (band->last - band->start) / stride;
    *row = band->first / stride;
}

/* One row of one channel block: window -> part, or added the other way. */
typedef struct Move {
    float *window, *part;
    size_t numbers; /* in a row */
    size_t window_rows, part_rows, first;
    bool back;
} Move;

static void move_row(void *context, size_t i) {
    const Move *m = context;
    size_t plane = i / m->part_rows, y = i % m->part_rows;
    float *window = m->window + (plane * m->window_rows + m->first + y) * m->numbers;
    float *part = m->part + i * m->numbers;
    if (!m->back) {
        memcpy(part, window, m->numbers * sizeof *part);
        return;
    }
    for (size_t k = 0; k < m->numbers; k++) window[k] += part[k];
}

static ImpTensor move_part(const ImpBands *b, const ImpTensor *window, float *numbers, bool back, int *row) {
    int first, last;
    rows_of_part(b, window->shape, &first, &last, row);
    ImpTensor part = *window;
    part.shape.height = last - first;
    part.data = numbers;
    size_t block = (size_t)window->block, planes = ((size_t)window->shape.channels + block - 1) / block;
    Move move = {.window = window->data,
                 .part = numbers,
                 .numbers = (size_t)window->shape.width * block,
                 .window_rows = (size_t)window->shape.height,
                 .part_rows = (size_t)part.shape.height,
                 .first = (size_t)first,
                 .back = back};
    imp_parallel(planes * move.part_rows, move_row, &move);
    return part;
}

ImpTensor imp_bands_part(ImpBands *bands, size_t tap, int *row) {
    ImpTensor value = imp_extractor_value(bands->extractor, tap);
    *row = 0;
    return bands->count == 1 ? value : move_part(bands, &value, bands->part, false, row);
}

/* --- running ------------------------------------------------------------------------------------------------------ */

ImpStatus imp_bands_forward(ImpBands *bands, size_t index, const float *rgb, ImpError *error) {
    assert(index < bands->count);
    bands->at = index;
    if (bands->count == 1) return imp_extractor_forward(bands->extractor, rgb, error);
    size_t width = (size_t)bands->width, plane = width * (size_t)bands->height, window = width * (size_t)bands->window;
    size_t start = (size_t)bands->list[index].start * width;
    for (size_t c = 0; c < 3; c++) memcpy(bands->pixels + c * window, rgb + c * plane + start, window * sizeof *rgb);
    return imp_extractor_forward(bands->extractor, bands->pixels, error);
}

typedef struct Visit {
    ImpBands *bands;
    ImpPartGradient part_gradient;
    void *context;
} Visit;

static void visit_tap(void *context, size_t tap, const ImpTensor *value, const ImpTensor *gradient) {
    const Visit *visit = context;
    ImpBands *b = visit->bands;
    int row = 0;
    if (b->count == 1) {
        visit->part_gradient(visit->context, tap, value, 0, gradient);
        return;
    }
    ImpTensor part = move_part(b, value, b->part, false, &row), slope = part;
    slope.data = b->gradient;
    memset(b->gradient, 0, imp_tensor_floats(part.shape, part.layout, part.block) * sizeof(float));
    visit->part_gradient(visit->context, tap, &part, row, &slope);
    move_part(b, gradient, b->gradient, true, &row);
}

static void add_window(const ImpBands *b, float *rgb_gradient) {
    size_t width = (size_t)b->width, plane = width * (size_t)b->height, window = width * (size_t)b->window;
    size_t start = (size_t)b->list[b->at].start * width;
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < window; i++) rgb_gradient[c * plane + start + i] += b->slopes[c * window + i];
}

ImpStatus imp_bands_backward(ImpBands *bands, ImpPartGradient part_gradient, void *context, float *rgb_gradient,
                             ImpError *error) {
    Visit visit = {.bands = bands, .part_gradient = part_gradient, .context = context};
    if (bands->count == 1) return imp_extractor_backward(bands->extractor, visit_tap, &visit, rgb_gradient, error);
    ImpStatus status = imp_extractor_backward(bands->extractor, visit_tap, &visit, bands->slopes, error);
    if (status == IMP_OK) add_window(bands, rgb_gradient);
    return status;
}
