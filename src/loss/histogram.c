#include "base/memory.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include "loss/difference.h"
#include "loss/distribution.h"
#include <assert.h>

/* The histogram loss (Risser, Wilmot, Barnes 2017): squares of O - R(O), where R gives each channel of the
 * activation O the style's histogram: R(x) = Q(F(x)), F the channel's own cumulative distribution, Q the style's
 * quantile function. R counts as constant within an evaluation, so that the gradient is 2 (O - R(O)).
 *
 * R is computed at the edges of the channel's own bins and is linear between them. Where Q jumps at an edge, the bin
 * below ends at Q's lower limit and the bin above begins at its upper, so that R is the identity between equal
 * histograms. The many zeros of a ReLU are at the lower end of the first bin, and go to the style's least value. A
 * channel whose values are all the same goes to the style's median. */

enum { CHUNK = 128 }; /* places that are remapped at a time */

struct ImpHistogramTarget {
    size_t channels, n;
    ImpDistributions *styles; /* (n) */
    double *shares;           /* (n), which need not add up to 1 */
    double *mean_squares;     /* (n) sums over channels of a style's mean squares */
};

typedef struct Histogram {
    ImpHistogramTarget *target;
    ImpDistributions own;
    ImpCut cut;
    ImpBinMap *map; /* (blocks,IMP_BINS,B) */
    double *sums;   /* (2,tasks): squares, magnitudes */
    double *work;   /* of imp_distributions_measure */
    float *places;  /* NULL, or (H,W) */
    bool empty;     /* there is no style, or nothing counts */
    ImpDistance distance;
} Histogram;

/* --- targets ------------------------------------------------------------------------------------------------------ */

ImpStatus imp_histogram_target_new(int channels, ImpHistogramTarget **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "histogram target", error);
    if (status == IMP_OK) (*out)->channels = (size_t)channels;
    return status;
}

void imp_histogram_target_free(ImpHistogramTarget **target) {
    ImpHistogramTarget *t = *target;
    if (!t) return;
    for (size_t i = 0; i < t->n; i++) imp_distributions_free(&t->styles[i]);
    imp_free(t->styles);
    imp_free(t->shares);
    imp_free(t->mean_squares);
    imp_free(t);
    *target = NULL;
}

/* Room for one style more, in an array of elements of `size` bytes. */
static ImpStatus grow(void **array, size_t n, size_t size, ImpError *error) {
    void *larger = imp_realloc(*array, n, n + 1, size);
    if (!larger) return imp_alloc_or_fail(&larger, SIZE_MAX, size, "histogram target", error);
    *array = larger;
    return IMP_OK;
}

static ImpStatus make_room(ImpHistogramTarget *target, ImpError *error) {
    ImpStatus status = grow((void **)&target->styles, target->n, sizeof *target->styles, error);
    if (status == IMP_OK) status = grow((void **)&target->shares, target->n, sizeof *target->shares, error);
    if (status == IMP_OK) status = grow((void **)&target->mean_squares, target->n, sizeof *target->mean_squares, error);
    return status;
}

/* The mean over the places of the sum of squares over channels. */
static double mean_square(const ImpTensor *activation, const float *places, double total) {
    size_t n = imp_shape_places(activation->shape), block = (size_t)activation->block;
    double sum = 0;
    for (size_t i = 0; i < imp_tensor_floats(activation->shape, activation->layout, activation->block); i++) {
        double x = (double)activation->data[i];
        sum += x * x * (places ? (double)places[i / block % n] : 1);
    }
    return sum / total;
}

ImpStatus imp_histogram_target_add(ImpHistogramTarget *target, const ImpTensor *activation, const float *places,
                                   double share, ImpError *error) {
    assert(activation->layout == IMP_LAYOUT_BLOCKED && (size_t)activation->shape.channels == target->channels);
    double total = places ? 0 : (double)imp_shape_places(activation->shape);
    for (size_t i = 0; places && i < imp_shape_places(activation->shape); i++) total += (double)places[i];
    if (!(total > 0) || share == 0) return IMP_OK;
    ImpCut cut = imp_cut_of(activation->shape, activation->block);
    ImpDistributions style = {0};
    double *work = NULL;
    ImpStatus status = make_room(target, error);
    if (status == IMP_OK)
        status = IMP_ALLOC(&work, imp_distributions_scratch(&cut, activation->block), "histogram target", error);
    if (status == IMP_OK) status = imp_distributions_new(target->channels, &style, error);
    if (status == IMP_OK) {
        for (size_t block = 0; block < cut.blocks; block += cut.group)
            imp_distributions_measure(&style, activation, &cut, block, places, work);
        target->styles[target->n] = style;
        target->shares[target->n] = share;
        target->mean_squares[target->n++] = mean_square(activation, places, total);
    }
    imp_free(work);
    return status;
}

/* Copies the styles, with shares that add up to 1. */
static ImpStatus copy_target(const ImpHistogramTarget *from, ImpHistogramTarget **out, ImpError *error) {
    ImpStatus status = imp_histogram_target_new((int)from->channels, out, error);
    double total = 0;
    for (size_t i = 0; i < from->n; i++) total += from->shares[i];
    for (size_t i = 0; i < from->n && status == IMP_OK; i++) {
        ImpHistogramTarget *target = *out;
        status = make_room(target, error);
        if (status == IMP_OK) status = imp_distributions_copy(&from->styles[i], &target->styles[i], error);
        if (status != IMP_OK) break;
        target->shares[i] = from->shares[i] / total;
        target->mean_squares[i] = from->mean_squares[i];
        target->n++;
    }
    return status;
}

/* --- the map ------------------------------------------------------------------------------------------------------ */

/* Where a channel's walk through a target's quantiles is. */
typedef struct Walk {
    const ImpHistogramTarget *target;
    size_t channel;
    size_t *at; /* (MOST_STYLES), of one limit */
} Walk;

typedef struct Pass {
    Histogram *histogram;
    const ImpTensor *activation;
    float *gradient; /* NULL: the value */
    ImpPull pull;
    size_t first_task, first_channel; /* of the group */
} Pass;

enum { MOST_STYLES = 64 }; /* beyond, each step of a walk begins anew */

static double quantile(const Walk *walk, double rank, bool from_above) {
    const ImpHistogramTarget *target = walk->target;
    double sum = 0;
    for (size_t i = 0; i < target->n; i++) {
        size_t begin = 0, *at = i < MOST_STYLES ? &walk->at[i] : &begin;
        sum += target->shares[i] * imp_distribution_quantile(&target->styles[i], walk->channel, rank, from_above, at);
    }
    return sum;
}

/* Task: one channel of the group. */
static void make_map(void *context, size_t index) {
    const Pass *pass = context;
    const Histogram *histogram = pass->histogram;
    size_t lanes = (size_t)pass->activation->block, channel = pass->first_channel + index;
    size_t below_at[MOST_STYLES] = {0}, above_at[MOST_STYLES] = {0};
    Walk below = {.target = histogram->target, .channel = channel, .at = below_at}, above = below;
    above.at = above_at;
    const double *cumulative = histogram->own.cumulative + channel * (IMP_BINS + 1);
    ImpBinMap *bins = histogram->map + channel / lanes * IMP_BINS * lanes + channel % lanes;
    if (histogram->own.scale[channel] == 0) {
        bins[0] = (ImpBinMap){.low = (float)quantile(&above, 0.5, true)};
        return;
    }
    double low, high = 0;
    for (size_t i = 0; i < IMP_BINS; i++) {
        bool filled = cumulative[i + 1] > cumulative[i]; /* else only places of no weight are there */
        low = filled ? quantile(&above, cumulative[i], true) : high;
        high = filled ? quantile(&below, cumulative[i + 1], false) : low;
        bins[i * lanes] = (ImpBinMap){.low = (float)low, .rise = (float)(high - low)};
    }
}

/* --- the loss ----------------------------------------------------------------------------------------------------- */

/* Adds the piece's squares and magnitudes, or its gradient. */
static void visit(void *context, size_t index) {
    const Pass *pass = context;
    Histogram *histogram = pass->histogram;
    ImpTask task = imp_task_of(&histogram->cut, pass->activation, pass->first_task + index);
    size_t width = (size_t)pass->activation->block;
    float target[CHUNK * IMP_MOST_LANES];
    ImpBlockBins bins;
    imp_distributions_bins(&histogram->own, task.block, width, &bins);
    const ImpBinMap *map = histogram->map + task.block * IMP_BINS * width;
    double squares = 0, magnitudes = 0;
    for (size_t i = 0; i < task.count; i += CHUNK) {
        size_t count = task.count - i < CHUNK ? task.count - i : CHUNK;
        imp_kernels()->histogram_map(&bins.bins, count, task.x + i * width, map, target);
        ImpDifferences differences = {.x = task.x + i * width, .target = target, .count = count * width};
        differences.places = histogram->places ? histogram->places + task.first + i : NULL;
        differences.block = width;
        if (pass->gradient) {
            imp_difference_add(&differences, &pass->pull, pass->gradient + task.at + i * width);
            continue;
        }
        squares += imp_difference_squares(&differences);
        if (histogram->distance.scaled) magnitudes += imp_difference_magnitudes(&differences);
    }
    if (pass->gradient) return;
    size_t tasks = histogram->cut.blocks * histogram->cut.pieces;
    histogram->sums[pass->first_task + index] = squares;
    histogram->sums[tasks + pass->first_task + index] = magnitudes;
}

static void measure_group(Pass *pass, size_t block) {
    Histogram *histogram = pass->histogram;
    const ImpCut *cut = &histogram->cut;
    size_t lanes = (size_t)pass->activation->block, channels = histogram->own.channels;
    size_t blocks = cut->blocks - block < cut->group ? cut->blocks - block : cut->group;
    size_t end = (block + blocks) * lanes < channels ? (block + blocks) * lanes : channels;
    pass->first_task = block * cut->pieces;
    pass->first_channel = block * lanes;
    imp_distributions_measure(&histogram->own, pass->activation, cut, block, histogram->places, histogram->work);
    imp_parallel(end - pass->first_channel, make_map, pass);
    imp_parallel(blocks * cut->pieces, visit, pass);
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    Histogram *histogram = loss->state;
    assert(activation->layout == IMP_LAYOUT_BLOCKED && activation->block == imp_kernels()->block);
    *out = 0;
    if (histogram->empty) return IMP_OK;
    size_t tasks = histogram->cut.blocks * histogram->cut.pieces;
    Pass pass = {.histogram = histogram, .activation = activation};
    for (size_t block = 0; block < histogram->cut.blocks; block += histogram->cut.group) measure_group(&pass, block);
    double squares = imp_sum_in_order(histogram->sums, tasks);
    double magnitudes = imp_sum_in_order(histogram->sums + tasks, tasks);
    *out = loss->weight * imp_distance_value(&histogram->distance, squares, magnitudes);
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    Histogram *histogram = loss->state;
    if (histogram->empty) return;
    Pass pass = {.histogram = histogram, .activation = activation, .gradient = gradient->data};
    pass.pull = imp_distance_pull(&histogram->distance, loss->weight);
    imp_parallel(histogram->cut.blocks * histogram->cut.pieces, visit, &pass);
}

static void release(ImpLoss *loss) {
    Histogram *histogram = loss->state;
    imp_histogram_target_free(&histogram->target);
    imp_distributions_free(&histogram->own);
    imp_free(histogram->map);
    imp_free(histogram->sums);
    imp_free(histogram->work);
    imp_free(histogram->places);
}

static const ImpLossType histogram_type = {
    .name = "histogram", .value = value, .add_gradient = add_gradient, .free = release};

static ImpStatus allocate(Histogram *histogram, ImpShape shape, int block, ImpError *error) {
    histogram->cut = imp_cut_of(shape, block);
    const ImpCut *cut = &histogram->cut;
    ImpStatus status = imp_distributions_new((size_t)shape.channels, &histogram->own, error);
    if (status == IMP_OK)
        status = IMP_ALLOC(&histogram->map, cut->blocks * IMP_BINS * (size_t)block, "histogram loss", error);
    if (status == IMP_OK) status = IMP_ALLOC(&histogram->sums, 2 * cut->blocks * cut->pieces, "histogram loss", error);
    if (status == IMP_OK)
        status = IMP_ALLOC(&histogram->work, imp_distributions_scratch(cut, block), "histogram loss", error);
    return status;
}

static double factor_of(ImpNormalisation normalisation, const ImpHistogramTarget *target, double total, int channels) {
    if (normalisation == IMP_NORMALISE_GATYS) return 1;
    if (normalisation == IMP_NORMALISE_MEAN) return 1 / (total * channels);
    double squares = 0;
    for (size_t i = 0; i < target->n; i++) squares += target->shares[i] * target->mean_squares[i];
    return squares > 0 ? 1 / (total * squares) : 1 / total;
}

ImpStatus imp_histogram_loss_new(size_t tap, double weight, ImpNormalisation normalisation,
                                 const ImpHistogramTarget *target, ImpShape shape, int channels, const float *places,
                                 ImpLoss **out, ImpError *error) {
    assert((size_t)shape.channels == target->channels);
    ImpStatus status = imp_loss_new(&histogram_type, tap, weight, shape, sizeof(Histogram), out, error);
    if (status != IMP_OK) return status;
    Histogram *histogram = (*out)->state;
    double total = 0;
    status = allocate(histogram, shape, imp_kernels()->block, error);
    if (status == IMP_OK) status = copy_target(target, &histogram->target, error);
    if (status == IMP_OK) status = imp_loss_copy_places(places, shape, &histogram->places, &total, error);
    if (status != IMP_OK) {
        imp_loss_free(out);
        return status;
    }
    histogram->empty = target->n == 0 || total == 0;
    histogram->distance.scaled = normalisation == IMP_NORMALISE_SCALED;
    if (!histogram->empty) histogram->distance.factor = factor_of(normalisation, histogram->target, total, channels);
    /* Sums of magnitudes grow as the root of how many numbers share the same squares. */
    if (histogram->distance.scaled) (*out)->weight *= sqrt((double)shape.channels / channels);
    return IMP_OK;
}
