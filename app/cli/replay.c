#include "replay.h"

#include <string.h>

int replay_read(const ImpMethod *method, const char *path, ImpRecipe **out) {
    ImpError error;
    ImpStatus status = imp_recipe_read(path, out, &error);
    if (status != IMP_OK) {
        complain("%s", error.message);
        return EXIT_FAULT;
    }
    if ((*out)->method == method) return EXIT_GOOD;
    const char *other = (*out)->method->name;
    int result =
        wrong_usage(method->name, "the recipe %s is for %s; use impasto %s --recipe %s", path, other, other, path);
    imp_recipe_free(out);
    return result;
}

static bool differ(const char *a, const char *b) {
    return a && b && strcmp(a, b) != 0;
}

void replay_compare_model(const ImpRecipe *former, const ImpRecipe *now) {
    if (differ(former->model_sha256, now->model_sha256))
        complain("the model is not the one of the recipe, so the result will differ");
}

void replay_compare_pictures(const ImpRecipe *former, const ImpRecipe *now) {
    if (former->n_inputs > 0 && former->n_inputs != now->n_inputs) {
        complain("the recipe was made with %zu pictures and not %zu, so the result will differ", former->n_inputs,
                 now->n_inputs);
        return;
    }
    for (size_t i = 0; i < former->n_inputs; i++)
        if (differ(former->inputs[i].sha256, now->inputs[i].sha256))
            complain("%s is not the %s picture of the recipe, so the result will differ", now->inputs[i].path,
                     former->inputs[i].role);
    if (former->stopped_after > 0)
        complain("the run of the recipe was stopped after %lld steps; this one goes on to the end",
                 (long long)former->stopped_after);
}
