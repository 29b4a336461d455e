#include "method/analogy/neighbourhood.h"

#include <math.h>
#include <string.h>

static const double deviation_share = 0.25; /* of the Gaussian, of a window's side */

/* Pixels of the row that is j below the middle. */
static int row_pixels(const ImpAnalogyPart *part, int j) {
    if (!part->causal || j < 0) return 2 * part->half + 1;
    return j == 0 ? part->half : 0;
}

static size_t row_numbers(const ImpAnalogyPart *part, int j) {
    return (size_t)row_pixels(part, j) * (size_t)part->exemplar->channels;
}

/* --- layout ------------------------------------------------------------------------------------------------------- */

/* Adds the part, with Gaussian weights. Returns their sum over one channel. */
static double add_part(ImpAnalogyShape *shape, const ImpAnalogyPlane *exemplar, const ImpAnalogyPlane *made, int half,
                       bool causal, double factor) {
    ImpAnalogyPart *part = &shape->parts[shape->n_parts];
    *part = (ImpAnalogyPart){exemplar, made, half, causal, shape->n_parts >= 2, shape->numbers};
    double deviation = deviation_share * (2 * half + 1), sum = 0;
    for (int j = -half; j <= half; j++)
        for (int i = 0; i < row_pixels(part, j); i++) {
            double weight = factor * exp(-((i - half) * (i - half) + j * j) / (2 * deviation * deviation));
            sum += weight;
            for (int c = 0; c < exemplar->channels; c++) shape->weights[shape->numbers++] = (float)weight;
        }
    shape->n_parts++;
    return sum;
}

/* Makes weights from `first` on sum to 1, a channel. */
static void normalise(ImpAnalogyShape *shape, size_t first, double sum) {
    for (size_t i = first; i < shape->numbers; i++) shape->weights[i] = (float)((double)shape->weights[i] / sum);
}

/* The pixel itself is what is looked for: it does not count in the result. */
static void leave_middle_out(ImpAnalogyShape *shape) {
    const ImpAnalogyPart *part = &shape->parts[1];
    size_t channels = (size_t)part->exemplar->channels, side = 2 * (size_t)part->half + 1;
    for (size_t c = 0; c < channels; c++) shape->weights[part->first + (side * side / 2) * channels + c] = 0;
}

void imp_analogy_shape(const ImpAnalogyPyramid *pyramid, int index, const ImpAnalogySettings *settings, bool causal,
                       ImpAnalogyShape *out) {
    const ImpAnalogyLevel *fine = &pyramid->levels[index], *coarse = fine + 1;
    double share = (double)settings->source_weight;
    int half = settings->window / 2;
    *out = (ImpAnalogyShape){.fine = fine, .causal = causal, .half = half};
    double sum = add_part(out, &fine->source, &fine->target, half, false, share);
    sum += add_part(out, &fine->filtered, &fine->result, half, causal, 1);
    if (!causal) leave_middle_out(out);
    normalise(out, 0, sum);
    if (index + 1 == pyramid->count) return;
    size_t first = out->numbers;
    int coarse_half = (half + 1) / 2;
    sum = add_part(out, &coarse->source, &coarse->target, coarse_half, false, share);
    sum += add_part(out, &coarse->filtered, &coarse->result, coarse_half, false, 1);
    normalise(out, first, sum);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static void copy_part(const ImpAnalogyPart *part, const ImpAnalogyPlane *from, int x, int y, float *out) {
    out += part->first;
    for (int j = -part->half; j <= part->half; j++) {
        size_t numbers = row_numbers(part, j);
        memcpy(out, imp_analogy_at(from, (x >> part->shift) - part->half, (y >> part->shift) + j),
               numbers * sizeof *out);
        out += numbers;
    }
}

static void ignore_beyond(const ImpAnalogyShape *shape, int x, int y, float *weights) {
    const ImpAnalogyPart *part = &shape->parts[1];
    size_t channels = (size_t)part->exemplar->channels;
    weights += part->first;
    for (int j = -part->half; j <= 0; j++)
        for (int i = 0; i < row_pixels(part, j); i++, weights += channels) {
            int u = x - part->half + i;
            bool inside = u >= 0 && u < part->made->width && y + j >= 0;
            for (size_t c = 0; c < channels && !inside; c++) weights[c] = 0;
        }
}

void imp_analogy_ask(const ImpAnalogyShape *shape, int x, int y, ImpAnalogyQuery *query) {
    int half = shape->half;
    for (int i = 0; i < shape->n_parts; i++) copy_part(&shape->parts[i], shape->parts[i].made, x, y, query->values);
    query->weights = shape->weights;
    if (!shape->causal || (x >= half && y >= half && x + half < shape->fine->target.width)) return;
    memcpy(query->own, shape->weights, shape->numbers * sizeof *query->own);
    ignore_beyond(shape, x, y, query->own);
    query->weights = query->own;
}

void imp_analogy_take(const ImpAnalogyShape *shape, int32_t place, float *out) {
    int x = place % shape->fine->source.width, y = place / shape->fine->source.width;
    for (int i = 0; i < shape->n_parts; i++) copy_part(&shape->parts[i], shape->parts[i].exemplar, x, y, out);
    for (size_t n = 0; n < shape->numbers; n++) out[n] *= sqrtf(shape->weights[n]);
}

void imp_analogy_scale(const ImpAnalogyShape *shape, const ImpAnalogyQuery *query, float *out) {
    for (size_t n = 0; n < shape->numbers; n++) out[n] = query->values[n] * sqrtf(shape->weights[n]);
}

float imp_analogy_distance(const ImpAnalogyShape *shape, const ImpAnalogyQuery *query, int32_t place, float bound) {
    int x = place % shape->fine->source.width, y = place / shape->fine->source.width;
    float sum = 0;
    const float *values = query->values, *weights = query->weights;
    for (int i = 0; i < shape->n_parts; i++) {
        const ImpAnalogyPart *part = &shape->parts[i];
        const float *row =
            imp_analogy_at(part->exemplar, (x >> part->shift) - part->half, (y >> part->shift) - part->half);
        for (int j = -part->half; j <= part->half; j++, row += part->exemplar->row) {
            size_t numbers = row_numbers(part, j);
            float row_sum = 0;
            for (size_t n = 0; n < numbers; n++) {
                float off = row[n] - values[n];
                row_sum += weights[n] * off * off;
            }
            sum += row_sum;
            values += numbers;
            weights += numbers;
        }
        if (sum > bound) return sum;
    }
    return sum;
}
