#include "method/feedforward/train_settings.h"

#include "base/error.h"
#include "image/photos.h"
#include "method/rows.h"
#include <math.h>
#include <string.h>

const ImpParam imp_train_rows[] = {
    {.name = "style",
     .type = IMP_PARAM_FILE_IN,
     .group = "Style",
     .help = "the painting whose style the network is to learn",
     .aliases = "style-image"},
    {.name = "photos",
     .type = IMP_PARAM_FILE_IN,
     .group = "Style",
     .help = "the folder of photographs to learn on, with those below it; hundreds do, thousands are better",
     .aliases = "dataset"},
    {.name = "output",
     .letter = 'o',
     .type = IMP_PARAM_FILE_OUT,
     .group = "Style",
     .help = "write the network to FILE, as safetensors",
     .aliases = "save-model-dir"},
    {.name = "content-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "1e5",
     .minimum = 0,
     .maximum = 1e15,
     .group = "Style",
     .help = "how closely pictures keep to the photograph; more keeps more of it"},
    {.name = "style-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "1e10",
     .minimum = 0,
     .maximum = 1e18,
     .group = "Style",
     .help = "how closely pictures keep to the painting; more is nearer to it"},
    {.name = "tv-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e15,
     .group = "Style",
     .help = "how much differences between neighbouring pixels cost; more is smoother"},
    {.name = "style-size",
     .type = IMP_PARAM_INTEGER,
     .fallback = "512",
     .minimum = 16,
     .maximum = 4096,
     .unit = "pixels",
     .group = "Style",
     .help = "long side of the painting; more makes larger strokes and takes memory once"},

    {.name = "width",
     .type = IMP_PARAM_REAL,
     .fallback = "1",
     .minimum = 0.0625,
     .maximum = 4,
     .group = "Network",
     .help = "channels of every layer relative to the published network; less is faster, smaller and plainer"},
    {.name = "residual-blocks",
     .type = IMP_PARAM_INTEGER,
     .fallback = "5",
     .minimum = 1,
     .maximum = 32,
     .group = "Network",
     .help = "residual blocks; other programs expect 5"},
    {.name = "half",
     .type = IMP_PARAM_FLAG,
     .fallback = "false",
     .group = "Network",
     .help = "write 16-bit floats: half the size, and pictures that look the same"},
    {.name = "model",
     .letter = 'm',
     .type = IMP_PARAM_TEXT,
     .fallback = "vgg19",
     .group = "Network",
     .help = "VGG-16 or VGG-19 weights that judge the pictures: a file, or the name of a model fetched before"},
    IMP_ROW_MODEL_INPUT,
    {.name = "content-layers",
     .type = IMP_PARAM_LAYERS,
     .fallback = "relu2_2",
     .minimum = 0,
     .maximum = 1e12,
     .group = "Network",
     .help = "layers that hold the content, with weights; deeper keeps less of the detail"},
    {.name = "style-layers",
     .type = IMP_PARAM_LAYERS,
     .fallback = "relu1_2,relu2_2,relu3_3,relu4_3",
     .minimum = 0,
     .maximum = 1e12,
     .group = "Network",
     .help = "layers that hold the style, with weights; deeper means larger forms"},

    {.name = "steps",
     .letter = 'n',
     .type = IMP_PARAM_INTEGER,
     .fallback = "20000",
     .minimum = 1,
     .maximum = 1e9,
     .group = "Training",
     .help = "how often the weights are changed"},
    {.name = "batch",
     .type = IMP_PARAM_INTEGER,
     .fallback = "4",
     .minimum = 1,
     .maximum = 64,
     .unit = "photographs",
     .group = "Training",
     .help = "looked at together; more takes more memory",
     .aliases = "batch-size"},
    {.name = "accumulate",
     .type = IMP_PARAM_INTEGER,
     .fallback = "1",
     .minimum = 1,
     .maximum = 1024,
     .unit = "batches",
     .group = "Training",
     .help = "whose gradients are added up for one step: a larger batch without more memory"},
    {.name = "crop",
     .type = IMP_PARAM_INTEGER,
     .fallback = "256",
     .minimum = 32,
     .maximum = 1024,
     .unit = "pixels",
     .group = "Training",
     .help = "side of the squares cut out of the photographs",
     .aliases = "image-size"},
    {.name = "largest",
     .type = IMP_PARAM_REAL,
     .fallback = "1.5",
     .minimum = 1,
     .maximum = 4,
     .group = "Training",
     .help = "photographs' short side before cutting, at most, in crops; more shows smaller parts of them"},
    {.name = "learning-rate",
     .type = IMP_PARAM_REAL,
     .fallback = "1e-3",
     .minimum = 1e-9,
     .maximum = 1,
     .group = "Training",
     .help = "size of Adam's steps",
     .aliases = "lr"},
    {.name = "schedule",
     .type = IMP_PARAM_CHOICE,
     .fallback = "constant",
     .choices = "constant|linear|cosine",
     .group = "Training",
     .help = "how the learning rate falls to nothing over the steps"},
    {.name = "warmup",
     .type = IMP_PARAM_INTEGER,
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e9,
     .unit = "steps",
     .group = "Training",
     .help = "over which the learning rate first grows"},
    {.name = "weight-decay",
     .type = IMP_PARAM_REAL,
     .fallback = "0",
     .minimum = 0,
     .maximum = 1,
     .group = "Training",
     .help = "share of the weights, times the learning rate, taken off each step (AdamW)"},
    {.name = "clip",
     .type = IMP_PARAM_REAL,
     .fallback = "0",
     .minimum = 0,
     .maximum = INFINITY,
     .group = "Training",
     .help = "longest gradient; longer ones are shortened to it; 0 is not"},
    {.name = "average-decay",
     .type = IMP_PARAM_REAL,
     .fallback = "0.995",
     .minimum = 0,
     .maximum = 0.999999,
     .group = "Training",
     .help = "what is written is a moving average over the steps that keeps this share at each; 0 is the last step"},
    {.name = "seed",
     .type = IMP_PARAM_INTEGER,
     .fallback = "0",
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .group = "Training",
     .help = "of the first weights and of the order of photographs; the same seed gives the same network"},

    IMP_ROW_THREADS,
    {.name = "checkpoint",
     .run_only = true,
     .type = IMP_PARAM_FILE_OUT,
     .group = "Run",
     .help = "keep the state of the training in FILE; without it beside the output, as OUTPUT.checkpoint"},
    {.name = "checkpoint-every",
     .run_only = true,
     .type = IMP_PARAM_INTEGER,
     .fallback = "500",
     .minimum = 0,
     .maximum = 1e9,
     .unit = "steps",
     .group = "Run",
     .help = "time between two checkpoints, each with the network so far; 0 is only at the end and when stopped"},
    {.name = "resume",
     .run_only = true,
     .type = IMP_PARAM_FILE_IN,
     .group = "Run",
     .help = "continue from a checkpoint of the same settings and photographs, to the same network to the bit"},
    {.name = "sample",
     .run_only = true,
     .type = IMP_PARAM_FILE_OUT,
     .group = "Run",
     .help = "keep a sheet of photographs and what the network makes of them in FILE, a picture"},
    {.name = "sample-every",
     .run_only = true,
     .type = IMP_PARAM_INTEGER,
     .fallback = "500",
     .minimum = 1,
     .maximum = 1e9,
     .unit = "steps",
     .group = "Run",
     .help = "time between two sheets; the last step makes one too"},
};

_Static_assert(sizeof imp_train_rows == IMP_TRAIN_ROWS * sizeof *imp_train_rows, "the number of rows");
_Static_assert(IMP_PHOTOS_MAX_BATCH >= 64, "the largest batch");

static ImpStatus read_layers(const ImpParams *params, const char *name, double weight, ImpTrainLayers *out,
                             ImpError *error) {
    size_t count;
    const ImpLayerWeight *list = imp_params_layers(params, name, &count);
    out->count = 0;
    for (size_t i = 0; i < count && weight > 0; i++) {
        if (list[i].weight == 0) continue;
        if (strcmp(list[i].layer, "image") == 0)
            return imp_fail(error, IMP_ERROR_ARGUMENT, "%s: image is no layer; give layers such as relu1_2", name);
        if (out->count == IMP_TRAIN_MAX_LAYERS)
            return imp_fail(error, IMP_ERROR_ARGUMENT, "%s names more than %d layers", name, IMP_TRAIN_MAX_LAYERS);
        out->list[out->count++] = list[i];
    }
    return IMP_OK;
}

static ImpStatus read_losses(const ImpParams *params, ImpTrainSettings *s, ImpError *error) {
    s->content_weight = imp_params_real(params, "content-weight");
    s->style_weight = imp_params_real(params, "style-weight");
    s->tv_weight = imp_params_real(params, "tv-weight");
    s->style_size = (int)imp_params_integer(params, "style-size");
    ImpStatus status = read_layers(params, "content-layers", s->content_weight, &s->content_layers, error);
    if (status == IMP_OK) status = read_layers(params, "style-layers", s->style_weight, &s->style_layers, error);
    if (status == IMP_OK && (s->content_layers.count == 0 || s->style_layers.count == 0))
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "a style network needs both content and style: give a layer and a weight above 0 for each");
    return status;
}

static ImpStatus read_files(const ImpParams *params, ImpTrainSettings *s, ImpError *error) {
    s->style = imp_params_text(params, "style");
    s->photos = imp_params_text(params, "photos");
    s->output = imp_params_text(params, "output");
    s->checkpoint = imp_params_text(params, "checkpoint");
    s->resume = imp_params_text(params, "resume");
    s->sample = imp_params_text(params, "sample");
    if (!s->style) return imp_fail(error, IMP_ERROR_ARGUMENT, "there is no painting to learn from: give --style FILE");
    if (!s->photos)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "there are no photographs to learn on: give --photos FOLDER");
    if (!s->output)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "there is no place for the network: give -o FILE.safetensors");
    return IMP_OK;
}

static ImpStatus read_optimiser(const ImpParams *params, ImpTrainSettings *s, ImpError *error) {
    static const ImpScheduleKind kinds[] = {IMP_SCHEDULE_CONSTANT, IMP_SCHEDULE_LINEAR, IMP_SCHEDULE_COSINE};
    s->steps = imp_params_integer(params, "steps");
    s->schedule = (ImpSchedule){.kind = kinds[imp_params_choice(params, "schedule")],
                                .rate = imp_params_real(params, "learning-rate"),
                                .steps = s->steps,
                                .warmup = imp_params_integer(params, "warmup")};
    s->weight_decay = imp_params_real(params, "weight-decay");
    s->clip = imp_params_real(params, "clip");
    s->average_decay = imp_params_real(params, "average-decay");
    return imp_schedule_check(&s->schedule, error);
}

ImpStatus imp_train_settings_read(const ImpParams *params, ImpTrainSettings *s, ImpError *error) {
    static const ImpInputConvention inputs[] = {IMP_INPUT_AUTO, IMP_INPUT_TORCHVISION, IMP_INPUT_CAFFE};
    *s = (ImpTrainSettings){.model = imp_params_text(params, "model"),
                            .model_input = inputs[imp_params_choice(params, "model-input")],
                            .width = imp_params_real(params, "width"),
                            .residuals = (int)imp_params_integer(params, "residual-blocks"),
                            .half = imp_params_flag(params, "half"),
                            .batch = (int)imp_params_integer(params, "batch"),
                            .crop = (int)imp_params_integer(params, "crop"),
                            .accumulate = (int)imp_params_integer(params, "accumulate"),
                            .largest = imp_params_real(params, "largest"),
                            .seed = (uint64_t)imp_params_integer(params, "seed"),
                            .checkpoint_every = imp_params_integer(params, "checkpoint-every"),
                            .sample_every = imp_params_integer(params, "sample-every")};
    if (s->crop % 4 != 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "crop is %d pixels; give a multiple of 4, which is what the network works in", s->crop);
    ImpStatus status = read_files(params, s, error);
    if (status == IMP_OK) status = read_losses(params, s, error);
    return status == IMP_OK ? read_optimiser(params, s, error) : status;
}
