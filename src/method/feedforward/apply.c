#include "method/feedforward/apply.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "method/feedforward/arbitrary.h"
#include "method/picture.h"
#include "method/rows.h"
#include "network/transform_run.h"
#include <string.h>

static const ImpParam rows[] = {
    {.name = "model",
     .letter = 'm',
     .type = IMP_PARAM_TEXT,
     .group = "Style",
     .help = "the style network: a file made by 'impasto train style' or in the layout of fast_neural_style, or the "
             "name of one; with --style the network whose features are repainted, the built-in one if none is named"},
    {.name = "style",
     .type = IMP_PARAM_TEXT,
     .group = "Style",
     .help = "take the style of this painting instead, any; several, with commas between, are mixed",
     .aliases = "style-image"},
    {.name = "style-weights",
     .type = IMP_PARAM_REALS,
     .minimum = 0,
     .maximum = 1e9,
     .group = "Style",
     .help = "how much each painting counts, such as 2,1",
     .aliases = "style-blend-weights"},
    {.name = "style-size",
     .type = IMP_PARAM_INTEGER,
     .fallback = "512",
     .minimum = 16,
     .maximum = 8192,
     .unit = "pixels",
     .group = "Style",
     .help = "long side that paintings are brought to: more makes larger strokes"},
    {.name = "transform",
     .type = IMP_PARAM_CHOICE,
     .fallback = "adain",
     .choices = "adain|wct",
     .group = "Style",
     .help =
         "what is taken from paintings: each feature's mean and deviation, or how all go together, which is stronger "
         "and wilder"},
    {.name = "decoder",
     .type = IMP_PARAM_TEXT,
     .fallback = "adain",
     .group = "Style",
     .help = "the network that paints from features, made by 'impasto train adain' for the model: a file or a name"},
    {.name = "strength",
     .type = IMP_PARAM_REAL,
     .fallback = "1",
     .minimum = 0,
     .maximum = 1,
     .group = "Style",
     .help = "how much of the style there is: 0 is the photograph, or close to it with --style"},
    {.name = "original-colors",
     .type = IMP_PARAM_FLAG,
     .fallback = "false",
     .group = "Style",
     .help = "keep the photograph's colours: only the lightness is stylized",
     .aliases = "original-colours"},
    {.name = "size",
     .letter = 's',
     .type = IMP_PARAM_INTEGER,
     .minimum = 1,
     .maximum = IMP_IMAGE_MAX_SIDE,
     .unit = "pixels",
     .group = "Picture",
     .help = "long side of the result; without it the photograph's own size; strokes stay as many pixels wide"},
    {.name = "memory",
     .type = IMP_PARAM_INTEGER,
     .fallback = "1024",
     .minimum = 1,
     .maximum = 1e9,
     .unit = "MiB",
     .group = "Run",
     .help = "what the network's activations may take; a picture that needs more is computed in bands, in half as long "
             "again, with the same result"},
    IMP_ROW_THREADS,
};

/* What the runs of a session share: the network, and memory for pictures of one size. */
typedef struct Session {
    ImpTransformNet *net; /* or NULL: */
    ImpRestyle *restyle;
    ImpTransformPlan *plan; /* of the last size */
    float *pixels;          /* (n_pixels) at least the last result */
    size_t n_pixels;
} Session;

typedef struct Apply {
    const ImpRequest *request;
    const ImpPicture *photo;
    Session *session;
    int width, height;  /* of the result */
    ImpImage *prepared; /* the photograph at that size, or NULL where it is as it was given */
    float *pixels;      /* (3,height,width) the result, the session's */
    double began;
    int64_t steps;
    bool stop;
} Apply;

static ImpStatus take_photo(Apply *apply, ImpError *error) {
    const ImpRequest *request = apply->request;
    for (size_t i = 0; i < request->n_pictures; i++)
        if (strcmp(request->pictures[i].role, "content") == 0) apply->photo = &request->pictures[i];
    if (!apply->photo) return imp_fail(error, IMP_ERROR_ARGUMENT, "apply takes a photograph");
    const ImpImage *image = apply->photo->image;
    apply->width = image->width;
    apply->height = image->height;
    if (imp_params_has(request->params, "size"))
        imp_image_fit(image->width, image->height, (int)imp_params_integer(request->params, "size"), &apply->width,
                      &apply->height);
    if ((int64_t)apply->width * apply->height > IMP_IMAGE_MAX_PIXELS)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "the result would have %dx%d pixels, more than the %d million possible; give a smaller size",
                        apply->width, apply->height, IMP_IMAGE_MAX_PIXELS / 1000000);
    return IMP_OK;
}

static ImpStatus make_room(Session *session, size_t count, ImpError *error) {
    if (session->n_pixels >= count) return IMP_OK;
    imp_free(session->pixels);
    session->pixels = NULL;
    session->n_pixels = 0;
    ImpStatus status = IMP_ALLOC(&session->pixels, count, "picture", error);
    if (status == IMP_OK) session->n_pixels = count;
    return status;
}

/* A large photograph that needs no change is not copied. */
static ImpStatus prepare(Apply *apply, ImpError *error) {
    const ImpImage *image = apply->photo->image;
    size_t places = (size_t)apply->width * (size_t)apply->height;
    ImpStatus status = IMP_OK;
    if (image->alpha || apply->width != image->width || apply->height != image->height)
        status = imp_picture_prepare(image, apply->width, apply->height, &apply->prepared, error);
    if (status == IMP_OK) status = make_room(apply->session, 3 * places, error);
    apply->pixels = apply->session->pixels;
    return status;
}

static bool on_part(void *context, int done, int total) {
    Apply *apply = context;
    const ImpObserver *observer = &apply->request->observer;
    double seconds = imp_clock_seconds() - apply->began;
    ImpProgress progress = {.step = done,
                            .steps = total,
                            .scale = 1,
                            .scales = 1,
                            .width = apply->width,
                            .height = apply->height,
                            .seconds = seconds,
                            .seconds_left = seconds / done * (total - done)};
    apply->steps = done;
    if (observer->progress && (observer->progress(observer->context, &progress) & IMP_STOP)) apply->stop = true;
    return !apply->stop || done == total; /* what is done is kept */
}

static ImpStatus repaint(Apply *apply, ImpError *error) {
    const ImpImage *image = apply->prepared ? apply->prepared : apply->photo->image;
    ImpCodeRun run = {.rgb = image->rgb,
                      .width = apply->width,
                      .height = apply->height,
                      .memory = (size_t)imp_params_integer(apply->request->params, "memory") << 20,
                      .progress = on_part,
                      .context = apply};
    ImpRestyleOptions options = imp_arbitrary_options(apply->request->params);
    return imp_restyle_run(apply->session->restyle, &options, &run, apply->pixels, error);
}

static ImpStatus transform(Apply *apply, ImpError *error) {
    const ImpImage *image = apply->prepared ? apply->prepared : apply->photo->image;
    ImpTransformRun run = {.net = apply->session->net,
                           .rgb = image->rgb,
                           .width = apply->width,
                           .height = apply->height,
                           .out = apply->pixels,
                           .memory = (size_t)imp_params_integer(apply->request->params, "memory") << 20,
                           .progress = on_part,
                           .context = apply};
    ImpStatus status = imp_transform_run(&run, &apply->session->plan, error);
    float strength = (float)imp_params_real(apply->request->params, "strength");
    if (status != IMP_OK || strength == 1) return status;
    size_t count = 3 * (size_t)apply->width * (size_t)apply->height;
    ImpPixelSpace unit = imp_pixel_space(false);
    imp_pixels_clamp(&unit, apply->pixels, count / 3);
    for (size_t i = 0; i < count; i++) apply->pixels[i] = image->rgb[i] + strength * (apply->pixels[i] - image->rgb[i]);
    return IMP_OK;
}

static ImpStatus make_result(Apply *apply, ImpResult *result, ImpError *error) {
    ImpPictureFinish finish = {.content = apply->photo->image,
                               .width = apply->width,
                               .height = apply->height,
                               .original_colours = imp_params_flag(apply->request->params, "original-colors")};
    ImpPixelSpace unit = imp_pixel_space(false);
    ImpStatus status =
        imp_picture_finish(&finish, &unit, apply->pixels, apply->width, apply->height, &result->image, error);
    result->steps = apply->steps;
    result->seconds = imp_clock_seconds() - apply->began;
    return status;
}

static void close_session(void *session) {
    Session *s = session;
    imp_transform_plan_free(&s->plan);
    imp_transform_free(&s->net);
    imp_restyle_free(&s->restyle);
    imp_free(s->pixels);
    imp_free(s);
}

/* What only says how a painting is taken has no effect on a network, and is not passed over in silence. */
static ImpStatus refuse_options_of_style(const ImpParams *params, ImpError *error) {
    static const char *const names[] = {"style-weights", "style-size", "transform", "decoder"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (imp_params_given(params, names[i]))
            return imp_fail(error, IMP_ERROR_ARGUMENT,
                            "%s says how a painting is taken, and there is none; name it with style, or leave %s out",
                            names[i], names[i]);
    return IMP_OK;
}

static ImpStatus read_network(const ImpParams *params, ImpTransformNet **out, ImpError *error) {
    const char *model = imp_params_text(params, "model");
    if (!model)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "apply needs a style: --style PAINTING, or a style network with --model FILE");
    ImpStatus status = refuse_options_of_style(params, error);
    return status == IMP_OK ? imp_transform_read(model, out, error) : status;
}

static ImpStatus open_session(const ImpParams *params, void **out, ImpError *error) {
    Session *session;
    *out = NULL;
    ImpStatus status = IMP_ALLOC(&session, 1, "session", error);
    if (status != IMP_OK) return status;
    if (imp_params_has(params, "style"))
        status = imp_arbitrary_new(params, &session->restyle, error);
    else
        status = read_network(params, &session->net, error);
    if (status == IMP_OK)
        *out = session;
    else
        close_session(session);
    return status;
}

static ImpStatus run_in_session(Apply *apply, ImpResult *result, ImpError *error) {
    int threads = imp_threads_set((int)imp_params_integer(apply->request->params, "threads"));
    ImpStatus status = take_photo(apply, error);
    if (status == IMP_OK) status = prepare(apply, error);
    if (status == IMP_OK) status = apply->session->net ? transform(apply, error) : repaint(apply, error);
    if (status == IMP_OK) status = make_result(apply, result, error);
    imp_image_free(&apply->prepared);
    imp_threads_set(threads);
    return status;
}

static ImpStatus run(const ImpRequest *request, ImpResult *result, ImpError *error) {
    *result = (ImpResult){0};
    Apply apply = {.request = request, .session = request->session, .began = imp_clock_seconds()};
    if (apply.session) return run_in_session(&apply, result, error);
    void *own;
    ImpStatus status = open_session(request->params, &own, error);
    if (status != IMP_OK) return status;
    apply.session = own;
    status = run_in_session(&apply, result, error);
    close_session(own);
    return status;
}

static const ImpInput inputs[] = {{"content", "the photograph to be restyled", 1, 1}};

const ImpMethod imp_method_apply = {
    .name = "apply",
    .summary = "restyle a photograph in one pass, like a painting or with a network trained for a style",
    .description = "Runs a photograph once through a network: seconds where 'impasto stylize' takes minutes.\n\n"
                   "With --style, any painting will do: the photograph's features get the statistics of the "
                   "painting's, and a decoder paints from them (Huang, Belongie 2017; Li et al. 2017). Without, the "
                   "network was trained for one style (Johnson, Alahi, Fei-Fei 2016), which is the better picture: "
                   "'impasto train style' makes such a network from a painting; those of pytorch/examples "
                   "fast_neural_style and what was trained with it (.pth, .model) do as well, of any width.\n\n"
                   "The result has exactly the photograph's size. The network paints strokes of the size it was "
                   "trained with, in pixels: a smaller --size makes them larger within the picture.",
    .examples =
        "impasto apply photo.jpg --style painting.jpg -o out.png  # like this painting\n"
        "impasto apply photo.jpg --style a.jpg,b.jpg --style-weights 2,1 -o out.png  # like two, more like the first\n"
        "impasto apply photo.jpg --model mosaic.pth -o out.png  # as it is\n"
        "impasto apply photo.jpg --model mosaic.pth --strength 0.6 -o out.png  # less of the style\n"
        "impasto apply photo.jpg --model mosaic.pth --original-colors --size 1024 -o out.png  # only the brush work\n"
        "impasto apply photos --model mosaic.pth -O restyled  # every picture of a folder and those below",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof *inputs,
    .params = {rows, sizeof rows / sizeof *rows},
    .run = run,
    .open = open_session,
    .close = close_session,
};
