#include "invert.h"

#include "base/error.h"
#include <string.h>
#include <time.h>

static const ImpParam rows[] = {
    {.name = "strength",
     .letter = 's',
     .type = IMP_PARAM_REAL,
     .fallback = "1",
     .minimum = 0,
     .maximum = 1,
     .group = "Inversion",
     .help = "how far to go; more is more inverted"},
    {.name = "mode",
     .letter = 'm',
     .type = IMP_PARAM_CHOICE,
     .fallback = "all",
     .choices = "all|red",
     .group = "Inversion",
     .help = "which colours to invert"},
    {.name = "keep-alpha",
     .letter = 'k',
     .type = IMP_PARAM_FLAG,
     .fallback = "true",
     .group = "Inversion",
     .help = "keep transparency"},
    {.name = "steps",
     .type = IMP_PARAM_INTEGER,
     .fallback = "5",
     .minimum = 1,
     .maximum = 1e6,
     .unit = "steps",
     .group = "Run",
     .help = "in how many steps to go; more is finer",
     .aliases = "iterations|num-iterations"},
    {.name = "delay",
     .type = IMP_PARAM_REAL,
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e6,
     .unit = "milliseconds",
     .group = "Run",
     .help = "how long each step takes"},
    {.name = "fail-at",
     .type = IMP_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 1e6,
     .group = "Run",
     .help = "the step that goes wrong"},
    {.name = "weights", .type = IMP_PARAM_REALS, .minimum = 0, .maximum = 10, .group = "Lists", .help = "some weights"},
    {.name = "sizes", .type = IMP_PARAM_INTEGERS, .minimum = 1, .maximum = 99, .group = "Lists", .help = "some sizes"},
    {.name = "layers",
     .type = IMP_PARAM_LAYERS,
     .fallback = "relu1_1,relu2_1:0.5",
     .minimum = 0,
     .maximum = 10,
     .group = "Lists",
     .help = "some layers"},
    {.name = "note", .type = IMP_PARAM_TEXT, .group = "Lists", .help = "some text"},
    {.name = "model", .type = IMP_PARAM_FILE_IN, .group = "Lists", .help = "a file that is hashed"},
};

static const ImpInput inputs[] = {
    {"content", "the picture to invert", 1, 1},
    {"style", "pictures that are read and not used", 0, 2},
};

static const ImpPreset presets[] = {
    {"gentle", "half the way in few steps", "strength=0.5;steps=2"},
    {"faulty", "a preset that does not fit the table", "strength=7"},
};

typedef struct Walk {
    const ImpRequest *request;
    ImpImage *image;
    const ImpImage *content;
    double strength;
    int planes;
} Walk;

static void blend(const Walk *walk, double share) {
    size_t plane = (size_t)walk->content->width * (size_t)walk->content->height;
    float amount = (float)(walk->strength * share);
    for (size_t i = 0; i < (size_t)walk->planes * plane; i++) {
        float value = walk->content->rgb[i];
        walk->image->rgb[i] = value + amount * (1 - 2 * value);
    }
}

static unsigned report(const Walk *walk, int64_t step, int64_t steps, ImpResult *result) {
    result->steps = step;
    result->metrics[0] = (ImpMetric){"total", 1.0 / (double)step};
    result->metrics[1] = (ImpMetric){"style", 0.1 * (double)step};
    result->n_metrics = 2;
    const ImpObserver *observer = &walk->request->observer;
    ImpProgress progress = {.step = step,
                            .steps = steps,
                            .scale = 1,
                            .scales = 1,
                            .width = walk->image->width,
                            .height = walk->image->height,
                            .seconds = result->seconds,
                            .seconds_left = -1,
                            .metrics = result->metrics,
                            .n_metrics = result->n_metrics};
    unsigned wish = observer->progress ? observer->progress(observer->context, &progress) : IMP_CONTINUE;
    if (wish & IMP_SNAPSHOT) observer->snapshot(observer->context, walk->image, &progress);
    return wish;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void wait_for(double milliseconds) {
    struct timespec time = {(time_t)(milliseconds / 1000), 0};
    time.tv_nsec = (long)((milliseconds - 1000 * (double)time.tv_sec) * 1e6);
    while (nanosleep(&time, &time) != 0) continue;
}

static ImpStatus run(const ImpRequest *request, ImpResult *result, ImpError *error) {
    const ImpParams *params = request->params;
    *result = (ImpResult){0};
    Walk walk = {.request = request,
                 .content = request->pictures[0].image,
                 .strength = imp_params_real(params, "strength"),
                 .planes = imp_params_choice(params, "mode") == 0 ? 3 : 1};
    int64_t steps = imp_params_integer(params, "steps");
    int64_t fault = imp_params_has(params, "fail-at") ? imp_params_integer(params, "fail-at") : 0;
    double began = now();
    ImpStatus status = imp_image_copy(walk.content, &walk.image, error);
    if (status == IMP_OK && request->n_pictures > 1 && request->observer.notice)
        request->observer.notice(request->observer.context, "the style pictures are not used");
    for (int64_t step = 1; step <= steps && status == IMP_OK && !result->stopped; step++) {
        wait_for(imp_params_real(params, "delay"));
        if (step == fault) status = imp_fail(error, IMP_ERROR_NUMBER, "step %lld went wrong", (long long)step);
        blend(&walk, (double)step / (double)steps);
        result->seconds = now() - began;
        if (status == IMP_OK && report(&walk, step, steps, result) & IMP_STOP) result->stopped = step < steps;
    }
    if (status == IMP_OK)
        result->image = walk.image;
    else
        imp_image_free(&walk.image);
    return status;
}

const ImpMethod imp_method_invert = {
    .name = "invert",
    .summary = "turn a picture into its negative",
    .description =
        "Inverts the colours of a picture in steps, so that a run can be watched.\n\nIt is a method for tests.",
    .examples = "impasto invert photo.jpg -o negative.png  # the negative\n"
                "impasto invert photo.jpg -o half.png --preset gentle  # half of it",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof *inputs,
    .params = {rows, sizeof rows / sizeof *rows},
    .presets = presets,
    .n_presets = sizeof presets / sizeof *presets,
    .run = run,
};
