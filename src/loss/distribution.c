#include "loss/distribution.h"

#include "base/memory.h"
#include "base/threads.h"
#include <float.h>
#include <math.h>
#include <string.h>

/* Three passes over a group of blocks: the range of each channel, the counts of its bins, and the sums of the counts.
 */

enum {
    GROUP_FLOATS = 1 << 21, /* 8 MB */
    PIECES = 8,
    LEAST_PIECE = 1 << 12,
    MOST_PIECE = 1 << 22 /* places: fewer than a float counts exactly */
};

/* Ranks that are nearer than this are the same: less than the weight of one place, more than rounding. */
static const double same_rank = 1e-9;

ImpStatus imp_distributions_new(size_t channels, ImpDistributions *out, ImpError *error) {
    *out = (ImpDistributions){.channels = channels};
    ImpStatus status = IMP_ALLOC(&out->least, channels, "histograms", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->scale, channels, "histograms", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->step, channels, "histograms", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->cumulative, channels * (IMP_BINS + 1), "histograms", error);
    if (status != IMP_OK) imp_distributions_free(out);
    return status;
}

void imp_distributions_free(ImpDistributions *distributions) {
    imp_free(distributions->least);
    imp_free(distributions->scale);
    imp_free(distributions->step);
    imp_free(distributions->cumulative);
    *distributions = (ImpDistributions){0};
}

ImpStatus imp_distributions_copy(const ImpDistributions *from, ImpDistributions *out, ImpError *error) {
    ImpStatus status = imp_distributions_new(from->channels, out, error);
    if (status != IMP_OK) return status;
    memcpy(out->least, from->least, from->channels * sizeof *out->least);
    memcpy(out->scale, from->scale, from->channels * sizeof *out->scale);
    memcpy(out->step, from->step, from->channels * sizeof *out->step);
    memcpy(out->cumulative, from->cumulative, from->channels * (IMP_BINS + 1) * sizeof *out->cumulative);
    return IMP_OK;
}

/* --- tasks -------------------------------------------------------------------------------------------------------- */

ImpCut imp_cut_of(ImpShape shape, int block) {
    size_t places = imp_shape_places(shape), lanes = (size_t)block;
    ImpCut cut = {.blocks = ((size_t)shape.channels + lanes - 1) / lanes, .piece = (places + PIECES - 1) / PIECES};
    if (cut.piece < LEAST_PIECE) cut.piece = LEAST_PIECE;
    if (cut.piece > MOST_PIECE) cut.piece = MOST_PIECE;
    cut.pieces = (places + cut.piece - 1) / cut.piece;
    cut.group = GROUP_FLOATS / (places * lanes);
    if (cut.group < 1) cut.group = 1;
    if (cut.group > cut.blocks) cut.group = cut.blocks;
    return cut;
}

ImpTask imp_task_of(const ImpCut *cut, const ImpTensor *activation, size_t task) {
    size_t places = imp_shape_places(activation->shape), lanes = (size_t)activation->block;
    ImpTask its = {.block = task / cut->pieces, .first = task % cut->pieces * cut->piece};
    its.count = places - its.first < cut->piece ? places - its.first : cut->piece;
    its.at = (its.block * places + its.first) * lanes;
    its.x = activation->data + its.at;
    return its;
}

/* Bins of a task, and two numbers of a range, for each lane, as floats; the sums of a block as doubles. */
size_t imp_distributions_scratch(const ImpCut *cut, int block) {
    size_t lanes = (size_t)block, tasks = cut->group * cut->pieces;
    return tasks * (IMP_BINS + 2) * lanes / 2 + 1 + cut->group * IMP_BINS * lanes;
}

typedef struct Measure {
    ImpDistributions *distributions;
    const ImpTensor *activation;
    const ImpCut *cut;
    const float *places;
    size_t first_block, blocks;
    float *ranges;  /* (tasks,2,B): least and greatest values */
    float *counts;  /* (tasks,IMP_BINS,B) */
    double *totals; /* (blocks,IMP_BINS,B) */
} Measure;

/* Lanes of a block that are channels; *channel is the first. */
static size_t lanes_of(const Measure *m, size_t block, size_t *channel) {
    size_t lanes = (size_t)m->activation->block;
    *channel = (m->first_block + block) * lanes;
    size_t left = m->distributions->channels - *channel;
    return left < lanes ? left : lanes;
}

/* --- ranges ------------------------------------------------------------------------------------------------------- */

static void find_range(void *context, size_t index) {
    const Measure *m = context;
    ImpTask task = imp_task_of(m->cut, m->activation, m->first_block * m->cut->pieces + index);
    size_t lanes = (size_t)m->activation->block;
    float *least = m->ranges + index * 2 * lanes, *greatest = least + lanes;
    for (size_t lane = 0; lane < lanes; lane++) {
        least[lane] = FLT_MAX;
        greatest[lane] = -FLT_MAX;
    }
    imp_kernels()->histogram_range(task.count, task.x, m->places ? m->places + task.first : NULL, least, greatest);
}

/* Task: one block. */
static void set_range(void *context, size_t block) {
    const Measure *m = context;
    ImpDistributions *d = m->distributions;
    size_t channel, pieces = m->cut->pieces, width = (size_t)m->activation->block;
    size_t lanes = lanes_of(m, block, &channel);
    for (size_t lane = 0; lane < lanes; lane++, channel++) {
        float low = FLT_MAX, high = -FLT_MAX;
        for (size_t piece = 0; piece < pieces; piece++) {
            const float *range = m->ranges + (block * pieces + piece) * 2 * width + lane;
            low = fminf(low, range[0]);
            high = fmaxf(high, range[width]);
        }
        if (!(high >= low)) low = high = 0; /* nothing counts, or nothing is a number */
        double step = ((double)high - (double)low) / IMP_BINS;
        float scale = (float)(1 / step);
        d->least[channel] = low;
        d->step[channel] = step;
        d->scale[channel] = step > 0 && isfinite(scale) ? scale : 0;
    }
}

/* --- counts ------------------------------------------------------------------------------------------------------- */

static void count(void *context, size_t index) {
    const Measure *m = context;
    ImpTask task = imp_task_of(m->cut, m->activation, m->first_block * m->cut->pieces + index);
    size_t lanes = (size_t)m->activation->block;
    float *counts = m->counts + index * IMP_BINS * lanes;
    ImpBlockBins bins;
    imp_distributions_bins(m->distributions, task.block, lanes, &bins);
    memset(counts, 0, IMP_BINS * lanes * sizeof *counts);
    imp_kernels()->histogram_count(&bins.bins, task.count, task.x, m->places ? m->places + task.first : NULL, counts);
}

/* Task: one block. */
static void accumulate(void *context, size_t block) {
    const Measure *m = context;
    size_t width = (size_t)m->activation->block, cells = IMP_BINS * width, pieces = m->cut->pieces, channel;
    size_t lanes = lanes_of(m, block, &channel);
    double *totals = m->totals + block * cells;
    memset(totals, 0, cells * sizeof *totals);
    for (size_t piece = 0; piece < pieces; piece++) {
        const float *counts = m->counts + (block * pieces + piece) * cells;
        for (size_t i = 0; i < cells; i++) totals[i] += (double)counts[i];
    }
    for (size_t lane = 0; lane < lanes; lane++, channel++) {
        double *cumulative = m->distributions->cumulative + channel * (IMP_BINS + 1), sum = 0;
        for (size_t i = 0; i < IMP_BINS; i++) cumulative[i + 1] = sum += totals[i * width + lane];
        for (size_t i = 1; sum > 0 && i <= IMP_BINS; i++) cumulative[i] /= sum;
        cumulative[0] = 0;
    }
}

void imp_distributions_bins(const ImpDistributions *distributions, size_t block, size_t lanes, ImpBlockBins *out) {
    *out = (ImpBlockBins){.bins = {.bins = IMP_BINS}};
    out->bins.least = out->least;
    out->bins.scale = out->scale;
    for (size_t lane = 0; lane < lanes && block * lanes + lane < distributions->channels; lane++) {
        out->least[lane] = distributions->least[block * lanes + lane];
        out->scale[lane] = distributions->scale[block * lanes + lane];
    }
}

void imp_distributions_measure(ImpDistributions *distributions, const ImpTensor *activation, const ImpCut *cut,
                               size_t first_block, const float *places, double *scratch) {
    size_t lanes = (size_t)activation->block, left = cut->blocks - first_block;
    Measure measure = {.distributions = distributions,
                       .activation = activation,
                       .cut = cut,
                       .places = places,
                       .first_block = first_block,
                       .blocks = left < cut->group ? left : cut->group,
                       .totals = scratch,
                       .ranges = (float *)(void *)(scratch + cut->group * IMP_BINS * lanes)};
    measure.counts = measure.ranges + cut->group * cut->pieces * 2 * lanes;
    size_t tasks = measure.blocks * cut->pieces;
    imp_parallel(tasks, find_range, &measure);
    imp_parallel(measure.blocks, set_range, &measure);
    imp_parallel(tasks, count, &measure);
    imp_parallel(measure.blocks, accumulate, &measure);
}

/* --- quantiles ---------------------------------------------------------------------------------------------------- */

double imp_distribution_quantile(const ImpDistributions *distributions, size_t channel, double rank, bool from_above,
                                 size_t *at) {
    const double *cumulative = distributions->cumulative + channel * (IMP_BINS + 1);
    double least = (double)distributions->least[channel], step = distributions->step[channel];
    size_t i = *at;
    if (from_above) /* the last edge of that rank */
        while (i < IMP_BINS && cumulative[i + 1] <= rank + same_rank) i++;
    else /* the edge before the first of that rank */
        while (i < IMP_BINS && cumulative[i + 1] < rank - same_rank) i++;
    *at = i;
    if (i == IMP_BINS) return least + step * IMP_BINS;
    double within = cumulative[i + 1] - cumulative[i], share = within > 0 ? (rank - cumulative[i]) / within : 0;
    return least + step * ((double)i + fmin(fmax(share, 0), 1));
}
