#include "loss/difference.h"

#include "base/threads.h"
#include <math.h>

double imp_distance_value(ImpDistance *distance, double squares, double magnitudes) {
    if (!distance->scaled) return distance->factor * squares;
    distance->error = imp_scaled_error(squares, magnitudes);
    return distance->error.value;
}

ImpPull imp_distance_pull(const ImpDistance *distance, double weight) {
    if (!distance->scaled) return (ImpPull){.linear = 2 * weight * distance->factor};
    return (ImpPull){.linear = weight * distance->error.linear, .constant = weight * distance->error.constant};
}

double imp_pull_at(const ImpPull *pull, double difference) {
    return pull->linear * difference + pull->constant * (double)((difference > 0) - (difference < 0));
}

static double squares(const float *x, const float *target, size_t count) {
    double lanes[8] = {0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (size_t lane = 0; lane < 8; lane++) {
            double difference = (double)(x[i + lane] - target[i + lane]);
            lanes[lane] += difference * difference;
        }
    for (; i < count; i++) {
        double difference = (double)(x[i] - target[i]);
        lanes[0] += difference * difference;
    }
    return imp_sum_in_order(lanes, 8);
}

static double magnitudes(const float *x, const float *target, size_t count) {
    double lanes[8] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % 8] += fabs((double)(x[i] - target[i]));
    return imp_sum_in_order(lanes, 8);
}

static void add(const float *x, const float *target, size_t count, float linear, float constant, float *gradient) {
    if (constant == 0) {
        for (size_t i = 0; i < count; i++) gradient[i] += linear * (x[i] - target[i]);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        float difference = x[i] - target[i], sign = (float)((difference > 0) - (difference < 0));
        gradient[i] += linear * difference + constant * sign;
    }
}

static double weighted_sum(const ImpDifferences *d, double (*sum)(const float *, const float *, size_t)) {
    double total = 0;
    for (size_t i = 0; i < d->count; i += d->block)
        total += (double)d->places[i / d->block] * sum(d->x + i, d->target + i, d->block);
    return total;
}

double imp_difference_squares(const ImpDifferences *differences) {
    if (differences->places) return weighted_sum(differences, squares);
    return squares(differences->x, differences->target, differences->count);
}

double imp_difference_magnitudes(const ImpDifferences *differences) {
    if (differences->places) return weighted_sum(differences, magnitudes);
    return magnitudes(differences->x, differences->target, differences->count);
}

void imp_difference_add(const ImpDifferences *differences, const ImpPull *pull, float *gradient) {
    const ImpDifferences *d = differences;
    float linear = (float)pull->linear, constant = (float)pull->constant;
    if (!d->places) {
        add(d->x, d->target, d->count, linear, constant, gradient);
        return;
    }
    for (size_t i = 0; i < d->count; i += d->block) {
        float weight = d->places[i / d->block];
        add(d->x + i, d->target + i, d->block, weight * linear, weight * constant, gradient + i);
    }
}
