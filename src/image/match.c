#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "image/colour.h"
#include "image/histogram.h"
#include "image/matrix3.h"
#include <math.h>
#include <string.h>

/* Added to every variance: a pixel's value is rarely known better than to 1/255. */
static const double least_variance = 1e-5;

/* Weighted sums over one piece: the weight, each channel, and each product of two channels. */
enum { SUMS = 10 };

typedef struct Moments {
    double mean[3];
    ImpMatrix3 covariance; /* with least_variance on its diagonal */
} Moments;

typedef struct Summing {
    const ImpImage *image;
    bool weighted; /* by alpha */
    size_t count;
    double *sums; /* (SUMS, pieces) */
    size_t pieces;
} Summing;

static void sum_piece(void *context, size_t piece) {
    const Summing *summing = context;
    size_t n = summing->count, begin = piece * IMP_PIECE;
    size_t end = begin + IMP_PIECE < n ? begin + IMP_PIECE : n;
    double sums[SUMS] = {0};
    for (size_t i = begin; i < end; i++) {
        double weight = summing->weighted ? (double)summing->image->alpha[i] : 1;
        double value[3];
        for (size_t c = 0; c < 3; c++) value[c] = (double)summing->image->rgb[c * n + i];
        sums[0] += weight;
        for (int c = 0; c < 3; c++) sums[1 + c] += weight * value[c];
        for (int c = 0, at = 4; c < 3; c++)
            for (int d = c; d < 3; d++) sums[at++] += weight * value[c] * value[d];
    }
    for (size_t s = 0; s < SUMS; s++) summing->sums[s * summing->pieces + piece] = sums[s];
}

static bool shows(const ImpImage *image) {
    size_t count = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < count; i++)
        if (image->alpha[i] > 0) return true;
    return false;
}

/* Whether alpha says which pixels count. */
static bool counts_by_alpha(const ImpImage *image) {
    return image->alpha && shows(image);
}

static ImpStatus find_moments(const ImpImage *image, Moments *out, ImpError *error) {
    Summing summing = {.image = image, .count = (size_t)image->width * (size_t)image->height};
    summing.weighted = counts_by_alpha(image);
    summing.pieces = (summing.count + IMP_PIECE - 1) / IMP_PIECE;
    ImpStatus status = IMP_ALLOC(&summing.sums, SUMS * summing.pieces, "colour statistics", error);
    if (status != IMP_OK) return status;
    imp_parallel(summing.pieces, sum_piece, &summing);
    double sums[SUMS];
    for (size_t s = 0; s < SUMS; s++) sums[s] = imp_sum_in_order(summing.sums + s * summing.pieces, summing.pieces);
    imp_free(summing.sums);
    for (int c = 0; c < 3; c++) out->mean[c] = sums[1 + c] / sums[0];
    for (int c = 0, at = 4; c < 3; c++)
        for (int d = c; d < 3; d++) {
            double covariance = sums[at++] / sums[0] - out->mean[c] * out->mean[d];
            out->covariance.at[c][d] = out->covariance.at[d][c] = covariance + (c == d ? least_variance : 0);
        }
    return IMP_OK;
}

static ImpMatrix3 scale_channels(const ImpMatrix3 *style, const ImpMatrix3 *content) {
    ImpMatrix3 scale = {0};
    for (int c = 0; c < 3; c++) scale.at[c][c] = sqrt(content->at[c][c] / style->at[c][c]);
    return scale;
}

static ImpMatrix3 match_cholesky(const ImpMatrix3 *style, const ImpMatrix3 *content) {
    ImpMatrix3 style_root = imp_matrix3_cholesky(style), content_root = imp_matrix3_cholesky(content);
    ImpMatrix3 inverse = imp_matrix3_invert_lower(&style_root);
    return imp_matrix3_multiply(&content_root, &inverse);
}

static ImpMatrix3 match_pca(const ImpMatrix3 *style, const ImpMatrix3 *content) {
    ImpMatrix3 root = imp_matrix3_power(content, 0.5), inverse_root = imp_matrix3_power(style, -0.5);
    return imp_matrix3_multiply(&root, &inverse_root);
}

static ImpMatrix3 match_symmetric(const ImpMatrix3 *style, const ImpMatrix3 *content) {
    ImpMatrix3 root = imp_matrix3_power(style, 0.5), inverse_root = imp_matrix3_power(style, -0.5);
    ImpMatrix3 left = imp_matrix3_multiply(&root, content);
    ImpMatrix3 between = imp_matrix3_multiply(&left, &root);
    ImpMatrix3 between_root = imp_matrix3_power(&between, 0.5);
    left = imp_matrix3_multiply(&inverse_root, &between_root);
    return imp_matrix3_multiply(&left, &inverse_root);
}

static ImpMatrix3 linear_map(const Moments *style, const Moments *content, ImpColourMatch mode) {
    switch (mode) {
    case IMP_COLOUR_MATCH_CHOLESKY:
        return match_cholesky(&style->covariance, &content->covariance);
    case IMP_COLOUR_MATCH_PCA:
        return match_pca(&style->covariance, &content->covariance);
    case IMP_COLOUR_MATCH_SYMMETRIC:
        return match_symmetric(&style->covariance, &content->covariance);
    case IMP_COLOUR_MATCH_MEAN:
    case IMP_COLOUR_MATCH_HISTOGRAM:
        break;
    }
    return scale_channels(&style->covariance, &content->covariance);
}

typedef struct Mapping {
    ImpImage *image;
    size_t count;
    ImpMatrix3 matrix;
    double offset[3];
} Mapping;

static void map_piece(void *context, size_t piece) {
    const Mapping *mapping = context;
    float *rgb = mapping->image->rgb;
    size_t n = mapping->count, begin = piece * IMP_PIECE;
    size_t end = begin + IMP_PIECE < n ? begin + IMP_PIECE : n;
    for (size_t i = begin; i < end; i++) {
        double in[3];
        for (size_t c = 0; c < 3; c++) in[c] = (double)rgb[c * n + i];
        for (size_t c = 0; c < 3; c++) {
            const double *row = mapping->matrix.at[c];
            double value = row[0] * in[0] + row[1] * in[1] + row[2] * in[2] + mapping->offset[c];
            rgb[c * n + i] = (float)(value > 0 ? (value < 1 ? value : 1) : 0);
        }
    }
}

static ImpStatus match_linear(ImpImage *style, const ImpImage *content, ImpColourMatch mode, ImpError *error) {
    Moments from, to;
    ImpStatus status = find_moments(style, &from, error);
    if (status == IMP_OK) status = find_moments(content, &to, error);
    if (status != IMP_OK) return status;
    Mapping mapping = {.image = style, .count = (size_t)style->width * (size_t)style->height};
    mapping.matrix = linear_map(&from, &to, mode);
    for (int c = 0; c < 3; c++) {
        const double *row = mapping.matrix.at[c];
        mapping.offset[c] = to.mean[c] - row[0] * from.mean[0] - row[1] * from.mean[1] - row[2] * from.mean[2];
    }
    imp_parallel((mapping.count + IMP_PIECE - 1) / IMP_PIECE, map_piece, &mapping);
    return IMP_OK;
}

static ImpStatus match_histograms(ImpImage *style, const ImpImage *content, ImpError *error) {
    size_t n_style = (size_t)style->width * (size_t)style->height;
    size_t n_content = (size_t)content->width * (size_t)content->height;
    const float *style_weight = counts_by_alpha(style) ? style->alpha : NULL;
    const float *content_weight = counts_by_alpha(content) ? content->alpha : NULL;
    ImpHistogramMap maps[3] = {{NULL}, {NULL}, {NULL}};
    ImpStatus status = IMP_OK;
    for (size_t c = 0; c < 3 && status == IMP_OK; c++)
        status = imp_histogram_map_new(style->rgb + c * n_style, style_weight, n_style, content->rgb + c * n_content,
                                       content_weight, n_content, &maps[c], error);
    for (size_t c = 0; c < 3; c++) {
        if (status == IMP_OK) imp_histogram_map_apply(&maps[c], style->rgb + c * n_style, n_style);
        imp_histogram_map_free(&maps[c]);
    }
    return status;
}

ImpStatus imp_colour_match(ImpImage *style, const ImpImage *content, ImpColourMatch mode, ImpError *error) {
    if (mode == IMP_COLOUR_MATCH_HISTOGRAM) return match_histograms(style, content, error);
    return match_linear(style, content, mode, error);
}
