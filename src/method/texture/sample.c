#include "method/texture/sample.h"

#include "base/error.h"
#include "base/memory.h"
#include "compute/kernel/window.h"

static const float least_alpha = 0.5f; /* what is seen less is not copied */

static ImpStatus allocate(int width, int height, bool masked, ImpTextureSample *out, ImpError *error) {
    size_t places = (size_t)width * (size_t)height;
    *out = (ImpTextureSample){.width = width, .height = height};
    ImpStatus status = IMP_ALLOC(&out->numbers, 3 * places + IMP_WINDOW_LANES, "texture", error);
    if (status == IMP_OK && masked) status = IMP_ALLOC(&out->known, places, "texture's mask", error);
    if (status != IMP_OK) imp_texture_sample_clear(out);
    return status;
}

void imp_texture_sample_clear(ImpTextureSample *sample) {
    imp_free(sample->numbers);
    imp_free(sample->known);
    *sample = (ImpTextureSample){0};
}

ImpStatus imp_texture_sample_new(const ImpImage *image, const bool *hole, ImpTextureSample *out, ImpError *error) {
    size_t places = (size_t)image->width * (size_t)image->height;
    ImpStatus status = allocate(image->width, image->height, hole || image->alpha, out, error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < places; i++)
        for (size_t c = 0; c < 3; c++) out->numbers[3 * i + c] = image->rgb[c * places + i];
    out->n_known = places;
    if (!out->known) return IMP_OK;
    out->n_known = 0;
    for (size_t i = 0; i < places; i++) {
        out->known[i] = !(hole && hole[i]) && !(image->alpha && image->alpha[i] < least_alpha);
        out->n_known += out->known[i];
    }
    return IMP_OK;
}

/* Pixel (x,y) of the half: the mean of those around (2x,2y) that are known, by their weights, or of all where none is.
 */
static void halve_pixel(const ImpTextureSample *from, int x, int y, ImpTextureSample *to) {
    static const float taps[5] = {1, 4, 6, 4, 1};
    float sum[2][3] = {{0}}, weight[2] = {0}; /* of all, and of those known */
    bool whole = true;
    for (int j = -2; j <= 2; j++)
        for (int i = -2; i <= 2; i++) {
            int u = 2 * x + i, v = 2 * y + j;
            if (u < 0 || u >= from->width || v < 0 || v >= from->height) continue;
            int place = v * from->width + u;
            bool known = imp_texture_known(from, place);
            whole &= known;
            for (int k = 0; k <= known; k++) {
                float tap = taps[i + 2] * taps[j + 2];
                for (int c = 0; c < 3; c++) sum[k][c] += tap * from->numbers[3 * (size_t)place + (size_t)c];
                weight[k] += tap;
            }
        }
    size_t place = (size_t)y * (size_t)to->width + (size_t)x;
    int k = weight[1] > 0;
    for (int c = 0; c < 3; c++) to->numbers[3 * place + (size_t)c] = sum[k][c] / weight[k];
    if (to->known) to->known[place] = whole;
    to->n_known += whole;
}

ImpStatus imp_texture_sample_halve(const ImpTextureSample *sample, ImpTextureSample *out, ImpError *error) {
    ImpStatus status = allocate((sample->width + 1) / 2, (sample->height + 1) / 2, sample->known, out, error);
    if (status != IMP_OK) return status;
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++) halve_pixel(sample, x, y, out);
    return IMP_OK;
}
