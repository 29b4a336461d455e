#include "impasto/model.h"

#include "base/error.h"
#include "base/memory.h"
#include "network/catalogue.h"
#include "network/model_examine.h"
#include "network/model_open.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

ImpStatus imp_model_find(const char *model, char path[IMP_MODEL_PATH_SIZE], ImpError *error) {
    ImpModelBytes bytes;
    ImpStatus status = imp_model_open(model, &bytes, error);
    if (status != IMP_OK) return status;
    if (bytes.builtin)
        status =
            imp_fail(error, IMP_ERROR_UNSUPPORTED, "the model %.200s has no file: it is part of the program", model);
    else if (strlen(bytes.name) >= IMP_MODEL_PATH_SIZE)
        status = imp_fail(error, IMP_ERROR_UNSUPPORTED, "the path of the model %.200s is too long", model);
    else
        strcpy(path, bytes.name);
    imp_model_close(&bytes);
    return status;
}

static ImpStatus no_memory(ImpError *error) {
    return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the list of models");
}

static char *copy_or_null(const char *text, bool *good) {
    char *copy = text ? imp_strdup(text) : NULL;
    if (text && !copy) *good = false;
    return copy;
}

static ImpStatus summarise(const char *path, const ImpBuiltinModel *builtin, char **out, ImpError *error) {
    ImpModelBytes bytes;
    ImpError ignored;
    ImpStatus status =
        builtin ? imp_model_open_builtin(builtin, &bytes, error) : imp_model_open_file(path, &bytes, &ignored);
    if (status == IMP_OK) {
        status = imp_model_summary(&bytes, out, error);
        imp_model_close(&bytes);
        return status;
    }
    *out = status == IMP_ERROR_MEMORY ? NULL : imp_strdup(IMP_MODEL_UNREADABLE);
    return *out ? IMP_OK : no_memory(error);
}

/* One more row, and what is in it: a file (`path`, taken over in any case), something in the catalogue (`entry`) that
 * may have a file, or what is built in. */
static ImpStatus add_row(ImpModelList *list, const char *name, const ImpCatalogueEntry *entry, char *path,
                         const ImpBuiltinModel *builtin, ImpError *error) {
    ImpModelListed *models = imp_realloc(list->models, list->count, list->count + 1, sizeof *models);
    if (!models) {
        imp_free(path);
        return no_memory(error);
    }
    list->models = models;
    bool good = true;
    struct stat info;
    ImpModelListed *row = &models[list->count++];
    *row = (ImpModelListed){
        .name = copy_or_null(name, &good),
        .summary = copy_or_null(entry ? entry->summary : NULL, &good),
        .path = path,
        .built_in = builtin != NULL,
        .size = path && stat(path, &info) == 0 ? (uint64_t)info.st_size
                : builtin                      ? builtin->size
                                               : 0,
        .fetch_size = entry ? entry->size : 0,
        .source = copy_or_null(entry ? entry->sources[0] : NULL, &good),
        .licence = copy_or_null(entry ? entry->licence : NULL, &good),
    };
    if (!good) return no_memory(error);
    return entry ? IMP_OK : summarise(path, builtin, &row->summary, error);
}

static ImpStatus add_known(ImpModelList *list, ImpError *error) {
    size_t count;
    const ImpCatalogueEntry *entries = imp_catalogue(&count);
    for (size_t i = 0; i < count; i++) {
        char *path;
        ImpStatus status = imp_models_look_up(list->folder, entries[i].name, &path, error);
        if (status == IMP_OK) status = add_row(list, entries[i].name, &entries[i], path, NULL, error);
        if (status != IMP_OK) return status;
    }
    return IMP_OK;
}

/* The name that a file in the folder gives a model, as a length within `file`; 0 for files that are no model. */
static size_t name_length(const char *file) {
    static const char *const endings[] = {".safetensors", ".pth", ".pt", ".model"};
    size_t length = strlen(file);
    if (!imp_model_name_valid(file)) return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcmp(file + length - ending, endings[i]) == 0) return length - ending;
    }
    return 0;
}

static bool is_named(const ImpModelList *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->models[i].name, name) == 0) return true;
    return false;
}

static bool is_listed(const ImpModelList *list, const char *name, const char *path) {
    for (size_t i = 0; i < list->count; i++)
        if (list->models[i].path && strcmp(list->models[i].path, path) == 0) return true;
    return is_named(list, name);
}

static ImpStatus add_file(ImpModelList *list, const char *file, ImpError *error) {
    size_t length = name_length(file);
    if (length == 0) return IMP_OK;
    char *name = imp_strndup(file, length), *path = NULL;
    ImpStatus status = name ? imp_models_look_up(list->folder, name, &path, error) : no_memory(error);
    if (status == IMP_OK && path && !is_listed(list, name, path))
        status = add_row(list, name, NULL, path, NULL, error);
    else
        imp_free(path);
    imp_free(name);
    return status;
}

/* Each name is listed as what it means: a file in the folder goes before what is built in. The perceptual network is
 * listed under the name that options have as their default. */
static ImpStatus add_builtin(ImpModelList *list, ImpError *error) {
    const ImpBuiltinModel *perceptual = imp_builtin_find(IMP_BUILTIN_PERCEPTUAL);
    ImpStatus status = IMP_OK;
    for (const ImpBuiltinModel *model = imp_builtin_models(); model->name && status == IMP_OK; model++) {
        const char *name = model == perceptual ? IMP_BUILTIN_PERCEPTUAL : model->name;
        if (!is_named(list, name)) status = add_row(list, name, NULL, NULL, model, error);
    }
    return status;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const ImpModelListed *)a)->name, ((const ImpModelListed *)b)->name);
}

static ImpStatus add_files(ImpModelList *list, ImpError *error) {
    size_t known = list->count;
    DIR *folder = opendir(list->folder);
    if (!folder) return IMP_OK; /* not made yet */
    ImpStatus status = IMP_OK;
    for (struct dirent *file = readdir(folder); status == IMP_OK && file; file = readdir(folder))
        status = add_file(list, file->d_name, error);
    closedir(folder);
    if (status == IMP_OK) qsort(list->models + known, list->count - known, sizeof *list->models, compare_names);
    return status;
}

ImpStatus imp_model_list(ImpModelList **out, ImpError *error) {
    *out = NULL;
    ImpModelList *list;
    ImpStatus status = IMP_ALLOC(&list, 1, "list of models", error);
    if (status != IMP_OK) return status;
    status = imp_models_folder(&list->folder, error);
    if (status == IMP_OK) status = add_known(list, error);
    if (status == IMP_OK) status = add_files(list, error);
    if (status == IMP_OK) status = add_builtin(list, error);
    if (status == IMP_OK)
        *out = list;
    else
        imp_model_list_free(&list);
    return status;
}

void imp_model_list_free(ImpModelList **list) {
    ImpModelList *l = *list;
    if (!l) return;
    for (size_t i = 0; i < l->count; i++) {
        imp_free(l->models[i].name);
        imp_free(l->models[i].summary);
        imp_free(l->models[i].path);
        imp_free(l->models[i].source);
        imp_free(l->models[i].licence);
    }
    imp_free(l->models);
    imp_free(l->folder);
    imp_free(l);
    *list = NULL;
}
