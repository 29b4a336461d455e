#include "base/error.h"
#include "base/memory.h"
#include "compute/kernel/kernel.h"
#include "compute/tensor/eigen.h"
#include "loss/covariance.h"
#include "loss/difference.h"
#include <string.h>

/* Style as a normal distribution: the squared 2-Wasserstein distance between that of the activation, mean m and
 * covariance S, and that of the style, n and T (Dowson, Landau 1982):
 *   D = |m - n|^2 + tr S + tr T - 2 tr (L' S L)^1/2,   T = L L'
 * The trace is the same for every such L; here L' = diag(values^1/2) vectors, of T's eigenvectors as rows. With the
 * eigenvalues v and eigenvectors U (as rows) of L' S L:
 *   tr (L' S L)^1/2 = sum v^1/2,   dD/dS = 1 - (U L')' diag(v^-1/2) U L',   dD/dm = 2 (m - n)
 * Both covariances have `ridge` added to their diagonals, so that no v is below its square, nor taken as less. */

typedef struct Wasserstein {
    double *mean, *root, *turned;               /* (C) n; (C,C) L', L */
    double trace, ridge;                        /* of T with the ridge */
    ImpCovariance covariance;                   /* measures C */
    double *matrix, *middle, *product, *values; /* (C,C) three times, (C) */
    double *work, *packed;                      /* of imp_eigen, of products */
    float *slopes, *offset;                     /* (C,C), (C): see imp_covariance_add_gradient */
    float *places;                              /* NULL, or (H,W) */
    double total;                               /* of their weights */
    ImpDistance distance;
} Wasserstein;

static const double relative_ridge = 1e-5, least_ridge = 1e-10;

ImpStatus imp_wasserstein_target(const ImpTensor *activation, const float *places, double *target, ImpError *error) {
    size_t channels = (size_t)activation->shape.channels;
    float *copy = NULL;
    double total;
    ImpCovariance covariance;
    ImpStatus status = imp_covariance_new(activation->shape, &covariance, error);
    if (status == IMP_OK) status = imp_loss_copy_places(places, activation->shape, &copy, &total, error);
    if (status == IMP_OK) {
        memset(target, 0, (channels + channels * channels) * sizeof *target);
        if (total > 0) imp_covariance_measure(&covariance, activation, copy, total, target + channels);
        for (size_t c = 0; c < channels; c++) target[c] = (double)covariance.mean[c];
    }
    imp_free(copy);
    imp_covariance_free(&covariance);
    return status;
}

/* --- the loss ----------------------------------------------------------------------------------------------------- */

/* c = a b, (n,n) each */
static void multiply(const Wasserstein *w, size_t n, const double *a, const double *b, double *c) {
    imp_kernels()->multiply(n, n, n, a, b, c, w->packed);
}

static void transpose(size_t n, const double *from, double *to) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) to[j * n + i] = from[i * n + j];
}

/* middle = L' S L. */
static void form_middle(Wasserstein *w, size_t n) {
    multiply(w, n, w->root, w->matrix, w->product);
    multiply(w, n, w->product, w->turned, w->middle);
}

/* slopes = slope (1 - P' P), with P = diag(v^-1/4) U L', from the eigenvectors in middle. */
static void form_slopes(Wasserstein *w, size_t n, double slope) {
    multiply(w, n, w->middle, w->root, w->product);
    for (size_t k = 0; k < n; k++) {
        double factor = 1 / sqrt(sqrt(w->values[k]));
        for (size_t i = 0; i < n; i++) w->product[k * n + i] *= factor;
    }
    transpose(n, w->product, w->matrix);
    multiply(w, n, w->matrix, w->product, w->middle);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double own = i == j ? 1 : 0;
            w->slopes[i * n + j] = (float)(slope * (own - w->middle[i * n + j]));
        }
}

/* The squared distance at the mean and covariance measured; leaves eigenvectors in middle. NaN where the activation is
 * not finite. */
static ImpStatus squared_distance(Wasserstein *w, size_t n, double *out, ImpError *error) {
    double trace = 0, roots = 0, apart = 0;
    for (size_t i = 0; i < n; i++) {
        double difference = (double)w->covariance.mean[i] - w->mean[i];
        apart += difference * difference;
        trace += w->matrix[i * n + i] += w->ridge;
    }
    *out = NAN;
    if (!isfinite(trace) || !isfinite(apart)) return IMP_OK;
    form_middle(w, n);
    if (!imp_eigen(n, w->middle, w->values, w->work))
        return imp_fail(error, IMP_ERROR_NUMBER, "the eigenvalues of the features' covariance were not found");
    for (size_t k = 0; k < n; k++) {
        w->values[k] = fmax(w->values[k], w->ridge * w->ridge);
        roots += sqrt(w->values[k]);
    }
    *out = fmax(apart + trace + w->trace - 2 * roots, 0);
    return IMP_OK;
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    Wasserstein *w = loss->state;
    size_t n = (size_t)loss->shape.channels;
    *out = 0;
    if (w->total == 0) return IMP_OK;
    imp_covariance_measure(&w->covariance, activation, w->places, w->total, w->matrix);
    double squared;
    ImpStatus status = squared_distance(w, n, &squared, error);
    if (status != IMP_OK) return status;
    double distance = sqrt(squared);
    *out = loss->weight * imp_distance_value(&w->distance, squared, distance);
    if (isnan(squared)) return IMP_OK;
    ImpPull pull = imp_distance_pull(&w->distance, loss->weight);
    double slope = distance > 0 ? imp_pull_at(&pull, distance) / (2 * distance) : 0; /* by the squared distance */
    form_slopes(w, n, 2 * slope / w->total);
    for (size_t i = 0; i < n; i++)
        w->offset[i] = (float)(2 * slope / w->total * ((double)w->covariance.mean[i] - w->mean[i]));
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    Wasserstein *w = loss->state;
    if (w->total == 0) return;
    imp_covariance_add_gradient(&w->covariance, activation, w->places, w->slopes, w->offset, gradient);
}

static void release(ImpLoss *loss) {
    Wasserstein *w = loss->state;
    imp_covariance_free(&w->covariance);
    imp_free(w->mean);
    imp_free(w->root);
    imp_free(w->turned);
    imp_free(w->matrix);
    imp_free(w->middle);
    imp_free(w->product);
    imp_free(w->values);
    imp_free(w->work);
    imp_free(w->packed);
    imp_free(w->slopes);
    imp_free(w->offset);
    imp_free(w->places);
}

static const ImpLossType wasserstein_type = {
    .name = "wasserstein", .value = value, .add_gradient = add_gradient, .free = release};

/* --- the target --------------------------------------------------------------------------------------------------- */

static ImpStatus allocate(Wasserstein *w, ImpShape shape, ImpError *error) {
    size_t n = (size_t)shape.channels;
    double **const squares[] = {&w->root, &w->turned, &w->matrix, &w->middle, &w->product};
    ImpStatus status = imp_covariance_new(shape, &w->covariance, error);
    for (size_t i = 0; i < sizeof squares / sizeof *squares && status == IMP_OK; i++)
        status = IMP_ALLOC(squares[i], n * n, "Wasserstein loss", error);
    if (status == IMP_OK) status = IMP_ALLOC(&w->mean, n, "Wasserstein loss", error);
    if (status == IMP_OK) status = IMP_ALLOC(&w->values, n, "Wasserstein loss", error);
    if (status == IMP_OK) status = IMP_ALLOC(&w->work, imp_eigen_work(n), "Wasserstein loss", error);
    if (status == IMP_OK)
        status = IMP_ALLOC(&w->packed, imp_kernels()->multiply_scratch(n, n), "Wasserstein loss", error);
    if (status == IMP_OK) status = IMP_ALLOC(&w->slopes, n * n, "Wasserstein loss", error);
    if (status == IMP_OK) status = IMP_ALLOC(&w->offset, n, "Wasserstein loss", error);
    return status;
}

static double factor_of(ImpNormalisation normalisation, const double *target, size_t n, int channels) {
    if (normalisation == IMP_NORMALISE_MEAN) return 1.0 / channels;
    if (normalisation != IMP_NORMALISE_RELATIVE) return 1;
    double size = 0;
    for (size_t i = 0; i < n; i++) size += target[i] * target[i] + target[n + i * n + i];
    return size > 0 ? 1 / size : 1;
}

/* Reads n and T, (C) and (C,C), and finds L. */
static ImpStatus set_target(Wasserstein *w, const double *target, size_t n, ImpError *error) {
    double trace = 0;
    memcpy(w->mean, target, n * sizeof *target);
    memcpy(w->root, target + n, n * n * sizeof *target);
    for (size_t i = 0; i < n; i++) trace += w->root[i * n + i];
    w->ridge = fmax(relative_ridge * trace / (double)n, least_ridge);
    w->trace = trace + w->ridge * (double)n;
    for (size_t i = 0; i < n; i++) w->root[i * n + i] += w->ridge;
    if (!imp_eigen(n, w->root, w->values, w->work))
        return imp_fail(error, IMP_ERROR_NUMBER, "the covariance of the style's features is not finite");
    for (size_t k = 0; k < n; k++) {
        double factor = sqrt(fmax(w->values[k], w->ridge));
        for (size_t i = 0; i < n; i++) w->root[k * n + i] *= factor;
    }
    transpose(n, w->root, w->turned);
    return IMP_OK;
}

ImpStatus imp_wasserstein_loss_new(size_t tap, double weight, ImpNormalisation normalisation, const double *target,
                                   ImpShape shape, int channels, const float *places, ImpLoss **out, ImpError *error) {
    ImpStatus status = imp_loss_new(&wasserstein_type, tap, weight, shape, sizeof(Wasserstein), out, error);
    if (status != IMP_OK) return status;
    Wasserstein *w = (*out)->state;
    size_t n = (size_t)shape.channels;
    status = allocate(w, shape, error);
    if (status == IMP_OK) status = imp_loss_copy_places(places, shape, &w->places, &w->total, error);
    if (status == IMP_OK) status = set_target(w, target, n, error);
    if (status != IMP_OK) {
        imp_loss_free(out);
        return status;
    }
    w->distance.scaled = normalisation == IMP_NORMALISE_SCALED;
    w->distance.factor = factor_of(normalisation, target, n, channels);
    return IMP_OK;
}
