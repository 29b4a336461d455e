#include "impasto/model.h"

#include "base/error.h"
#include "base/memory.h"
#include "network/catalogue.h"
#include "network/model_examine.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

ImpStatus imp_model_find(const char *model, char path[IMP_MODEL_PATH_SIZE], ImpError *error) {
    char *found;
    ImpStatus status = imp_model_resolve(model, &found, error);
    if (status != IMP_OK) return status;
    if (strlen(found) >= IMP_MODEL_PATH_SIZE)
        status = imp_fail(error, IMP_ERROR_UNSUPPORTED, "the path of the model %.200s is too long", model);
    else
        strcpy(path, found);
    imp_free(found);
    return status;
}

static char *copy_or_null(const char *text, bool *good) {
    char *copy = text ? imp_strdup(text) : NULL;
    if (text && !copy) *good = false;
    return copy;
}

/* One more row; entry is NULL for a file that no catalogue knows. Takes `path` (may be NULL) over in any case. */
static ImpStatus add_row(ImpModelList *list, const char *name, const ImpCatalogueEntry *entry, char *path,
                         ImpError *error) {
    ImpModelListed *models = imp_realloc(list->models, list->count, list->count + 1, sizeof *models);
    if (!models) {
        imp_free(path);
        return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the list of models");
    }
    list->models = models;
    bool good = true;
    char *summary = entry ? imp_strdup(entry->summary) : NULL;
    struct stat info;
    models[list->count++] = (ImpModelListed){
        .name = copy_or_null(name, &good),
        .summary = summary,
        .path = path,
        .size = path && stat(path, &info) == 0 ? (uint64_t)info.st_size : 0,
        .fetch_size = entry ? entry->size : 0,
        .source = copy_or_null(entry ? entry->sources[0] : NULL, &good),
        .licence = copy_or_null(entry ? entry->licence : NULL, &good),
    };
    if (!good || (entry && !summary)) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the list of models");
    return entry ? IMP_OK : imp_model_summary(path, &models[list->count - 1].summary, error);
}

static ImpStatus add_known(ImpModelList *list, ImpError *error) {
    size_t count;
    const ImpCatalogueEntry *entries = imp_catalogue(&count);
    for (size_t i = 0; i < count; i++) {
        char *path;
        ImpStatus status = imp_models_look_up(list->folder, entries[i].name, &path, error);
        if (status == IMP_OK) status = add_row(list, entries[i].name, &entries[i], path, error);
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

static bool is_listed(const ImpModelList *list, const char *name, const char *path) {
    for (size_t i = 0; i < list->count; i++) {
        const ImpModelListed *model = &list->models[i];
        if (strcmp(model->name, name) == 0 || (model->path && strcmp(model->path, path) == 0)) return true;
    }
    return false;
}

static ImpStatus add_file(ImpModelList *list, const char *file, ImpError *error) {
    size_t length = name_length(file);
    if (length == 0) return IMP_OK;
    char *name = imp_strndup(file, length), *path = NULL;
    ImpStatus status = name ? imp_models_look_up(list->folder, name, &path, error)
                            : imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the list of models");
    if (status == IMP_OK && path && !is_listed(list, name, path))
        status = add_row(list, name, NULL, path, error);
    else
        imp_free(path);
    imp_free(name);
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
