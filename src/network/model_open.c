#include "network/model_open.h"

#include "base/error.h"
#include "base/memory.h"
#include "impasto/parameter.h"
#include "network/catalogue.h"
#include "weights/weights.h"
#include <string.h>
#include <sys/stat.h>

static const char perceptual[] = "perceptual";

const ImpBuiltinModel *imp_builtin_find(const char *name) {
    if (strcmp(name, IMP_BUILTIN_PERCEPTUAL) == 0) name = perceptual;
    for (const ImpBuiltinModel *model = imp_builtin_models(); model->name; model++)
        if (strcmp(model->name, name) == 0) return model;
    return NULL;
}

/* ---- The bytes ---- */

static ImpStatus set_name(char *name, ImpModelBytes *out, ImpError *error) {
    out->name = name;
    if (name) return IMP_OK;
    imp_model_close(out);
    return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the name of a model");
}

ImpStatus imp_model_open_file(const char *path, ImpModelBytes *out, ImpError *error) {
    *out = (ImpModelBytes){0};
    ImpStatus status = imp_file_map(path, &out->view, error);
    if (status != IMP_OK) return status;
    out->data = out->view.data;
    out->size = out->view.size;
    return set_name(imp_strdup(path), out, error);
}

ImpStatus imp_model_open_builtin(const ImpBuiltinModel *builtin, ImpModelBytes *out, ImpError *error) {
    *out = (ImpModelBytes){.data = builtin->data, .size = builtin->size, .builtin = builtin};
    return set_name(imp_format("the built-in model %s", builtin->name), out, error);
}

void imp_model_close(ImpModelBytes *model) {
    imp_file_unmap(&model->view);
    imp_free(model->name);
    *model = (ImpModelBytes){0};
}

/* ---- What --model means ---- */

static bool is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The known name that is most like `model`, or NULL. */
static const char *suggest(const char *model) {
    enum { MOST = 64 };
    const char *names[MOST];
    size_t count, n = 0;
    const ImpCatalogueEntry *entries = imp_catalogue(&count);
    names[n++] = IMP_BUILTIN_PERCEPTUAL;
    for (size_t i = 0; i < count && n < MOST; i++) names[n++] = entries[i].name;
    for (const ImpBuiltinModel *b = imp_builtin_models(); b->name && n < MOST; b++) names[n++] = b->name;
    return imp_suggest(model, names, n);
}

static ImpStatus fail_missing(const char *model, const char *folder, ImpError *error) {
    const ImpCatalogueEntry *entry = imp_catalogue_find(model);
    if (entry)
        return imp_fail(
            error, IMP_ERROR_IO,
            "the model %s is not on this machine; run \"impasto model fetch %s\", or put %s (from %s) into %s", model,
            model, entry->file, entry->sources[0], folder);
    if (strcmp(model, IMP_BUILTIN_PERCEPTUAL) == 0 || strcmp(model, perceptual) == 0)
        return imp_fail(error, IMP_ERROR_IO,
                        "this build of impasto has no perceptual network in it (there was no models/%s.safetensors); "
                        "run \"impasto model fetch vgg19\" and give the model vgg19, or the path of a weight file",
                        perceptual);
    struct stat info;
    if (stat(model, &info) == 0)
        return imp_fail(error, IMP_ERROR_IO, "the model %s is %s; give the path of a weight file", model,
                        S_ISDIR(info.st_mode) ? "a folder" : "no regular file");
    const char *near = suggest(model);
    return imp_fail(
        error, IMP_ERROR_IO,
        "there is no file and no model called \"%.200s\"%s%s%s; give the path of a weight file, or a name that "
        "\"impasto model list\" shows",
        model, near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

/* What is no file of that path: in the user's folder, or built in. A user without a folder still has the latter. */
static ImpStatus open_named(const char *model, ImpModelBytes *out, ImpError *error) {
    const ImpBuiltinModel *builtin = imp_builtin_find(model);
    char *folder = NULL, *path = NULL;
    ImpStatus status = imp_models_folder(&folder, error);
    if (status == IMP_ERROR_IO && builtin) return imp_model_open_builtin(builtin, out, error);
    if (status == IMP_OK) status = imp_models_look_up(folder, model, &path, error);
    if (status == IMP_OK) {
        if (path)
            status = imp_model_open_file(path, out, error);
        else if (builtin)
            status = imp_model_open_builtin(builtin, out, error);
        else
            status = fail_missing(model, folder, error);
    }
    imp_free(folder);
    imp_free(path);
    return status;
}

ImpStatus imp_model_open(const char *model, ImpModelBytes *out, ImpError *error) {
    *out = (ImpModelBytes){0};
    return is_file(model) ? imp_model_open_file(model, out, error) : open_named(model, out, error);
}

/* ---- Its arrays ---- */

ImpStatus imp_model_read(const char *model, ImpModelContent *out, ImpError *error) {
    ImpModelBytes bytes;
    *out = (ImpModelContent){0};
    ImpStatus status = imp_model_open(model, &bytes, error);
    if (status == IMP_OK) status = imp_weights_parse(bytes.data, bytes.size, bytes.name, &out->bundle, error);
    if (status == IMP_OK) status = imp_sha256(bytes.data, bytes.size, out->sha256, error);
    out->name = bytes.name;
    bytes.name = NULL;
    imp_model_close(&bytes);
    return status;
}

void imp_model_content_clear(ImpModelContent *content) {
    imp_bundle_free(&content->bundle);
    imp_free(content->name);
    *content = (ImpModelContent){0};
}
