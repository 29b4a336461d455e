#include "compute/graph/node.h"

/* A picture's numbers as a network wants them: channels picked, scaled and shifted. */

typedef struct Normalise {
    int from[3];
    float scale[3], offset[3];
} Normalise;

static bool forward(ImpNode *node, float *scratch) {
    (void)scratch;
    const Normalise *n = node->state;
    size_t places = imp_shape_places(node->shape);
    for (int c = 0; c < 3; c++) {
        const float *source = node->source->value + (size_t)n->from[c] * places;
        float *target = node->value + (size_t)c * places, scale = n->scale[c], offset = n->offset[c];
        for (size_t i = 0; i < places; i++) target[i] = source[i] * scale + offset;
    }
    return true;
}

static void backward(ImpNode *node, float *scratch, bool accumulate) {
    (void)scratch;
    const Normalise *n = node->state;
    size_t places = imp_shape_places(node->shape);
    for (int c = 0; c < 3; c++) {
        const float *gradient = node->gradient + (size_t)c * places;
        float *target = node->source->gradient + (size_t)n->from[c] * places, scale = n->scale[c];
        for (size_t i = 0; i < places; i++) target[i] = gradient[i] * scale + (accumulate ? target[i] : 0);
    }
}

static const ImpOp normalise = {.name = "normalise", .forward = forward, .backward = backward};

ImpStatus imp_graph_normalise(ImpGraph *graph, ImpNode *source, const int from[3], const float scale[3],
                              const float offset[3], ImpNode **out, ImpError *error) {
    ImpStatus status =
        imp_graph_add(graph, &normalise, source, source->shape, IMP_LAYOUT_PLAIN, sizeof(Normalise), out, error);
    if (status != IMP_OK) return status;
    Normalise *n = (*out)->state;
    for (int c = 0; c < 3; c++) {
        n->from[c] = from[c];
        n->scale[c] = scale[c];
        n->offset[c] = offset[c];
    }
    return IMP_OK;
}
