#include "feature/moments.h"

#include "base/threads.h"
#include <math.h>

enum { MOST_LANES = 16 };

/* One plane is one block of channels of one image: (places, B). */
typedef struct Planes {
    const ImpTensor *value, *gradient;
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

static void sum(const float *x, size_t places, size_t block, const double *shift, int power, double *sums) {
    double totals[MOST_LANES] = {0};
    for (size_t i = 0; i < places; i++)
        for (size_t lane = 0; lane < block; lane++) {
            double d = (double)x[i * block + lane] - shift[lane];
            totals[lane] += power == 2 ? d * d : d;
        }
    for (size_t lane = 0; lane < block; lane++) sums[lane] = totals[lane];
}

static void measure(void *context, size_t plane) {
    const Planes *p = context;
    size_t block = (size_t)p->value->block, places = imp_shape_places(p->value->shape), at;
    size_t lanes = lanes_of(p->value, plane, &at);
    const float *x = p->value->data + plane * places * block;
    double mean[MOST_LANES] = {0}, sums[MOST_LANES];
    sum(x, places, block, mean, 1, sums);
    for (size_t lane = 0; lane < block; lane++) mean[lane] = sums[lane] / (double)places;
    sum(x, places, block, mean, 2, sums);
    for (size_t lane = 0; lane < lanes; lane++) {
        p->mean[at + lane] = (float)mean[lane];
        p->deviation[at + lane] = (float)sqrt(sums[lane] / (double)places + 1e-5);
    }
}

void imp_moments(const ImpTensor *value, float *mean, float *deviation) {
    Planes planes = {.value = value, .mean = mean, .deviation = deviation};
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
        factor[lane] = p->deviation_slope[at + lane] / (p->deviation[at + lane] * (float)places);
        offset[lane] = p->mean_slope[at + lane] / (float)places - factor[lane] * p->mean[at + lane];
    }
    for (size_t i = 0; i < places; i++)
        for (size_t lane = 0; lane < block; lane++)
            gradient[i * block + lane] += factor[lane] * x[i * block + lane] + offset[lane];
}

void imp_moments_add_gradient(const ImpTensor *value, const float *mean, const float *deviation,
                              const float *mean_slope, const float *deviation_slope, const ImpTensor *gradient) {
    Planes planes = {.value = value,
                     .gradient = gradient,
                     .mean = (float *)mean,
                     .deviation = (float *)deviation,
                     .mean_slope = mean_slope,
                     .deviation_slope = deviation_slope};
    imp_parallel(planes_of(value), add_gradient, &planes);
}
