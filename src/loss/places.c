#include "loss/places.h"

#include "base/memory.h"
#include "base/threads.h"
#include <math.h>

enum { LANES = 16 }; /* in the widest layout */

ImpStatus imp_places_begin(const float *weights, ImpShape shape, ImpPlaces *out, ImpError *error) {
    size_t places = imp_shape_places(shape), floats = imp_tensor_floats(shape, IMP_LAYOUT_BLOCKED, LANES);
    *out = (ImpPlaces){.sum = (double)places};
    if (!weights) return IMP_OK;
    ImpStatus status = IMP_ALLOC(&out->roots, places, "mask", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->activation, floats, "mask", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->product, floats, "mask", error);
    if (status != IMP_OK) {
        imp_places_end(out);
        return status;
    }
    out->sum = 0;
    for (size_t i = 0; i < places; i++) {
        out->sum += (double)weights[i];
        out->roots[i] = sqrtf(weights[i]);
    }
    return IMP_OK;
}

void imp_places_end(ImpPlaces *places) {
    imp_free(places->roots);
    imp_free(places->activation);
    imp_free(places->product);
    *places = (ImpPlaces){0};
}

ImpTensor imp_places_weighed(const ImpPlaces *places, const ImpTensor *activation) {
    ImpTensor weighed = *activation;
    if (places->roots) weighed.data = places->activation;
    return weighed;
}

/* One channel block of one row after the other: to = roots from, or to += roots from. */
typedef struct Pass {
    const float *roots, *from;
    float *to;
    size_t width, height, block;
    bool add;
} Pass;

static void weigh_row(void *context, size_t row) {
    const Pass *pass = context;
    size_t first = row * pass->width * pass->block;
    const float *roots = pass->roots + row % pass->height * pass->width;
    for (size_t x = 0; x < pass->width; x++)
        for (size_t lane = 0; lane < pass->block; lane++) {
            size_t i = first + x * pass->block + lane;
            float product = roots[x] * pass->from[i];
            pass->to[i] = pass->add ? pass->to[i] + product : product;
        }
}

static void weigh(const ImpPlaces *places, const ImpTensor *like, int row, const float *from, float *to, bool add) {
    size_t block = (size_t)like->block, blocks = ((size_t)like->shape.channels + block - 1) / block;
    Pass pass = {.roots = places->roots + (size_t)row * (size_t)like->shape.width,
                 .from = from,
                 .to = to,
                 .width = (size_t)like->shape.width,
                 .height = (size_t)like->shape.height,
                 .block = block,
                 .add = add};
    imp_parallel(blocks * pass.height, weigh_row, &pass);
}

ImpTensor imp_places_weigh(ImpPlaces *places, const ImpTensor *activation, int row) {
    if (places->roots) weigh(places, activation, row, activation->data, places->activation, false);
    return imp_places_weighed(places, activation);
}

void imp_places_add_product(const ImpPlaces *places, const ImpTensor *gradient, int row) {
    weigh(places, gradient, row, places->product, gradient->data, true);
}
