#include "method/feedforward/train_adain.h"

#include "base/error.h"
#include "base/memory.h"
#include "feature/moments.h"
#include "image/photos.h"
#include "loss/loss.h"
#include "method/feedforward/decoder_step.h"
#include "method/feedforward/squares.h"
#include "method/feedforward/train_rows.h"
#include <math.h>
#include <string.h>

static const ImpParam rows[] = {
    IMP_TRAIN_ROW_PHOTOS,
    {.name = "paintings",
     .type = IMP_PARAM_FILE_IN,
     .group = "Files",
     .help = "the folder of paintings to learn on, with those below it",
     .aliases = "styles"},
    IMP_TRAIN_ROW_OUTPUT,

    {.name = "layer",
     .type = IMP_PARAM_TEXT,
     .fallback = "relu4_1",
     .group = "Network",
     .help = "where the photograph's features get the painting's means and deviations"},
    {.name = "style-layers",
     .type = IMP_PARAM_LAYERS,
     .fallback = "relu1_1,relu2_1,relu3_1,relu4_1",
     .minimum = 0,
     .maximum = 1e6,
     .group = "Network",
     .help = "where the picture is to have them in the end, with weights"},
    IMP_TRAIN_ROW_ENCODER,
    IMP_ROW_MODEL_INPUT,
    IMP_TRAIN_ROW_HALF,

    {.name = "content-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "1",
     .minimum = 0,
     .maximum = 1e9,
     .group = "Training",
     .help = "how closely the picture's features keep to those it was made from"},
    {.name = "style-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "10",
     .minimum = 0,
     .maximum = 1e9,
     .group = "Training",
     .help = "how closely the picture keeps to the painting's means and deviations"},
    {.name = "tv-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e9,
     .group = "Training",
     .help = "how much squared differences between neighbouring pixels cost; more is smoother"},
    IMP_TRAIN_ROWS_STEPS("8000", "4", "256", "1e-3", "cosine"),

    IMP_TRAIN_ROWS_RUN,
    IMP_TRAIN_ROWS_SAMPLE,
};

/* A style layer: the painting's moments, and those of the picture made, (N,C) each. */
typedef struct StyleTap {
    ImpNode *painting;
    size_t tap; /* in the decoder step */
    double weight, size;
    float *mean, *deviation, *made_mean, *made_deviation, *mean_slope, *deviation_slope;
} StyleTap;

typedef struct Adain {
    ImpTrainTask *task;
    ImpDecoderStep step;
    ImpPhotos *paintings;
    float *painted; /* (N,3,crop,crop) the paintings at hand */
    ImpGraph *content, *painting, *look;
    ImpNode *code, *painting_code; /* of photographs, renormalised; of paintings, as they are */
    ImpGraph *projection;          /* code to the features that the content loss compares */
    ImpNode *target;
    float *mean, *deviation; /* (N,C) of the paintings' code */
    ImpTrainLayers layers;
    StyleTap taps[IMP_TRAIN_MAX_LAYERS];
    double content_weight, style_weight, tv_weight, size;
    ImpLoss *tv; /* mean squared differences between neighbouring pixels, weighted; NULL where the weight is 0 */
    double *losses;
    ImpStatus status; /* of it in the backward pass */
    ImpError error;
} Adain;

/* Of the decoder step's taps: the picture, the layer decoded from, then the style layers. */
enum { IMAGE, CONTENT, STYLES };

/* --- opening ------------------------------------------------------------------------------------------------------ */

static ImpStatus open_paintings(ImpTrainTask *task, const ImpParams *params, ImpError *error) {
    Adain *a = task->state;
    const ImpTrainSettings *s = &task->settings;
    const char *folder = imp_params_text(params, "paintings");
    ImpPhotosOptions options = imp_photos_defaults();
    if (!folder)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "there are no paintings to learn on: give --paintings FOLDER");
    options.paths = &folder;
    options.n_paths = 1;
    options.seed = s->seed + 1;
    options.crop = s->crop;
    options.batch = s->batch;
    options.largest = s->largest;
    ImpStatus status = IMP_ALLOC(&a->painted, imp_train_pixels(task), "paintings", error);
    if (status == IMP_OK) status = imp_photos_new(&options, &a->paintings, error);
    if (status != IMP_OK) return status;
    imp_train_add_trait(task, "paintings_fingerprint", imp_photos_fingerprint(a->paintings), "set of paintings");
    return IMP_OK;
}

static ImpStatus make_content(Adain *a, const char *layer, ImpError *error) {
    ImpNode *features;
    ImpStatus status = imp_decoder_step_encode(&a->step, layer, false, &features, &a->content, error);
    if (status == IMP_OK) status = imp_graph_adain(a->content, features, &a->code, error);
    if (status != IMP_OK) return status;
    imp_graph_tap(a->code);
    status = imp_graph_plan(a->content, false, error);
    if (status == IMP_OK)
        status = imp_decoder_step_encode(&a->step, layer, true, &a->painting_code, &a->painting, error);
    ImpShape shape = imp_graph_shape(a->code);
    size_t numbers = imp_shape_images(shape) * (size_t)shape.channels;
    if (status == IMP_OK) status = IMP_ALLOC(&a->mean, numbers, "style", error);
    return status == IMP_OK ? IMP_ALLOC(&a->deviation, numbers, "style", error) : status;
}

/* The features that losses see are projections of the code, where the encoder has them. */
static ImpStatus make_projection(Adain *a, const char *layer, ImpError *error) {
    const ImpVggConv *conv = &a->step.encoder->convs[imp_vgg_conv_of_relu(a->step.encoder, layer)];
    if (!conv->projection) return IMP_OK;
    ImpConvolution spec = {.out_channels = conv->projected, .kernel = 1, .weights = {.value = conv->projection}};
    ImpStatus status = imp_graph_new_blocked(imp_graph_shape(a->code), &a->projection, error);
    if (status == IMP_OK)
        status = imp_graph_convolution(a->projection, imp_graph_input(a->projection), &spec, &a->target, error);
    if (status != IMP_OK) return status;
    imp_graph_tap(a->target);
    return imp_graph_plan(a->projection, false, error);
}

static ImpStatus make_style_tap(StyleTap *tap, ImpError *error) {
    ImpShape shape = imp_graph_shape(tap->painting);
    size_t numbers = imp_shape_images(shape) * (size_t)shape.channels;
    float **arrays[] = {&tap->mean,           &tap->deviation,  &tap->made_mean,
                        &tap->made_deviation, &tap->mean_slope, &tap->deviation_slope};
    ImpStatus status = IMP_ALLOC(&tap->mean, 6 * numbers, "style", error);
    for (size_t i = 0; status == IMP_OK && i < 6; i++) *arrays[i] = tap->mean + i * numbers;
    return status;
}

static ImpStatus make_look(Adain *a, const char *const *names, ImpError *error) {
    ImpNode *nodes[IMP_TRAIN_MAX_LAYERS];
    ImpStatus status = imp_decoder_step_see(&a->step, names, a->layers.count, false, nodes, &a->look, error);
    for (size_t i = 0; i < a->layers.count && status == IMP_OK; i++) {
        a->taps[i] = (StyleTap){.painting = nodes[i], .tap = STYLES + i, .weight = a->layers.list[i].weight};
        status = make_style_tap(&a->taps[i], error);
    }
    return status;
}

static ImpStatus make_tv(Adain *a, ImpError *error) {
    const ImpTrainSettings *s = &a->task->settings;
    ImpShape one = {3, s->crop, s->crop, 1};
    double numbers = (double)imp_shape_count(one) * s->batch;
    if (a->tv_weight == 0) return IMP_OK;
    return imp_tv_loss_new(IMAGE, 2 * a->tv_weight / numbers, IMP_TV_SQUARED, one, &a->tv, error);
}

static ImpStatus open_adain(ImpTrainTask *task, const ImpParams *params, ImpError *error) {
    static const char *const losses[] = {"total", "content", "style", "tv"};
    const char *layer = imp_params_text(params, "layer");
    const char *taps[STYLES + IMP_TRAIN_MAX_LAYERS] = {"image", layer};
    Adain *a;
    ImpStatus status = IMP_ALLOC(&a, 1, "training", error);
    if (status != IMP_OK) return status;
    task->state = a;
    a->task = task;
    a->content_weight = imp_params_real(params, "content-weight");
    a->style_weight = imp_params_real(params, "style-weight");
    a->tv_weight = imp_params_real(params, "tv-weight");
    imp_train_name_losses(task, losses, sizeof losses / sizeof *losses);
    status = imp_train_layers_read(params, "style-layers", a->style_weight, &a->layers, error);
    for (size_t i = 0; i < a->layers.count; i++) taps[STYLES + i] = a->layers.list[i].layer;
    if (status == IMP_OK && a->layers.count == 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "there is no style to learn: give a style layer and a style weight");
    if (status == IMP_OK)
        status = imp_decoder_step_open(&a->step, task, params, layer, taps, STYLES + a->layers.count, error);
    if (status == IMP_OK) status = open_paintings(task, params, error);
    if (status == IMP_OK) status = make_tv(a, error);
    if (status == IMP_OK) status = make_content(a, layer, error);
    if (status == IMP_OK) status = make_projection(a, layer, error);
    return status == IMP_OK ? make_look(a, taps + STYLES, error) : status;
}

static void free_adain(ImpTrainTask *task) {
    Adain *a = task->state;
    if (!a) return;
    for (size_t i = 0; i < a->layers.count; i++) imp_free(a->taps[i].mean);
    imp_graph_free(&a->content);
    imp_graph_free(&a->painting);
    imp_graph_free(&a->look);
    imp_graph_free(&a->projection);
    imp_loss_free(&a->tv);
    imp_photos_free(&a->paintings);
    imp_decoder_step_close(&a->step);
    imp_free(a->painted);
    imp_free(a->mean);
    imp_free(a->deviation);
    imp_free(a);
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

/* The paintings that belong to the batch of photographs. */
static ImpStatus take_paintings(Adain *a, ImpError *error) {
    if (imp_photos_step(a->paintings) != a->task->batch) imp_photos_seek(a->paintings, a->task->batch);
    ImpStatus status = imp_photos_next(a->paintings, a->painted, error);
    if (status == IMP_OK) status = imp_graph_run(a->painting, a->painted, error);
    if (status == IMP_OK) status = imp_graph_run(a->look, a->painted, error);
    if (status != IMP_OK) return status;
    ImpTensor code = imp_graph_value(a->painting_code);
    imp_moments(&code, NULL, a->mean, a->deviation);
    for (size_t i = 0; i < a->layers.count; i++) {
        ImpTensor value = imp_graph_value(a->taps[i].painting);
        imp_moments(&value, NULL, a->taps[i].mean, a->taps[i].deviation);
    }
    return IMP_OK;
}

/* The photographs' code with the paintings' moments, and the features that belong to it. */
static ImpStatus make_code(Adain *a, const float *photos, ImpTensor *code, ImpTensor *target, ImpError *error) {
    imp_graph_set_style(a->code, a->mean, a->deviation, 1);
    ImpStatus status = imp_graph_run(a->content, photos, error);
    if (status != IMP_OK) return status;
    *code = *target = imp_graph_value(a->code);
    if (!a->projection) return IMP_OK;
    status = imp_graph_run(a->projection, code->data, error);
    *target = imp_graph_value(a->target);
    return status;
}

static ImpStatus calibrate(ImpTrainTask *task, int index, const float *photos, ImpError *error) {
    Adain *a = task->state;
    ImpTensor code, target;
    ImpStatus status = take_paintings(a, error);
    if (status == IMP_OK) status = make_code(a, photos, &code, &target, error);
    if (status != IMP_OK) return status;
    a->size += imp_mean_square(&target) / IMP_TRAIN_CALIBRATIONS;
    bool good = a->size > 0;
    for (size_t i = 0; i < a->layers.count; i++) {
        ImpTensor value = imp_graph_value(a->taps[i].painting);
        a->taps[i].size += imp_mean_square(&value) / IMP_TRAIN_CALIBRATIONS;
        good = good && a->taps[i].size > 0;
    }
    if (good || index + 1 < IMP_TRAIN_CALIBRATIONS) return IMP_OK;
    return imp_fail(error, IMP_ERROR_NUMBER, "the features of the first pictures are all zeros");
}

/* Mean squared differences of means and of deviations, relative to the features' size. */
static void add_style(Adain *a, const StyleTap *tap, const ImpTensor *value, const ImpTensor *gradient) {
    size_t numbers = imp_shape_images(value->shape) * (size_t)value->shape.channels;
    double share = tap->weight / ((double)numbers * tap->size), loss = 0;
    imp_moments(value, NULL, tap->made_mean, tap->made_deviation);
    for (size_t i = 0; i < numbers; i++) {
        double mean = (double)tap->made_mean[i] - (double)tap->mean[i];
        double deviation = (double)tap->made_deviation[i] - (double)tap->deviation[i];
        loss += share * (mean * mean + deviation * deviation);
        tap->mean_slope[i] = (float)(2 * a->style_weight * share * mean);
        tap->deviation_slope[i] = (float)(2 * a->style_weight * share * deviation);
    }
    a->losses[2] += loss;
    imp_moments_add_gradient(value, NULL, tap->made_mean, tap->made_deviation, tap->mean_slope, tap->deviation_slope,
                             gradient);
}

typedef struct Backward {
    Adain *adain;
    ImpTensor target;
} Backward;

static void add_losses(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    const Backward *backward = context;
    Adain *a = backward->adain;
    if (node == a->step.taps[IMAGE] && a->tv) {
        double weighted = 0;
        a->status = imp_loss_add_images(a->tv, value, gradient, &weighted, &a->error);
        a->losses[3] = weighted / a->tv_weight;
    }
    if (node == a->step.taps[CONTENT]) {
        double share = 1 / ((double)imp_shape_count(value->shape) * a->size);
        float slope = (float)(2 * share * a->content_weight);
        a->losses[1] = share * imp_add_squares(value, &backward->target, 1, slope, gradient);
    }
    for (size_t i = 0; i < a->layers.count; i++)
        if (node == a->step.taps[a->taps[i].tap]) add_style(a, &a->taps[i], value, gradient);
}

static ImpStatus add_batch(ImpTrainTask *task, const float *photos, double *losses, ImpError *error) {
    Adain *a = task->state;
    ImpTensor code;
    Backward backward = {.adain = a};
    a->losses = losses;
    a->status = IMP_OK;
    ImpStatus status = take_paintings(a, error);
    if (status == IMP_OK) status = make_code(a, photos, &code, &backward.target, error);
    if (status == IMP_OK) status = imp_decoder_step_forward(&a->step, &code, error);
    if (status == IMP_OK) status = imp_decoder_step_back(&a->step, add_losses, &backward, error);
    if (status == IMP_OK && a->status != IMP_OK) status = imp_fail(error, a->status, "%s", a->error.message);
    losses[0] = a->content_weight * losses[1] + a->style_weight * losses[2] + a->tv_weight * losses[3];
    return status;
}

/* With the paintings seen last. */
static ImpStatus show(ImpTrainTask *task, const float *photos, float *out, ImpError *error) {
    Adain *a = task->state;
    ImpTensor code, target;
    ImpStatus status = make_code(a, photos, &code, &target, error);
    if (status == IMP_OK) status = imp_decoder_step_forward(&a->step, &code, error);
    if (status == IMP_OK) memcpy(out, imp_graph_value(a->step.result).data, imp_train_pixels(task) * sizeof *photos);
    return status;
}

static ImpStatus write(ImpTrainTask *task, const ImpNote *notes, size_t n, const char *path, ImpError *error) {
    const Adain *a = task->state;
    return imp_decoder_write(a->step.decoder, notes, n, path, task->settings.half, error);
}

static const ImpTrainTaskType type = {.training = &imp_train_adain,
                                      .command = "'train adain'",
                                      .format = "train adain 1",
                                      .unit = 16,
                                      .open = open_adain,
                                      .calibrate = calibrate,
                                      .add_batch = add_batch,
                                      .show = show,
                                      .write = write,
                                      .free = free_adain};

static ImpStatus run(const ImpTrainingRequest *request, ImpTrainingResult *result, ImpError *error) {
    return imp_train_run(&type, request, result, error);
}

const ImpTraining imp_train_adain = {
    .name = "adain",
    .summary = "train the decoder that gives any photograph the style of any painting in one pass",
    .description =
        "Learns to paint from features whose means and deviations were replaced by those of a painting (Huang, "
        "Belongie 2017). With the network, 'impasto apply --style' needs no training for a new painting.",
    .examples =
        "impasto train adain --photos ~/Pictures --paintings ~/Paintings -o adain.safetensors --sample now.png  # for "
        "the built-in network",
    .params = {rows, sizeof rows / sizeof *rows},
    .run = run,
};
