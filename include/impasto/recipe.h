/* Recipes: every run can be written to, and replayed from, a small JSON file.
 *
 * A recipe holds the method's name, all parameters, the hash of the model and of the input pictures' bytes, and the
 * program's version. Values that were given and values that came by default or from a preset are told apart, because
 * methods do. The same recipe on the same machine gives the same bytes with any number of threads. */
#ifndef IMPASTO_RECIPE_H
#define IMPASTO_RECIPE_H

#include <impasto/method.h>
#include <impasto/parameter.h>
#include <impasto/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { IMP_RECIPE_MAX_BYTES = 1 << 20, IMP_RECIPE_MAX_INPUTS = 256 };

/* The key under which a PNG made by a run holds its recipe (see ImpImageWriteOptions.texts). */
#define IMP_RECIPE_TEXT_KEY "impasto-recipe"

typedef struct ImpRecipeInput {
    char *role;
    char *path;   /* as it was given */
    char *sha256; /* 64 hexadecimal digits of the file's bytes, or NULL for standard input */
} ImpRecipeInput;

typedef struct ImpRecipe {
    const ImpMethod *method;
    ImpParams *params;
    ImpRecipeInput *inputs;
    size_t n_inputs;
    char *model_sha256;    /* or NULL for methods without a model */
    char *version;         /* of the program that wrote it */
    int64_t stopped_after; /* steps, when the run was stopped early; 0: it went to its end */
} ImpRecipe;

/* Describes a run. The parameters are copied; `paths` pairs with `roles`; files are read to be hashed ("-" is not). The
 * model is what the parameter "model" names, where there is one. Texts that are no UTF-8 cannot be put into a
 * recipe: IMP_ERROR_ARGUMENT. On success *out is the caller's. */
IMP_API ImpStatus imp_recipe_new(const ImpMethod *method, const ImpParams *params, const char *const *roles,
                                 const char *const *paths, size_t n_paths, ImpRecipe **out, ImpError *error);
/* Makes it the recipe of another run with the same settings and model, without reading the model again. On failure it
 * has no inputs. */
IMP_API ImpStatus imp_recipe_set_inputs(ImpRecipe *recipe, const char *const *roles, const char *const *paths,
                                        size_t n_paths, ImpError *error);
IMP_API void imp_recipe_free(ImpRecipe **recipe);

/* JSON text, NUL-terminated, to be freed with free(). */
IMP_API ImpStatus imp_recipe_to_json(const ImpRecipe *recipe, char **out, ImpError *error);
/* Parses JSON (hostile until parsed: size, depth, types, names and ranges are checked). `name` is for messages. */
IMP_API ImpStatus imp_recipe_from_json(const char *json, size_t size, const char *name, ImpRecipe **out,
                                       ImpError *error);
/* Reads a JSON file, or the text that a run left in a PNG. */
IMP_API ImpStatus imp_recipe_read(const char *path, ImpRecipe **out, ImpError *error);
/* Writes a JSON file, beside and renamed. */
IMP_API ImpStatus imp_recipe_write(const ImpRecipe *recipe, const char *path, ImpError *error);

#ifdef __cplusplus
}
#endif

#endif
