#include "image/scale.h"

#include "base/error.h"
#include "base/memory.h"
#include "image/light.h"
#include <stdint.h>
#include <string.h>

bool imp_scale_is_linear(int in_width, int in_height, int out_width, int out_height) {
    return (int64_t)out_width * out_height < (int64_t)in_width * in_height;
}

ImpStatus imp_scaler_new(const ImpTaps *x, const ImpTaps *y, ImpImage *out, bool linear, int from, int to,
                         ImpScaler *scaler, ImpError *error) {
    *scaler = (ImpScaler){.x = x, .y = y, .out = out, .linear = linear, .next = from, .end = to};
    scaler->row = y->first[from];
    scaler->held = y->widest;
    size_t row = 4 * (size_t)x->out;
    ImpStatus status = IMP_ALLOC(&scaler->ring, (size_t)scaler->held * row, "resampled rows", error);
    if (status == IMP_OK) status = IMP_ALLOC(&scaler->finished, row, "resampled rows", error);
    if (status == IMP_OK) status = IMP_ALLOC(&scaler->sum, row, "resampled rows", error);
    if (status != IMP_OK) imp_scaler_free(scaler);
    return status;
}

void imp_scaler_free(ImpScaler *scaler) {
    imp_free(scaler->ring);
    imp_free(scaler->finished);
    imp_free(scaler->sum);
    *scaler = (ImpScaler){0};
}

static float clamp(float value) {
    return value > 0 ? (value < 1 ? value : 1) : 0;
}

/* Undoes the weighting by alpha and the light, and clamps away the filter's overshoot. */
static void store_row(const ImpScaler *scaler, int y) {
    ImpImage *out = scaler->out;
    size_t plane = (size_t)out->width * (size_t)out->height;
    size_t at = (size_t)y * (size_t)out->width;
    for (size_t x = 0; x < (size_t)out->width; x++) {
        const float *pixel = scaler->finished + 4 * x;
        float weight = 1;
        if (out->alpha) {
            float alpha = pixel[3] > 0 ? pixel[3] : 0;
            weight = 1 / (alpha + imp_scale_alpha_floor);
            out->alpha[at + x] = clamp(alpha);
        }
        for (size_t c = 0; c < 3; c++) {
            float value = pixel[c] * weight;
            out->rgb[c * plane + at + x] = scaler->linear ? imp_light_to_srgb(value) : clamp(value);
        }
    }
}

void imp_scaler_feed(ImpScaler *scaler, const float *pixels) {
    const ImpTaps *y = scaler->y;
    size_t slot = (size_t)(scaler->row % scaler->held);
    imp_resample_row(scaler->x, pixels, scaler->ring + slot * 4 * (size_t)scaler->x->out);
    scaler->row++;
    while (scaler->next < scaler->end && y->first[scaler->next] + y->count[scaler->next] <= scaler->row) {
        imp_resample_column(y, scaler->next, scaler->ring, scaler->held, scaler->x->out, scaler->sum, scaler->finished);
        store_row(scaler, scaler->next);
        scaler->next++;
    }
}
