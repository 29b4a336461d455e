/* Any method as a command: from the arguments to the written picture. */
#include "cli.h"

#include "batch.h"
#include "help.h"
#include "log.h"
#include "replay.h"
#include "run.h"
#include "signals.h"
#include "snapshot.h"
#include <stdlib.h>
#include <string.h>

/* A run of one picture, which can be watched. */
typedef struct Single {
    Run run;
    Log log;
    Snapshots snapshots;
} Single;

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
        if (run->source) replay_compare_model(run->source, run->recipe);
        if (run->source) replay_compare_pictures(run->source, run->recipe);
        return EXIT_GOOD;
    }
    if (run->outputs.recipe) return run_failed(run, status, &error);
    if (!run->quiet) complain("the picture will hold no recipe: %s", error.message);
    return EXIT_GOOD;
}

static unsigned on_progress(void *context, const ImpProgress *now) {
    Single *single = context;
    single->run.steps_wanted = now->steps;
    log_row(&single->log, now);
    progress_show(&single->run.progress, now);
    return snapshots_wanted(&single->snapshots, now) | (signals_stop_asked() ? IMP_STOP : 0u);
}

static void on_snapshot(void *context, const ImpImage *image, const ImpProgress *now) {
    Single *single = context;
    snapshots_write(&single->snapshots, image, now);
}

static void on_notice(void *context, const char *sentence) {
    Single *single = context;
    progress_notice(&single->run.progress, sentence);
}

static int run_method(Single *single) {
    ImpError error = {0};
    Run *run = &single->run;
    single->snapshots = (Snapshots){.preview = run->outputs.preview,
                                    .interval = imp_params_real(run->common, "preview-every"),
                                    .output = run->outputs.picture,
                                    .options = &run->outputs.options};
    if (imp_params_has(run->common, "save-every"))
        single->snapshots.every = imp_params_integer(run->common, "save-every");
    progress_begin(&run->progress, run->quiet);
    ImpRequest request = {.params = run->params,
                          .pictures = run->pictures.list,
                          .n_pictures = run->pictures.count,
                          .observer = {single, on_progress, on_snapshot, on_notice}};
    ImpStatus status = run->method->run(&request, &run->result, &error);
    progress_wipe(&run->progress);
    if (status == IMP_ERROR_STOPPED) {
        complain("stopped before there was a picture; nothing is written");
        return EXIT_STOPPED;
    }
    return status == IMP_OK ? EXIT_GOOD : run_failed(run, status, &error);
}

/* The side products may have failed while the picture is well: that is said, and is a fault all the same. */
static int finish(Single *single) {
    Run *run = &single->run;
    Report report = run_report(run);
    int previews = snapshots_finish(&single->snapshots, run->result.image);
    int log = log_close(&single->log);
    if (!run->quiet || run->result.stopped) report_line(&report);
    int json = run->json ? report_json(&report) : EXIT_GOOD;
    if (run->result.stopped) return EXIT_STOPPED;
    if (run->result.faults > 0) {
        if (run->quiet)
            fprintf(stderr, "impasto: a checkpoint could not be written; without --quiet the reason is told\n");
        return EXIT_FAULT;
    }
    return previews != EXIT_GOOD ? previews : log != EXIT_GOOD ? log : json;
}

static int prepare(Single *single) {
    Run *run = &single->run;
    if (imp_params_flag(run->common, "skip-existing"))
        return wrong_usage(run->method->name, "--skip-existing is for --output-dir");
    int result = choose_pictures(run);
    if (result == EXIT_GOOD)
        result = outputs_choose(run->method, run->common, run->params, &run->pictures, &run->outputs);
    if (result == EXIT_GOOD) result = pictures_read(&run->pictures);
    if (result == EXIT_GOOD) result = make_recipe(run);
    bool resumed = imp_param_find(&run->method->params, "resume") && imp_params_has(run->params, "resume");
    if (result == EXIT_GOOD) result = log_open(&single->log, run->outputs.log, resumed);
    return result;
}

static int do_one(Single *single) {
    int result = prepare(single);
    if (result == EXIT_GOOD) {
        signals_catch(single->run.quiet ? NULL : "finishing this step and saving the best so far");
        result = run_method(single);
    }
    if (result == EXIT_GOOD) result = run_save(&single->run);
    if (result == EXIT_GOOD) result = finish(single);
    log_close(&single->log);
    return result;
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
    Single single = {.run = {.method = method, .began = clock_seconds()}};
    Run *run = &single.run;
    int result = arguments_parse(method->name, &method->params, argc, argv, &run->arguments);
    if (result == EXIT_GOOD) result = run_choose_settings(run);
    if (result == EXIT_GOOD) result = imp_params_has(run->common, "output-dir") ? run_batch(run) : do_one(&single);
    run_clear(run);
    return result;
}
