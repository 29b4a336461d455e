#include "feature/extractor.h"

#include "base/error.h"
#include "base/memory.h"
#include <assert.h>
#include <string.h>

struct ImpExtractor {
    ImpGraph *graph;
    ImpNode *taps[IMP_VGG_MAX_TAPS];
    size_t n_taps;
    ImpShape input;
};

ImpStatus imp_extractor_new(const ImpVggWeights *weights, const ImpVggSpec *spec, int height, int width, bool backward,
                            ImpExtractor **out, ImpError *error) {
    assert(spec->n_taps <= IMP_VGG_MAX_TAPS);
    ImpStatus status = IMP_ALLOC(out, 1, "feature extractor", error);
    if (status != IMP_OK) return status;
    ImpExtractor *e = *out;
    e->n_taps = spec->n_taps;
    e->input = (ImpShape){3, height, width, 1};
    status = imp_vgg_graph_new(weights, spec, e->input, backward, e->taps, &e->graph, error);
    if (status != IMP_OK) imp_extractor_free(out);
    return status;
}

void imp_extractor_free(ImpExtractor **extractor) {
    if (!*extractor) return;
    imp_graph_free(&(*extractor)->graph);
    imp_free(*extractor);
    *extractor = NULL;
}

size_t imp_extractor_bytes(const ImpExtractor *extractor) {
    return imp_graph_bytes(extractor->graph);
}

ImpStatus imp_extractor_forward(ImpExtractor *extractor, const float *rgb, ImpError *error) {
    return imp_graph_run(extractor->graph, rgb, error);
}

ImpTensor imp_extractor_value(const ImpExtractor *extractor, size_t tap) {
    assert(tap < extractor->n_taps);
    return imp_graph_value(extractor->taps[tap]);
}

typedef struct Visit {
    const ImpExtractor *extractor;
    ImpTapGradient tap_gradient;
    void *context;
} Visit;

/* A node may be tapped under several names' indices. */
static void visit_node(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    const Visit *visit = context;
    for (size_t i = 0; i < visit->extractor->n_taps; i++)
        if (visit->extractor->taps[i] == node) visit->tap_gradient(visit->context, i, value, gradient);
}

ImpStatus imp_extractor_backward(ImpExtractor *extractor, ImpTapGradient tap_gradient, void *context,
                                 float *rgb_gradient, ImpError *error) {
    Visit visit = {.extractor = extractor, .tap_gradient = tap_gradient, .context = context};
    const float *gradient;
    ImpStatus status = imp_graph_backward(extractor->graph, visit_node, &visit, &gradient, error);
    if (status == IMP_OK) memcpy(rgb_gradient, gradient, imp_shape_count(extractor->input) * sizeof *gradient);
    return status;
}
