#include "network/code_run.h"

#include "base/error.h"
#include "base/memory.h"
#include "compute/kernel/kernel.h"
#include "network/vgg.h"
#include <string.h>

enum { BORDER = 16 }; /* pixels by reflection beyond the sides; a multiple of every decoder's factor */

/* How the picture is cut into windows of rows. All lengths are in pixels and multiples of the factor. */
typedef struct Windows {
    int factor, width, height; /* of the picture, rounded up */
    int seam;                  /* rows beside an inner edge of a window that are not right */
    int rows;                  /* of a window, with its edges */
} Windows;

/* What a graph is built for. */
typedef struct Job {
    const ImpCodeRun *run;
    const float *matrix, *bias;
    bool decode;
    ImpNode *result; /* the picture, or the features */
    ImpGraph *graph;
} Job;

static int round_up(int a, int unit) {
    return (a + unit - 1) / unit * unit;
}

/* Encoder and decoder reach alike: a pixel of each convolution's own size on either side. */
static int reach_of(const ImpDecoder *decoder, bool decode) {
    int factor = imp_decoder_factor(decoder), size = factor, reach = 0;
    for (int i = 0; i < decoder->n_layers; i++) {
        reach += size;
        if (decoder->layers[i].upsample) size /= 2;
    }
    return round_up(decode ? 2 * reach + 2 * factor : reach + factor, factor);
}

ImpStatus imp_decoder_check(const ImpDecoder *decoder, const ImpVggWeights *encoder, ImpError *error) {
    ImpStatus status = imp_vgg_check_layer(encoder, decoder->layer, error);
    if (status != IMP_OK) return status;
    bool same = !*decoder->encoder_sha256 || !*encoder->sha256 || strcmp(decoder->encoder_sha256, encoder->sha256) == 0;
    int conv = imp_vgg_conv_of_relu(encoder, decoder->layer);
    if (same && conv >= 0 && encoder->convs[conv].out_channels == decoder->layers[0].in) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "the decoder %.200s reads the features of another network than %.200s; give the model that it was "
                    "trained with",
                    decoder->name, encoder->name);
}

/* --- graphs ------------------------------------------------------------------------------------------------------- */

static ImpStatus build(Job *job, const Windows *windows, int rows, ImpError *error) {
    const ImpCodeRun *run = job->run;
    const char *layer = run->decoder->layer;
    ImpVggSpec spec = {.max_pooling = true, .padding = IMP_PADDING_REFLECT, .taps = &layer, .n_taps = 1, .n_bare = 1};
    ImpStatus status = imp_graph_new((ImpShape){3, rows, windows->width + 2 * BORDER, 1}, &job->graph, error);
    if (status == IMP_OK) status = imp_vgg_build(job->graph, run->encoder, &spec, &job->result, error);
    if (status == IMP_OK && job->matrix) {
        ImpConvolution map = {.out_channels = run->decoder->layers[0].in,
                              .kernel = 1,
                              .weights = {.value = job->matrix},
                              .bias = {.value = job->bias}};
        status = imp_graph_convolution(job->graph, job->result, &map, &job->result, error);
    }
    if (status == IMP_OK && job->decode)
        status = imp_decoder_build(job->graph, run->decoder, NULL, &job->result, error);
    if (status != IMP_OK) return status;
    imp_graph_tap(job->result);
    return imp_graph_plan(job->graph, false, error);
}

/* Rows of the windows, and a graph for them: as many as memory allows, found by what a few take. */
static ImpStatus choose_rows(Job *job, Windows *windows, ImpError *error) {
    const ImpCodeRun *run = job->run;
    int factor = imp_decoder_factor(run->decoder);
    *windows = (Windows){.factor = factor,
                         .width = round_up(run->width, factor),
                         .height = round_up(run->height, factor),
                         .seam = reach_of(run->decoder, job->decode)};
    int whole = windows->height + 2 * BORDER, least = 2 * windows->seam + 8 * factor;
    if (whole > least) {
        ImpStatus status = build(job, windows, least, error);
        if (status != IMP_OK) return status;
        double fit = (double)run->memory / ((double)imp_graph_bytes(job->graph) / least);
        imp_graph_free(&job->graph);
        windows->rows = fit >= whole ? whole : fit <= least ? least : (int)fit / factor * factor;
    } else {
        windows->rows = whole;
    }
    return build(job, windows, windows->rows, error);
}

/* --- windows ------------------------------------------------------------------------------------------------------ */

/* One window: its first row, and those of its rows that are right, begin .. end - 1, all in rows of the picture. */
typedef struct Window {
    int first, begin, end;
} Window;

/* The window that goes on where `begin` rows are done. */
static Window window_from(const Windows *windows, int begin) {
    int last_first = windows->height + BORDER - windows->rows;
    Window window = {.first = begin == 0 ? -BORDER : begin - windows->seam, .begin = begin};
    if (window.first > last_first) window.first = last_first;
    window.end = window.first == last_first ? windows->height : window.first + windows->rows - windows->seam;
    return window;
}

static int count_windows(const Windows *windows) {
    int count = 0;
    for (int begin = 0; begin < windows->height; count++) begin = window_from(windows, begin).end;
    return count;
}

static void load(const Job *job, const Windows *windows, int first) {
    const ImpCodeRun *run = job->run;
    float *to = imp_graph_input_data(job->graph);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < windows->rows; y++) {
            size_t row = (size_t)c * (size_t)run->height + (size_t)imp_reflected(first + y, run->height);
            const float *from = run->rgb + row * (size_t)run->width;
            for (int x = -BORDER; x < windows->width + BORDER; x++) *to++ = from[imp_reflected(x, run->width)];
        }
}

typedef void (*UseWindow)(void *context, const Job *job, const Windows *windows, const Window *window);

static ImpStatus visit(Job *job, const Windows *windows, int done, int total, UseWindow use, void *context,
                       ImpError *error) {
    const ImpCodeRun *run = job->run;
    ImpStatus status = IMP_OK;
    for (int begin = 0; begin < windows->height && status == IMP_OK;) {
        Window window = window_from(windows, begin);
        load(job, windows, window.first);
        status = imp_graph_forward(job->graph, error);
        if (status != IMP_OK) break;
        use(context, job, windows, &window);
        begin = window.end;
        done++;
        if (run->progress && !run->progress(run->context, done, total))
            status = imp_fail(error, IMP_ERROR_STOPPED, "stopped");
    }
    return status;
}

/* --- statistics --------------------------------------------------------------------------------------------------- */

typedef struct Sums {
    double *mean, *products; /* (C), (C,C): sums, then what they are called */
    float *inner;            /* (C/B,n,B) the features of a window that count */
    double *gram;            /* (C,C) of one window */
    float *scratch;
} Sums;

/* The features that are right, without the borders, close together. */
static size_t gather(const Job *job, const Windows *windows, const Window *window, float *inner) {
    ImpTensor value = imp_graph_value(job->result);
    size_t block = (size_t)value.block, blocks = ((size_t)value.shape.channels + block - 1) / block;
    int f = windows->factor, first = (window->begin - window->first) / f, rows = (window->end - window->begin) / f;
    size_t columns = (size_t)(windows->width / f), across = (size_t)value.shape.width;
    float *to = inner;
    for (size_t b = 0; b < blocks; b++)
        for (int y = first; y < first + rows; y++) {
            size_t row = (b * (size_t)value.shape.height + (size_t)y) * across + (size_t)(BORDER / f);
            memcpy(to, value.data + row * block, columns * block * sizeof *to);
            to += columns * block;
        }
    return (size_t)rows * columns;
}

static void add_window(void *context, const Job *job, const Windows *windows, const Window *window) {
    Sums *sums = context;
    size_t channels = (size_t)job->run->decoder->layers[0].in, block = (size_t)imp_graph_value(job->result).block;
    size_t n = gather(job, windows, window, sums->inner);
    imp_kernels()->gram((int)channels, n, sums->inner, sums->gram, sums->scratch);
    for (size_t i = 0; i < channels * channels; i++) sums->products[i] += sums->gram[i];
    for (size_t c = 0; c < channels; c++) {
        const float *x = sums->inner + c / block * n * block + c % block;
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += (double)x[i * block];
        sums->mean[c] += sum;
    }
}

static ImpStatus make_sums(const Job *job, const Windows *windows, Sums *sums, ImpError *error) {
    ImpTensor value = imp_graph_value(job->result);
    size_t channels = (size_t)value.shape.channels, places = imp_shape_places(value.shape);
    (void)windows;
    ImpStatus status =
        IMP_ALLOC(&sums->inner, imp_tensor_floats(value.shape, value.layout, value.block), "features", error);
    if (status == IMP_OK) status = IMP_ALLOC(&sums->gram, channels * channels, "features", error);
    if (status == IMP_OK)
        status = IMP_ALLOC(&sums->scratch, imp_kernels()->gram_scratch((int)channels, places), "features", error);
    return status;
}

static void finish_sums(const Windows *windows, size_t channels, Sums *sums) {
    int columns = windows->width / windows->factor, rows = windows->height / windows->factor;
    double n = (double)columns * rows;
    for (size_t c = 0; c < channels; c++) sums->mean[c] /= n;
    for (size_t i = 0; i < channels; i++)
        for (size_t j = 0; j < channels; j++)
            sums->products[i * channels + j] = sums->products[i * channels + j] / n - sums->mean[i] * sums->mean[j];
}

ImpStatus imp_code_statistics(const ImpCodeRun *run, double *mean, double *covariance, ImpError *error) {
    size_t channels = (size_t)run->decoder->layers[0].in;
    Job job = {.run = run};
    Windows windows;
    Sums sums = {.mean = mean, .products = covariance};
    memset(mean, 0, channels * sizeof *mean);
    memset(covariance, 0, channels * channels * sizeof *covariance);
    ImpStatus status = choose_rows(&job, &windows, error);
    if (status == IMP_OK) status = make_sums(&job, &windows, &sums, error);
    /* Twice as many parts: what comes next takes about as long. */
    if (status == IMP_OK) status = visit(&job, &windows, 0, 2 * count_windows(&windows), add_window, &sums, error);
    if (status == IMP_OK) finish_sums(&windows, channels, &sums);
    imp_free(sums.inner);
    imp_free(sums.gram);
    imp_free(sums.scratch);
    imp_graph_free(&job.graph);
    return status;
}

/* --- the picture -------------------------------------------------------------------------------------------------- */

static void keep_window(void *context, const Job *job, const Windows *windows, const Window *window) {
    const ImpCodeRun *run = job->run;
    ImpTensor made = imp_graph_value(job->result);
    int end = window->end < run->height ? window->end : run->height;
    float *out = context;
    (void)windows;
    for (int c = 0; c < 3; c++)
        for (int y = window->begin; y < end; y++) {
            size_t from = (size_t)c * (size_t)made.shape.height + (size_t)(y - window->first);
            size_t to = (size_t)c * (size_t)run->height + (size_t)y;
            memcpy(out + to * (size_t)run->width, made.data + from * (size_t)made.shape.width + BORDER,
                   (size_t)run->width * sizeof *out);
        }
}

ImpStatus imp_code_repaint(const ImpCodeRun *run, const float *matrix, const float *bias, float *out, ImpError *error) {
    Job job = {.run = run, .matrix = matrix, .bias = bias, .decode = true};
    Windows windows;
    ImpStatus status = choose_rows(&job, &windows, error);
    if (status == IMP_OK) {
        int count = count_windows(&windows);
        status = visit(&job, &windows, matrix ? count : 0, matrix ? 2 * count : count, keep_window, out, error);
    }
    imp_graph_free(&job.graph);
    return status;
}
