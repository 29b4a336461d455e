#include "image/resample.h"

#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const double lobes = 3;

static double lanczos(double x) {
    if (x == 0) return 1;
    if (fabs(x) >= lobes) return 0;
    double a = pi * x, b = a / lobes;
    return sin(a) / a * sin(b) / b;
}

/* The weights of output sample i, which is sample from + i of the whole; `ratio` input samples make one. Sample centres
 * lie at half integers on both sides. */
static void fill_sample(ImpTaps *taps, double ratio, int from, int i) {
    double stretch = ratio > 1 ? ratio : 1;
    double centre = (from + i + 0.5) * ratio;
    int first = (int)floor(centre - lobes * stretch);
    int last = (int)ceil(centre + lobes * stretch);
    if (first < 0) first = 0;
    if (last > taps->in) last = taps->in;
    float *weight = taps->weight + (size_t)i * (size_t)taps->widest;
    double sum = 0;
    for (int j = first; j < last; j++) sum += lanczos((j + 0.5 - centre) / stretch);
    for (int j = first; j < last; j++) weight[j - first] = (float)(lanczos((j + 0.5 - centre) / stretch) / sum);
    taps->first[i] = first;
    taps->count[i] = last - first;
}

/* Same size: each sample is itself, to the last bit. */
static void fill_identity(ImpTaps *taps, int from) {
    for (int i = 0; i < taps->out; i++) {
        taps->first[i] = from + i;
        taps->count[i] = 1;
        taps->weight[i] = 1;
    }
}

static int widest_support(int in, double ratio) {
    if (ratio == 1) return 1;
    double width = 2 * lobes * (ratio > 1 ? ratio : 1) + 3;
    return width < in ? (int)width : in;
}

ImpStatus imp_taps_new_part(int in, double ratio, int from, int count, ImpTaps *taps, ImpError *error) {
    *taps = (ImpTaps){.in = in, .out = count, .widest = widest_support(in, ratio)};
    ImpStatus status = IMP_ALLOC(&taps->first, (size_t)count, "resampling filter", error);
    if (status == IMP_OK) status = IMP_ALLOC(&taps->count, (size_t)count, "resampling filter", error);
    if (status == IMP_OK)
        status = IMP_ALLOC(&taps->weight, (size_t)count * (size_t)taps->widest, "resampling filter", error);
    if (status != IMP_OK) {
        imp_taps_free(taps);
        return status;
    }
    if (ratio == 1) {
        fill_identity(taps, from);
        return IMP_OK;
    }
    for (int i = 0; i < count; i++) fill_sample(taps, ratio, from, i);
    return IMP_OK;
}

ImpStatus imp_taps_new(int in, int out, ImpTaps *taps, ImpError *error) {
    return imp_taps_new_part(in, (double)in / out, 0, out, taps, error);
}

void imp_taps_free(ImpTaps *taps) {
    imp_free(taps->first);
    imp_free(taps->count);
    imp_free(taps->weight);
    *taps = (ImpTaps){0};
}

/* Sums are in single precision over this many terms at most, and those sums in double: a reduction from 65535 pixels to
 * one adds that many. */
enum { TERMS = 128 };

/* Adds up to TERMS weighted pixels to sum (4). */
static void add_terms(const float *weight, const float *pixel, int count, double *sum) {
    float part[4] = {0, 0, 0, 0};
    for (int j = 0; j < count; j++, pixel += 4)
        for (int c = 0; c < 4; c++) part[c] += weight[j] * pixel[c];
    for (int c = 0; c < 4; c++) sum[c] += (double)part[c];
}

void imp_resample_row(const ImpTaps *x, const float *row, float *out) {
    for (int i = 0; i < x->out; i++) {
        const float *weight = x->weight + (size_t)i * (size_t)x->widest;
        const float *pixel = row + 4 * (size_t)x->first[i];
        double sum[4] = {0, 0, 0, 0};
        for (int j = 0; j < x->count[i]; j += TERMS)
            add_terms(weight + j, pixel + 4 * (size_t)j, x->count[i] - j < TERMS ? x->count[i] - j : TERMS, sum);
        for (int c = 0; c < 4; c++) out[4 * (size_t)i + (size_t)c] = (float)sum[c];
    }
}

void imp_resample_column(const ImpTaps *y, int i, const float *rows, int rows_held, int width, double *sum,
                         float *out) {
    size_t n = 4 * (size_t)width;
    memset(sum, 0, n * sizeof *sum);
    const float *weight = y->weight + (size_t)i * (size_t)y->widest;
    for (int j = 0; j < y->count[i]; j++) {
        const float *row = rows + (size_t)((y->first[i] + j) % rows_held) * n;
        double w = (double)weight[j];
        for (size_t k = 0; k < n; k++) sum[k] += w * (double)row[k];
    }
    for (size_t k = 0; k < n; k++) out[k] = (float)sum[k];
}
