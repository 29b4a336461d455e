#include "feature/style_map.h"

#include "base/error.h"
#include "base/memory.h"
#include "compute/tensor/eigen.h"
#include <math.h>
#include <string.h>

ImpStatus imp_statistics_new(size_t channels, ImpStatistics *out, ImpError *error) {
    *out = (ImpStatistics){.channels = channels};
    ImpStatus status = IMP_ALLOC(&out->mean, channels, "style", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->covariance, channels * channels, "style", error);
    if (status != IMP_OK) imp_statistics_free(out);
    return status;
}

void imp_statistics_free(ImpStatistics *statistics) {
    imp_free(statistics->mean);
    imp_free(statistics->covariance);
    *statistics = (ImpStatistics){0};
}

/* Adds share * the map to total (C,C). */
typedef ImpStatus (*AddMap)(const ImpStatistics *content, const ImpStatistics *style, double share, double *total,
                            ImpError *error);

static ImpStatus add_adain(const ImpStatistics *content, const ImpStatistics *style, double share, double *total,
                           ImpError *error) {
    (void)error;
    for (size_t c = 0; c < content->channels; c++) {
        size_t at = c * content->channels + c;
        total[at] += share * sqrt((fmax(style->covariance[at], 0) + 1e-5) / (fmax(content->covariance[at], 0) + 1e-5));
    }
    return IMP_OK;
}

/* power (n,n) = covariance to the power of 1/2 or -1/2; directions in which there is next to nothing stay nothing. */
static ImpStatus half_power(const double *covariance, size_t n, bool inverse, double *power, ImpError *error) {
    double *vectors, *values = NULL, *work = NULL;
    ImpStatus status = IMP_ALLOC(&vectors, n * n, "whitening", error);
    if (status == IMP_OK) status = IMP_ALLOC(&values, n, "whitening", error);
    if (status == IMP_OK) status = IMP_ALLOC(&work, imp_eigen_work(n), "whitening", error);
    if (status == IMP_OK) {
        memcpy(vectors, covariance, n * n * sizeof *vectors);
        memset(power, 0, n * n * sizeof *power);
        if (!imp_eigen(n, vectors, values, work))
            status = imp_fail(error, IMP_ERROR_NUMBER, "the features' covariance is not finite");
    }
    for (size_t k = 0; k < n && status == IMP_OK; k++) {
        double value = values[k], least = 1e-5 * values[n - 1];
        if (value <= least) continue;
        double factor = inverse ? 1 / sqrt(value) : sqrt(value);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) power[i * n + j] += factor * vectors[k * n + i] * vectors[k * n + j];
    }
    imp_free(vectors);
    imp_free(values);
    imp_free(work);
    return status;
}

static ImpStatus add_wct(const ImpStatistics *content, const ImpStatistics *style, double share, double *total,
                         ImpError *error) {
    size_t n = content->channels;
    double *whiten, *colour = NULL;
    ImpStatus status = IMP_ALLOC(&whiten, n * n, "whitening", error);
    if (status == IMP_OK) status = IMP_ALLOC(&colour, n * n, "whitening", error);
    if (status == IMP_OK) status = half_power(content->covariance, n, true, whiten, error);
    if (status == IMP_OK) status = half_power(style->covariance, n, false, colour, error);
    for (size_t i = 0; i < n && status == IMP_OK; i++)
        for (size_t k = 0; k < n; k++)
            for (size_t j = 0; j < n; j++) total[i * n + j] += share * colour[i * n + k] * whiten[k * n + j];
    imp_free(whiten);
    imp_free(colour);
    return status;
}

ImpStatus imp_style_map(ImpStyleTransform transform, const ImpStatistics *content, const ImpStatistics *styles,
                        const double *shares, size_t n, double strength, float *matrix, float *bias, ImpError *error) {
    static const AddMap maps[] = {[IMP_STYLE_ADAIN] = add_adain, [IMP_STYLE_WCT] = add_wct};
    size_t channels = content->channels;
    double *total;
    ImpStatus status = IMP_ALLOC(&total, channels * channels, "style", error);
    for (size_t s = 0; s < n && status == IMP_OK; s++)
        if (shares[s] > 0) status = maps[transform](content, &styles[s], shares[s], total, error);
    for (size_t i = 0; i < channels && status == IMP_OK; i++) {
        double moved = 0, mean = 0;
        for (size_t s = 0; s < n; s++) mean += shares[s] * styles[s].mean[i];
        for (size_t j = 0; j < channels; j++) {
            double factor = total[i * channels + j];
            moved += factor * content->mean[j];
            matrix[i * channels + j] = (float)(strength * factor + (i == j ? 1 - strength : 0));
        }
        bias[i] = (float)(strength * (mean - moved));
    }
    imp_free(total);
    return status;
}
