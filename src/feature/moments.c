#include "feature/moments.h"

#include "base/threads.h"
#include <math.h>

enum { MOST_LANES = 16 };

/* One plane is one block of channels of one image: (places, B). */
typedef struct Planes {
    const ImpTensor *value, *gradient;
    const float *weights; /* (H,W), or NULL: 1 */
    double total;         /* of the weights */
    float *mean, *deviation;
    const float *mean_slope, *deviation_slope;
} Planes;

static size_t planes_of(const ImpTensor *value) {
    size_t block = (size_t)value->block;
    return imp_shape_images(value->shape) * (((size_t)value->shape.channels + block - 1) / block);
}

/* Lanes of the plane that are channels, and where their numbers are in (N,C). */
static size_t lanes_of(const ImpTensor *value, size_t plane, size_t *at) {
    size_t block = (size_t)value->block, channels = (size_t)value->shape.channels;
    size_t blocks = (channels + block - 1) / block, first = plane % blocks * block;
    *at = plane / blocks * channels + first;
    return channels - first < block ? channels - first : block;
}

/* sums: of the powers of x - shift over the places, weighted. Always called with constants for `block`, so that its
 * loops over lanes become vectors. */
static inline void sum_lanes(const Planes *p, const float *x, const size_t block, const double *shift, int power,
                             double *sums) {
    size_t places = imp_shape_places(p->value->shape);
    double totals[MOST_LANES] = {0};
    for (size_t i = 0; i < places; i++) {
        double weight = p->weights ? (double)p->weights[i] : 1;
        for (size_t lane = 0; lane < block; lane++) {
            double d = (double)x[i * block + lane] - shift[lane];
            totals[lane] += weight * (power == 2 ? d * d : d);
        }
    }
    for (size_t lane = 0; lane < block; lane++) sums[lane] = totals[lane];
}

static void sum(const Planes *p, const float *x, const double *shift, int power, double *sums) {
    if (p->value->block == 16)
        sum_lanes(p, x, 16, shift, power, sums);
    else if (p->value->block == 8)
        sum_lanes(p, x, 8, shift, power, sums);
    else
        sum_lanes(p, x, (size_t)p->value->block, shift, power, sums);
}

static void measure(void *context, size_t plane) {
    const Planes *p = context;
    size_t block = (size_t)p->value->block, places = imp_shape_places(p->value->shape), at;
    size_t lanes = lanes_of(p->value, plane, &at);
    const float *x = p->value->data + plane * places * block;
    double mean[MOST_LANES] = {0}, sums[MOST_LANES];
    sum(p, x, mean, 1, sums);
    for (size_t lane = 0; lane < block; lane++) mean[lane] = sums[lane] / p->total;
    sum(p, x, mean, 2, sums);
    for (size_t lane = 0; lane < lanes; lane++) {
        p->mean[at + lane] = (float)mean[lane];
        p->deviation[at + lane] = (float)sqrt(sums[lane] / p->total + 1e-5);
    }
}

/* What the sums are divided by: 1 where they are all 0. */
static double total_of(const ImpTensor *value, const float *weights) {
    size_t places = imp_shape_places(value->shape);
    if (!weights) return (double)places;
    double total = 0;
    for (size_t i = 0; i < places; i++) total += (double)weights[i];
    return total > 0 ? total : 1;
}

void imp_moments(const ImpTensor *value, const float *weights, float *mean, float *deviation) {
    Planes planes = {
        .value = value, .weights = weights, .total = total_of(value, weights), .mean = mean, .deviation = deviation};
    imp_parallel(planes_of(value), measure, &planes);
}

static void add_gradient(void *context, size_t plane) {
    const Planes *p = context;
    size_t block = (size_t)p->value->block, places = imp_shape_places(p->value->shape), at;
    size_t lanes = lanes_of(p->value, plane, &at);
    const float *x = p->value->data + plane * places * block;
    float *gradient = p->gradient->data + plane * places * block;
    float factor[MOST_LANES] = {0}, offset[MOST_LANES] = {0};
    for (size_t lane = 0; lane < lanes; lane++) {
        factor[lane] = p->deviation_slope[at + lane] / (p->deviation[at + lane] * (float)p->total);
        offset[lane] = p->mean_slope[at + lane] / (float)p->total - factor[lane] * p->mean[at + lane];
    }
    for (size_t i = 0; i < places; i++) {
        float weight = p->weights ? p->weights[i] : 1;
        for (size_t lane = 0; lane < block; lane++)
            gradient[i * block + lane] += weight * (factor[lane] * x[i * block + lane] + offset[lane]);
    }
}

void imp_moments_add_gradient(const ImpTensor *value, const float *weights, const float *mean, const float *deviation,
                              const float *mean_slope, const float *deviation_slope, const ImpTensor *gradient) {
    Planes planes = {.value = value,
                     .weights = weights,
                     .total = total_of(value, weights),
                     .gradient = gradient,
                     .mean = (float *)mean,
                     .deviation = (float *)deviation,
                     .mean_slope = mean_slope,
                     .deviation_slope = deviation_slope};
    imp_parallel(planes_of(value), add_gradient, &planes);
}
