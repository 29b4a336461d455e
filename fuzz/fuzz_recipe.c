/* Recipes, for the method of the command line's tests: what parses must come back from its own JSON. */
#include "check.h"
#include "impasto/recipe.h"
#include <stdlib.h>
#include <string.h>

static void require(int condition) {
    if (!condition) abort();
}

/* Running out of memory is allowed anywhere: the replay makes it happen. */
static void check_round_trip(const ImpRecipe *recipe) {
    char *text = NULL, *again = NULL;
    ImpRecipe *back = NULL;
    ImpError error = {0};
    ImpStatus status = imp_recipe_to_json(recipe, &text, &error);
    if (status == IMP_OK) status = imp_recipe_from_json(text, strlen(text), "own", &back, &error);
    if (status == IMP_OK) status = imp_recipe_to_json(back, &again, &error);
    require(status == IMP_OK || status == IMP_ERROR_MEMORY);
    if (status == IMP_OK) require(strcmp(text, again) == 0);
    imp_recipe_free(&back);
    free(text);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ImpRecipe *recipe = NULL;
    ImpError error = {0};
    ImpStatus status = imp_recipe_from_json((const char *)data, size, "input", &recipe, &error);
    require((status == IMP_OK) == (recipe != NULL));
    if (recipe)
        check_round_trip(recipe);
    else
        check_message(status, &error);
    imp_recipe_free(&recipe);
    return 0;
}
