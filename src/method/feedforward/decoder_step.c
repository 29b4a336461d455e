#include "method/feedforward/decoder_step.h"

#include "base/error.h"
#include "base/memory.h"
#include "method/rows.h"

static ImpShape pictures_of(const ImpTrainTask *task) {
    return (ImpShape){3, task->settings.crop, task->settings.crop, task->settings.batch};
}

static ImpStatus read_encoder(ImpDecoderStep *step, const ImpParams *params, ImpError *error) {
    return imp_vgg_weights_read(imp_params_text(params, "model"), imp_row_model_input(params), &step->encoder, error);
}

static void list_values(ImpTrainTask *task, const ImpDecoder *decoder) {
    task->values = decoder->values;
    task->count = decoder->count;
    for (int i = 0; i < decoder->n_layers; i++)
        task->decayed[task->n_decayed++] = (ImpRange){decoder->layers[i].weight, decoder->layers[i].bias};
}

ImpStatus imp_decoder_step_encode(const ImpDecoderStep *step, const char *layer, bool plan, ImpNode **out,
                                  ImpGraph **graph, ImpError *error) {
    ImpVggSpec spec = {.max_pooling = true, .padding = IMP_PADDING_REFLECT, .taps = &layer, .n_taps = 1, .n_bare = 1};
    ImpStatus status = imp_graph_new(pictures_of(step->task), graph, error);
    if (status == IMP_OK) status = imp_vgg_build(*graph, step->encoder, &spec, out, error);
    return status == IMP_OK && plan ? imp_graph_plan(*graph, false, error) : status;
}

ImpStatus imp_decoder_step_see(const ImpDecoderStep *step, const char *const *taps, size_t n, bool backward,
                               ImpNode **nodes, ImpGraph **graph, ImpError *error) {
    ImpVggSpec spec = {.max_pooling = true, .padding = IMP_PADDING_REFLECT, .taps = taps, .n_taps = n};
    return imp_vgg_graph_new(step->encoder, &spec, pictures_of(step->task), backward, nodes, graph, error);
}

/* Features of a batch of crops, which are multiples of the decoder's factor. */
static ImpStatus make_decode(ImpDecoderStep *step, ImpError *error) {
    ImpTrainTask *task = step->task;
    int side = task->settings.crop / imp_decoder_factor(step->decoder);
    ImpShape shape = {step->decoder->layers[0].in, side, side, task->settings.batch};
    ImpStatus status = imp_graph_new_blocked(shape, &step->decode, error);
    if (status != IMP_OK) return status;
    step->result = imp_graph_input(step->decode);
    status = imp_decoder_build(step->decode, step->decoder, task->gradient, &step->result, error);
    if (status != IMP_OK) return status;
    imp_graph_tap(step->result);
    return imp_graph_plan(step->decode, true, error);
}

ImpStatus imp_decoder_step_open(ImpDecoderStep *step, ImpTrainTask *task, const ImpParams *params, const char *layer,
                                const char *const *taps, size_t n, ImpError *error) {
    *step = (ImpDecoderStep){.task = task};
    ImpStatus status = read_encoder(step, params, error);
    if (status == IMP_OK) status = imp_decoder_new(step->encoder, layer, task->settings.seed, &step->decoder, error);
    if (status != IMP_OK) return status;
    list_values(task, step->decoder);
    imp_train_add_trait(task, "model_sha256", step->encoder->sha256, "model");
    status = IMP_ALLOC(&task->gradient, task->count, "gradient", error);
    if (status == IMP_OK) status = make_decode(step, error);
    return status == IMP_OK ? imp_decoder_step_see(step, taps, n, true, step->taps, &step->look, error) : status;
}

void imp_decoder_step_close(ImpDecoderStep *step) {
    imp_graph_free(&step->decode);
    imp_graph_free(&step->look);
    imp_decoder_free(&step->decoder);
    imp_vgg_weights_free(&step->encoder);
}

ImpStatus imp_decoder_step_forward(ImpDecoderStep *step, const ImpTensor *code, ImpError *error) {
    ImpStatus status = imp_graph_run(step->decode, code->data, error);
    return status == IMP_OK ? imp_graph_run(step->look, imp_graph_value(step->result).data, error) : status;
}

static void pull(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    const ImpDecoderStep *step = context;
    (void)node;
    for (size_t i = 0; i < imp_shape_count(value->shape); i++) gradient->data[i] += step->slope[i];
}

ImpStatus imp_decoder_step_back(ImpDecoderStep *step, ImpGradientAt gradient_at, void *context, ImpError *error) {
    ImpStatus status = imp_graph_backward(step->look, gradient_at, context, &step->slope, error);
    return status == IMP_OK ? imp_graph_backward(step->decode, pull, step, NULL, error) : status;
}
