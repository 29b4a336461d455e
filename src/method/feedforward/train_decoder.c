#include "method/feedforward/train_decoder.h"

#include "base/error.h"
#include "base/memory.h"
#include "method/feedforward/decoder_step.h"
#include "method/feedforward/squares.h"
#include "method/feedforward/train_rows.h"
#include <math.h>
#include <string.h>

static const ImpParam rows[] = {
    IMP_TRAIN_ROW_PHOTOS,
    IMP_TRAIN_ROW_OUTPUT,

    {.name = "layer",
     .type = IMP_PARAM_TEXT,
     .fallback = "relu3_1",
     .group = "Network",
     .help = "whose features are turned back into pictures; deeper layers have forgotten more"},
    IMP_TRAIN_ROW_ENCODER,
    IMP_ROW_MODEL_INPUT,
    IMP_TRAIN_ROW_HALF,

    {.name = "pixel-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "1",
     .minimum = 0,
     .maximum = 1e9,
     .group = "Training",
     .help = "how much the squared difference of the pixels counts (black to white is 1)"},
    {.name = "feature-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "0.01",
     .minimum = 0,
     .maximum = 1e9,
     .group = "Training",
     .help = "how much the relative difference of the features counts: more is sharper, with wrong detail"},
    IMP_TRAIN_ROWS_STEPS("4000", "4", "192", "1e-3", "cosine"),

    IMP_TRAIN_ROWS_RUN,
    IMP_TRAIN_ROWS_SAMPLE,
};

enum { IMAGE, FEATURES, TAPS };

typedef struct Decoder {
    ImpDecoderStep step;
    ImpGraph *encode; /* photographs to what the decoder reads, */
    ImpNode *code;
    ImpGraph *target; /* and to what is compared */
    ImpNode *features;
    const float *photos; /* at hand */
    double pixel_weight, feature_weight;
    double size; /* mean square of the features in the first photographs */
    double *losses;
} Decoder;

static ImpStatus open_decoder(ImpTrainTask *task, const ImpParams *params, ImpError *error) {
    static const char *const losses[] = {"total", "pixels", "features", "psnr"};
    const char *layer = imp_params_text(params, "layer"), *const taps[TAPS] = {"image", layer};
    Decoder *d;
    ImpStatus status = IMP_ALLOC(&d, 1, "training", error);
    if (status != IMP_OK) return status;
    task->state = d;
    d->pixel_weight = imp_params_real(params, "pixel-weight");
    d->feature_weight = imp_params_real(params, "feature-weight");
    imp_train_name_losses(task, losses, sizeof losses / sizeof *losses);
    if (d->pixel_weight == 0 && d->feature_weight == 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "pixel-weight and feature-weight are both 0; nothing is learned");
    status = imp_decoder_step_open(&d->step, task, params, layer, taps, TAPS, error);
    if (status == IMP_OK) status = imp_decoder_step_encode(&d->step, layer, true, &d->code, &d->encode, error);
    return status == IMP_OK ? imp_decoder_step_see(&d->step, &layer, 1, false, &d->features, &d->target, error)
                            : status;
}

static void free_decoder(ImpTrainTask *task) {
    Decoder *d = task->state;
    if (!d) return;
    imp_graph_free(&d->encode);
    imp_graph_free(&d->target);
    imp_decoder_step_close(&d->step);
    imp_free(d);
}

static ImpStatus calibrate(ImpTrainTask *task, int index, const float *photos, ImpError *error) {
    Decoder *d = task->state;
    ImpStatus status = imp_graph_run(d->target, photos, error);
    if (status != IMP_OK) return status;
    ImpTensor value = imp_graph_value(d->features);
    d->size += imp_mean_square(&value) / IMP_TRAIN_CALIBRATIONS;
    if (index + 1 < IMP_TRAIN_CALIBRATIONS) return IMP_OK;
    return d->size > 0 ? IMP_OK : imp_fail(error, IMP_ERROR_NUMBER, "the features of the photographs are all zeros");
}

static void add_losses(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    Decoder *d = context;
    double count = (double)imp_shape_count(value->shape);
    if (node == d->step.taps[IMAGE]) {
        ImpTensor photos = *value;
        photos.data = (float *)d->photos;
        double share = d->pixel_weight / count;
        d->losses[1] = imp_add_squares(value, &photos, 1, (float)(2 * share), gradient) / count;
        d->losses[3] = -10 * log10(fmax(d->losses[1], 1e-12));
    } else {
        ImpTensor target = imp_graph_value(d->features);
        double share = d->feature_weight / (count * d->size);
        d->losses[2] = imp_add_squares(value, &target, 1, (float)(2 * share), gradient) / (count * d->size);
    }
}

static ImpStatus forward(ImpTrainTask *task, const float *photos, ImpError *error) {
    Decoder *d = task->state;
    ImpStatus status = imp_graph_run(d->encode, photos, error);
    if (status != IMP_OK) return status;
    ImpTensor code = imp_graph_value(d->code);
    return imp_decoder_step_forward(&d->step, &code, error);
}

static ImpStatus add_batch(ImpTrainTask *task, const float *photos, double *losses, ImpError *error) {
    Decoder *d = task->state;
    d->photos = photos;
    d->losses = losses;
    ImpStatus status = imp_graph_run(d->target, photos, error);
    if (status == IMP_OK) status = forward(task, photos, error);
    if (status == IMP_OK) status = imp_decoder_step_back(&d->step, add_losses, d, error);
    losses[0] = d->pixel_weight * losses[1] + d->feature_weight * losses[2];
    return status;
}

static ImpStatus show(ImpTrainTask *task, const float *photos, float *out, ImpError *error) {
    Decoder *d = task->state;
    ImpStatus status = forward(task, photos, error);
    if (status == IMP_OK) memcpy(out, imp_graph_value(d->step.result).data, imp_train_pixels(task) * sizeof *photos);
    return status;
}

static ImpStatus write(ImpTrainTask *task, const ImpNote *notes, size_t n, const char *path, ImpError *error) {
    const Decoder *d = task->state;
    return imp_decoder_write(d->step.decoder, notes, n, path, task->settings.half, error);
}

static const ImpTrainTaskType type = {.training = &imp_train_decoder,
                                      .command = "'train decoder'",
                                      .format = "train decoder 1",
                                      .unit = 16,
                                      .open = open_decoder,
                                      .calibrate = calibrate,
                                      .add_batch = add_batch,
                                      .show = show,
                                      .write = write,
                                      .free = free_decoder};

static ImpStatus run(const ImpTrainingRequest *request, ImpTrainingResult *result, ImpError *error) {
    return imp_train_run(&type, request, result, error);
}

const ImpTraining imp_train_decoder = {
    .name = "decoder",
    .summary = "train a network that turns a layer's features back into the picture, in one pass",
    .description =
        "Learns to invert a layer of VGG or of a network made by 'train perceptual' (Dosovitskiy, Brox 2016): what "
        "'impasto reconstruct' finds in minutes, it shows in one pass.",
    .examples =
        "impasto train decoder --layer relu3_1 --photos ~/Pictures -o relu3_1.safetensors --sample now.png  # for the "
        "built-in network\n"
        "impasto train decoder --layer relu4_1 --model vgg19 --photos ~/Pictures -o vgg4_1.safetensors  # for VGG-19",
    .params = {rows, sizeof rows / sizeof *rows},
    .run = run,
};
