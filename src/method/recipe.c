#include "impasto/recipe.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "impasto/image.h"
#include "impasto/version.h"
#include "network/model_open.h"
#include <stdlib.h>
#include <string.h>

static ImpStatus copy_text(const char *text, char **out, ImpError *error) {
    if (!imp_utf8_valid(text))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "\"%.200s\" is not UTF-8, so it cannot be put into a recipe", text);
    *out = imp_strdup(text);
    return *out ? IMP_OK : imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a recipe");
}

static ImpStatus hash_file(const char *path, char **out, ImpError *error) {
    char hash[IMP_SHA256_TEXT];
    ImpStatus status = imp_sha256_file(path, hash, error);
    return status == IMP_OK ? copy_text(hash, out, error) : status;
}

static ImpStatus check_texts(const ImpParams *params, ImpError *error) {
    const ImpParamTable *table = imp_params_table(params);
    for (size_t i = 0; i < table->count; i++) {
        const char *text = imp_params_text(params, table->rows[i].name);
        if (text && !imp_utf8_valid(text))
            return imp_fail(error, IMP_ERROR_ARGUMENT,
                            "the value of %s is not UTF-8, so it cannot be put into a recipe", table->rows[i].name);
    }
    return IMP_OK;
}

/* A model that is not there is for the method to complain about. */
static ImpStatus describe_model(ImpRecipe *recipe, ImpError *error) {
    const ImpParam *row = imp_param_find(imp_params_table(recipe->params), "model");
    if (!row || row->type == IMP_PARAM_CHOICE) return IMP_OK; /* a choice names no file */
    const char *model = imp_params_text(recipe->params, "model");
    char hash[IMP_SHA256_TEXT];
    ImpModelBytes bytes;
    ImpStatus status = model ? imp_model_open(model, &bytes, error) : IMP_ERROR_IO;
    if (status != IMP_OK) return status == IMP_ERROR_MEMORY ? status : IMP_OK;
    status = imp_sha256(bytes.data, bytes.size, hash, error);
    if (status == IMP_OK) status = copy_text(hash, &recipe->model_sha256, error);
    imp_model_close(&bytes);
    return status;
}

static ImpStatus describe_input(const char *role, const char *path, ImpRecipeInput *out, ImpError *error) {
    ImpStatus status = copy_text(role, &out->role, error);
    if (status == IMP_OK) status = copy_text(path, &out->path, error);
    if (status == IMP_OK && strcmp(path, "-") != 0) status = hash_file(path, &out->sha256, error);
    return status;
}

static void clear_inputs(ImpRecipe *recipe) {
    for (size_t i = 0; i < recipe->n_inputs; i++) {
        imp_free(recipe->inputs[i].role);
        imp_free(recipe->inputs[i].path);
        imp_free(recipe->inputs[i].sha256);
    }
    imp_free(recipe->inputs);
    recipe->inputs = NULL;
    recipe->n_inputs = 0;
}

ImpStatus imp_recipe_set_inputs(ImpRecipe *recipe, const char *const *roles, const char *const *paths, size_t n_paths,
                                ImpError *error) {
    clear_inputs(recipe);
    recipe->stopped_after = 0;
    ImpStatus status = IMP_ALLOC(&recipe->inputs, n_paths, "recipe", error);
    for (size_t i = 0; i < n_paths && status == IMP_OK; i++) {
        recipe->n_inputs = i + 1;
        status = describe_input(roles[i], paths[i], &recipe->inputs[i], error);
    }
    if (status != IMP_OK) clear_inputs(recipe);
    return status;
}

ImpStatus imp_recipe_new(const ImpMethod *method, const ImpParams *params, const char *const *roles,
                         const char *const *paths, size_t n_paths, ImpRecipe **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "recipe", error);
    if (status != IMP_OK) return status;
    ImpRecipe *recipe = *out;
    recipe->method = method;
    status = check_texts(params, error);
    if (status == IMP_OK) status = imp_params_copy(params, &recipe->params, error);
    if (status == IMP_OK) status = copy_text(imp_version(), &recipe->version, error);
    if (status == IMP_OK) status = imp_recipe_set_inputs(recipe, roles, paths, n_paths, error);
    if (status == IMP_OK) status = describe_model(recipe, error);
    if (status != IMP_OK) imp_recipe_free(out);
    return status;
}

void imp_recipe_free(ImpRecipe **recipe) {
    ImpRecipe *r = *recipe;
    if (!r) return;
    clear_inputs(r);
    imp_params_free(&r->params);
    imp_free(r->model_sha256);
    imp_free(r->version);
    imp_free(r);
    *recipe = NULL;
}

static bool is_png(const ImpFileView *view) {
    static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    return view->size >= sizeof signature && memcmp(view->data, signature, sizeof signature) == 0;
}

static ImpStatus read_picture(const char *path, ImpRecipe **out, ImpError *error) {
    char *text = NULL;
    ImpStatus status = imp_image_read_text(path, IMP_RECIPE_TEXT_KEY, &text, error);
    if (status == IMP_OK && !text)
        status = imp_fail(error, IMP_ERROR_FORMAT,
                          "the picture %s holds no recipe; give a PNG that impasto made, or a JSON file", path);
    if (status == IMP_OK) status = imp_recipe_from_json(text, strlen(text), path, out, error);
    free(text);
    return status;
}

ImpStatus imp_recipe_read(const char *path, ImpRecipe **out, ImpError *error) {
    *out = NULL;
    ImpFileView view;
    ImpStatus status = imp_file_map(path, &view, error);
    if (status != IMP_OK) return status;
    if (is_png(&view))
        status = read_picture(path, out, error);
    else
        status = imp_recipe_from_json((const char *)view.data, view.size, path, out, error);
    imp_file_unmap(&view);
    return status;
}

ImpStatus imp_recipe_write(const ImpRecipe *recipe, const char *path, ImpError *error) {
    char *text = NULL;
    ImpFileWriter writer = {0};
    ImpStatus status = imp_recipe_to_json(recipe, &text, error);
    if (status == IMP_OK) status = imp_file_begin(path, &writer, error);
    if (status == IMP_OK) {
        fprintf(writer.stream, "%s\n", text); /* a failure stays with the stream until the commit */
        status = imp_file_commit(&writer, error);
    }
    free(text);
    return status;
}
