#include "method/feedforward/train_perceptual.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "loss/loss.h"
#include "method/feedforward/squares.h"
#include "method/feedforward/train_rows.h"
#include "method/feedforward/train_task.h"
#include "network/vgg.h"
#include "network/vgg_student.h"
#include "network/vgg_write.h"
#include <math.h>
#include <stdio.h>

static const ImpParam rows[] = {
    IMP_TRAIN_ROW_PHOTOS,
    IMP_TRAIN_ROW_OUTPUT,

    {.name = "teacher",
     .letter = 'm',
     .type = IMP_PARAM_TEXT,
     .fallback = "vgg19",
     .group = "Network",
     .help = "VGG-16 or VGG-19 weights to learn from: a file, or the name of a model fetched before",
     .aliases = "model"},
    IMP_ROW_MODEL_INPUT,
    {.name = "width",
     .type = IMP_PARAM_REAL,
     .fallback = "0.25",
     .minimum = 0.03125,
     .maximum = 1,
     .group = "Network",
     .help = "channels of every block relative to the teacher; less is faster and smaller and sees less"},
    {.name = "channels",
     .type = IMP_PARAM_INTEGERS,
     .minimum = 1,
     .maximum = IMP_VGG_MAX_CHANNELS,
     .group = "Network",
     .help = "channels of the five blocks instead, such as 16,32,64,128,128; multiples of 16 use the processor best"},
    {.name = "layers",
     .type = IMP_PARAM_LAYERS,
     .fallback = "relu1_1,relu1_2,relu2_1,relu2_2,relu3_1,relu3_2,relu3_3,relu3_4,relu4_1,relu4_2,relu4_3,relu4_4,"
                 "relu5_1",
     .minimum = 0,
     .maximum = 1e6,
     .group = "Network",
     .help = "what is learned, with weights; the network ends at the deepest. Only relu layers"},
    IMP_TRAIN_ROW_HALF,

    {.name = "noise",
     .type = IMP_PARAM_REAL,
     .fallback = "0.05",
     .minimum = 0,
     .maximum = 1,
     .group = "Training",
     .help = "the most noise added to every other picture, with white at 1: what optimised pictures look like on the "
             "way"},
    IMP_TRAIN_ROWS_STEPS("8000", "4", "192", "2e-3", "cosine"),

    IMP_TRAIN_ROWS_RUN,
};

typedef struct Perceptual {
    ImpTrainTask *task;
    ImpVggWeights *teacher;
    ImpVggStudent *student;
    ImpTrainLayers layers;
    const char *names[IMP_TRAIN_MAX_LAYERS];
    int convs[IMP_TRAIN_MAX_LAYERS]; /* of each layer: which convolution of the network */
    ImpGraph *teacher_graph, *student_graph;
    ImpNode *teacher_taps[IMP_TRAIN_MAX_LAYERS], *student_taps[IMP_TRAIN_MAX_LAYERS];
    double sizes[IMP_VGG_MAX_CONVS];  /* root mean squares of the teacher's activations after each convolution */
    double *grams[IMP_VGG_MAX_CONVS]; /* F F^T of them, while the training calibrates */
    ImpGraph *every_graph;            /* the teacher with all of them tapped, likewise */
    ImpNode *every_tap[IMP_VGG_MAX_CONVS];
    float noise;
    float *pictures;      /* (N,3,crop,crop) photographs with noise */
    double *losses;       /* of the batch at hand */
    double total_weights; /* of the layers */
} Perceptual;

/* --- opening ------------------------------------------------------------------------------------------------------ */

static ImpStatus find_conv(const ImpVggWeights *teacher, const char *name, int *out, ImpError *error) {
    ImpStatus status = imp_vgg_check_layer(teacher, name, error);
    *out = imp_vgg_conv_of_relu(teacher, name);
    if (status != IMP_OK || *out >= 0) return status;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "layers: %s is no layer that can be learned; give layers such as relu1_2", name);
}

static ImpStatus read_layers(Perceptual *p, const ImpParams *params, ImpError *error) {
    ImpStatus status = imp_train_layers_read(params, "layers", 1, &p->layers, error);
    int deepest = 0;
    if (status == IMP_OK && p->layers.count == 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "layers: there is nothing to learn; give a layer with a weight");
    for (size_t i = 0; i < p->layers.count && status == IMP_OK; i++) {
        p->names[i] = p->layers.list[i].layer;
        p->total_weights += p->layers.list[i].weight;
        status = find_conv(p->teacher, p->names[i], &p->convs[i], error);
        if (p->convs[i] > deepest) deepest = p->convs[i];
    }
    if (status == IMP_OK) p->teacher->n_convs = deepest + 1;
    return status;
}

static ImpStatus read_channels(const ImpParams *params, int channels[IMP_VGG_BLOCKS], ImpError *error) {
    double width = imp_params_real(params, "width");
    for (int i = 0; i < IMP_VGG_BLOCKS; i++) channels[i] = (int)lround(fmax(1, width * imp_vgg_block_channels(i + 1)));
    if (!imp_params_has(params, "channels")) return IMP_OK;
    size_t count;
    const int64_t *list = imp_params_integers(params, "channels", &count);
    if (count != IMP_VGG_BLOCKS)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "channels has %zu numbers where the %d blocks need one each", count,
                        IMP_VGG_BLOCKS);
    for (int i = 0; i < IMP_VGG_BLOCKS; i++) channels[i] = (int)list[i];
    return IMP_OK;
}

static ImpStatus read_teacher(Perceptual *p, const ImpParams *params, ImpError *error) {
    return imp_vgg_weights_read(imp_params_text(params, "teacher"), imp_row_model_input(params), &p->teacher, error);
}

static ImpStatus make_student(ImpTrainTask *task, const ImpParams *params, ImpError *error) {
    Perceptual *p = task->state;
    int channels[IMP_VGG_BLOCKS];
    ImpStatus status = read_channels(params, channels, error);
    if (status == IMP_OK) status = imp_vgg_student_new(p->teacher, channels, &p->student, error);
    if (status != IMP_OK) return status;
    task->values = p->student->values;
    task->count = p->student->count;
    for (int i = 0; i < p->student->weights.n_convs; i++) {
        const ImpVggConv *conv = &p->student->weights.convs[i];
        size_t begin = (size_t)(conv->weight - task->values), end = (size_t)(conv->bias - task->values);
        task->decayed[task->n_decayed++] = (ImpRange){begin, end};
    }
    return IMP_ALLOC(&task->gradient, task->count, "gradient", error);
}

static ImpStatus build(const ImpTrainTask *task, const ImpVggWeights *weights, float *gradient,
                       const char *const *names, size_t n, ImpNode **taps, ImpGraph **out, ImpError *error) {
    ImpShape shape = {3, task->settings.crop, task->settings.crop, task->settings.batch};
    ImpVggSpec spec = {
        .max_pooling = true, .padding = IMP_PADDING_ZERO, .taps = names, .n_taps = n, .gradient = gradient};
    return imp_vgg_graph_new(weights, &spec, shape, gradient != NULL, taps, out, error);
}

static ImpStatus make_graphs(ImpTrainTask *task, ImpError *error) {
    Perceptual *p = task->state;
    size_t n = p->layers.count;
    ImpStatus status = IMP_ALLOC(&p->pictures, imp_train_pixels(task), "photographs", error);
    if (status == IMP_OK)
        status = build(task, p->teacher, NULL, p->names, n, p->teacher_taps, &p->teacher_graph, error);
    if (status != IMP_OK) return status;
    return build(task, &p->student->weights, task->gradient, p->names, n, p->student_taps, &p->student_graph, error);
}

static ImpStatus open_perceptual(ImpTrainTask *task, const ImpParams *params, ImpError *error) {
    static const char *const losses[] = {"total", "block1", "block2", "block3", "block4", "block5"};
    Perceptual *p;
    ImpStatus status = IMP_ALLOC(&p, 1, "training", error);
    if (status != IMP_OK) return status;
    task->state = p;
    p->task = task;
    p->noise = (float)imp_params_real(params, "noise");
    imp_train_name_losses(task, losses, sizeof losses / sizeof *losses);
    status = read_teacher(p, params, error);
    if (status == IMP_OK) status = read_layers(p, params, error);
    if (status == IMP_OK) status = make_student(task, params, error);
    if (status == IMP_OK) status = make_graphs(task, error);
    if (status != IMP_OK) return status;
    imp_train_add_trait(task, "teacher_sha256", p->teacher->sha256, "teacher");
    return IMP_OK;
}

/* What only calibration needs. */
static void drop_grams(Perceptual *p) {
    imp_graph_free(&p->every_graph);
    for (int i = 0; i < IMP_VGG_MAX_CONVS; i++) {
        imp_free(p->grams[i]);
        p->grams[i] = NULL;
    }
}

static void free_perceptual(ImpTrainTask *task) {
    Perceptual *p = task->state;
    if (!p) return;
    drop_grams(p);
    imp_graph_free(&p->teacher_graph);
    imp_graph_free(&p->student_graph);
    imp_vgg_student_free(&p->student);
    imp_vgg_weights_free(&p->teacher);
    imp_free(p->pictures);
    imp_free(p);
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

static ImpStatus begin_calibration(ImpTrainTask *task, ImpError *error) {
    Perceptual *p = task->state;
    char texts[IMP_VGG_MAX_CONVS][16];
    const char *names[IMP_VGG_MAX_CONVS];
    int n = p->teacher->n_convs;
    ImpStatus status = IMP_OK;
    for (int i = 0; i < n && status == IMP_OK; i++) {
        const ImpVggConv *conv = &p->teacher->convs[i];
        size_t channels = (size_t)conv->out_channels;
        snprintf(texts[i], sizeof texts[i], "relu%d_%d", conv->block, conv->index);
        names[i] = texts[i];
        status = IMP_ALLOC(&p->grams[i], channels * channels, "calibration", error);
    }
    if (status != IMP_OK) return status;
    return build(task, p->teacher, NULL, names, (size_t)n, p->every_tap, &p->every_graph, error);
}

/* grams[i] += F F^T over all pictures of the batch. */
static ImpStatus add_grams(Perceptual *p, int i, ImpError *error) {
    ImpTensor value = imp_graph_value(p->every_tap[i]);
    size_t channels = (size_t)value.shape.channels;
    double *gram;
    ImpStatus status = IMP_ALLOC(&gram, channels * channels, "calibration", error);
    for (size_t n = 0; n < imp_shape_images(value.shape) && status == IMP_OK; n++) {
        ImpTensor one = imp_tensor_image(&value, n);
        status = imp_gram_matrix(&one, gram, error);
        for (size_t k = 0; k < channels * channels && status == IMP_OK; k++) p->grams[i][k] += gram[k];
    }
    imp_free(gram);
    return status;
}

/* Each layer's activations count relative to their size, and the first numbers come from how they go together. */
static ImpStatus end_calibration(ImpTrainTask *task, ImpError *error) {
    Perceptual *p = task->state;
    for (int i = 0; i < p->teacher->n_convs; i++) {
        ImpShape shape = imp_graph_shape(p->every_tap[i]);
        size_t channels = (size_t)shape.channels;
        double sum = 0;
        for (size_t k = 0; k < channels; k++) sum += p->grams[i][k * channels + k];
        p->sizes[i] = sqrt(sum / ((double)imp_shape_count(shape) * IMP_TRAIN_CALIBRATIONS));
        if (!(p->sizes[i] > 0) || !isfinite(p->sizes[i]))
            return imp_fail(error, IMP_ERROR_NUMBER, "the activations of %s are all zeros on the first photographs",
                            p->teacher->name);
    }
    return imp_vgg_student_begin(p->student, p->teacher, p->grams, p->sizes, error);
}

static ImpStatus calibrate(ImpTrainTask *task, int index, const float *photos, ImpError *error) {
    Perceptual *p = task->state;
    ImpStatus status = index == 0 ? begin_calibration(task, error) : IMP_OK;
    if (status == IMP_OK) status = imp_graph_run(p->every_graph, photos, error);
    for (int i = 0; i < p->teacher->n_convs && status == IMP_OK; i++) status = add_grams(p, i, error);
    if (status != IMP_OK || index + 1 < IMP_TRAIN_CALIBRATIONS) return status;
    status = end_calibration(task, error);
    drop_grams(p);
    return status;
}

/* Every other picture gets noise of up to that deviation. What is drawn depends on the photographs alone, so that a
 * training taken up again draws the same. */
static void add_noise(const ImpTrainTask *task, const float *photos, float *pictures) {
    const Perceptual *p = task->state;
    size_t count = imp_train_pixels(task), one = count / (size_t)task->settings.batch;
    ImpRandom random;
    uint64_t seed = task->settings.seed;
    for (size_t i = 0; i < count; i += 97) seed = seed * 6364136223846793005U + (uint64_t)(photos[i] * 65535) + 1;
    imp_random_seed(&random, seed);
    for (size_t first = 0; first < count; first += one) {
        float deviation = imp_random_below(&random, 2) ? p->noise * (float)imp_random_uniform(&random) : 0;
        float width = deviation * 3.4641016F;
        for (size_t i = first; i < first + one; i++)
            pictures[i] = photos[i] + (deviation > 0 ? width * ((float)imp_random_uniform(&random) - 0.5F) : 0);
    }
}

static void add_layers(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    Perceptual *p = context;
    for (size_t i = 0; i < p->layers.count; i++) {
        if (p->student_taps[i] != node) continue;
        ImpTensor target = imp_graph_value(p->teacher_taps[i]);
        double share = p->layers.list[i].weight / p->total_weights / (double)imp_shape_count(value->shape);
        double loss =
            share * imp_add_squares(value, &target, (float)(1 / p->sizes[p->convs[i]]), (float)(2 * share), gradient);
        p->losses[0] += loss;
        p->losses[p->teacher->convs[p->convs[i]].block] += loss;
    }
}

static ImpStatus add_batch(ImpTrainTask *task, const float *photos, double *losses, ImpError *error) {
    Perceptual *p = task->state;
    p->losses = losses;
    add_noise(task, photos, p->pictures);
    ImpStatus status = imp_graph_run(p->teacher_graph, p->pictures, error);
    if (status == IMP_OK) status = imp_graph_run(p->student_graph, p->pictures, error);
    return status == IMP_OK ? imp_graph_backward(p->student_graph, add_layers, p, NULL, error) : status;
}

static ImpStatus write(ImpTrainTask *task, const ImpNote *notes, size_t n, const char *path, ImpError *error) {
    const Perceptual *p = task->state;
    ImpVggWeights result;
    double scales[IMP_VGG_MAX_CONVS] = {0};
    ImpVggOrigin origin = {.notes = notes, .n_notes = n};
    for (size_t i = 0; i < p->layers.count; i++)
        scales[p->convs[i]] = p->sizes[p->convs[i]] * imp_vgg_feature_scale(p->teacher);
    ImpStatus status = imp_vgg_student_project(p->student, scales, &result, error);
    if (status != IMP_OK) return status;
    status = imp_vgg_weights_write(&result, &origin, path, task->settings.half, error);
    imp_vgg_student_drop(&result);
    return status;
}

static const ImpTrainTaskType type = {.training = &imp_train_perceptual,
                                      .command = "'train perceptual'",
                                      .format = "train perceptual 2",
                                      .unit = 16,
                                      .open = open_perceptual,
                                      .calibrate = calibrate,
                                      .add_batch = add_batch,
                                      .write = write,
                                      .free = free_perceptual};

static ImpStatus run(const ImpTrainingRequest *request, ImpTrainingResult *result, ImpError *error) {
    return imp_train_run(&type, request, result, error);
}

const ImpTraining imp_train_perceptual = {
    .name = "perceptual",
    .summary = "train a small network that sees what VGG sees, for losses that are many times faster",
    .description = "Learns a network with the layers of VGG and a fraction of its channels that tells VGG's "
                   "activations as well as it can, by a linear map at each layer. Every method then takes it as "
                   "--model. The built-in model was made this way.\n\n"
                   "Losses are relative: 0.1 means that a tenth of the activations' squares is not told.",
    .examples =
        "impasto train perceptual --photos ~/Pictures -o small.safetensors --half  # a quarter of VGG-19's channels\n"
        "impasto train perceptual --photos ~/Pictures -o small.safetensors --channels 16,32,64,192,192 --steps 20000  "
        "# deeper layers wider",
    .params = {rows, sizeof rows / sizeof *rows},
    .run = run,
};
