#include "compute/kernel/reference.h"

/* Where channel `channel` of place `place` is among `places` places. */
static size_t at(int block, size_t places, int channel, size_t place) {
    return ((size_t)(channel / block) * places + place) * (size_t)block + (size_t)(channel % block);
}

static int padded(int block, int channels) {
    return (channels + block - 1) / block * block;
}

static bool masked_out(const float *mask, size_t i) {
    return mask && !(mask[i] > 0);
}

/* --- convolutions ------------------------------------------------------------------------------------------------- */

static double read_source(const ImpWinograd *job, size_t i) {
    if (masked_out(job->source_mask, i) || (job->source_relu && !(job->source[i] > 0))) return 0;
    return (double)job->source[i];
}

/* The filter's number from channel `in` to channel `out` for tap (ky,kx). */
static double filter_of(const ImpWinograd *job, int out, int in, int ky, int kx) {
    size_t forward = ((size_t)out * (size_t)job->in_channels + (size_t)in) * 9 + (size_t)(3 * ky + kx);
    size_t turned = ((size_t)in * (size_t)job->out_channels + (size_t)out) * 9 + (size_t)(8 - 3 * ky - kx);
    return (double)job->weights[job->transposed ? turned : forward];
}

static int stride_of(const ImpWinograd *job) {
    return job->stride == 2 ? 2 : 1;
}

static size_t stored_places(const ImpWinograd *job) {
    if (job->map.rows) return (size_t)job->map.height * (size_t)job->map.width;
    return (size_t)job->height * (size_t)job->width;
}

/* The place where (row,column) of the source is stored; false for a zero. */
static bool stored_at(const ImpWinograd *job, int row, int column, size_t *place) {
    if (row < 0 || column < 0 || row >= job->height || column >= job->width) return false;
    int width = job->map.rows ? job->map.width : job->width;
    if (job->map.rows) row = job->map.rows[row];
    if (job->map.rows) column = job->map.columns[column];
    *place = (size_t)row * (size_t)width + (size_t)column;
    return row >= 0 && column >= 0;
}

static double convolve(int block, const ImpWinograd *job, size_t first, int out, int y, int x) {
    size_t places = stored_places(job);
    double sum = job->bias ? (double)job->bias[out] : 0;
    for (int in = 0; in < job->in_channels; in++)
        for (int ky = 0; ky < 3; ky++)
            for (int kx = 0; kx < 3; kx++) {
                size_t place;
                if (stored_at(job, y * stride_of(job) + ky - job->padding, x * stride_of(job) + kx - job->padding,
                              &place))
                    sum += filter_of(job, out, in, ky, kx) * read_source(job, first + at(block, places, in, place));
            }
    return sum;
}

static void convolve_image(int block, const ImpWinograd *job, size_t image) {
    int height = (job->height + 2 * job->padding - 3) / stride_of(job) + 1;
    int width = (job->width + 2 * job->padding - 3) / stride_of(job) + 1;
    size_t places = (size_t)height * (size_t)width, source_places = stored_places(job);
    size_t source = image * (size_t)padded(block, job->in_channels) * source_places;
    size_t target = image * (size_t)padded(block, job->out_channels) * places;
    for (int out = 0; out < padded(block, job->out_channels); out++)
        for (size_t place = 0; place < places; place++) {
            size_t i = target + at(block, places, out, place);
            int y = (int)(place / (size_t)width), x = (int)(place % (size_t)width);
            double sum = out < job->out_channels ? convolve(block, job, source, out, y, x) : 0;
            if (masked_out(job->target_mask, i)) sum = 0;
            if (job->accumulate) sum += (double)job->target[i];
            if (job->relu && !(sum > 0)) sum = 0;
            job->target[i] = (float)sum;
        }
}

void imp_reference_convolution(int block, const ImpWinograd *job) {
    for (size_t image = 0; image < (size_t)job->images; image++) convolve_image(block, job, image);
}

/* The weight from `channel` to plane c for tap (ky,kx). */
static double image_filter(const ImpToImage *job, int c, int channel, int ky, int kx) {
    int taps = job->kernel * job->kernel, tap = ky * job->kernel + kx;
    int forward = (c * job->channels + channel) * taps + tap;
    int turned = (channel * job->planes + c) * taps + taps - 1 - tap;
    return (double)job->weights[job->transposed ? turned : forward];
}

static double image_pixel(int block, const ImpToImage *job, size_t first, int c, int y, int x) {
    size_t places = (size_t)job->height * (size_t)job->width;
    double sum = job->bias ? (double)job->bias[c] : 0;
    for (int channel = 0; channel < job->channels; channel++)
        for (int ky = 0; ky < job->kernel; ky++)
            for (int kx = 0; kx < job->kernel; kx++) {
                int row = y + ky - job->padding, column = x + kx - job->padding;
                if (row < 0 || column < 0 || row >= job->height || column >= job->width) continue;
                size_t i = first + at(block, places, channel, (size_t)row * (size_t)job->width + (size_t)column);
                if (!masked_out(job->source_mask, i))
                    sum += image_filter(job, c, channel, ky, kx) * (double)job->source[i];
            }
    return sum;
}

void imp_reference_to_image(int block, const ImpToImage *job) {
    float *pixel = job->target;
    int border = 2 * job->padding - job->kernel + 1;
    size_t floats = (size_t)padded(block, job->channels) * (size_t)job->height * (size_t)job->width;
    for (size_t image = 0; image < (size_t)job->images; image++)
        for (int c = 0; c < job->planes; c++)
            for (int y = 0; y < job->height + border; y++)
                for (int x = 0; x < job->width + border; x++, pixel++) {
                    double sum = image_pixel(block, job, image * floats, c, y, x);
                    *pixel = (float)(sum + (job->accumulate ? (double)*pixel : 0));
                }
}

/* --- pooling ------------------------------------------------------------------------------------------------------ */

/* Corner k of the window of result (y,x), as a place of the source; false when a side of 1 has no such corner. */
static bool corner(const ImpPool *pool, int y, int x, int k, size_t *place) {
    int row = 2 * y + k / 2, column = 2 * x + k % 2;
    if (row >= pool->in_height || column >= pool->in_width) return false;
    *place = (size_t)row * (size_t)pool->in_width + (size_t)column;
    return true;
}

/* Corners of a window, the sum of their values after the ReLU, and which of them is the first largest. */
typedef struct Window {
    int count, largest;
    double sum, most;
} Window;

static Window look_at(int block, const ImpPool *pool, const float *source, int channel, int y, int x) {
    Window window = {0};
    size_t place, places = (size_t)pool->in_height * (size_t)pool->in_width;
    for (int k = 0; k < 4; k++) {
        if (!corner(pool, y, x, k, &place)) continue;
        double v = (double)source[at(block, places, channel, place)];
        if (pool->source_relu && v < 0) v = 0;
        if (window.count == 0 || v > window.most) {
            window.most = v;
            window.largest = k;
        }
        window.sum += v;
        window.count++;
    }
    return window;
}

void imp_reference_pool_forward(int block, const ImpPool *pool, const float *source, float *target) {
    size_t places = (size_t)pool->out_height * (size_t)pool->out_width;
    for (int channel = 0; channel < padded(block, pool->channels); channel++)
        for (int y = 0; y < pool->out_height; y++)
            for (int x = 0; x < pool->out_width; x++) {
                Window window = look_at(block, pool, source, channel, y, x);
                double result = pool->maximum ? window.most : window.sum / window.count;
                target[at(block, places, channel, (size_t)y * (size_t)pool->out_width + (size_t)x)] = (float)result;
            }
}

void imp_reference_pool_backward(int block, const ImpPool *pool, const float *source, const float *gradient,
                                 float *source_gradient, bool accumulate) {
    size_t from = (size_t)pool->out_height * (size_t)pool->out_width, place;
    size_t to = (size_t)pool->in_height * (size_t)pool->in_width;
    for (int channel = 0; channel < padded(block, pool->channels); channel++) {
        for (size_t i = 0; i < to && !accumulate; i++) source_gradient[at(block, to, channel, i)] = 0;
        for (int y = 0; y < pool->out_height; y++)
            for (int x = 0; x < pool->out_width; x++) {
                Window window = look_at(block, pool, source, channel, y, x);
                size_t g = at(block, from, channel, (size_t)y * (size_t)pool->out_width + (size_t)x);
                for (int k = 0; k < 4; k++) {
                    if (!corner(pool, y, x, k, &place)) continue;
                    size_t i = at(block, to, channel, place);
                    if (pool->source_relu && !(source[i] > 0)) continue;
                    if (pool->maximum && k != window.largest) continue;
                    source_gradient[i] += pool->maximum ? gradient[g] : gradient[g] / (float)window.count;
                }
            }
    }
}

/* --- matrices ----------------------------------------------------------------------------------------------------- */

void imp_reference_gram(int block, int channels, size_t n, const float *source, double *gram) {
    for (int i = 0; i < channels; i++)
        for (int j = 0; j < channels; j++) {
            double sum = 0;
            for (size_t place = 0; place < n; place++)
                sum += (double)source[at(block, n, i, place)] * (double)source[at(block, n, j, place)];
            gram[(size_t)i * (size_t)channels + (size_t)j] = sum;
        }
}

void imp_reference_mix(int block, int in_channels, int out_channels, size_t n, const float *matrix, const float *source,
                       float *target, bool accumulate) {
    for (int o = 0; o < padded(block, out_channels); o++)
        for (size_t place = 0; place < n; place++) {
            size_t to = at(block, n, o, place);
            double sum = accumulate ? (double)target[to] : 0;
            for (int i = 0; o < out_channels && i < in_channels; i++)
                sum += (double)matrix[(size_t)i * (size_t)out_channels + (size_t)o] *
                       (double)source[at(block, n, i, place)];
            target[to] = (float)sum;
        }
}

/* In float, which decides on which side of an edge a number is. */
static float position_of(const ImpBins *bins, size_t lane, float x) {
    return (x - bins->least[lane]) * bins->scale[lane];
}

static size_t bin_of(const ImpBins *bins, float position) {
    if (!(position > 0)) return 0;
    return position < (float)(bins->bins - 1) ? (size_t)position : (size_t)(bins->bins - 1);
}

void imp_reference_histogram_count(int block, const ImpBins *bins, size_t n, const float *source, const float *weights,
                                   float *counts) {
    size_t b = (size_t)block;
    for (size_t i = 0; i < n * b; i++) {
        size_t bin = bin_of(bins, position_of(bins, i % b, source[i]));
        counts[bin * b + i % b] += weights ? weights[i / b] : 1;
    }
}

void imp_reference_histogram_map(int block, const ImpBins *bins, size_t n, const float *source, const ImpBinMap *map,
                                 float *target) {
    size_t b = (size_t)block;
    for (size_t i = 0; i < n * b; i++) {
        float position = position_of(bins, i % b, source[i]);
        size_t bin = bin_of(bins, position);
        const ImpBinMap *its = &map[bin * b + i % b];
        target[i] = (float)((double)its->low + ((double)position - (double)bin) * (double)its->rise);
    }
}

void imp_reference_multiply(size_t rows, size_t inner, size_t columns, const double *a, const double *b, double *c) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double sum = 0;
            for (size_t k = 0; k < inner; k++) sum += a[i * inner + k] * b[k * columns + j];
            c[i * columns + j] = sum;
        }
}

/* --- patches ------------------------------------------------------------------------------------------------------ */

/* The product of place (y,x) of the picture and place (v,u) of the style. */
static double place_product(int block, const ImpPatchMatch *job, int y, int x, int v, int u) {
    int blocks = job->blocks + job->guide_blocks, width = job->width;
    double sum = 0;
    for (int b = 0; b < blocks; b++) {
        const float *plane = b < job->blocks ? job->source : job->guide;
        int own = ((b < job->blocks ? b : b - job->blocks) * job->height + y) * width + x;
        int style = (v * blocks + b) * job->style_width + u;
        for (int lane = 0; lane < block; lane++)
            sum += (double)plane[(size_t)own * (size_t)block + (size_t)lane] *
                   (double)job->style[(size_t)style * (size_t)block + (size_t)lane];
    }
    return sum;
}

double imp_reference_match_score(int block, const ImpPatchMatch *job, int own, int style) {
    int columns = (job->width - job->wide) / job->stride + 1;
    int style_columns = (job->style_width - job->wide) / job->style_stride + 1;
    int y = own / columns * job->stride, x = own % columns * job->stride;
    int v = style / style_columns * job->style_stride, u = style % style_columns * job->style_stride;
    double sum = 0;
    for (int i = 0; i < job->tall; i++)
        for (int j = 0; j < job->wide; j++) sum += place_product(block, job, y + i, x + j, v + i, u + j);
    return sum * (double)job->factor[style];
}

static int patches_of(int height, int width, int stride, const ImpPatchMatch *job) {
    return ((height - job->tall) / stride + 1) * ((width - job->wide) / stride + 1);
}

void imp_reference_match(int block, const ImpPatchMatch *job) {
    int count = patches_of(job->height, job->width, job->stride, job);
    int style_count = patches_of(job->style_height, job->style_width, job->style_stride, job);
    for (int own = 0; own < count; own++) {
        double best = (double)job->score[own];
        for (int style = 0; style < style_count; style++) {
            double score = imp_reference_match_score(block, job, own, style);
            if (!(score > best || (score == best && job->first + style < job->nearest[own]))) continue;
            best = score;
            job->nearest[own] = job->first + style;
        }
        job->score[own] = (float)best;
    }
}
