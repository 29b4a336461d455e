#include "method/reconstruct/reconstruct.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "method/descent_rows.h"
#include "method/reconstruct/decode.h"
#include "method/reconstruct/invert.h"
#include "network/code_run.h"
#include "network/model_open.h"
#include <string.h>

static const ImpParam rows[] = {
    {.name = "layer",
     .letter = 'l',
     .type = IMP_PARAM_TEXT,
     .group = "Layer",
     .help =
         "the layer that is inverted, relu4_2 if none is named, with --decoder the one it reads; deeper layers keep "
         "less; with --all-layers, the deepest one shown",
     .aliases = "content-layers"},
    {.name = "all-layers",
     .type = IMP_PARAM_FLAG,
     .fallback = "false",
     .group = "Layer",
     .help = "one sheet with the picture and what each ReLU keeps of it, shallow ones first"},
    {.name = "decoder",
     .type = IMP_PARAM_FLAG,
     .fallback = "false",
     .group = "Layer",
     .help = "one pass through a network trained for the layer, instead of optimising; the built-in one of the layer, "
             "relu3_1 if none is named"},
    {.name = "decoder-file",
     .type = IMP_PARAM_TEXT,
     .group = "Layer",
     .help = "the same with another network, made by 'impasto train decoder' for the model: a file or a name"},

    {.name = "alpha-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "0.001",
     .minimum = 0,
     .maximum = 1e12,
     .group = "Losses",
     .help = "how much colours far from the mean cost; more is paler"},
    {.name = "alpha",
     .type = IMP_PARAM_REAL,
     .fallback = "6",
     .minimum = 2,
     .maximum = 64,
     .group = "Losses",
     .help = "exponent of that; more spares all but the strongest colours"},
    {.name = "tv-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "0.01",
     .minimum = 0,
     .maximum = 1e12,
     .group = "Losses",
     .help = "how much differences between neighbouring pixels cost; more is smoother"},
    {.name = "tv-beta",
     .type = IMP_PARAM_REAL,
     .fallback = "2",
     .minimum = 1,
     .maximum = 16,
     .group = "Losses",
     .help = "exponent of that; 1 spares edges, more spares what is nearly smooth"},

    {.name = "size",
     .letter = 's',
     .type = IMP_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 16384,
     .unit = "pixels",
     .group = "Picture",
     .help = "long side of the result; without it the picture's own size, up to 1024 where it is optimised",
     .aliases = "image-size"},
    {.name = "init",
     .type = IMP_PARAM_CHOICE,
     .fallback = "noise",
     .choices = "noise|grey|content",
     .group = "Picture",
     .help = "what to start from: noise around the mean colour, that colour, or the picture itself"},
    IMP_ROW_SEED,
    {.name = "evaluations",
     .letter = 'n',
     .type = IMP_PARAM_INTEGER,
     .fallback = "300",
     .minimum = 1,
     .maximum = 1e9,
     .group = "Picture",
     .help = "how often the losses are computed, for each layer; more is closer and takes longer",
     .aliases = "num-iterations|iterations"},

    {.name = "model",
     .letter = 'm',
     .type = IMP_PARAM_TEXT,
     .group = "Network",
     .help = "VGG-16 or VGG-19 weights: a file, or the name of a model; the built-in one if none is named",
     .aliases = "model-file"},
    IMP_ROW_MODEL_INPUT,
    IMP_ROW_POOLING,
    IMP_ROW_PADDING,

    IMP_ROW_OPTIMIZER,
    {.name = "learning-rate",
     .type = IMP_PARAM_REAL,
     .minimum = 1e-12,
     .maximum = 1e12,
     .group = "Optimizer",
     .help = "size of a step; without it 1 for lbfgs and 0.02 for adam",
     .aliases = "step-size"},
    IMP_ROW_HISTORY,
    IMP_ROW_LINE_SEARCH,
    IMP_ROW_TOLERANCE_GRADIENT,
    IMP_ROW_TOLERANCE_CHANGE,

    {.name = "memory",
     .type = IMP_PARAM_INTEGER,
     .fallback = "1024",
     .minimum = 1,
     .maximum = 1e9,
     .unit = "MiB",
     .group = "Run",
     .help = "with a decoder: what its activations may take; a picture that needs more is computed in bands, with the "
             "same result"},
    IMP_ROW_THREADS,
    IMP_ROW_CHECKPOINT,
    IMP_ROW_CHECKPOINT_EVERY,
    IMP_ROW_RESUME,
};

/* --- networks ----------------------------------------------------------------------------------------------------- */

/* What the runs of a session share. */
typedef struct Session {
    ImpVggWeights *weights;
    ImpDecoder *decoder; /* or NULL */
} Session;

static void close_session(void *session) {
    Session *s = session;
    imp_vgg_weights_free(&s->weights);
    imp_decoder_free(&s->decoder);
    imp_free(s);
}

static bool wants_decoder(const ImpParams *params) {
    return imp_params_flag(params, "decoder") || imp_params_has(params, "decoder-file");
}

static ImpStatus read_weights(const ImpParams *params, ImpVggWeights **out, ImpError *error) {
    const char *model = imp_params_text(params, "model");
    return imp_vgg_weights_read(model ? model : IMP_BUILTIN_PERCEPTUAL, imp_row_model_input(params), out, error);
}

/* The built-in decoders are called as their layers. */
static ImpStatus read_decoder(const ImpParams *params, const ImpVggWeights *weights, ImpDecoder **out,
                              ImpError *error) {
    const char *layer = imp_params_text(params, "layer"), *name = imp_params_text(params, "decoder-file");
    if (imp_params_flag(params, "all-layers"))
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "all-layers shows what is found by optimising; leave it or the decoder out");
    bool by_layer = !name;
    if (by_layer) name = layer ? layer : "relu3_1";
    ImpStatus status = imp_decoder_read(name, out, error);
    if (status == IMP_ERROR_IO && by_layer)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "no decoder of %.40s is built in; make one with 'impasto train decoder --layer %.40s' and give "
                        "it with decoder-file",
                        name, name);
    if (status == IMP_OK && layer && strcmp(layer, (*out)->layer) != 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "the decoder %.200s reads %s, not %.40s; give that layer or none",
                        name, (*out)->layer, layer);
    return status == IMP_OK ? imp_decoder_check(*out, weights, error) : status;
}

static ImpStatus open_session(const ImpParams *params, void **out, ImpError *error) {
    Session *session;
    *out = NULL;
    ImpStatus status = IMP_ALLOC(&session, 1, "session", error);
    if (status != IMP_OK) return status;
    status = read_weights(params, &session->weights, error);
    if (status == IMP_OK && wants_decoder(params))
        status = read_decoder(params, session->weights, &session->decoder, error);
    if (status == IMP_OK && !session->decoder) {
        ImpReconstructSettings settings;
        status = imp_reconstruct_settings_read(params, session->weights, &settings, error);
    }
    if (status == IMP_OK)
        *out = session;
    else
        close_session(session);
    return status;
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static ImpStatus run_in_session(const ImpRequest *request, const Session *session, ImpResult *result, ImpError *error) {
    const ImpPicture *picture = NULL;
    for (size_t i = 0; i < request->n_pictures; i++)
        if (strcmp(request->pictures[i].role, "content") == 0) picture = &request->pictures[i];
    if (!picture) return imp_fail(error, IMP_ERROR_ARGUMENT, "reconstruct takes a picture");
    if (session->decoder)
        return imp_reconstruct_decode(request, session->weights, session->decoder, picture, result, error);
    ImpReconstructSettings settings;
    ImpStatus status = imp_reconstruct_settings_read(request->params, session->weights, &settings, error);
    if (status != IMP_OK) return status;
    imp_reconstruct_settings_fit(request->params, picture->image->width, picture->image->height, &settings);
    return imp_reconstruct_invert(request, &settings, session->weights, picture, result, error);
}

static ImpStatus run(const ImpRequest *request, ImpResult *result, ImpError *error) {
    *result = (ImpResult){0};
    void *own = NULL;
    ImpStatus status = request->session ? IMP_OK : open_session(request->params, &own, error);
    if (status != IMP_OK) return status;
    int threads = imp_threads_set((int)imp_params_integer(request->params, "threads"));
    status = run_in_session(request, own ? own : request->session, result, error);
    imp_threads_set(threads);
    if (own) close_session(own);
    return status;
}

static const ImpInput inputs[] = {{"content", "the picture to be reconstructed", 1, 1}};

const ImpMethod imp_method_reconstruct = {
    .name = "reconstruct",
    .summary = "show what a layer of a network keeps of a picture",
    .description =
        "Looks for the picture that a layer of a network cannot tell from the given one (Mahendran, Vedaldi 2015). "
        "From shallow layers the picture comes back almost exactly; the deeper the layer, the more only its forms and "
        "their arrangement do. That is what 'impasto stylize' keeps when the layer is one of its --content-layers.\n\n"
        "The picture is optimised from noise, until its activation at the layer is that of the original, with two "
        "regularisers that keep colours and differences of neighbours as they are in photographs. --decoder shows it "
        "in one pass instead, with a network that was trained to invert the layer (Dosovitskiy, Brox 2016).\n\n"
        "The result has the picture's size. How near it is to the picture is told as PSNR in dB: above 40 no "
        "difference is seen, below 20 it is another picture.",
    .examples = "impasto reconstruct photo.jpg -o out.png --layer relu4_2  # what relu4_2 keeps\n"
                "impasto reconstruct photo.jpg -o sheet.png --all-layers --size 192  # all layers on a sheet\n"
                "impasto reconstruct photo.jpg -o out.png --layer relu3_1 --decoder  # in one pass\n"
                "impasto reconstruct photo.jpg -o out.png --model vgg19 --layer relu5_1 --tv-weight 0.1  # smoother\n"
                "impasto reconstruct photo.jpg -o out.png --checkpoint run.st  # Ctrl-C, and later --resume run.st",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof *inputs,
    .params = {rows, sizeof rows / sizeof *rows},
    .run = run,
    .open = open_session,
    .close = close_session,
};
