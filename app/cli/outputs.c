#include "outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_standard_output(const char *path) {
    return strcmp(path, "-") == 0;
}

/* Whether both paths lead to the same file: by inode, so that links count, or by name while it does not exist. */
static bool same_file(const char *a, const char *b) {
    struct stat first, second;
    if (strcmp(a, "-") == 0 || strcmp(b, "-") == 0) return false;
    if (stat(a, &first) != 0 || stat(b, &second) != 0) return strcmp(a, b) == 0;
    return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static int check_not_input(const ImpMethod *method, const char *what, const char *path, const ImpParams *params,
                           const Pictures *pictures) {
    for (size_t i = 0; i < pictures->count; i++)
        if (same_file(path, pictures->paths[i]))
            return wrong_usage(method->name, "%s %s is also the %s picture, which would be lost; choose another name",
                               what, path, pictures->roles[i]);
    for (size_t i = 0; i < method->params.count; i++) {
        const ImpParam *row = &method->params.rows[i];
        const char *text = row->type == IMP_PARAM_FILE_IN ? imp_params_text(params, row->name) : NULL;
        if (text && same_file(path, text))
            return wrong_usage(method->name, "%s %s is also the file of --%s, which would be lost; choose another name",
                               what, path, row->name);
    }
    return EXIT_GOOD;
}

/* A NULL path is no output. */
typedef struct Named {
    const char *what, *path;
} Named;

static int check_apart(const ImpMethod *method, const ImpParams *params, const Pictures *pictures,
                       const Outputs *outputs) {
    const Named all[] = {{"the output", outputs->picture},
                         {"the log", outputs->log},
                         {"the preview", outputs->preview},
                         {"the recipe", outputs->recipe}};
    enum { COUNT = sizeof all / sizeof *all };
    for (size_t i = 0; i < COUNT; i++) {
        if (!all[i].path) continue;
        int result = check_not_input(method, all[i].what, all[i].path, params, pictures);
        if (result != EXIT_GOOD) return result;
        for (size_t j = 0; j < i; j++)
            if (all[j].path && same_file(all[i].path, all[j].path))
                return wrong_usage(method->name, "%s and %s are the same file %s; choose another name", all[j].what,
                                   all[i].what, all[i].path);
    }
    return EXIT_GOOD;
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

/* The files that the method itself writes, such as checkpoints. */
static int check_method_outputs(const ImpMethod *method, const ImpParams *params, const Outputs *outputs) {
    for (size_t i = 0; i < method->params.count; i++) {
        const ImpParam *row = &method->params.rows[i];
        const char *path = row->type == IMP_PARAM_FILE_OUT ? imp_params_text(params, row->name) : NULL;
        if (!path) continue;
        if (same_file(path, outputs->picture))
            return wrong_usage(method->name, "--%s and the output are the same file %s; choose another name", row->name,
                               path);
        char what[64];
        snprintf(what, sizeof what, "the %s", row->name);
        int result = check_folder(what, path);
        if (result != EXIT_GOOD) return result;
    }
    return EXIT_GOOD;
}

static int check_disk(const Outputs *outputs) {
    int result = check_picture(outputs->picture, &outputs->options);
    ImpImageWriteOptions preview = outputs->options;
    preview.format = NULL;
    if (result == EXIT_GOOD && outputs->preview) result = check_picture(outputs->preview, &preview);
    if (result == EXIT_GOOD && outputs->recipe) result = check_folder("the recipe", outputs->recipe);
    if (result == EXIT_GOOD && outputs->log) result = check_folder("the log", outputs->log);
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

static int name_recipe(const ImpMethod *method, const ImpParams *common, Outputs *out) {
    const char *given = imp_params_text(common, "save-recipe");
    if (!given) return EXIT_GOOD;
    if (!*given && is_standard_output(out->picture))
        return wrong_usage(method->name, "--save-recipe needs a name beside standard output: --save-recipe=FILE");
    size_t size = strlen(out->picture) + strlen(given) + sizeof ".recipe.json";
    out->recipe = malloc(size);
    if (!out->recipe) {
        complain("out of memory for the recipe's name");
        return EXIT_FAULT;
    }
    if (*given)
        snprintf(out->recipe, size, "%s", given);
    else
        snprintf(out->recipe, size, "%s.recipe.json", out->picture);
    return EXIT_GOOD;
}

int outputs_choose(const ImpMethod *method, const ImpParams *common, const ImpParams *params, const Pictures *pictures,
                   Outputs *out) {
    static const int depths[] = {8, 16};
    *out = (Outputs){.picture = imp_params_text(common, "output"),
                     .log = imp_params_text(common, "log"),
                     .preview = imp_params_text(common, "preview")};
    if (!out->picture) return wrong_usage(method->name, "%s needs a place for its result: -o FILE", method->name);
    out->options.format = imp_params_text(common, "format");
    out->options.quality = (int)imp_params_integer(common, "quality");
    if (imp_params_has(common, "bit-depth")) out->options.bit_depth = depths[imp_params_choice(common, "bit-depth")];
    int result = check_standard_output(method, common, out);
    if (result == EXIT_GOOD) result = name_recipe(method, common, out);
    if (result == EXIT_GOOD) result = check_apart(method, params, pictures, out);
    if (result == EXIT_GOOD) result = check_disk(out);
    if (result == EXIT_GOOD) result = check_method_outputs(method, params, out);
    return result;
}

void outputs_clear(Outputs *outputs) {
    free(outputs->recipe);
    *outputs = (Outputs){0};
}
