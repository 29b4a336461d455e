#include "compute/graph/node.h"

/* A picture's numbers as a network wants them: channels picked, scaled and shifted. */

typedef struct Normalise {
    int from[3];
    float scale[3], offset[3];
} Normalise;

/* Channel c of image n, and the one it is made from. */
static void channel_of(const ImpNode *node, size_t n, int c, size_t *from, size_t *to) {
    const Normalise *normalise = node->state;
    size_t places = imp_shape_places(node->shape);
    *from = (3 * n + (size_t)normalise->from[c]) * places;
    *to = (3 * n + (size_t)c) * places;
}

static bool forward(ImpNode *node, float *scratch) {
    (void)scratch;
    const Normalise *normalise = node->state;
    size_t from, to, places = imp_shape_places(node->shape), images = imp_shape_images(node->shape);
    for (size_t n = 0; n < images; n++)
        for (int c = 0; c < 3; c++) {
            channel_of(node, n, c, &from, &to);
            const float *source = node->source->value + from;
            float *target = node->value + to, scale = normalise->scale[c], offset = normalise->offset[c];
            for (size_t i = 0; i < places; i++) target[i] = source[i] * scale + offset;
        }
    return true;
}

static bool backward(ImpNode *node, float *scratch, const ImpInto into[2]) {
    (void)scratch;
    const Normalise *normalise = node->state;
    size_t from, to, places = imp_shape_places(node->shape), images = imp_shape_images(node->shape);
    for (size_t n = 0; n < images && into[0] != IMP_INTO_NOTHING; n++)
        for (int c = 0; c < 3; c++) {
            channel_of(node, n, c, &from, &to);
            const float *gradient = node->gradient + to;
            float *target = node->source->gradient + from, scale = normalise->scale[c];
            for (size_t i = 0; i < places; i++) target[i] = gradient[i] * scale + (into[0] == IMP_ADD ? target[i] : 0);
        }
    return true;
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
