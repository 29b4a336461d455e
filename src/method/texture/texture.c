#include "method/texture/texture.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "method/descent_rows.h"
#include "method/texture/hole.h"
#include "method/texture/model.h"
#include <stdio.h>
#include <string.h>

static const ImpParam rows[] = {
    {.name = "model",
     .letter = 'm',
     .type = IMP_PARAM_CHOICE,
     .fallback = "quilting",
     .choices = "quilting|efros-leung|wei-levoy|gram",
     .group = "Texture",
     .help = "quilting sews blocks together, in seconds; efros-leung grows pixel by pixel, the slowest; wei-levoy goes "
             "coarse to fine, makes what can be laid side by side, and is taken where a hole is filled and none is "
             "named; gram optimises new pixels until a network cannot tell the texture from the exemplar"},
    {.name = "size",
     .letter = 's',
     .type = IMP_PARAM_TEXT,
     .unit = "pixels",
     .group = "Texture",
     .help = "of the result, WIDTHxHEIGHT or one number for both; twice the exemplar's if none is given"},
    {.name = "hole",
     .type = IMP_PARAM_FILE_IN,
     .group = "Texture",
     .help = "a mask as large as the picture: what is white in it is filled from the rest; without, what is "
             "transparent, if no size is given",
     .aliases = "mask"},
    {.name = "seed",
     .type = IMP_PARAM_INTEGER,
     .fallback = "0",
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .group = "Texture",
     .help = "of what is left to chance; the same seed gives the same picture"},

    {.name = "window",
     .type = IMP_PARAM_INTEGER,
     .minimum = 1,
     .maximum = IMP_TEXTURE_MAX_WINDOW,
     .unit = "pixels",
     .group = "Matching",
     .help = "side of the neighbourhood that is compared, odd; as large as the largest regular structure; more keeps "
             "more of it and takes longer; without it 15 for efros-leung and 7 for wei-levoy",
     .aliases = "neighbourhood|neighborhood"},
    {.name = "epsilon",
     .type = IMP_PARAM_REAL,
     .fallback = "0.1",
     .minimum = 0,
     .maximum = 1000,
     .group = "Matching",
     .help = "quilting and efros-leung choose at random among all matches up to this share worse than the best; more "
             "is more varied and fits less",
     .aliases = "tolerance"},
    {.name = "max-error",
     .type = IMP_PARAM_REAL,
     .fallback = "0.3",
     .minimum = 1e-6,
     .maximum = 1,
     .group = "Matching",
     .help = "efros-leung puts off pixels whose best match has this mean squared difference, colours from 0 to 1; "
             "less fills what fits best first"},
    {.name = "block",
     .type = IMP_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 8192,
     .unit = "pixels",
     .group = "Matching",
     .help = "side of the blocks of quilting; more keeps larger structures and repeats more; without it a fifth of the "
             "exemplar",
     .aliases = "patch-size|tile-size"},
    {.name = "overlap",
     .type = IMP_PARAM_INTEGER,
     .minimum = 0,
     .maximum = 4096,
     .unit = "pixels",
     .group = "Matching",
     .help = "of neighbouring blocks; more hides seams better and takes longer; without it a sixth of a block"},
    {.name = "levels",
     .type = IMP_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 12,
     .group = "Matching",
     .help = "of wei-levoy's pyramid; more keeps larger structures; without it as many as the exemplar is large enough "
             "for"},
    {.name = "passes",
     .type = IMP_PARAM_INTEGER,
     .fallback = "2",
     .minimum = 1,
     .maximum = 100,
     .group = "Matching",
     .help = "how often wei-levoy goes over each level; 1 is the paper's, more mends what did not fit, and the seam "
             "where the texture is laid side by side"},
    {.name = "coherence",
     .type = IMP_PARAM_REAL,
     .fallback = "0.1",
     .minimum = 0,
     .maximum = 100,
     .group = "Matching",
     .help =
         "how much worse, as a share, what goes on with a neighbour may match in wei-levoy; more keeps finer detail "
         "and copies larger pieces",
     .aliases = "kappa"},
    {.name = "exact",
     .type = IMP_PARAM_FLAG,
     .fallback = "false",
     .group = "Matching",
     .help = "wei-levoy compares all of the exemplar instead of the likely places; slow"},

    {.name = "seamless",
     .type = IMP_PARAM_FLAG,
     .fallback = "false",
     .group = "Network",
     .help = "gram makes what can be laid side by side; its sides are then multiples of 16",
     .aliases = "tileable"},
    {.name = "network",
     .type = IMP_PARAM_TEXT,
     .fallback = "builtin",
     .group = "Network",
     .help = "the network that judges for gram: the built-in one, or VGG weights, a file or a name"},
    {.name = "layers",
     .type = IMP_PARAM_LAYERS,
     .fallback = "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1",
     .minimum = 0,
     .maximum = 1e12,
     .group = "Network",
     .help = "layers whose statistics gram takes, with weights; deeper ones keep larger structures together",
     .aliases = "style-layers"},
    {.name = "histogram-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e15,
     .group = "Network",
     .help =
         "how closely each channel keeps to the exemplar's histogram as well, beside 1e6 of the Gram matrices; more "
         "keeps contrasts even"},
    {.name = "tv-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e12,
     .group = "Network",
     .help = "how much differences between neighbouring pixels cost gram; more is smoother"},
    {.name = "evaluations",
     .letter = 'n',
     .type = IMP_PARAM_INTEGER,
     .fallback = "200",
     .minimum = 1,
     .maximum = 1e9,
     .group = "Network",
     .help = "how often gram computes its losses, at each scale; more is closer and takes longer",
     .aliases = "num-iterations|iterations"},
    IMP_ROW_THREADS,
    IMP_ROW_CHECKPOINT,
    IMP_ROW_CHECKPOINT_EVERY,
    IMP_ROW_RESUME,
};

/* In the order of the choices. */
static const ImpTextureModel *const models[] = {&imp_texture_quilting, &imp_texture_efros_leung, &imp_texture_wei_levoy,
                                                &imp_texture_gram};

static bool means_something(const ImpTextureModel *model, const char *option) {
    char name[64];
    snprintf(name, sizeof name, "|%s|", option);
    return strstr(model->options, name) != NULL;
}

/* What has no effect on the model is not passed over in silence. */
static ImpStatus refuse_options_of_others(const ImpTextureModel *model, const ImpParams *params, ImpError *error) {
    static const char *const names[] = {
        "size",      "hole",        "window",     "epsilon",          "max-error", "block",  "overlap",
        "levels",    "passes",      "exact",      "seamless",         "network",   "layers", "histogram-weight",
        "tv-weight", "evaluations", "checkpoint", "checkpoint-every", "resume"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!imp_params_given(params, names[i]) || means_something(model, names[i])) continue;
        const ImpTextureModel *other = NULL;
        for (size_t m = sizeof models / sizeof *models; m-- > 0;)
            if (means_something(models[m], names[i])) other = models[m];
        return imp_fail(error, IMP_ERROR_ARGUMENT, "%s means nothing to %s; leave it out, or give model %s", names[i],
                        model->name, other ? other->name : model->name);
    }
    return IMP_OK;
}

/* Quilting, which is what comes without a name, cannot fill holes. */
static const ImpTextureModel *choose_model(const ImpParams *params, bool hole) {
    const ImpTextureModel *model = models[imp_params_choice(params, "model")];
    return hole && !model->fills && !imp_params_given(params, "model") ? &imp_texture_wei_levoy : model;
}

static const ImpPicture *find_exemplar(const ImpRequest *request) {
    for (size_t i = 0; i < request->n_pictures; i++)
        if (strcmp(request->pictures[i].role, "exemplar") == 0) return &request->pictures[i];
    return NULL;
}

/* The hole that is to be filled, if any. */
static ImpStatus read_hole(const ImpParams *params, const ImpImage *exemplar, bool **hole, ImpError *error) {
    const char *path = imp_params_text(params, "hole");
    *hole = NULL;
    if (!path && imp_params_has(params, "size")) return IMP_OK;
    return imp_texture_hole_read(exemplar, path, hole, error);
}

static ImpStatus run_model(const ImpRequest *request, const ImpImage *exemplar, const bool *hole, ImpResult *result,
                           ImpError *error) {
    const ImpTextureModel *model = choose_model(request->params, hole);
    ImpTextureSettings settings;
    ImpTextureWatch watch;
    ImpRandom random;
    if (!model->fills) hole = NULL; /* what is transparent is left out, and a mask refused */
    ImpStatus status = refuse_options_of_others(model, request->params, error);
    if (status == IMP_OK) status = imp_texture_settings_read(request->params, exemplar, hole, &settings, error);
    if (status != IMP_OK) return status;
    imp_random_seed(&random, settings.seed);
    imp_texture_watch_begin(&watch, &request->observer, exemplar, settings.width, settings.height);
    ImpTextureJob job = {.exemplar = exemplar,
                         .hole = hole,
                         .settings = &settings,
                         .params = request->params,
                         .random = &random,
                         .watch = &watch};
    status = model->run(&job, &result->image, error);
    result->steps = watch.step;
    result->stopped = watch.stop;
    result->seconds = imp_clock_seconds() - watch.began;
    return status;
}

static ImpStatus run(const ImpRequest *request, ImpResult *result, ImpError *error) {
    const ImpPicture *exemplar = find_exemplar(request);
    bool *hole;
    *result = (ImpResult){0};
    if (!exemplar) return imp_fail(error, IMP_ERROR_ARGUMENT, "texture takes an exemplar");
    ImpStatus status = read_hole(request->params, exemplar->image, &hole, error);
    if (status != IMP_OK) return status;
    int threads = imp_threads_set((int)imp_params_integer(request->params, "threads"));
    status = run_model(request, exemplar->image, hole, result, error);
    imp_threads_set(threads);
    imp_free(hole);
    return status;
}

static const ImpInput inputs[] = {{"exemplar", "the texture to be continued, or the picture with a hole", 1, 1}};

static const ImpPreset presets[] = {
    {"large", "large structures, such as stones and letters: larger blocks that overlap more", "block=64;overlap=16"},
    {"fine", "fine and irregular structures, such as sand: pixel by pixel with a small window",
     "model=efros-leung;window=9"},
};

const ImpMethod imp_method_texture = {
    .name = "texture",
    .summary = "make more of a texture, or fill a hole in a picture with what is around it",
    .description =
        "Makes a texture of any size that looks like the exemplar and does not repeat it, out of pixels of the "
        "exemplar: but with gram, every colour in the result is one of its own.\n\n"
        "Image quilting (Efros, Freeman 2001) sews blocks together along cuts where they differ least; it keeps "
        "structures and takes seconds. Non-parametric sampling (Efros, Leung 1999) grows the texture pixel by pixel, "
        "each taken from where the exemplar looks most like what is there already. Wei, Levoy 2000 do so coarse to "
        "fine with a fast search; their textures are seamless when laid side by side. 'gram' alone makes new pixels: "
        "noise is optimised until its statistics in a network are the exemplar's (Gatys, Ecker, Bethge 2015).\n\n"
        "With --hole, or where a picture is transparent, the hole in it is filled in this way, and all else stays "
        "as it was.",
    .examples = "impasto texture bark.jpg -o out.png  # twice as large\n"
                "impasto texture bark.jpg --size 1024x768 --block 48 -o out.png  # of this size, from larger blocks\n"
                "impasto texture sand.png --model efros-leung --window 11 -o out.png  # pixel by pixel\n"
                "impasto texture bark.jpg --model wei-levoy --size 256 -o tile.png  # to be laid side by side\n"
                "impasto texture pebbles.jpg --model gram --seamless --size 512 -o tile.png  # new pebbles, for a wall "
                "of tiles\n"
                "impasto texture photo.jpg --hole mask.png -o out.png  # without what the mask shows in white",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof *inputs,
    .params = {rows, sizeof rows / sizeof *rows},
    .presets = presets,
    .n_presets = sizeof presets / sizeof *presets,
    .run = run,
};
