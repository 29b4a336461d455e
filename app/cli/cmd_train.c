/* Trainings as a command: from the arguments to the written network. */
#include "cli.h"

#include "common.h"
#include "help.h"
#include "log.h"
#include "option_text.h"
#include "options.h"
#include "paths.h"
#include "progress.h"
#include "signals.h"
#include "text.h"
#include "train.h"
#include <stdio.h>
#include <string.h>

/* Of the common options, those of a training. */
static const char *const shared[] = {"log", "quiet", "help"};
enum { N_SHARED = sizeof shared / sizeof *shared, MOST_ROWS = 96, MOST_TRAININGS = 8 };

typedef struct Entry {
    ImpParam rows[MOST_ROWS];
    ImpParamTable table;
    char name[64];
} Entry;

static Entry *entry_of(const ImpTraining *training) {
    static Entry entries[MOST_TRAININGS];
    size_t count, at = 0;
    const ImpTraining *const *all = imp_trainings(&count);
    while (at + 1 < count && all[at] != training) at++;
    Entry *entry = &entries[at];
    if (entry->table.rows) return entry;
    for (size_t i = 0; i < training->params.count && i < MOST_ROWS - N_SHARED; i++)
        entry->rows[entry->table.count++] = training->params.rows[i];
    for (size_t i = 0; i < N_SHARED; i++)
        entry->rows[entry->table.count++] = *imp_param_find(&common_options, shared[i]);
    entry->table.rows = entry->rows;
    snprintf(entry->name, sizeof entry->name, "train %s", training->name);
    return entry;
}

const ImpParamTable *training_options(const ImpTraining *training) {
    return &entry_of(training)->table;
}

ImpMethod training_as_method(const ImpTraining *training) {
    const Entry *entry = entry_of(training);
    return (ImpMethod){.name = entry->name,
                       .summary = training->summary,
                       .description = training->description,
                       .examples = training->examples,
                       .params = entry->table};
}

static void print_overview(FILE *stream) {
    int width = text_width(stream);
    size_t count;
    const ImpTraining *const *all = imp_trainings(&count);
    fputs("Usage: impasto train WHAT [OPTION]...\n\n", stream);
    text_wrap(stream, "Trains networks: what the methods that work in one pass need.", 0, 0, width);
    fputs("\nTrainings:\n", stream);
    for (size_t i = 0; i < count; i++) help_pair(stream, all[i]->name, all[i]->summary, width);
    fputc('\n', stream);
    text_wrap(stream, "'impasto train WHAT --help' explains one.", 0, 0, width);
}

static int unknown_training(const char *name) {
    size_t count;
    const ImpTraining *const *all = imp_trainings(&count);
    const char *names[MOST_TRAININGS];
    for (size_t i = 0; i < count && i < MOST_TRAININGS; i++) names[i] = all[i]->name;
    const char *near = imp_suggest(name, names, count < MOST_TRAININGS ? count : MOST_TRAININGS);
    if (near) return wrong_usage("train", "there is no training \"%s\"; did you mean \"%s\"?", name, near);
    return wrong_usage("train", "there is no training \"%s\"", name);
}

typedef struct Run {
    const ImpTraining *training;
    const char *command;
    ImpParams *params;
    bool quiet;
    Progress progress;
    Log log;
} Run;

static unsigned on_progress(void *context, const ImpProgress *now) {
    Run *run = context;
    log_row(&run->log, now);
    progress_show(&run->progress, now);
    return signals_stop_asked() ? IMP_STOP : IMP_CONTINUE;
}

static void on_notice(void *context, const char *sentence) {
    Run *run = context;
    progress_notice(&run->progress, sentence);
}

static void say_result(const Run *run, const ImpTrainingResult *result) {
    const char *where = imp_params_text(run->params, "output");
    char duration[32];
    format_duration(result->seconds, duration);
    if (result->stopped)
        complain("stopped after %lld steps; the network so far is in %s, and a checkpoint to --resume from beside it "
                 "or where --checkpoint says",
                 (long long)result->steps, where);
    else if (!run->quiet)
        tell("%s: %lld steps in %s, %s %.4g", where, (long long)result->steps, duration, result->metrics[0].name,
             result->metrics[0].value);
}

static int train(Run *run) {
    ImpError error = {0};
    ImpTrainingResult result;
    ImpTrainingRequest request = {.params = run->params,
                                  .observer = {.context = run, .progress = on_progress, .notice = on_notice}};
    progress_begin(&run->progress, run->quiet);
    ImpStatus status = run->training->run(&request, &result, &error);
    progress_wipe(&run->progress);
    int log = log_close(&run->log);
    if (status == IMP_ERROR_ARGUMENT) return wrong_usage(run->command, "%s", error.message);
    if (status != IMP_OK) {
        complain("%s", error.message);
        return exit_status_of(status);
    }
    say_result(run, &result);
    if (result.stopped) return EXIT_STOPPED;
    return result.faults > 0 ? EXIT_FAULT : log;
}

/* The parser takes what every method has; a training does not. */
static int refuse_common(const char *command, const Arguments *arguments) {
    for (size_t i = 0; i < arguments->n_settings; i++)
        for (size_t k = 0; k < common_options.count; k++)
            if (arguments->settings[i].row == &common_options.rows[k])
                return wrong_usage(command, "there is no option --%s", common_options.rows[k].name);
    if (arguments->n_positional > 0)
        return wrong_usage(command, "%s takes no argument like \"%s\": give --style FILE and --photos FOLDER", command,
                           arguments->positional[0]);
    return EXIT_GOOD;
}

/* Whether `other` is a file that is read or written. A text, such as a model, may be one. */
static bool names_file(const ImpParam *other, const char *path) {
    return other->type == IMP_PARAM_FILE_IN || other->type == IMP_PARAM_FILE_OUT ||
           (other->type == IMP_PARAM_TEXT && is_file(path));
}

/* A checkpoint may be written over by its successor. */
static bool succeeds(const ImpParam *written, const ImpParam *other) {
    return strcmp(written->name, "checkpoint") == 0 && strcmp(other->name, "resume") == 0;
}

/* Whether `path` is one of the pictures in a folder. */
static bool is_listed(const char *path, const char *folder) {
    ImpPictureList *list;
    ImpError error;
    bool found = false;
    if (!is_file(path) || !is_folder(folder) || imp_picture_list_new(&folder, 1, NULL, &list, &error) != IMP_OK)
        return false;
    for (size_t i = 0; i < list->count && !found; i++) found = same_file(path, list->pictures[i].path);
    imp_picture_list_free(&list);
    return found;
}

/* Whether writing to `path` would cost what the option `other` names, a file or the pictures in a folder. */
static bool overwrites(const char *path, const ImpParam *other, const char *its) {
    if (names_file(other, its) && same_file(path, its)) return true;
    return other->type == IMP_PARAM_FILE_IN && is_listed(path, its);
}

static int check_written(const Run *run, const ImpParamTable *table, const ImpParam *written) {
    const char *path = imp_params_text(run->params, written->name);
    for (size_t k = 0; path && k < table->count; k++) {
        const ImpParam *other = &table->rows[k];
        const char *its = other->type == IMP_PARAM_FLAG ? NULL : imp_params_text(run->params, other->name);
        if (other == written || !its || succeeds(written, other) || !overwrites(path, other, its)) continue;
        return wrong_usage(run->command, "--%s %s is also %s --%s, which would be lost; choose another name",
                           written->name, path, is_folder(its) ? "among" : "the file of", other->name);
    }
    return EXIT_GOOD;
}

/* No output is the checkpoint that is written beside the result where none is asked for. */
static int check_checkpoint(const Run *run, const ImpParam *written) {
    const char *path = imp_params_text(run->params, written->name), *result = imp_params_text(run->params, "output");
    size_t length = result ? strlen(result) : 0;
    if (!path || !result || imp_params_has(run->params, "checkpoint")) return EXIT_GOOD;
    if (strncmp(path, result, length) != 0 || strcmp(path + length, ".checkpoint") != 0) return EXIT_GOOD;
    return wrong_usage(run->command, "--%s %s is also the file of the checkpoint; choose another name", written->name,
                       path);
}

/* Nothing that is read is written over, and no two outputs are the same file. */
static int check_apart(const Run *run) {
    const ImpParamTable *table = imp_params_table(run->params);
    int result = EXIT_GOOD;
    for (size_t i = 0; i < table->count && result == EXIT_GOOD; i++) {
        if (table->rows[i].type != IMP_PARAM_FILE_OUT) continue;
        result = check_written(run, table, &table->rows[i]);
        if (result == EXIT_GOOD) result = check_checkpoint(run, &table->rows[i]);
    }
    return result;
}

static int check_and_train(Run *run, const Arguments *arguments) {
    ImpError error;
    if (imp_params_new(training_options(run->training), &run->params, &error) != IMP_OK) {
        complain("%s", error.message);
        return EXIT_FAULT;
    }
    int result = refuse_common(run->command, arguments);
    if (result == EXIT_GOOD) result = arguments_apply(run->command, arguments, run->params);
    if (result == EXIT_GOOD) result = check_apart(run);
    bool resumed = imp_params_has(run->params, "resume");
    if (result == EXIT_GOOD) result = log_open(&run->log, imp_params_text(run->params, "log"), resumed);
    if (result == EXIT_GOOD) {
        run->quiet = imp_params_flag(run->params, "quiet");
        signals_catch(run->quiet ? NULL : "finishing this step and saving the best so far");
        result = train(run);
    }
    log_close(&run->log);
    imp_params_free(&run->params);
    return result;
}

static bool is_help(const char *text) {
    return strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0;
}

int cmd_train(int argc, char **argv) {
    if (argc < 2 || is_help(argv[1])) {
        print_overview(argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : EXIT_GOOD;
    }
    Run run = {.training = imp_training_find(argv[1])};
    if (!run.training) return unknown_training(argv[1]);
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (is_help(argv[i])) {
            help_training(stdout, run.training);
            return EXIT_GOOD;
        }
    ImpMethod named = training_as_method(run.training);
    run.command = named.name;
    Arguments arguments;
    int result = arguments_parse(run.command, training_options(run.training), argc - 1, argv + 1, &arguments);
    if (result == EXIT_GOOD) result = check_and_train(&run, &arguments);
    arguments_clear(&arguments);
    return result;
}
