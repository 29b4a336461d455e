#include "run.h"

#include "common.h"
#include "replay.h"
#include "rescue.h"
#include "signals.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int run_failed(const Run *run, ImpStatus status, const ImpError *error) {
    if (status == IMP_ERROR_ARGUMENT) return wrong_usage(run->method->name, "%s", error->message);
    complain("%s", error->message);
    return exit_status_of(status);
}

int run_choose_settings(Run *run) {
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
    if (status != IMP_OK) return run_failed(run, status, &error);
    result = arguments_apply(name, &run->arguments, run->common);
    if (result == EXIT_GOOD) result = arguments_apply(name, &run->arguments, run->params);
    if (result == EXIT_GOOD && preset) {
        status = imp_method_apply_preset(run->method, preset, run->params, &error);
        if (status != IMP_OK) result = run_failed(run, status, &error);
    }
    if (result != EXIT_GOOD) return result;
    run->quiet = imp_params_flag(run->common, "quiet");
    run->json = imp_params_flag(run->common, "json");
    return EXIT_GOOD;
}

static bool is_png(const Outputs *outputs) {
    const char *dot = strrchr(outputs->picture, '.');
    const char *format = outputs->options.format ? outputs->options.format : dot ? dot + 1 : "";
    return strcasecmp(format, "png") == 0;
}

int run_save(Run *run) {
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

Report run_report(const Run *run) {
    return (Report){.method = run->method,
                    .pictures = &run->pictures,
                    .outputs = &run->outputs,
                    .result = &run->result,
                    .width = run->result.image->width,
                    .height = run->result.image->height,
                    .steps_wanted = run->steps_wanted,
                    .seconds = clock_seconds() - run->began};
}

void run_clear(Run *run) {
    imp_image_free(&run->result.image);
    outputs_clear(&run->outputs);
    pictures_clear(&run->pictures);
    imp_recipe_free(&run->recipe);
    imp_recipe_free(&run->source);
    imp_params_free(&run->params);
    imp_params_free(&run->common);
    arguments_clear(&run->arguments);
}
