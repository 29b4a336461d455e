#include "method/feedforward/train_style.h"

#include "base/error.h"
#include "base/memory.h"
#include "method/feedforward/style_objective.h"
#include "method/feedforward/train_task.h"
#include "network/transform_net.h"
#include <string.h>

typedef struct Style {
    ImpTrainStyleSettings settings;
    char sha256[IMP_SHA256_TEXT]; /* of the painting */
    ImpVggWeights *vgg;
    ImpTransformNet *net;
    ImpStyleObjective *objective;
    ImpGraph *graph; /* of the network in training, and its last node, tapped */
    ImpNode *result;
    float *slope; /* (N,3,crop,crop) gradient at what is made */
} Style;

/* --- opening ------------------------------------------------------------------------------------------------------ */

static ImpStatus read_model(Style *style, ImpError *error) {
    return imp_vgg_weights_read(style->settings.model, style->settings.model_input, &style->vgg, error);
}

static ImpStatus make_objective(ImpTrainTask *task, ImpError *error) {
    Style *style = task->state;
    ImpImage *painting = NULL;
    ImpStatus status = imp_image_read(style->settings.style, 0, &painting, error);
    if (status == IMP_OK) status = imp_sha256_file(style->settings.style, style->sha256, error);
    if (status == IMP_OK)
        status = imp_style_objective_new(style->vgg, &style->settings, painting, task->settings.batch,
                                         task->settings.crop, &style->objective, error);
    imp_image_free(&painting);
    return status;
}

static ImpStatus start_from(ImpTrainTask *task, const ImpBundle *network, const char *path, ImpError *error) {
    const Style *style = task->state;
    ImpTransformNet *start;
    ImpStatus status = imp_transform_from_bundle(network, path, &start, error);
    if (status != IMP_OK) return status;
    if (memcmp(&start->shape, &style->net->shape, sizeof start->shape) != 0)
        status = imp_fail(error, IMP_ERROR_ARGUMENT,
                          "%.200s has another number of channels or residual blocks; give the width and the "
                          "residual-blocks that it was trained with",
                          path);
    else
        memcpy(task->values, start->values, start->count * sizeof *start->values);
    imp_transform_free(&start);
    return status;
}

static ImpStatus make_net(ImpTrainTask *task, ImpError *error) {
    Style *style = task->state;
    ImpTransformShape shape = imp_transform_shape(style->settings.width);
    shape.residuals = style->settings.residuals;
    ImpStatus status = imp_transform_new(shape, task->settings.seed, &style->net, error);
    if (status != IMP_OK) return status;
    task->values = style->net->values;
    task->count = style->net->count;
    task->n_decayed = (size_t)style->net->n_layers;
    for (size_t i = 0; i < task->n_decayed; i++)
        task->decayed[i] = (ImpRange){style->net->layers[i].weight, style->net->layers[i].bias};
    return IMP_OK;
}

static ImpStatus make_graph(ImpTrainTask *task, ImpError *error) {
    Style *style = task->state;
    ImpShape shape = {3, task->settings.crop, task->settings.crop, task->settings.batch};
    ImpStatus status = IMP_ALLOC(&style->slope, imp_train_pixels(task), "gradient", error);
    if (status == IMP_OK) status = IMP_ALLOC(&task->gradient, task->count, "gradient", error);
    if (status == IMP_OK) status = imp_graph_new(shape, &style->graph, error);
    if (status != IMP_OK) return status;
    style->result = imp_graph_input(style->graph);
    status = imp_transform_build(style->graph, style->net, task->gradient, &style->result, error);
    if (status != IMP_OK) return status;
    imp_graph_tap(style->result);
    return imp_graph_plan(style->graph, true, error);
}

static ImpStatus open_style(ImpTrainTask *task, const ImpParams *params, ImpError *error) {
    static const char *const losses[] = {"total", "content", "style", "tv"};
    Style *style;
    ImpStatus status = IMP_ALLOC(&style, 1, "training", error);
    if (status != IMP_OK) return status;
    task->state = style;
    imp_train_name_losses(task, losses, sizeof losses / sizeof *losses);
    status = imp_train_style_settings_read(params, &style->settings, error);
    if (status == IMP_OK) status = read_model(style, error);
    if (status == IMP_OK) status = make_objective(task, error);
    if (status == IMP_OK) status = make_net(task, error);
    if (status == IMP_OK) status = make_graph(task, error);
    if (status != IMP_OK) return status;
    imp_train_add_trait(task, "style_sha256", style->sha256, "painting");
    imp_train_add_trait(task, "model_sha256", style->vgg->sha256, "model");
    return IMP_OK;
}

static void free_style(ImpTrainTask *task) {
    Style *style = task->state;
    if (!style) return;
    imp_graph_free(&style->graph);
    imp_style_objective_free(&style->objective);
    imp_transform_free(&style->net);
    imp_vgg_weights_free(&style->vgg);
    imp_free(style->slope);
    imp_free(style);
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

static ImpStatus forward(ImpTrainTask *task, const float *photos, ImpError *error) {
    Style *style = task->state;
    float *input = imp_graph_input_data(style->graph);
    for (size_t i = 0; i < imp_train_pixels(task); i++) input[i] = 255 * photos[i];
    return imp_graph_forward(style->graph, error);
}

static ImpStatus show(ImpTrainTask *task, const float *photos, float *out, ImpError *error) {
    Style *style = task->state;
    ImpStatus status = forward(task, photos, error);
    if (status != IMP_OK) return status;
    const float *made = imp_graph_value(style->result).data;
    for (size_t i = 0; i < imp_train_pixels(task); i++) out[i] = made[i] / 255;
    return IMP_OK;
}

static void pull(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    const ImpTrainTask *task = context;
    const Style *style = task->state;
    (void)node, (void)value;
    for (size_t i = 0; i < imp_train_pixels(task); i++) gradient->data[i] += style->slope[i];
}

static ImpStatus add_batch(ImpTrainTask *task, const float *photos, double *losses, ImpError *error) {
    Style *style = task->state;
    ImpStyleLosses its;
    ImpStatus status = forward(task, photos, error);
    if (status == IMP_OK)
        status = imp_style_evaluate(style->objective, photos, imp_graph_value(style->result).data, style->slope, &its,
                                    error);
    if (status == IMP_OK) status = imp_graph_backward(style->graph, pull, task, NULL, error);
    if (status != IMP_OK) return status;
    losses[0] = its.total, losses[1] = its.content, losses[2] = its.style, losses[3] = its.tv;
    return IMP_OK;
}

static ImpStatus write(ImpTrainTask *task, const ImpNote *notes, size_t n, const char *path, ImpError *error) {
    const Style *style = task->state;
    return imp_transform_write(style->net, notes, n, path, task->settings.half, error);
}

static const ImpTrainTaskType type = {.training = &imp_train_style,
                                      .command = "'train style'",
                                      .format = "train style 2",
                                      .unit = 4,
                                      .open = open_style,
                                      .start = start_from,
                                      .add_batch = add_batch,
                                      .show = show,
                                      .write = write,
                                      .free = free_style};

static ImpStatus run(const ImpTrainingRequest *request, ImpTrainingResult *result, ImpError *error) {
    return imp_train_run(&type, request, result, error);
}

const ImpTraining imp_train_style = {
    .name = "style",
    .summary = "train a network that restyles any photograph in one pass, from one painting",
    .description =
        "Learns from a folder of photographs how to give any picture the style of one painting (Johnson, Alahi, "
        "Fei-Fei 2016), so that 'impasto apply' then does it in one pass. The losses are those of 'impasto stylize'; "
        "the defaults are the recipe of pytorch/examples fast_neural_style, whose files have the same layout.\n\n"
        "A network needs thousands of steps, hours on a few processors. What counts is to find the weights with a "
        "short training and --sample, and then to train long. Ctrl-C keeps the network so far and a checkpoint, from "
        "which --resume goes on to the same network, to the bit.",
    .examples =
        "impasto train style --style painting.jpg --photos ~/Pictures -o x.safetensors --sample now.png  # the recipe\n"
        "impasto train style --style painting.jpg --photos ~/Pictures -o x.safetensors --width 0.5 --half  # smaller "
        "and faster\n"
        "impasto train style --style painting.jpg --photos ~/Pictures -o x.safetensors --resume "
        "x.safetensors.checkpoint  # after Ctrl-C",
    .params = {imp_train_style_rows, IMP_TRAIN_STYLE_ROWS},
    .run = run,
};
