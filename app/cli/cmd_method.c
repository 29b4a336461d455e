/* Any method as a command: from the arguments to the written picture. */
#include "cli.h"

#include "common.h"
#include "help.h"
#include "log.h"
#include "options.h"
#include "outputs.h"
#include "pictures.h"
#include "progress.h"
#include "replay.h"
#include "report.h"
#include "rescue.h"
#include "signals.h"
#include "snapshot.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct Run {
    const ImpMethod *method;
    Arguments arguments;
    ImpParams *common, *params;
    ImpRecipe *source; /* given with --recipe, or NULL */
    ImpRecipe *recipe; /* of this run; NULL where it cannot be told */
    Pictures pictures;
    Outputs outputs;
    Progress progress;
    Log log;
    Snapshots snapshots;
    int64_t steps_wanted;
    bool quiet, json;
    double began;
    ImpResult result;
} Run;

/* Says what failed in the library and returns the exit status; what the arguments caused points to the help. */
static int failed(const Run *run, ImpStatus status, const ImpError *error) {
    if (status == IMP_ERROR_ARGUMENT) return wrong_usage(run->method->name, "%s", error->message);
    complain("%s", error->message);
    return exit_status_of(status);
}

/* Defaults, then the recipe or the preset, then what is given. */
static int choose_settings(Run *run) {
    ImpError error;
    const char *name = run->method->name;
    const char *recipe = arguments_last(&run->arguments, "recipe");
    const char *preset = arguments_last(&run->arguments, "preset");
    if (recipe && preset)
        return wrong_usage(name, "--preset and --recipe cannot be combined: a recipe already holds every setting");
    int result = EXIT_GOOD;
    if (recipe) result = replay_read(run->method, recipe, &run->source);
    if (result != EXIT_GOOD) return result;
    ImpStatus status = imp_params_new(&common_options, &run->common, &error);
    if (status == IMP_OK && run->source)
        status = imp_params_copy(run->source->params, &run->params, &error);
    else if (status == IMP_OK)
        status = imp_params_new(&run->method->params, &run->params, &error);
    if (status != IMP_OK) return failed(run, status, &error);
    result = arguments_apply(name, &run->arguments, run->common);
    if (result == EXIT_GOOD) result = arguments_apply(name, &run->arguments, run->params);
    if (result != EXIT_GOOD || !preset) return result;
    status = imp_method_apply_preset(run->method, preset, run->params, &error);
    return status == IMP_OK ? EXIT_GOOD : failed(run, status, &error);
}

static int choose_pictures(Run *run) {
    const Arguments *arguments = &run->arguments;
    if (arguments->n_positional == 0 && run->source)
        return pictures_from_recipe(run->method, run->source, &run->pictures);
    return pictures_assign(run->method, arguments->positional, arguments->n_positional, &run->pictures);
}

/* A recipe that was asked for must be possible; one that would only be embedded is left out with a word. */
static int make_recipe(Run *run) {
    ImpError error;
    const Pictures *pictures = &run->pictures;
    ImpStatus status = imp_recipe_new(run->method, run->params, pictures->roles, pictures->paths, pictures->count,
                                      &run->recipe, &error);
    if (status == IMP_OK) {
        if (run->source) replay_compare(run->source, run->recipe);
        return EXIT_GOOD;
    }
    if (run->outputs.recipe) return failed(run, status, &error);
    if (!run->quiet) complain("the picture will hold no recipe: %s", error.message);
    return EXIT_GOOD;
}

static unsigned on_progress(void *context, const ImpProgress *now) {
    Run *run = context;
    run->steps_wanted = now->steps;
    log_row(&run->log, now);
    progress_show(&run->progress, now);
    return snapshots_wanted(&run->snapshots, now) | (signals_stop_asked() ? IMP_STOP : 0u);
}

static void on_snapshot(void *context, const ImpImage *image, const ImpProgress *now) {
    Run *run = context;
    snapshots_write(&run->snapshots, image, now);
}

static void on_notice(void *context, const char *sentence) {
    Run *run = context;
    progress_notice(&run->progress, sentence);
}

static int run_method(Run *run) {
    ImpError error = {0};
    run->snapshots = (Snapshots){.preview = run->outputs.preview,
                                 .interval = imp_params_real(run->common, "preview-every"),
                                 .output = run->outputs.picture,
                                 .options = &run->outputs.options};
    if (imp_params_has(run->common, "save-every")) run->snapshots.every = imp_params_integer(run->common, "save-every");
    progress_begin(&run->progress, run->quiet);
    ImpRequest request = {.params = run->params,
                          .pictures = run->pictures.list,
                          .n_pictures = run->pictures.count,
                          .observer = {run, on_progress, on_snapshot, on_notice}};
    ImpStatus status = run->method->run(&request, &run->result, &error);
    progress_wipe(&run->progress);
    if (status == IMP_ERROR_STOPPED) {
        complain("stopped before there was a picture; nothing is written");
        return EXIT_STOPPED;
    }
    return status == IMP_OK ? EXIT_GOOD : failed(run, status, &error);
}

static bool is_png(const Outputs *outputs) {
    const char *dot = strrchr(outputs->picture, '.');
    const char *format = outputs->options.format ? outputs->options.format : dot ? dot + 1 : "";
    return strcasecmp(format, "png") == 0;
}

static int save(Run *run) {
    ImpError error;
    char *text = NULL;
    ImpStatus status = IMP_OK;
    ImpImageWriteOptions options = run->outputs.options;
    if (run->recipe && run->result.stopped) run->recipe->stopped_after = run->result.steps;
    if (run->recipe && imp_params_flag(run->common, "embed-recipe") && is_png(&run->outputs))
        status = imp_recipe_to_json(run->recipe, &text, &error);
    ImpImageText embedded = {IMP_RECIPE_TEXT_KEY, text};
    if (text) options.texts = &embedded;
    options.n_texts = text ? 1 : 0;
    signals_hold();
    if (status == IMP_OK) status = imp_image_write(run->result.image, run->outputs.picture, &options, &error);
    bool lost = status != IMP_OK;
    if (status == IMP_OK && run->outputs.recipe) status = imp_recipe_write(run->recipe, run->outputs.recipe, &error);
    if (status != IMP_OK) complain("%s", error.message);
    if (lost) rescue_picture(run->result.image, run->outputs.picture, &options);
    signals_release();
    free(text);
    return status == IMP_OK ? EXIT_GOOD : EXIT_FAULT;
}

/* The side products may have failed while the picture is well: that is said, and is a fault all the same. */
static int finish(Run *run) {
    Report report = {.method = run->method,
                     .pictures = &run->pictures,
                     .outputs = &run->outputs,
                     .result = &run->result,
                     .width = run->result.image->width,
                     .height = run->result.image->height,
                     .steps_wanted = run->steps_wanted,
                     .seconds = clock_seconds() - run->began};
    int previews = snapshots_finish(&run->snapshots, run->result.image);
    int log = log_close(&run->log);
    if (!run->quiet || run->result.stopped) report_line(&report);
    int json = run->json ? report_json(&report) : EXIT_GOOD;
    if (run->result.stopped) return EXIT_STOPPED;
    if (run->result.faults > 0) return EXIT_FAULT;
    return previews != EXIT_GOOD ? previews : log != EXIT_GOOD ? log : json;
}

static int prepare(Run *run) {
    int result = choose_settings(run);
    if (result != EXIT_GOOD) return result;
    run->quiet = imp_params_flag(run->common, "quiet");
    run->json = imp_params_flag(run->common, "json");
    result = choose_pictures(run);
    if (result == EXIT_GOOD)
        result = outputs_choose(run->method, run->common, run->params, &run->pictures, &run->outputs);
    if (result == EXIT_GOOD) result = pictures_read(&run->pictures);
    if (result == EXIT_GOOD) result = make_recipe(run);
    bool resumed = imp_param_find(&run->method->params, "resume") && imp_params_has(run->params, "resume");
    if (result == EXIT_GOOD) result = log_open(&run->log, run->outputs.log, resumed);
    return result;
}

static void clear(Run *run) {
    imp_image_free(&run->result.image);
    log_close(&run->log);
    outputs_clear(&run->outputs);
    pictures_clear(&run->pictures);
    imp_recipe_free(&run->recipe);
    imp_recipe_free(&run->source);
    imp_params_free(&run->params);
    imp_params_free(&run->common);
    arguments_clear(&run->arguments);
}

/* Help is given whatever else the line holds, even what is wrong. */
static bool asks_for_help(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

int cmd_method(const ImpMethod *method, int argc, char **argv) {
    if (asks_for_help(argc, argv)) {
        help_method(stdout, method);
        return EXIT_GOOD;
    }
    Run run = {.method = method, .began = clock_seconds()};
    int result = arguments_parse(method->name, &method->params, argc, argv, &run.arguments);
    if (result == EXIT_GOOD) result = prepare(&run);
    if (result == EXIT_GOOD) {
        signals_catch(run.quiet);
        result = run_method(&run);
    }
    if (result == EXIT_GOOD) result = save(&run);
    if (result == EXIT_GOOD) result = finish(&run);
    clear(&run);
    return result;
}
