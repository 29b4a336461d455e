#include "method/analogy/plane.h"

#include "base/memory.h"
#include "base/threads.h"
#include <string.h>

enum { RIM = IMP_ANALOGY_RIM, REACH = 2 };

static const float binomial[2 * REACH + 1] = {1.0f / 16, 4.0f / 16, 6.0f / 16, 4.0f / 16, 1.0f / 16};

ImpStatus imp_analogy_plane_new(int width, int height, int channels, ImpAnalogyPlane *out, ImpError *error) {
    size_t row = ((size_t)width + (size_t)(2 * RIM)) * (size_t)channels;
    *out = (ImpAnalogyPlane){.width = width, .height = height, .channels = channels, .row = row};
    return IMP_ALLOC(&out->numbers, row * ((size_t)height + (size_t)(2 * RIM)), "level of the pyramid", error);
}

void imp_analogy_plane_clear(ImpAnalogyPlane *plane) {
    imp_free(plane->numbers);
    *plane = (ImpAnalogyPlane){0};
}

void imp_analogy_plane_spread(ImpAnalogyPlane *plane) {
    size_t pixel = (size_t)plane->channels * sizeof(float);
    for (int y = 0; y < plane->height; y++)
        for (int i = 1; i <= RIM; i++) {
            memcpy(imp_analogy_at(plane, -i, y), imp_analogy_at(plane, 0, y), pixel);
            memcpy(imp_analogy_at(plane, plane->width - 1 + i, y), imp_analogy_at(plane, plane->width - 1, y), pixel);
        }
    for (int i = 1; i <= RIM; i++) {
        memcpy(imp_analogy_at(plane, -RIM, -i), imp_analogy_at(plane, -RIM, 0), plane->row * sizeof(float));
        memcpy(imp_analogy_at(plane, -RIM, plane->height - 1 + i), imp_analogy_at(plane, -RIM, plane->height - 1),
               plane->row * sizeof(float));
    }
}

typedef struct Halve {
    const ImpAnalogyPlane *from;
    ImpAnalogyPlane *to;
} Halve;

static void halve_row(void *context, size_t index) {
    const Halve *halve = context;
    int y = (int)index, channels = halve->from->channels;
    for (int x = 0; x < halve->to->width; x++) {
        float *out = imp_analogy_at(halve->to, x, y);
        for (int j = -REACH; j <= REACH; j++)
            for (int i = -REACH; i <= REACH; i++) {
                const float *in = imp_analogy_at(halve->from, 2 * x + i, 2 * y + j);
                float weight = binomial[j + REACH] * binomial[i + REACH];
                for (int c = 0; c < channels; c++) out[c] += weight * in[c];
            }
    }
}

ImpStatus imp_analogy_plane_halve(const ImpAnalogyPlane *plane, ImpAnalogyPlane *out, ImpError *error) {
    ImpStatus status =
        imp_analogy_plane_new((plane->width + 1) / 2, (plane->height + 1) / 2, plane->channels, out, error);
    if (status != IMP_OK) return status;
    Halve halve = {plane, out};
    imp_parallel((size_t)out->height, halve_row, &halve);
    imp_analogy_plane_spread(out);
    return IMP_OK;
}
