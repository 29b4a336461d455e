#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/threads.h"
#include "image/sheet.h"
#include "method/feedforward/train_checkpoint.h"
#include "method/feedforward/train_step.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The loop of all trainings: from a request to the written network. */

enum { REMEMBER_EVERY = 100 }; /* steps between two states to go back to */

typedef struct Training {
    const ImpTrainingRequest *request;
    ImpTrainTask task;
    ImpTrainState state;
    ImpTrainStep step;
    ImpTrainOrigin origin;
    char *checkpoint; /* its path */
    float *samples;   /* (N,3,crop,crop) photographs for the sheets; NULL without */
    float *other;     /* (count) see imp_train_state_exchange */
    double began;
    int64_t first; /* step at which this process began */
    bool stop, checkpoint_asked;
    size_t faults;
} Training;

static double seconds_of(const Training *t) {
    return t->state.seconds + imp_clock_seconds() - t->began;
}

static void notice(const Training *t, const char *sentence) {
    const ImpObserver *observer = &t->request->observer;
    if (observer->notice) observer->notice(observer->context, sentence);
}

static void on_photo_notice(void *context, const char *sentence) {
    notice(context, sentence);
}

/* --- what is written ---------------------------------------------------------------------------------------------- */

/* A side product that cannot be written, on a full disk say, does not end the training; the first is told of. */
static void keep_fault(Training *t, const char *what, const ImpError *error) {
    char sentence[IMP_ERROR_MESSAGE_SIZE];
    if (t->faults++ > 0) return;
    snprintf(sentence, sizeof sentence, "no %s: %.900s; the training goes on without", what, error->message);
    notice(t, sentence);
}

static ImpStatus add_options(const Training *t, ImpNote *notes, size_t *n, ImpError *error) {
    const ImpParams *params = t->request->params;
    const ImpParamTable *table = imp_params_table(params);
    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->rows[i].name, *text = imp_params_text(params, name);
        if (!text || strcmp(name, "steps") == 0 || !imp_train_option_counts(t->task.type->training, params, name))
            continue;
        char *key = imp_format("option.%s", name);
        if (!key) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the network's file");
        notes[(*n)++] = (ImpNote){key, text};
    }
    return IMP_OK;
}

/* The network with what it was made from, but neither times nor paths: the same training gives the same bytes. */
static ImpStatus write_network(Training *t, ImpError *error) {
    ImpNote notes[IMP_TRAIN_MAX_ROWS + IMP_TRAIN_MAX_TRAITS + 2];
    char steps[IMP_NUMBER_TEXT];
    size_t n = 0;
    snprintf(steps, sizeof steps, "%" PRId64, t->state.step);
    notes[n++] = (ImpNote){"steps", steps};
    for (size_t i = 0; i < t->task.n_traits; i++)
        notes[n++] = (ImpNote){t->task.traits[i].key, t->task.traits[i].value};
    notes[n++] = (ImpNote){"photos_fingerprint", imp_photos_fingerprint(t->step.photos)};
    size_t own = n;
    ImpStatus status = add_options(t, notes, &n, error);
    imp_train_state_result(&t->state, t->other);
    imp_train_state_exchange(&t->state, t->other);
    if (status == IMP_OK) status = t->task.type->write(&t->task, notes, n, t->task.settings.output, error);
    imp_train_state_exchange(&t->state, t->other);
    for (size_t i = own; i < n; i++) imp_free((char *)notes[i].key);
    return status;
}

static void write_checkpoint(Training *t) {
    ImpError error;
    double seconds = t->state.seconds;
    t->state.seconds = seconds_of(t);
    ImpStatus status = imp_train_checkpoint_write(t->checkpoint, &t->origin, &t->state, &error);
    t->state.seconds = seconds;
    if (status != IMP_OK) keep_fault(t, "checkpoint", &error);
}

/* Photographs in a row, and below them what the network makes of each. */
static ImpStatus make_sheet(Training *t, float *made, ImpImage **out, ImpError *error) {
    int images = t->task.settings.batch, side = t->task.settings.crop;
    size_t pixels = 3 * (size_t)side * (size_t)side;
    ImpSheetCell *cells;
    *out = NULL;
    ImpStatus status = IMP_ALLOC(&cells, 2 * (size_t)images, "sheet", error);
    if (status != IMP_OK) return status;
    imp_train_state_result(&t->state, t->other);
    imp_train_state_exchange(&t->state, t->other);
    status = t->task.type->show(&t->task, t->samples, made, error);
    imp_train_state_exchange(&t->state, t->other);
    for (int i = 0; i < images; i++) {
        cells[i] = (ImpSheetCell){t->samples + (size_t)i * pixels, 3, side, side};
        cells[images + i] = (ImpSheetCell){made + (size_t)i * pixels, 3, side, side};
    }
    ImpSheetOptions options = {.columns = images, .margin = 8, .background = {1, 1, 1}};
    if (status == IMP_OK) status = imp_sheet_new(cells, 2 * (size_t)images, &options, out, error);
    imp_free(cells);
    return status;
}

static void write_sheet(Training *t) {
    ImpError error;
    float *made = NULL;
    ImpImage *sheet = NULL;
    size_t count = 3 * (size_t)t->task.settings.batch * (size_t)t->task.settings.crop * (size_t)t->task.settings.crop;
    if (!t->samples) return;
    ImpStatus status = IMP_ALLOC(&made, count, "sheet", &error);
    if (status == IMP_OK) status = make_sheet(t, made, &sheet, &error);
    if (status == IMP_OK) status = imp_image_write(sheet, t->task.settings.sample, NULL, &error);
    if (status != IMP_OK) keep_fault(t, "sheet of samples", &error);
    imp_image_free(&sheet);
    imp_free(made);
}

/* --- before the first step ---------------------------------------------------------------------------------------- */

/* Everything that can be known to fail at the end fails now. */
static ImpStatus check_outputs(Training *t, ImpError *error) {
    const ImpTrainSettings *s = &t->task.settings;
    t->checkpoint = s->checkpoint ? imp_strdup(s->checkpoint) : imp_format("%s.checkpoint", s->output);
    if (!t->checkpoint) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the checkpoint's name");
    if (strcmp(t->checkpoint, s->output) == 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "checkpoint and output are both %.300s; give different names",
                        s->output);
    ImpStatus status = imp_file_check_writable(s->output, error);
    if (status == IMP_OK) status = imp_file_check_writable(t->checkpoint, error);
    if (status == IMP_OK && s->sample) status = imp_image_check_writable(s->sample, NULL, error);
    return status;
}

static ImpStatus open_photos(Training *t, uint64_t seed, ImpPhotos **out, ImpError *error) {
    ImpPhotosOptions options = imp_photos_defaults();
    options.paths = &t->task.settings.photos;
    options.n_paths = 1;
    options.seed = seed;
    options.crop = t->task.settings.crop;
    options.batch = t->task.settings.batch;
    options.largest = t->task.settings.largest;
    options.notice = on_photo_notice;
    options.context = t;
    return imp_photos_new(&options, out, error);
}

/* Photographs for the sheets, the same for every sheet, in another order than those that are learned from. */
static ImpStatus take_samples(Training *t, ImpError *error) {
    ImpPhotos *photos = NULL;
    size_t count = 3 * (size_t)t->task.settings.batch * (size_t)t->task.settings.crop * (size_t)t->task.settings.crop;
    if (!t->task.settings.sample) return IMP_OK;
    ImpStatus status = IMP_ALLOC(&t->samples, count, "photographs", error);
    if (status == IMP_OK) status = open_photos(t, t->task.settings.seed ^ 0x5a5a5a5aU, &photos, error);
    if (status == IMP_OK) status = imp_photos_next(photos, t->samples, error);
    imp_photos_free(&photos);
    return status;
}

static ImpStatus begin_state(Training *t, ImpError *error) {
    ImpStatus status = imp_train_state_begin(&t->task, &t->state, error);
    t->origin = (ImpTrainOrigin){&t->task, t->request->params, imp_photos_fingerprint(t->step.photos)};
    if (status == IMP_OK && t->task.settings.resume)
        status = imp_train_checkpoint_read(t->task.settings.resume, &t->origin, &t->state, error);
    if (status == IMP_OK && t->state.step > t->task.settings.steps)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "%.200s has %" PRId64 " steps, more than the %" PRId64 " of this run; give more steps",
                        t->task.settings.resume, t->state.step, t->task.settings.steps);
    if (status == IMP_OK) status = IMP_ALLOC(&t->other, t->state.count, "network", error);
    t->first = t->state.step;
    return status;
}

static ImpStatus prepare(Training *t, ImpError *error) {
    const ImpTrainTaskType *type = t->task.type;
    const ImpParams *params = t->request->params;
    ImpStatus status = imp_train_settings_read(params, type->unit, &t->task.settings, error);
    if (status == IMP_OK) status = check_outputs(t, error);
    if (status == IMP_OK) status = type->open(&t->task, params, error);
    if (status == IMP_OK) status = open_photos(t, t->task.settings.seed, &t->step.photos, error);
    t->step.task = &t->task;
    t->step.state = &t->state;
    if (status == IMP_OK) status = imp_train_step_begin(&t->step, error);
    if (status == IMP_OK) status = imp_train_start(&t->task, error);
    if (status == IMP_OK) status = begin_state(t, error);
    if (status == IMP_OK) status = take_samples(t, error);
    t->began = imp_clock_seconds();
    return status;
}

/* --- the steps ---------------------------------------------------------------------------------------------------- */

static void list_metrics(const Training *t, ImpMetric out[IMP_MAX_METRICS], size_t *count) {
    const ImpTrainStep *step = &t->step;
    *count = 0;
    for (size_t i = 0; i < t->task.n_losses; i++) out[(*count)++] = (ImpMetric){t->task.losses[i], step->losses[i]};
    out[(*count)++] = (ImpMetric){"gradient_norm", step->norm};
    out[(*count)++] = (ImpMetric){"learning_rate", step->rate};
}

static void report(Training *t) {
    const ImpObserver *observer = &t->request->observer;
    ImpMetric metrics[IMP_MAX_METRICS];
    double here = imp_clock_seconds() - t->began;
    int64_t done = t->state.step - t->first;
    ImpProgress progress = {.step = t->state.step,
                            .steps = t->task.settings.steps,
                            .scale = 1,
                            .scales = 1,
                            .width = t->task.settings.crop,
                            .height = t->task.settings.crop,
                            .seconds = seconds_of(t),
                            .seconds_left =
                                done < 2 ? -1 : here / (double)done * (double)(t->task.settings.steps - t->state.step),
                            .metrics = metrics};
    list_metrics(t, metrics, &progress.n_metrics);
    unsigned wishes = observer->progress ? observer->progress(observer->context, &progress) : IMP_CONTINUE;
    if (wishes & IMP_STOP) t->stop = true;
    if (wishes & IMP_CHECKPOINT) t->checkpoint_asked = true;
}

/* The network as it is; a failure to write it is told of, and met again at the end. */
static void write_on_the_way(Training *t) {
    ImpError error;
    write_checkpoint(t);
    if (write_network(t, &error) != IMP_OK) keep_fault(t, "network on the way", &error);
    t->checkpoint_asked = false;
}

static ImpStatus one_step(Training *t, ImpError *error) {
    ImpError reason = {0};
    ImpStatus status = imp_train_step_make(&t->step, &reason);
    if (status == IMP_ERROR_NUMBER) {
        if (t->state.setbacks == 0)
            notice(t, "the training left the finite numbers; it goes back some steps, with half the learning rate");
        return imp_train_state_step_back(&t->state, error);
    }
    if (status != IMP_OK) return imp_fail(error, status, "%s", reason.message);
    report(t);
    if (t->state.step % REMEMBER_EVERY == 0) status = imp_train_state_remember(&t->state, error);
    const ImpTrainSettings *s = &t->task.settings;
    bool last = t->stop || t->state.step == s->steps;
    bool due = s->checkpoint_every > 0 && t->state.step % s->checkpoint_every == 0;
    if (status == IMP_OK && !last && (due || t->checkpoint_asked)) write_on_the_way(t);
    if (status == IMP_OK && !last && t->samples && t->state.step % s->sample_every == 0) write_sheet(t);
    return status;
}

/* What there is when the photographs or the numbers give out is kept as well. */
static ImpStatus train(Training *t, ImpError *error) {
    ImpStatus status = IMP_OK;
    while (status == IMP_OK && !t->stop && t->state.step < t->task.settings.steps) status = one_step(t, error);
    if (status == IMP_OK || t->state.step > t->first) write_checkpoint(t);
    if (status != IMP_OK) return status;
    status = write_network(t, error);
    write_sheet(t);
    return status;
}

ImpStatus imp_train_run(const ImpTrainTaskType *type, const ImpTrainingRequest *request, ImpTrainingResult *result,
                        ImpError *error) {
    *result = (ImpTrainingResult){0};
    Training t = {.request = request, .task = {.type = type}};
    int threads = imp_threads_set((int)imp_params_integer(request->params, "threads"));
    ImpStatus status = prepare(&t, error);
    if (status == IMP_OK) status = train(&t, error);
    if (status == IMP_OK) {
        *result = (ImpTrainingResult){
            .stopped = t.stop, .steps = t.state.step, .seconds = seconds_of(&t), .faults = t.faults};
        list_metrics(&t, result->metrics, &result->n_metrics);
    }
    imp_train_step_end(&t.step);
    imp_photos_free(&t.step.photos);
    imp_train_state_end(&t.state);
    type->free(&t.task);
    imp_free(t.task.gradient);
    imp_free(t.checkpoint);
    imp_free(t.samples);
    imp_free(t.other);
    imp_threads_set(threads);
    return status;
}
