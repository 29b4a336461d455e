/* A second implementation of what graphs compute, forward only: plain loops over (C,H,W) in double, every layer's value
 * kept. Gradients are checked against its finite differences. */
#ifndef IMP_TESTS_COMPUTE_PLAIN_NETWORK_H
#define IMP_TESTS_COMPUTE_PLAIN_NETWORK_H

#include <stdbool.h>
#include <stdlib.h>

typedef enum PlainKind { PLAIN_INPUT, PLAIN_NORMALISE, PLAIN_PAD, PLAIN_CONVOLUTION, PLAIN_RELU, PLAIN_POOL } PlainKind;

typedef struct PlainLayer {
    PlainKind kind;
    int source; /* index of a layer before this one */
    bool tapped;
    int from[3]; /* normalise */
    float scale[3], offset[3];
    int around; /* pad: 0 zero, 1 replicate, 2 reflect */
    int padding;
    bool relu; /* convolution: part of it */
    const float *weights, *bias;
    bool maximum; /* pool, else average */
    int channels, height, width;
    double *value; /* (C,H,W), set by plain_forward */
} PlainLayer;

static inline size_t plain_count(const PlainLayer *layer) {
    return (size_t)layer->channels * (size_t)layer->height * (size_t)layer->width;
}

/* The value at (c,y,x), 0 outside. */
static inline double plain_at(const PlainLayer *layer, int c, int y, int x) {
    if (y < 0 || x < 0 || y >= layer->height || x >= layer->width) return 0;
    return layer->value[((size_t)c * (size_t)layer->height + (size_t)y) * (size_t)layer->width + (size_t)x];
}

static inline int plain_clamp(int i, int side) {
    return i < 0 ? 0 : i >= side ? side - 1 : i;
}

/* Reflection about the border pixel; a side of 1 has nothing else than that pixel. */
static inline int plain_reflect(int i, int side) {
    if (i < 0) i = -i;
    if (i >= side) i = 2 * (side - 1) - i;
    return plain_clamp(i, side);
}

static inline double plain_padded(const PlainLayer *layer, const PlainLayer *from, int c, int y, int x) {
    y--;
    x--;
    if (layer->around == 0) return plain_at(from, c, y, x);
    if (layer->around == 1) return plain_at(from, c, plain_clamp(y, from->height), plain_clamp(x, from->width));
    return plain_at(from, c, plain_reflect(y, from->height), plain_reflect(x, from->width));
}

static inline double plain_convolved(const PlainLayer *layer, const PlainLayer *from, int c, int y, int x) {
    double sum = (double)layer->bias[c];
    for (int i = 0; i < from->channels; i++)
        for (int k = 0; k < 9; k++)
            sum += (double)layer->weights[(size_t)(c * from->channels + i) * 9 + (size_t)k] *
                   plain_at(from, i, y + k / 3 - layer->padding, x + k % 3 - layer->padding);
    return layer->relu && sum < 0 ? 0 : sum;
}

static inline double plain_pooled(const PlainLayer *layer, const PlainLayer *from, int c, int y, int x) {
    double sum = 0, most = 0;
    int count = 0;
    for (int row = 2 * y; row < 2 * y + 2 && row < from->height; row++)
        for (int column = 2 * x; column < 2 * x + 2 && column < from->width; column++) {
            double v = plain_at(from, c, row, column);
            most = count == 0 || v > most ? v : most;
            sum += v;
            count++;
        }
    return layer->maximum ? most : sum / count;
}

static inline double plain_value(const PlainLayer *layer, const PlainLayer *from, int c, int y, int x) {
    switch (layer->kind) {
    case PLAIN_NORMALISE:
        return plain_at(from, layer->from[c], y, x) * (double)layer->scale[c] + (double)layer->offset[c];
    case PLAIN_PAD:
        return plain_padded(layer, from, c, y, x);
    case PLAIN_CONVOLUTION:
        return plain_convolved(layer, from, c, y, x);
    case PLAIN_POOL:
        return plain_pooled(layer, from, c, y, x);
    default:
        return plain_at(from, c, y, x) > 0 ? plain_at(from, c, y, x) : 0;
    }
}

/* Computes layers 1..count-1 from layer 0, whose value is the picture. Shapes are set already; values are allocated
 * when they are NULL. */
static inline void plain_forward(PlainLayer *layers, int count) {
    for (int i = 1; i < count; i++) {
        PlainLayer *layer = &layers[i];
        if (!layer->value) layer->value = malloc(plain_count(layer) * sizeof(double));
        double *out = layer->value;
        for (int c = 0; c < layer->channels; c++)
            for (int y = 0; y < layer->height; y++)
                for (int x = 0; x < layer->width; x++) *out++ = plain_value(layer, &layers[layer->source], c, y, x);
    }
}

/* The function whose gradient the tests take: sum over tapped layers of v^2/2 + pull v, with pull(t,i) some fixed
 * numbers, so that the gradient at the tap is v + pull. */
static inline double plain_pull(int layer, size_t i) {
    return (double)((i * 2654435761u + (size_t)layer * 40503u) % 1000u) / 500.0 - 1.0;
}

static inline double plain_objective(PlainLayer *layers, int count) {
    double sum = 0;
    plain_forward(layers, count);
    for (int t = 0; t < count; t++)
        for (size_t i = 0; layers[t].tapped && i < plain_count(&layers[t]); i++)
            sum += layers[t].value[i] * (layers[t].value[i] / 2 + plain_pull(t, i));
    return sum;
}

/* Derivative of the objective by number `pixel` of the picture. The objective is quadratic between the kinks of ReLUs
 * and maxima, where central differences are exact; *smooth tells whether two steps agree, so that no kink is near. */
static inline double plain_derivative(PlainLayer *layers, int count, size_t pixel, bool *smooth) {
    double *at = &layers[0].value[pixel], start = *at, slopes[2];
    for (int i = 0; i < 2; i++) {
        double step = i == 0 ? 1e-5 : 2e-6;
        *at = start + step;
        double above = plain_objective(layers, count);
        *at = start - step;
        slopes[i] = (above - plain_objective(layers, count)) / (2 * step);
    }
    *at = start;
    double apart = slopes[0] - slopes[1], size = slopes[0] < 0 ? -slopes[0] : slopes[0];
    *smooth = (apart < 0 ? -apart : apart) < 1e-5 * (1 + size);
    return slopes[1];
}

#endif
