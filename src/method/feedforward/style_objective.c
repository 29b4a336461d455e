#include "method/feedforward/style_objective.h"

#include "base/error.h"
#include "base/memory.h"
#include "loss/loss.h"
#include "method/feedforward/squares.h"
#include "method/picture.h"
#include "network/vgg.h"

/* One use of a tap: a style loss, shared by all images, or the content of each. */
typedef struct Term {
    size_t tap; /* in the graph of what is made */
    ImpLoss *loss;
    const ImpNode *target; /* in the graph of the photographs */
    double weight;         /* of the mean of squares */
    double *total;
} Term;

struct ImpStyleObjective {
    int images, side;
    ImpGraph *photo_graph, *made_graph;
    ImpNode *photo_taps[IMP_TRAIN_MAX_LAYERS], *made_taps[2 * IMP_TRAIN_MAX_LAYERS + 1];
    const char *names[2 * IMP_TRAIN_MAX_LAYERS + 1]; /* of made_taps */
    size_t n_taps;
    Term terms[2 * IMP_TRAIN_MAX_LAYERS + 1];
    size_t n_terms;
    ImpStyleLosses losses;
    ImpStatus status; /* of a term in the backward pass */
    ImpError error;
};

static size_t pixels_of(const ImpStyleObjective *o) {
    return 3 * (size_t)o->images * (size_t)o->side * (size_t)o->side;
}

static ImpStatus build(const ImpVggWeights *vgg, ImpShape shape, const char *const *names, size_t n, bool backward,
                       ImpNode **taps, ImpGraph **out, ImpError *error) {
    ImpVggSpec spec = {.max_pooling = true, .padding = IMP_PADDING_ZERO, .taps = names, .n_taps = n};
    return imp_vgg_graph_new(vgg, &spec, shape, backward, taps, out, error);
}

static void list_names(const ImpTrainLayers *layers, const char **names) {
    for (size_t i = 0; i < layers->count; i++) names[i] = layers->list[i].layer;
}

/* --- the painting ------------------------------------------------------------------------------------------------- */

static ImpShape one_image(const ImpNode *node) {
    ImpShape shape = imp_graph_shape(node);
    shape.images = 1;
    return shape;
}

/* The loss of style layer `index` towards what its tap in the painting's graph holds. */
static ImpStatus add_style_term(ImpStyleObjective *o, const ImpVggWeights *vgg, const ImpNode *style_tap, size_t tap,
                                double weight, ImpError *error) {
    ImpTensor value = imp_graph_value(style_tap);
    int counted = imp_vgg_counted_channels(vgg, o->names[tap], value.shape.channels);
    size_t channels = (size_t)value.shape.channels;
    double *target;
    Term *term = &o->terms[o->n_terms];
    ImpStatus status = IMP_ALLOC(&target, channels * channels, "Gram matrix", error);
    if (status != IMP_OK) return status;
    *term = (Term){.tap = tap, .total = &o->losses.style};
    status = imp_gram_target(IMP_NORMALISE_MEAN, &value, counted, NULL, target, error);
    if (status == IMP_OK)
        status = imp_gram_loss_new(tap, weight / o->images, IMP_NORMALISE_MEAN, target, one_image(o->made_taps[tap]),
                                   counted, NULL, &term->loss, error);
    if (status == IMP_OK) o->n_terms++;
    imp_free(target);
    return status;
}

static ImpStatus add_style(ImpStyleObjective *o, const ImpVggWeights *vgg, const ImpTrainStyleSettings *s,
                           const ImpImage *style, ImpError *error) {
    const char *names[IMP_TRAIN_MAX_LAYERS];
    ImpNode *taps[IMP_TRAIN_MAX_LAYERS];
    ImpGraph *graph = NULL;
    ImpImage *prepared;
    int width, height;
    double scale = imp_vgg_feature_scale(vgg);
    imp_image_fit(style->width, style->height, s->style_size, &width, &height);
    ImpStatus status = imp_picture_prepare(style, width, height, &prepared, error);
    if (status != IMP_OK) return status;
    list_names(&s->style_layers, names);
    status = build(vgg, (ImpShape){3, height, width, 1}, names, s->style_layers.count, false, taps, &graph, error);
    if (status == IMP_OK) status = imp_graph_run(graph, prepared->rgb, error);
    for (size_t i = 0; i < s->style_layers.count && status == IMP_OK; i++)
        status =
            add_style_term(o, vgg, taps[i], i,
                           s->style_weight * s->style_layers.list[i].weight * scale * scale * scale * scale, error);
    imp_graph_free(&graph);
    imp_image_free(&prepared);
    return status;
}

/* --- making ------------------------------------------------------------------------------------------------------- */

static void add_content(ImpStyleObjective *o, const ImpVggWeights *vgg, const ImpTrainStyleSettings *s) {
    double scale = imp_vgg_feature_scale(vgg);
    for (size_t i = 0; i < s->content_layers.count; i++) {
        int own = imp_graph_shape(o->photo_taps[i]).channels;
        int counted = imp_vgg_counted_channels(vgg, s->content_layers.list[i].layer, own);
        o->terms[o->n_terms++] =
            (Term){.tap = s->style_layers.count + i,
                   .target = o->photo_taps[i],
                   .weight = s->content_weight * s->content_layers.list[i].weight * scale * scale * own / counted,
                   .total = &o->losses.content};
    }
}

static ImpStatus add_tv(ImpStyleObjective *o, double weight, ImpError *error) {
    Term *term = &o->terms[o->n_terms];
    if (weight == 0) return IMP_OK;
    *term = (Term){.tap = o->n_taps - 1, .total = &o->losses.tv};
    ImpStatus status = imp_tv_loss_new(term->tap, weight / o->images, IMP_TV_MEAN_SQUARED,
                                       one_image(o->made_taps[term->tap]), &term->loss, error);
    if (status == IMP_OK) o->n_terms++;
    return status;
}

/* The taps are the style layers, the content layers, and the picture itself. */
static ImpStatus build_graphs(ImpStyleObjective *o, const ImpVggWeights *vgg, const ImpTrainStyleSettings *s,
                              ImpError *error) {
    const char *content[IMP_TRAIN_MAX_LAYERS];
    ImpShape shape = {3, o->side, o->side, o->images};
    list_names(&s->style_layers, o->names);
    list_names(&s->content_layers, o->names + s->style_layers.count);
    list_names(&s->content_layers, content);
    o->n_taps = s->style_layers.count + s->content_layers.count;
    o->names[o->n_taps++] = "image";
    ImpStatus status =
        build(vgg, shape, content, s->content_layers.count, false, o->photo_taps, &o->photo_graph, error);
    if (status == IMP_OK) status = build(vgg, shape, o->names, o->n_taps, true, o->made_taps, &o->made_graph, error);
    return status;
}

ImpStatus imp_style_objective_new(const ImpVggWeights *vgg, const ImpTrainStyleSettings *settings,
                                  const ImpImage *style, int images, int side, ImpStyleObjective **out,
                                  ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "losses", error);
    if (status != IMP_OK) return status;
    ImpStyleObjective *o = *out;
    o->images = images;
    o->side = side;
    status = build_graphs(o, vgg, settings, error);
    if (status == IMP_OK) status = add_style(o, vgg, settings, style, error);
    if (status == IMP_OK) add_content(o, vgg, settings);
    if (status == IMP_OK) status = add_tv(o, settings->tv_weight, error);
    if (status != IMP_OK) imp_style_objective_free(out);
    return status;
}

void imp_style_objective_free(ImpStyleObjective **objective) {
    ImpStyleObjective *o = *objective;
    if (!o) return;
    for (size_t i = 0; i < o->n_terms; i++) imp_loss_free(&o->terms[i].loss);
    imp_graph_free(&o->photo_graph);
    imp_graph_free(&o->made_graph);
    imp_free(o);
    *objective = NULL;
}

/* --- evaluating --------------------------------------------------------------------------------------------------- */

static double add_content_gradient(const Term *term, const ImpTensor *value, const ImpTensor *gradient) {
    ImpTensor target = imp_graph_value(term->target);
    double share = term->weight / (double)imp_shape_count(value->shape);
    return share * imp_add_squares(value, &target, 1, (float)(2 * share), gradient);
}

/* A node may be the tap of several terms. */
static void add_terms(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    ImpStyleObjective *o = context;
    for (size_t i = 0; i < o->n_terms && o->status == IMP_OK; i++) {
        const Term *term = &o->terms[i];
        if (o->made_taps[term->tap] != node) continue;
        if (term->target)
            *term->total += add_content_gradient(term, value, gradient);
        else
            o->status = imp_loss_add_images(term->loss, value, gradient, term->total, &o->error);
    }
}

ImpStatus imp_style_evaluate(ImpStyleObjective *o, const float *photos, const float *made, float *gradient,
                             ImpStyleLosses *losses, ImpError *error) {
    size_t count = pixels_of(o);
    float *input = imp_graph_input_data(o->made_graph);
    const float *slope;
    for (size_t i = 0; i < count; i++) input[i] = made[i] / 255;
    o->losses = (ImpStyleLosses){0};
    o->status = IMP_OK;
    ImpStatus status = imp_graph_run(o->photo_graph, photos, error);
    if (status == IMP_OK) status = imp_graph_forward(o->made_graph, error);
    if (status == IMP_OK) status = imp_graph_backward(o->made_graph, add_terms, o, &slope, error);
    if (status != IMP_OK) return status;
    if (o->status != IMP_OK) return imp_fail(error, o->status, "%s", o->error.message);
    for (size_t i = 0; i < count; i++) gradient[i] = slope[i] / 255;
    o->losses.total = o->losses.content + o->losses.style + o->losses.tv;
    *losses = o->losses;
    return IMP_OK;
}
