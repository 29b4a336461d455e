#include "outputs.h"

#include "paths.h"
#include "snapshot.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Something that is written. A NULL path is nothing. */
typedef struct Named {
    const char *what, *path;
    bool own; /* the method's: it knows when it may write over what it reads, as a checkpoint that is resumed */
} Named;

enum { MOST_OUTPUTS = 16 };

static int would_be_lost(const ImpMethod *method, const Named *output, const char *whose) {
    return wrong_usage(method->name, "%s %s is also the %s, which would be lost; choose another name", output->what,
                       output->path, whose);
}

/* Whether an option reads the file that is written. A text, such as a model or masks, may name files. */
static bool reads(const ImpParam *row, const char *text, const Named *output, bool texts) {
    if (!text) return false;
    if (row->type == IMP_PARAM_FILE_IN) return !output->own && same_file(output->path, text);
    return row->type == IMP_PARAM_TEXT && texts && text_names(text, output->path);
}

static int check_not_option(const ImpMethod *method, const Named *output, const ImpParams *params, bool texts) {
    const ImpParamTable *table = imp_params_table(params);
    for (size_t i = 0; i < table->count; i++) {
        const ImpParam *row = &table->rows[i];
        if (!reads(row, imp_params_text(params, row->name), output, texts)) continue;
        char whose[64];
        snprintf(whose, sizeof whose, "file of --%s", row->name);
        return would_be_lost(method, output, whose);
    }
    return EXIT_GOOD;
}

static int check_not_input(const ImpMethod *method, const Named *output, const ImpParams *common,
                           const ImpParams *params, const Pictures *pictures) {
    for (size_t i = 0; i < pictures->count; i++) {
        if (!same_file(output->path, pictures->paths[i])) continue;
        char whose[64];
        snprintf(whose, sizeof whose, "%s picture", pictures->roles[i]);
        return would_be_lost(method, output, whose);
    }
    int result = check_not_option(method, output, common, false);
    return result == EXIT_GOOD ? check_not_option(method, output, params, true) : result;
}

/* All that is written: the command's outputs and the method's own. */
static size_t list_outputs(const ImpMethod *method, const ImpParams *params, const Outputs *outputs,
                           Named list[MOST_OUTPUTS]) {
    const Named all[] = {{"the output", outputs->picture, false},
                         {"the log", outputs->log, false},
                         {"the preview", outputs->preview, false},
                         {"the recipe", outputs->recipe, false}};
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].path) list[count++] = all[i];
    for (size_t i = 0; i < method->params.count && count < MOST_OUTPUTS; i++) {
        const ImpParam *row = &method->params.rows[i];
        const char *path = row->type == IMP_PARAM_FILE_OUT ? imp_params_text(params, row->name) : NULL;
        if (path) list[count++] = (Named){row->name, path, true};
    }
    return count;
}

static int check_apart(const ImpMethod *method, const ImpParams *common, const ImpParams *params,
                       const Pictures *pictures, const Named *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int result = check_not_input(method, &list[i], common, params, pictures);
        if (result != EXIT_GOOD) return result;
        for (size_t j = 0; j < i; j++)
            if (same_file(list[i].path, list[j].path))
                return wrong_usage(method->name, "%s and %s are the same file %s; choose another name", list[j].what,
                                   list[i].what, list[i].path);
    }
    return EXIT_GOOD;
}

/* --save-every writes OUTPUT-000001.png and so on; none of them may be a picture that is read. */
static int check_numbered(const ImpMethod *method, const ImpParams *common, const Pictures *pictures,
                          const char *output) {
    if (!imp_params_has(common, "save-every")) return EXIT_GOOD;
    for (size_t i = 0; i < pictures->count; i++) {
        const char *path = pictures->paths[i], *dash = strrchr(path, '-');
        char *end, *numbered = NULL;
        long long number = dash ? strtoll(dash + 1, &end, 10) : 0;
        if (number > 0) numbered = numbered_path(output, number);
        bool same = numbered && same_file(numbered, path);
        free(numbered);
        if (same)
            return wrong_usage(method->name, "--save-every would write over the %s picture %s; choose another output",
                               pictures->roles[i], path);
    }
    return EXIT_GOOD;
}

/* Room for what is added to a name while a file is written beside it, within the 255 bytes of most disks. */
enum { LONGEST_NAME = 230 };

static int check_name(const Named *output) {
    const char *slash = strrchr(output->path, '/');
    if (strlen(slash ? slash + 1 : output->path) <= LONGEST_NAME) return EXIT_GOOD;
    complain("the name of %s has more than %d bytes; choose a shorter one: %s", output->what, LONGEST_NAME,
             output->path);
    return EXIT_FAULT;
}

/* Whether the folder of `path` is there and can be written. */
static int check_folder(const char *what, const char *path) {
    const char *slash = strrchr(path, '/');
    size_t length = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
    char *folder = length ? strndup(path, length) : strdup(".");
    struct stat info;
    int failed = folder ? 0 : ENOMEM;
    if (folder && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        failed = EISDIR;
    else if (folder && access(folder, W_OK | X_OK) != 0)
        failed = errno;
    free(folder);
    if (!failed) return EXIT_GOOD;
    complain("cannot write %s %s: %s", what, path, strerror(failed));
    return EXIT_FAULT;
}

static int check_picture(const char *path, const ImpImageWriteOptions *options) {
    ImpError error;
    ImpStatus status = imp_image_check_writable(path, options, &error);
    if (status == IMP_OK) return EXIT_GOOD;
    complain("%s", error.message);
    return status == IMP_ERROR_ARGUMENT || status == IMP_ERROR_UNSUPPORTED ? EXIT_USAGE : EXIT_FAULT;
}

static int check_disk(const Outputs *outputs, const Named *list, size_t count) {
    int result = EXIT_GOOD;
    for (size_t i = 0; i < count && result == EXIT_GOOD; i++) result = check_name(&list[i]);
    if (result == EXIT_GOOD) result = check_picture(outputs->picture, &outputs->options);
    ImpImageWriteOptions preview = outputs->options;
    preview.format = NULL;
    if (result == EXIT_GOOD && outputs->preview) result = check_picture(outputs->preview, &preview);
    for (size_t i = 0; i < count && result == EXIT_GOOD; i++)
        if (list[i].path != outputs->picture && list[i].path != outputs->preview)
            result = check_folder(list[i].what, list[i].path);
    return result;
}

static int check_standard_output(const ImpMethod *method, const ImpParams *common, const Outputs *outputs) {
    if (!is_standard_output(outputs->picture)) return EXIT_GOOD;
    if (!outputs->options.format)
        return wrong_usage(method->name, "a picture to standard output needs its format, such as --format png");
    if (isatty(STDOUT_FILENO))
        return wrong_usage(method->name, "standard output is the terminal; send it to a file or a program, or use "
                                         "-o FILE");
    if (imp_params_flag(common, "json"))
        return wrong_usage(method->name, "the picture and --json cannot both go to standard output; use -o FILE");
    if (imp_params_has(common, "save-every"))
        return wrong_usage(method->name, "--save-every names its pictures after the output, so it needs -o FILE");
    return EXIT_GOOD;
}

char *recipe_beside(const char *output) {
    size_t size = strlen(output) + sizeof ".recipe.json";
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s.recipe.json", output);
    return path;
}

static int name_recipe(const ImpMethod *method, const ImpParams *common, Outputs *out) {
    const char *given = imp_params_text(common, "save-recipe");
    if (!given) return EXIT_GOOD;
    if (!*given && is_standard_output(out->picture))
        return wrong_usage(method->name, "--save-recipe needs a name beside standard output: --save-recipe=FILE");
    out->recipe = *given ? strdup(given) : recipe_beside(out->picture);
    if (out->recipe) return EXIT_GOOD;
    complain("out of memory for the recipe's name");
    return EXIT_FAULT;
}

ImpImageWriteOptions output_options(const ImpParams *common) {
    static const int depths[] = {8, 16};
    ImpImageWriteOptions options = {.format = imp_params_text(common, "format"),
                                    .quality = (int)imp_params_integer(common, "quality")};
    if (imp_params_has(common, "bit-depth")) options.bit_depth = depths[imp_params_choice(common, "bit-depth")];
    return options;
}

int outputs_choose(const ImpMethod *method, const ImpParams *common, const ImpParams *params, const Pictures *pictures,
                   Outputs *out) {
    *out = (Outputs){.picture = imp_params_text(common, "output"),
                     .log = imp_params_text(common, "log"),
                     .preview = imp_params_text(common, "preview"),
                     .options = output_options(common)};
    if (!out->picture)
        return wrong_usage(method->name, "%s needs a place for its result: -o FILE, or -O DIR for many", method->name);
    if (is_folder(out->picture))
        return wrong_usage(method->name, "the output %s is a folder; give the name of a picture, or use -O %s",
                           out->picture, out->picture);
    int result = check_standard_output(method, common, out);
    if (result == EXIT_GOOD) result = name_recipe(method, common, out);
    if (result != EXIT_GOOD) return result;
    Named list[MOST_OUTPUTS];
    size_t count = list_outputs(method, params, out, list);
    result = check_apart(method, common, params, pictures, list, count);
    if (result == EXIT_GOOD) result = check_numbered(method, common, pictures, out->picture);
    if (result == EXIT_GOOD) result = check_disk(out, list, count);
    return result;
}

void outputs_clear(Outputs *outputs) {
    free(outputs->recipe);
    *outputs = (Outputs){0};
}
