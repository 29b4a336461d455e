#include "method/stylise/fit.h"

#include "base/available.h"
#include "feature/bands.h"
#include <math.h>

/* Of a program that does nothing yet, with its libraries. */
static const double base_bytes = 48e6;
static const double share_of_available = 0.8;
static const int least_rows = 96;   /* lower bands take more than three times as long as the whole picture */
static const int least_history = 3; /* with fewer, L-BFGS hardly differs from plain descent */

static double pixels_of(const ImpImage *image) {
    return (double)image->width * image->height;
}

static bool looks_alike_in_bands(const ImpStyliseSources *sources) {
    const ImpStyliseSettings *s = sources->settings;
    if (sources->guidance->masked || sources->guidance->strength.at || s->padding == IMP_PADDING_CIRCULAR) return false;
    for (int part = 0; part < IMP_STYLISE_PARTS; part++) {
        bool additive = part == IMP_PART_CONTENT || part == IMP_PART_STYLE;
        if (s->layers[part].count > 0 && (!additive || s->normalise_gradients[part])) return false;
    }
    return true;
}

/* Vectors of the picture's size that the optimiser and the run hold, those of the end included: the result, twice. */
static double vectors_of(const ImpDescentSettings *settings, const ImpDescentScale *scale) {
    double pairs = fmin(settings->history, (double)scale->evaluations);
    double optimiser = settings->adam ? 3 : 3 + 2 * pairs + (settings->strong_wolfe ? 1 : 0);
    return optimiser + 5 + (settings->average_decay > 0 ? 1 : 0);
}

static double weights_of(const ImpVggWeights *weights) {
    double sum = 0;
    for (int i = 0; i < weights->n_convs; i++)
        sum += 9.0 * weights->convs[i].in_channels * weights->convs[i].out_channels;
    return sum;
}

/* All but the network's activations. */
static double others_of(const ImpStyliseSources *sources, const ImpDescentScale *scale, const ImpImage *content) {
    double numbers = 3 * vectors_of(&sources->settings->descent, scale) * scale->width * scale->height;
    numbers += 3 * pixels_of(content) + weights_of(sources->weights);
    for (size_t i = 0; i < sources->n_styles; i++) numbers += 3 * pixels_of(sources->styles[i]);
    return base_bytes + 4 * numbers;
}

/* The limit in bytes; INFINITY where none is known. */
static double limit_of(const ImpStyliseSettings *settings) {
    if (settings->memory > 0) return (double)settings->memory * 1048576;
    double available = imp_memory_available();
    return available > 0 ? share_of_available * available : INFINITY;
}

/* What the network takes in windows of so many rows; pages that are never written cost nothing. */
static ImpStatus measure(const ImpStyliseSources *sources, const ImpDescentScale *scale, int rows, double *bytes,
                         ImpError *error) {
    ImpStyliseTaps taps = imp_stylise_taps(sources->settings, false);
    ImpVggSpec spec = imp_stylise_network(sources->settings, &taps);
    ImpBands *made = NULL;
    ImpStatus status = imp_bands_new(sources->weights, &spec, scale->height, scale->width, rows, true, &made, error);
    *bytes = INFINITY;
    if (status == IMP_OK) *bytes = imp_bands_bytes(made);
    imp_bands_free(&made);
    return status == IMP_ERROR_MEMORY ? IMP_OK : status;
}

ImpStatus imp_stylise_fit(const ImpStyliseSources *sources, const ImpDescentScale *scale, const ImpImage *content,
                          ImpStyliseFit *out, ImpError *error) {
    double limit = limit_of(sources->settings), others = others_of(sources, scale, content), network;
    int given = sources->settings->band_rows;
    *out = (ImpStyliseFit){.band_rows = given};
    ImpStatus status = measure(sources, scale, given, &network, error);
    bool can = given == 0 && looks_alike_in_bands(sources);
    for (int pieces = 2; status == IMP_OK && can && others + network > limit; pieces++) {
        int rows = (scale->height + pieces - 1) / pieces;
        if (rows < least_rows) break;
        out->band_rows = rows;
        status = measure(sources, scale, rows, &network, error);
    }
    out->bytes = others + network;
    out->fits = out->bytes <= limit;
    return status;
}

ImpStatus imp_stylise_fit_history(const ImpStyliseSources *sources, const ImpDescentScale *scale,
                                  const ImpImage *content, int *history, ImpError *error) {
    const ImpStyliseSettings *settings = sources->settings;
    *history = settings->descent.history;
    if (settings->memory == 0 || settings->descent.adam) return IMP_OK;
    double pair = 2.0 * 3 * sizeof(float) * scale->width * scale->height, network;
    double pairs = fmin(*history, (double)scale->evaluations);
    int rows = settings->band_rows > 0 ? settings->band_rows : looks_alike_in_bands(sources) ? least_rows : 0;
    ImpStatus status = measure(sources, scale, rows, &network, error);
    double room = limit_of(settings) - network - (others_of(sources, scale, content) - pairs * pair);
    if (status == IMP_OK && room < pairs * pair)
        *history = room > least_history * pair ? (int)(room / pair) : least_history;
    if (*history > settings->descent.history) *history = settings->descent.history;
    return status;
}
