/* Recipes to JSON and back. The form:
 *
 *   {"impasto-recipe": 1, "version": "0.1.0", "method": "stylize",
 *    "inputs": [{"role": "content", "path": "a.jpg", "sha256": "..."}], "model-sha256": "...",
 *    "parameters": {"size": 512, "style-layers": "relu1_1,relu2_1:0.5"}, "given": ["size"], "stopped-after": 120}
 *
 * Only the first, "method" and "parameters" must be there. Without "given", all parameters count as given. */
#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/parameter_set.h"
#include "impasto/json.h"
#include "impasto/recipe.h"
#include <string.h>

enum { FORMAT = 1 };

static void write_list(ImpJsonWriter *writer, const ImpParams *params, const ImpParam *row) {
    size_t count;
    imp_json_begin_array(writer, row->name);
    if (row->type == IMP_PARAM_REALS) {
        const double *values = imp_params_reals(params, row->name, &count);
        for (size_t i = 0; i < count; i++) imp_json_real(writer, NULL, values[i]);
    } else {
        const int64_t *values = imp_params_integers(params, row->name, &count);
        for (size_t i = 0; i < count; i++) imp_json_integer(writer, NULL, values[i]);
    }
    imp_json_end(writer);
}

static void write_value(ImpJsonWriter *writer, const ImpParams *params, const ImpParam *row) {
    switch (row->type) {
    case IMP_PARAM_FLAG:
        imp_json_bool(writer, row->name, imp_params_flag(params, row->name));
        break;
    case IMP_PARAM_INTEGER:
        imp_json_integer(writer, row->name, imp_params_integer(params, row->name));
        break;
    case IMP_PARAM_REAL:
        imp_json_real(writer, row->name, imp_params_real(params, row->name));
        break;
    case IMP_PARAM_REALS:
    case IMP_PARAM_INTEGERS:
        write_list(writer, params, row);
        break;
    default:
        imp_json_string(writer, row->name, imp_params_text(params, row->name));
        break;
    }
}

static void write_params(ImpJsonWriter *writer, const ImpParams *params) {
    const ImpParamTable *table = imp_params_table(params);
    imp_json_begin_object(writer, "parameters");
    for (size_t i = 0; i < table->count; i++)
        if (!table->rows[i].run_only && imp_params_has(params, table->rows[i].name))
            write_value(writer, params, &table->rows[i]);
    imp_json_end(writer);
    imp_json_begin_array(writer, "given");
    for (size_t i = 0; i < table->count; i++)
        if (!table->rows[i].run_only && imp_params_given(params, table->rows[i].name))
            imp_json_string(writer, NULL, table->rows[i].name);
    imp_json_end(writer);
}

static void write_inputs(ImpJsonWriter *writer, const ImpRecipe *recipe) {
    imp_json_begin_array(writer, "inputs");
    for (size_t i = 0; i < recipe->n_inputs; i++) {
        const ImpRecipeInput *input = &recipe->inputs[i];
        imp_json_begin_object(writer, NULL);
        imp_json_string(writer, "role", input->role);
        imp_json_string(writer, "path", input->path);
        if (input->sha256) imp_json_string(writer, "sha256", input->sha256);
        imp_json_end(writer);
    }
    imp_json_end(writer);
}

ImpStatus imp_recipe_to_json(const ImpRecipe *recipe, char **out, ImpError *error) {
    ImpJsonWriter *writer;
    *out = NULL;
    ImpStatus status = imp_json_writer_new(2, &writer, error);
    if (status != IMP_OK) return status;
    imp_json_begin_object(writer, NULL);
    imp_json_integer(writer, IMP_RECIPE_TEXT_KEY, FORMAT);
    if (recipe->version) imp_json_string(writer, "version", recipe->version);
    imp_json_string(writer, "method", recipe->method->name);
    write_inputs(writer, recipe);
    if (recipe->model_sha256) imp_json_string(writer, "model-sha256", recipe->model_sha256);
    write_params(writer, recipe->params);
    if (recipe->stopped_after > 0) imp_json_integer(writer, "stopped-after", recipe->stopped_after);
    imp_json_end(writer);
    status = imp_json_writer_finish(writer, out, error);
    imp_json_writer_free(&writer);
    return status;
}

/* What the messages of reading share. */
typedef struct Reader {
    const char *name;
    ImpRecipe *recipe;
    ImpError *error;
} Reader;

static ImpStatus wrong(const Reader *reader, const char *key, const char *what) {
    return imp_fail(reader->error, IMP_ERROR_FORMAT, "the recipe %s is faulty: \"%.100s\" should be %s", reader->name,
                    key, what);
}

static ImpStatus check_keys(const Reader *reader, json_t *object, const char *const *known) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0) i++;
        if (!known[i])
            return imp_fail(
                reader->error, IMP_ERROR_FORMAT,
                "the recipe %s has the key \"%.100s\", which this version does not know; remove it or use a "
                "newer program",
                reader->name, key);
    }
    return IMP_OK;
}

/* A text of at most `longest` bytes under `key`, copied to *out; left NULL where there is none. */
static ImpStatus read_text(const Reader *reader, json_t *object, const char *key, size_t longest, char **out) {
    json_t *value = json_object_get(object, key);
    if (!value) return IMP_OK;
    if (!json_is_string(value) || json_string_length(value) > longest) return wrong(reader, key, "a short text");
    *out = imp_strdup(json_string_value(value));
    return *out ? IMP_OK : imp_fail(reader->error, IMP_ERROR_MEMORY, "out of memory for a recipe");
}

static ImpStatus read_hash(const Reader *reader, json_t *object, const char *key, char **out) {
    ImpStatus status = read_text(reader, object, key, IMP_SHA256_TEXT - 1, out);
    if (status != IMP_OK || !*out) return status;
    if (strspn(*out, "0123456789abcdef") != IMP_SHA256_TEXT - 1 || strlen(*out) != IMP_SHA256_TEXT - 1)
        return wrong(reader, key, "64 hexadecimal digits");
    return IMP_OK;
}

static ImpStatus read_input(const Reader *reader, json_t *object, ImpRecipeInput *out) {
    static const char *const known[] = {"role", "path", "sha256", NULL};
    if (!json_is_object(object)) return wrong(reader, "inputs", "a list of objects");
    ImpStatus status = check_keys(reader, object, known);
    if (status == IMP_OK) status = read_text(reader, object, "role", 64, &out->role);
    if (status == IMP_OK) status = read_text(reader, object, "path", IMP_PARAM_MAX_TEXT, &out->path);
    if (status == IMP_OK) status = read_hash(reader, object, "sha256", &out->sha256);
    if (status == IMP_OK && !(out->role && out->path)) return wrong(reader, "inputs", "objects with a role and a path");
    return status;
}

static ImpStatus read_inputs(const Reader *reader, json_t *root) {
    json_t *list = json_object_get(root, "inputs");
    if (!list) return IMP_OK;
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > IMP_RECIPE_MAX_INPUTS)
        return wrong(reader, "inputs", "a list of at most 256 pictures");
    ImpStatus status = IMP_ALLOC(&reader->recipe->inputs, count, "recipe", reader->error);
    for (size_t i = 0; i < count && status == IMP_OK; i++) {
        reader->recipe->n_inputs = i + 1;
        status = read_input(reader, json_array_get(list, i), &reader->recipe->inputs[i]);
    }
    return status;
}

/* A number, a truth value or a text as imp_params_set takes it; `buffer` holds what is not a text. */
static const char *scalar_text(json_t *value, char buffer[IMP_NUMBER_TEXT]) {
    if (json_is_string(value)) return json_string_value(value);
    if (json_is_boolean(value)) return json_is_true(value) ? "true" : "false";
    if (json_is_integer(value))
        snprintf(buffer, IMP_NUMBER_TEXT, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        imp_format_real(json_real_value(value), buffer);
    else
        return NULL;
    return buffer;
}

static ImpStatus list_text(const Reader *reader, const char *key, json_t *list, char **out) {
    size_t count = json_array_size(list), used = 0;
    if (count > IMP_PARAM_MAX_ITEMS) return wrong(reader, key, "a list of at most 256 numbers");
    *out = imp_alloc(count + 1, IMP_NUMBER_TEXT + 1);
    if (!*out) return imp_fail(reader->error, IMP_ERROR_MEMORY, "out of memory for a recipe");
    for (size_t i = 0; i < count; i++) {
        json_t *item = json_array_get(list, i);
        char buffer[IMP_NUMBER_TEXT];
        if (!json_is_number(item)) return wrong(reader, key, "a list of numbers");
        if (i > 0) (*out)[used++] = ',';
        const char *text = scalar_text(item, buffer);
        memcpy(*out + used, text, strlen(text));
        used += strlen(text);
    }
    return IMP_OK;
}

static bool is_given(json_t *given, const char *key) {
    if (!given) return true;
    for (size_t i = 0; i < json_array_size(given); i++) {
        const char *name = json_string_value(json_array_get(given, i));
        if (name && strcmp(name, key) == 0) return true;
    }
    return false;
}

static ImpStatus read_param(const Reader *reader, const char *key, json_t *value, bool given) {
    char buffer[IMP_NUMBER_TEXT], *list = NULL;
    ImpError inner = {0};
    ImpStatus status = IMP_OK;
    if (json_is_array(value)) status = list_text(reader, key, value, &list);
    const char *text = list ? list : scalar_text(value, buffer);
    if (status == IMP_OK && !text) status = wrong(reader, key, "a number, a text, true, false or a list of numbers");
    if (status == IMP_OK) {
        status = imp_params_restore(reader->recipe->params, key, text, given, &inner);
        if (status != IMP_OK)
            imp_fail(reader->error, status, "the recipe %s is faulty: %.800s", reader->name, inner.message);
    }
    imp_free(list);
    return status;
}

static ImpStatus read_params(const Reader *reader, json_t *root) {
    json_t *object = json_object_get(root, "parameters"), *given = json_object_get(root, "given");
    if (!json_is_object(object)) return wrong(reader, "parameters", "an object");
    if (given && (!json_is_array(given) || json_array_size(given) > reader->recipe->method->params.count))
        return wrong(reader, "given", "a list of parameters");
    ImpStatus status = imp_params_new(&reader->recipe->method->params, &reader->recipe->params, reader->error);
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        /* A recipe may come from anybody: it must not name files to write. */
        const ImpParam *row = imp_param_find(&reader->recipe->method->params, key);
        if (row && row->run_only) continue;
        if (status == IMP_OK) status = read_param(reader, key, value, is_given(given, key));
    }
    return status;
}

static ImpStatus read_method(const Reader *reader, json_t *root) {
    json_t *format = json_object_get(root, IMP_RECIPE_TEXT_KEY);
    const char *name = json_string_value(json_object_get(root, "method"));
    if (!json_is_integer(format))
        return imp_fail(reader->error, IMP_ERROR_FORMAT,
                        "%s is no recipe: it lacks \"" IMP_RECIPE_TEXT_KEY "\": 1 at its beginning", reader->name);
    if (json_integer_value(format) != FORMAT)
        return imp_fail(reader->error, IMP_ERROR_UNSUPPORTED,
                        "the recipe %s has format %lld; this version knows format %d, so use a newer program",
                        reader->name, (long long)json_integer_value(format), FORMAT);
    if (!name) return wrong(reader, "method", "the name of a method");
    reader->recipe->method = imp_method_find(name);
    if (reader->recipe->method) return IMP_OK;
    return imp_fail(reader->error, IMP_ERROR_UNSUPPORTED,
                    "the recipe %s is for the method \"%.100s\", which is not here", reader->name, name);
}

static ImpStatus read_recipe(const Reader *reader, json_t *root) {
    static const char *const known[] = {IMP_RECIPE_TEXT_KEY, "version", "method",        "inputs", "model-sha256",
                                        "parameters",        "given",   "stopped-after", NULL};
    ImpRecipe *recipe = reader->recipe;
    ImpStatus status = read_method(reader, root);
    if (status == IMP_OK) status = check_keys(reader, root, known);
    if (status == IMP_OK) status = read_text(reader, root, "version", 64, &recipe->version);
    if (status == IMP_OK) status = read_hash(reader, root, "model-sha256", &recipe->model_sha256);
    if (status == IMP_OK) status = read_inputs(reader, root);
    if (status == IMP_OK) status = read_params(reader, root);
    json_t *stopped = json_object_get(root, "stopped-after");
    if (status == IMP_OK && stopped && json_integer_value(stopped) < 1)
        return wrong(reader, "stopped-after", "a whole number of at least 1");
    recipe->stopped_after = json_integer_value(stopped);
    return status;
}

ImpStatus imp_recipe_from_json(const char *json, size_t size, const char *name, ImpRecipe **out, ImpError *error) {
    json_t *root = NULL;
    *out = NULL;
    if (size > IMP_RECIPE_MAX_BYTES)
        return imp_fail(error, IMP_ERROR_FORMAT, "%s has %zu bytes; a recipe has at most %d", name, size,
                        IMP_RECIPE_MAX_BYTES);
    ImpStatus status = imp_json_parse(size ? json : "", size, name, &root, error);
    if (status == IMP_OK) status = IMP_ALLOC(out, 1, "recipe", error);
    if (status == IMP_OK) status = read_recipe(&(Reader){name, *out, error}, root);
    if (status != IMP_OK) imp_recipe_free(out);
    json_decref(root);
    return status;
}
