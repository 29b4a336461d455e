#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "image/light.h"
#include "image/resample.h"
#include "image/scale.h"
#include "impasto/image.h"
#include <math.h>
#include <string.h>

/* The result is made in bands of this many rows, one to a thread; every row depends on the input alone. */
enum { BAND = 64 };

typedef struct Resize {
    const ImpImage *in;
    ImpImage *out;
    ImpTaps x, y;
    bool linear;
    ImpStatus *status; /* (bands) */
} Resize;

/* One row of the input as the scaler wants it; pixels (width,4). */
static void pack_row(const ImpImage *in, int y, bool linear, float *pixels) {
    size_t plane = (size_t)in->width * (size_t)in->height;
    size_t at = (size_t)y * (size_t)in->width;
    for (size_t x = 0; x < (size_t)in->width; x++) {
        float alpha = in->alpha ? in->alpha[at + x] : 1;
        float weight = in->alpha ? alpha + imp_scale_alpha_floor : 1;
        for (size_t c = 0; c < 3; c++) {
            float value = in->rgb[c * plane + at + x];
            pixels[4 * x + c] = weight * (linear ? imp_light_from_srgb(value) : value);
        }
        pixels[4 * x + 3] = alpha;
    }
}

static ImpStatus resize_band(Resize *resize, int from, int to) {
    ImpScaler scaler;
    float *pixels = NULL;
    ImpStatus status = imp_scaler_new(&resize->x, &resize->y, resize->out, resize->linear, from, to, &scaler, NULL);
    if (status == IMP_OK) status = IMP_ALLOC(&pixels, 4 * (size_t)resize->in->width, "row", NULL);
    if (status == IMP_OK) {
        while (scaler.next < to) {
            pack_row(resize->in, scaler.row, resize->linear, pixels);
            imp_scaler_feed(&scaler, pixels);
        }
    }
    imp_free(pixels);
    imp_scaler_free(&scaler);
    return status;
}

static void run_band(void *context, size_t i) {
    Resize *resize = context;
    int from = (int)i * BAND;
    int to = from + BAND < resize->out->height ? from + BAND : resize->out->height;
    resize->status[i] = resize_band(resize, from, to);
}

static ImpStatus resize_bands(Resize *resize, ImpError *error) {
    size_t bands = ((size_t)resize->out->height + BAND - 1) / BAND;
    ImpStatus status = IMP_ALLOC(&resize->status, bands, "resize", error);
    if (status != IMP_OK) return status;
    imp_parallel(bands, run_band, resize);
    for (size_t i = 0; i < bands && status == IMP_OK; i++) status = resize->status[i];
    imp_free(resize->status);
    if (status == IMP_OK) return status;
    return imp_fail(error, status, "out of memory while resizing a picture to %dx%d pixels; use a smaller size",
                    resize->out->width, resize->out->height);
}

static ImpStatus resample(const ImpImage *in, ImpImage *out, ImpError *error) {
    Resize resize = {.in = in, .out = out};
    resize.linear = imp_scale_is_linear(in->width, in->height, out->width, out->height);
    ImpStatus status = imp_taps_new(in->width, out->width, &resize.x, error);
    if (status == IMP_OK) status = imp_taps_new(in->height, out->height, &resize.y, error);
    if (status == IMP_OK) status = resize_bands(&resize, error);
    imp_taps_free(&resize.x);
    imp_taps_free(&resize.y);
    return status;
}

ImpStatus imp_image_resize(const ImpImage *image, int width, int height, ImpImage **out, ImpError *error) {
    if (width == image->width && height == image->height) return imp_image_copy(image, out, error);
    ImpStatus status = imp_image_new(width, height, out, error);
    if (status != IMP_OK) return status;
    (*out)->bit_depth = image->bit_depth;
    if (image->alpha) status = imp_image_add_alpha(*out, error);
    if (status == IMP_OK) status = resample(image, *out, error);
    if (status != IMP_OK) imp_image_free(out);
    return status;
}
