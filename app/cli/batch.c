#include "batch.h"

#include "batch_list.h"
#include "option_text.h"
#include "paths.h"
#include "replay.h"
#include "signals.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_NOTICES = 16 };

typedef struct Batch {
    Run *run;
    BatchList list;
    ImpRecipe *recipe; /* with the settings of all; NULL where they cannot be told */
    void *session;     /* of the method */
    char *notices[MOST_NOTICES];
    size_t n_notices; /* that were given: each is only once */
    double began;
    const BatchItem *item;    /* being restyled */
    size_t at, wanted;        /* its number from 1 on, of those that are not there already */
    double bytes, bytes_done; /* of the files of those wanted, which tell how long each takes */
    size_t done, skipped;
    bool faults; /* something besides a picture could not be written */
} Batch;

/* What became of a picture. */
typedef enum Outcome { DONE, SKIPPED, STOPPED, FAILED } Outcome;

/* ---- what is told ---- */

/* One line a picture, as soon as it is known. */
static void tell_json(Batch *batch, const char *input, const char *output, const char *reason) {
    if (!batch->run->json) return;
    if (reason) {
        report_left_out(batch->run->method, input, output, reason);
    } else {
        Report report = run_report(batch->run);
        report_json(&report);
    }
    fflush(stdout);
}

static Outcome skip(Batch *batch, const char *input, const char *reason) {
    progress_wipe(&batch->run->progress);
    if (strstr(reason, input))
        complain("skipped: %s", reason);
    else
        complain("skipped: %s: %s", input, reason);
    tell_json(batch, input, NULL, reason);
    batch->skipped++;
    return SKIPPED;
}

static void tell_left_out(Batch *batch) {
    const ImpPictureList *found = batch->list.found;
    for (size_t i = 0; i < found->n_left_out; i++) skip(batch, found->left_out[i].path, found->left_out[i].reason);
}

/* `now` is NULL before the first step. */
static void show_progress(Batch *batch, const ImpProgress *now) {
    char line[512], left[32];
    double share = now && now->steps > 0 ? (double)now->step / (double)now->steps : 0;
    double done = batch->bytes_done + share * (double)batch->item->picture->size;
    int used = snprintf(line, sizeof line, "picture %zu/%zu", batch->at, batch->wanted);
    if (now && now->steps > 1)
        used += snprintf(line + used, sizeof line - (size_t)used, "  %lld/%lld", (long long)now->step,
                         (long long)now->steps);
    if (now && now->width > 0)
        used += snprintf(line + used, sizeof line - (size_t)used, "  %dx%d", now->width, now->height);
    if (done > 0) {
        format_duration((clock_seconds() - batch->began) / done * (batch->bytes - done), left);
        used += snprintf(line + used, sizeof line - (size_t)used, "  %s left", left);
    }
    snprintf(line + used, sizeof line - (size_t)used, "  %s", batch->item->picture->name);
    for (char *c = line; *c; c++) /* names must not steer the terminal */
        if ((unsigned char)*c < 32 || *c == 127) *c = '?';
    progress_show_line(&batch->run->progress, line);
}

static int summarise(Batch *batch, int result) {
    const Run *run = batch->run;
    char text[256], duration[32];
    bool whole = result == EXIT_GOOD;
    int used = snprintf(text, sizeof text, "%zu", batch->done);
    if (!whole) used += snprintf(text + used, sizeof text - (size_t)used, " of %zu", batch->wanted);
    used += snprintf(text + used, sizeof text - (size_t)used, " restyled");
    if (batch->list.n_there > 0)
        used += snprintf(text + used, sizeof text - (size_t)used, ", %zu there already", batch->list.n_there);
    if (batch->skipped > 0) snprintf(text + used, sizeof text - (size_t)used, ", %zu skipped", batch->skipped);
    if (result == EXIT_STOPPED)
        complain("stopped: %s; --skip-existing goes on from here", text);
    else if (!run->quiet && whole) {
        double seconds = clock_seconds() - batch->began;
        if (seconds < 10)
            snprintf(duration, sizeof duration, "%.2f s", seconds);
        else
            format_duration(seconds, duration);
        tell("%s: %s in %s", imp_params_text(run->common, "output-dir"), text, duration);
    } else if (!run->quiet) {
        complain("%s", text);
    }
    if (!whole) return result;
    return batch->skipped > 0 || batch->faults ? EXIT_FAULT : EXIT_GOOD;
}

/* ---- one picture ---- */

static unsigned on_progress(void *context, const ImpProgress *now) {
    Batch *batch = context;
    batch->run->steps_wanted = now->steps;
    show_progress(batch, now);
    return signals_stop_asked() ? IMP_STOP : IMP_CONTINUE;
}

static void on_notice(void *context, const char *sentence) {
    Batch *batch = context;
    for (size_t i = 0; i < batch->n_notices; i++)
        if (strcmp(batch->notices[i], sentence) == 0) return;
    char *copy = batch->n_notices < MOST_NOTICES ? strdup(sentence) : NULL;
    if (copy) batch->notices[batch->n_notices++] = copy;
    progress_notice(&batch->run->progress, sentence);
}

/* The place for the result. */
static ImpStatus check_place(const Batch *batch, ImpError *error) {
    const char *output = batch->item->output;
    if (make_folders(output, true)) return imp_image_check_writable(output, &batch->run->outputs.options, error);
    *error = (ImpError){.status = IMP_ERROR_IO};
    snprintf(error->message, sizeof error->message, "cannot make the folder of %s: %s", output, strerror(errno));
    return IMP_ERROR_IO;
}

/* Makes the common recipe this picture's. One that would only be embedded is left out with a word. */
static ImpStatus take_recipe(Batch *batch, ImpError *error) {
    Run *run = batch->run;
    const Pictures *pictures = &run->pictures;
    run->recipe = NULL;
    if (!batch->recipe) return IMP_OK;
    ImpStatus status = imp_recipe_set_inputs(batch->recipe, pictures->roles, pictures->paths, pictures->count, error);
    if (status == IMP_OK)
        run->recipe = batch->recipe;
    else if (!run->outputs.recipe && !run->quiet)
        complain("%s will hold no recipe: %s", batch->item->output, error->message);
    return run->outputs.recipe ? status : IMP_OK;
}

/* A method that cannot look at its settings beforehand says with the first picture that they do not do. */
static Outcome run_failure(Batch *batch, ImpStatus status, const ImpError *error) {
    bool first = batch->at == 1 && !batch->run->method->open;
    if (status == IMP_ERROR_STOPPED) return STOPPED;
    if (!first) return skip(batch, batch->item->picture->path, error->message);
    progress_wipe(&batch->run->progress);
    run_failed(batch->run, status, error);
    return FAILED;
}

static Outcome restyle(Batch *batch) {
    Run *run = batch->run;
    ImpError error = {0};
    ImpStatus status = check_place(batch, &error);
    if (status == IMP_OK) status = pictures_read_one(&run->pictures, 0, &error);
    if (status == IMP_OK) status = take_recipe(batch, &error);
    if (status != IMP_OK) return skip(batch, batch->item->picture->path, error.message);
    ImpRequest request = {.params = run->params,
                          .pictures = run->pictures.list,
                          .n_pictures = run->pictures.count,
                          .observer = {.context = batch, .progress = on_progress, .notice = on_notice},
                          .session = batch->session};
    status = run->method->run(&request, &run->result, &error);
    if (status != IMP_OK) return run_failure(batch, status, &error);
    if (run->result.stopped) return STOPPED; /* half a result would pass for a whole one */
    if (run_save(run) != EXIT_GOOD) return FAILED;
    if (run->result.faults > 0) batch->faults = true;
    tell_json(batch, NULL, NULL, NULL);
    batch->done++;
    return DONE;
}

static Outcome do_item(Batch *batch, const BatchItem *item) {
    Run *run = batch->run;
    run->began = clock_seconds();
    run->outputs.picture = item->output;
    run->outputs.recipe = item->recipe;
    run->pictures.paths[0] = item->picture->path;
    batch->item = item;
    batch->at++;
    show_progress(batch, NULL);
    Outcome outcome = restyle(batch);
    imp_image_free(&run->result.image);
    imp_image_free(&run->pictures.images[0]);
    run->outputs.recipe = NULL; /* the item's */
    run->recipe = NULL;
    batch->bytes_done += (double)item->picture->size;
    return outcome;
}

static int do_items(Batch *batch) {
    Outcome outcome = DONE;
    batch->began = clock_seconds();
    progress_begin(&batch->run->progress, batch->run->quiet);
    for (size_t i = 0; i < batch->list.count && outcome != FAILED && outcome != STOPPED; i++) {
        const BatchItem *item = &batch->list.items[i];
        if (item->there)
            tell_json(batch, item->picture->path, item->output, "its result is there already");
        else
            outcome = signals_stop_asked() ? STOPPED : do_item(batch, item);
    }
    progress_wipe(&batch->run->progress);
    return outcome == FAILED ? EXIT_FAULT : outcome == STOPPED ? EXIT_STOPPED : EXIT_GOOD;
}

/* ---- before the work ---- */

/* Options that name one file, or are about one run that is watched. */
static int check_options(const Run *run) {
    static const char *const single[] = {"output", "log", "preview", "save-every"};
    const char *name = run->method->name, *recipe = imp_params_text(run->common, "save-recipe");
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (imp_params_has(run->common, single[i]))
            return wrong_usage(name, "--%s is for one picture; leave it out with --output-dir", single[i]);
    if (recipe && *recipe)
        return wrong_usage(name, "--save-recipe=FILE is for one picture; --save-recipe alone writes a recipe beside "
                                 "each");
    const ImpParamTable *own = &run->method->params;
    for (size_t i = 0; i < own->count; i++)
        if (own->rows[i].type == IMP_PARAM_FILE_OUT && imp_params_has(run->params, own->rows[i].name))
            return wrong_usage(name, "--%s is for one picture; leave it out with --output-dir", own->rows[i].name);
    return EXIT_GOOD;
}

/* The pictures besides the first input stand last, as many as the method needs; all before them are restyled. */
static int split_pictures(Run *run, size_t *n_contents) {
    const ImpMethod *method = run->method;
    const char *const *paths = run->arguments.positional;
    size_t count = run->arguments.n_positional, others = 0;
    char form[OPTION_TEXT];
    if (!batch_form(method, form))
        return wrong_usage(method->name, "%s makes one picture of several; use -o FILE", method->name);
    for (size_t i = 1; i < method->n_inputs; i++) others += method->inputs[i].minimum;
    if (count <= others)
        return wrong_usage(method->name, "there is no picture to restyle; with --output-dir, %s takes %s", method->name,
                           form);
    *n_contents = count - others;
    for (size_t i = 0; i < *n_contents; i++)
        if (is_standard_output(paths[i]))
            return wrong_usage(method->name, "standard input ('-') has no name for a result in a folder; use -o FILE");
    /* The last of the contents stands for each of them in turn. */
    return pictures_assign(method, paths + *n_contents - 1, others + 1, &run->pictures);
}

/* Whether a picture with the name of `output` could be written into the folder, which may not be there yet: then only
 * what the options say is looked at. */
static int check_format(const Batch *batch, const char *output, bool with_folder) {
    ImpError error;
    const char *folder = imp_params_text(batch->run->common, "output-dir"), *slash = strrchr(output, '/');
    size_t size = strlen(folder) + strlen(output) + 2;
    char *path = malloc(size);
    if (!path) {
        complain("out of memory for a name");
        return EXIT_FAULT;
    }
    snprintf(path, size, "%s/%s", folder, slash ? slash + 1 : output);
    ImpStatus status = imp_image_check_writable(path, &batch->run->outputs.options, &error);
    free(path);
    if (status == IMP_OK || (!with_folder && status == IMP_ERROR_IO)) return EXIT_GOOD;
    complain("%s", error.message);
    return status == IMP_ERROR_IO ? EXIT_FAULT : EXIT_USAGE;
}

/* The first result of each different format, so that what cannot be written is known before the work. */
static int check_formats(const Batch *batch, bool with_folder) {
    const char *seen[16];
    size_t n_seen = 0;
    int result = EXIT_GOOD;
    for (size_t i = 0; i < batch->list.count && result == EXIT_GOOD; i++) {
        const char *output = batch->list.items[i].output, *format = strrchr(output, '.');
        size_t at = 0;
        while (at < n_seen && strcasecmp(seen[at], format) != 0) at++;
        if (at < n_seen || n_seen == sizeof seen / sizeof *seen) continue;
        seen[n_seen++] = format;
        result = check_format(batch, output, with_folder);
    }
    return result;
}

static int make_folder(const Run *run) {
    const char *folder = imp_params_text(run->common, "output-dir");
    if (make_folders(folder, false)) return EXIT_GOOD;
    complain("cannot make the folder %s: %s", folder, strerror(errno));
    return EXIT_FAULT;
}

static int make_recipe(Batch *batch) {
    Run *run = batch->run;
    ImpError error;
    ImpStatus status = imp_recipe_new(run->method, run->params, NULL, NULL, 0, &batch->recipe, &error);
    if (status == IMP_OK && run->source) replay_compare_model(run->source, batch->recipe);
    if (status == IMP_OK) return EXIT_GOOD;
    if (imp_params_text(run->common, "save-recipe")) return run_failed(run, status, &error);
    if (!run->quiet) complain("the pictures will hold no recipe: %s", error.message);
    return EXIT_GOOD;
}

static int prepare(Batch *batch) {
    Run *run = batch->run;
    size_t n_contents = 0;
    ImpError error;
    int result = check_options(run);
    if (result == EXIT_GOOD) result = split_pictures(run, &n_contents);
    if (result == EXIT_GOOD) result = batch_list_make(run, run->arguments.positional, n_contents, &batch->list);
    if (result != EXIT_GOOD) return result;
    run->outputs.options = output_options(run->common);
    result = check_formats(batch, false);
    for (size_t i = 1; i < run->pictures.count && result == EXIT_GOOD; i++) {
        if (pictures_read_one(&run->pictures, i, &error) == IMP_OK) continue;
        complain("%s", error.message);
        result = EXIT_FAULT;
    }
    for (size_t i = 0; i < batch->list.count; i++)
        if (!batch->list.items[i].there) batch->bytes += (double)batch->list.items[i].picture->size;
    batch->wanted = batch->list.count - batch->list.n_there;
    return result;
}

/* What takes long or is seen on the disk, once it is clear that there is something to do. */
static int start(Batch *batch) {
    ImpError error;
    Run *run = batch->run;
    ImpStatus status = imp_method_open(run->method, run->params, &batch->session, &error);
    if (status != IMP_OK) return run_failed(run, status, &error);
    int result = make_recipe(batch);
    if (result == EXIT_GOOD) result = make_folder(run);
    if (result == EXIT_GOOD) result = check_formats(batch, true);
    return result;
}

static void clear(Batch *batch) {
    imp_method_close(batch->run->method, &batch->session);
    imp_recipe_free(&batch->recipe);
    batch_list_clear(&batch->list);
    for (size_t i = 0; i < batch->n_notices; i++) free(batch->notices[i]);
}

int run_batch(Run *run) {
    Batch batch = {.run = run, .began = clock_seconds()};
    int result = prepare(&batch);
    if (result == EXIT_GOOD && batch.wanted > 0) result = start(&batch);
    if (result == EXIT_GOOD) {
        tell_left_out(&batch);
        if (batch.list.count == 0) {
            complain("there is no picture to restyle");
            result = EXIT_FAULT;
        } else {
            signals_catch(run->quiet ? NULL : "ending with this step; what is done is kept");
            result = summarise(&batch, do_items(&batch));
        }
    }
    clear(&batch);
    return result;
}
