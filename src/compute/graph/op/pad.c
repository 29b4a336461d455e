#include "compute/graph/node.h"

#include <string.h>

/* One more pixel on each side of a plain tensor. */

typedef struct Pad {
    ImpPadding padding;
} Pad;

/* Where the pixel at `i` of -1..side comes from; -1 for a zero. */
static int source_of(ImpPadding padding, int i, int side) {
    if (i >= 0 && i < side) return i;
    if (padding == IMP_PADDING_ZERO) return -1;
    if (padding == IMP_PADDING_REPLICATE || side == 1) return i < 0 ? 0 : side - 1;
    return i < 0 ? 1 : side - 2;
}

static bool forward(ImpNode *node, float *scratch) {
    (void)scratch;
    const Pad *pad = node->state;
    ImpShape from = node->source->shape, to = node->shape;
    float *target = node->value;
    for (int c = 0; c < to.channels; c++) {
        const float *plane = node->source->value + (size_t)c * imp_shape_places(from);
        for (int y = 0; y < to.height; y++) {
            int row = source_of(pad->padding, y - 1, from.height);
            for (int x = 0; x < to.width; x++) {
                int column = source_of(pad->padding, x - 1, from.width);
                *target++ = row < 0 || column < 0 ? 0 : plane[(size_t)row * (size_t)from.width + (size_t)column];
            }
        }
    }
    return true;
}

static void backward(ImpNode *node, float *scratch, bool accumulate) {
    (void)scratch;
    const Pad *pad = node->state;
    ImpShape from = node->source->shape, to = node->shape;
    if (!accumulate) memset(node->source->gradient, 0, imp_shape_count(from) * sizeof(float));
    const float *gradient = node->gradient;
    for (int c = 0; c < to.channels; c++) {
        float *plane = node->source->gradient + (size_t)c * imp_shape_places(from);
        for (int y = 0; y < to.height; y++) {
            int row = source_of(pad->padding, y - 1, from.height);
            for (int x = 0; x < to.width; x++, gradient++) {
                int column = source_of(pad->padding, x - 1, from.width);
                if (row >= 0 && column >= 0) plane[(size_t)row * (size_t)from.width + (size_t)column] += *gradient;
            }
        }
    }
}

static const ImpOp pad = {.name = "pad", .forward = forward, .backward = backward};

ImpStatus imp_graph_pad(ImpGraph *graph, ImpNode *source, ImpPadding padding, ImpNode **out, ImpError *error) {
    ImpShape shape = {source->shape.channels, source->shape.height + 2, source->shape.width + 2};
    ImpStatus status = imp_graph_add(graph, &pad, source, shape, IMP_LAYOUT_PLAIN, sizeof(Pad), out, error);
    if (status == IMP_OK) ((Pad *)(*out)->state)->padding = padding;
    return status;
}
