/* Recipes: what a run was comes back, and what is hostile does not come in. The methods are those of tests/cli. */
#include "unit.h"

#include "base/hash.h"
#include "base/memory.h"
#include "cli/invert.h"
#include "impasto/image.h"
#include "impasto/recipe.h"
#include "impasto/version.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const roles[] = {"content", "style"};
static const char *const paths[] = {"content.bin", "-"};

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Every test runs in a folder of its own. */
static int enter_folder(void **state) {
    static char folder[] = "/tmp/impasto-recipe-XXXXXX";
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    *state = mkdtemp(folder);
    if (!*state || chdir(folder) != 0) return -1;
    put("content.bin", "abc");
    put("model.bin", "");
    return 0;
}

static int leave_folder(void **state) {
    char command[64];
    snprintf(command, sizeof command, "rm -r '%s'", (char *)*state);
    return chdir("/") != 0 || system(command) != 0;
}

static ImpParams *some_params(void) {
    ImpParams *params = NULL;
    assert_int_equal(imp_params_new(&imp_method_invert.params, &params, NULL), IMP_OK);
    assert_int_equal(imp_params_set(params, "strength", "0.1", NULL), IMP_OK);
    assert_int_equal(imp_params_set(params, "keep-alpha", "false", NULL), IMP_OK);
    assert_int_equal(imp_params_set(params, "weights", "0.1,2", NULL), IMP_OK);
    assert_int_equal(imp_params_set(params, "sizes", "", NULL), IMP_OK);
    assert_int_equal(imp_params_set(params, "layers", "a:0.30000000000000004,b", NULL), IMP_OK);
    assert_int_equal(imp_params_set(params, "note", "\"quoted\" \\ \xc3\xa4", NULL), IMP_OK);
    assert_int_equal(imp_params_set(params, "model", "model.bin", NULL), IMP_OK);
    assert_int_equal(imp_params_apply_preset(params, "steps=7", NULL), IMP_OK);
    return params;
}

static ImpRecipe *some_recipe(void) {
    ImpParams *params = some_params();
    ImpRecipe *recipe = NULL;
    assert_int_equal(imp_recipe_new(&imp_method_invert, params, roles, paths, 2, &recipe, NULL), IMP_OK);
    imp_params_free(&params);
    return recipe;
}

static void assert_same_text(const char *a, const char *b) {
    if (!a || !b)
        assert_true(a == b);
    else
        assert_string_equal(a, b);
}

static void assert_same(const ImpRecipe *a, const ImpRecipe *b) {
    assert_ptr_equal(a->method, b->method);
    assert_same_text(a->version, b->version);
    assert_same_text(a->model_sha256, b->model_sha256);
    assert_int_equal(a->stopped_after, b->stopped_after);
    assert_int_equal(a->n_inputs, b->n_inputs);
    for (size_t i = 0; i < a->n_inputs; i++) {
        assert_same_text(a->inputs[i].role, b->inputs[i].role);
        assert_same_text(a->inputs[i].path, b->inputs[i].path);
        assert_same_text(a->inputs[i].sha256, b->inputs[i].sha256);
    }
    for (size_t i = 0; i < a->method->params.count; i++) {
        const char *name = a->method->params.rows[i].name;
        assert_same_text(imp_params_text(a->params, name), imp_params_text(b->params, name));
        assert_int_equal(imp_params_given(a->params, name), imp_params_given(b->params, name));
    }
}

static void a_run_is_described(void **state) {
    (void)state;
    ImpRecipe *recipe = some_recipe();
    assert_string_equal(recipe->version, imp_version());
    assert_int_equal(recipe->n_inputs, 2);
    assert_string_equal(recipe->inputs[0].sha256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); /* of "abc", FIPS 180-2 */
    assert_null(recipe->inputs[1].sha256);
    assert_string_equal(recipe->model_sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    imp_recipe_free(&recipe);
    assert_null(recipe);
}

static void it_comes_back_from_json(void **state) {
    (void)state;
    ImpRecipe *recipe = some_recipe(), *back = NULL;
    recipe->stopped_after = 12;
    char *text = NULL, *again = NULL;
    assert_int_equal(imp_recipe_to_json(recipe, &text, NULL), IMP_OK);
    assert_int_equal(imp_recipe_from_json(text, strlen(text), "test", &back, NULL), IMP_OK);
    assert_same(recipe, back);
    assert_int_equal(imp_recipe_to_json(back, &again, NULL), IMP_OK);
    assert_string_equal(text, again);
    free(text);
    free(again);
    imp_recipe_free(&recipe);
    imp_recipe_free(&back);
}

static void it_comes_back_from_files(void **state) {
    (void)state;
    ImpRecipe *recipe = some_recipe(), *back = NULL;
    assert_int_equal(imp_recipe_write(recipe, "r.json", NULL), IMP_OK);
    assert_int_equal(imp_recipe_read("r.json", &back, NULL), IMP_OK);
    assert_same(recipe, back);
    imp_recipe_free(&back);
    char *text = NULL;
    ImpImage *image = NULL;
    assert_int_equal(imp_recipe_to_json(recipe, &text, NULL), IMP_OK);
    ImpImageText embedded = {IMP_RECIPE_TEXT_KEY, text};
    ImpImageWriteOptions options = {.texts = &embedded, .n_texts = 1};
    assert_int_equal(imp_image_new(3, 2, &image, NULL), IMP_OK);
    assert_int_equal(imp_image_write(image, "r.png", &options, NULL), IMP_OK);
    assert_int_equal(imp_recipe_read("r.png", &back, NULL), IMP_OK);
    assert_same(recipe, back);
    imp_recipe_free(&back);
    assert_int_equal(imp_image_write(image, "plain.png", NULL, NULL), IMP_OK);
    assert_int_equal(imp_recipe_read("plain.png", &back, NULL), IMP_ERROR_FORMAT);
    assert_null(back);
    assert_int_equal(imp_recipe_read("missing.json", &back, NULL), IMP_ERROR_IO);
    assert_int_equal(imp_recipe_write(recipe, "missing/r.json", NULL), IMP_ERROR_IO);
    imp_image_free(&image);
    free(text);
    imp_recipe_free(&recipe);
}

static void it_is_made_that_of_another_run(void **state) {
    (void)state;
    static const char *const other[] = {"other.bin"}, *const gone[] = {"gone.bin"};
    ImpRecipe *recipe = some_recipe();
    char model[IMP_SHA256_TEXT];
    snprintf(model, sizeof model, "%s", recipe->model_sha256);
    recipe->stopped_after = 3;
    put("other.bin", "abcd");
    assert_int_equal(unlink("model.bin"), 0);
    assert_int_equal(imp_recipe_set_inputs(recipe, roles, other, 1, NULL), IMP_OK);
    assert_int_equal(recipe->n_inputs, 1);
    assert_int_equal(recipe->stopped_after, 0);
    assert_string_equal(recipe->inputs[0].path, "other.bin");
    char hash[IMP_SHA256_TEXT];
    assert_int_equal(imp_sha256("abcd", 4, hash, NULL), IMP_OK);
    assert_string_equal(recipe->inputs[0].sha256, hash);
    assert_string_equal(recipe->model_sha256, model);
    assert_int_equal(imp_recipe_set_inputs(recipe, roles, gone, 1, NULL), IMP_ERROR_IO);
    assert_int_equal(recipe->n_inputs, 0);
    imp_recipe_free(&recipe);
}

static void what_cannot_be_told_is_refused(void **state) {
    (void)state;
    ImpParams *params = some_params();
    ImpRecipe *recipe = NULL;
    const char *const gone[] = {"missing.bin", "-"}, *const bytes[] = {"content.bin", "\xff"};
    assert_int_equal(imp_recipe_new(&imp_method_invert, params, roles, gone, 2, &recipe, NULL), IMP_ERROR_IO);
    assert_null(recipe);
    assert_int_equal(imp_recipe_new(&imp_method_invert, params, roles, bytes, 2, &recipe, NULL), IMP_ERROR_ARGUMENT);
    assert_int_equal(imp_params_set(params, "note", "\xff", NULL), IMP_OK);
    assert_int_equal(imp_recipe_new(&imp_method_invert, params, roles, paths, 2, &recipe, NULL), IMP_ERROR_ARGUMENT);
    imp_params_free(&params);
}

/* "begin, count times the middle, end" */
static char *repeat(const char *begin, const char *middle, size_t count, const char *end) {
    size_t length = strlen(middle), used = strlen(begin);
    char *text = malloc(used + count * length + strlen(end) + 1);
    assert_non_null(text);
    memcpy(text, begin, used);
    for (size_t i = 0; i < count; i++, used += length) memcpy(text + used, middle, length);
    strcpy(text + used, end);
    return text;
}

static void check_refused(char *text) {
    ImpRecipe *recipe = (ImpRecipe *)1;
    ImpError error = {0};
    ImpStatus status = imp_recipe_from_json(text, strlen(text), "test", &recipe, &error);
    assert_int_not_equal(status, IMP_OK);
    assert_int_equal(error.status, status);
    assert_null(recipe);
    free(text);
}

static void limits_hold(void **state) {
    (void)state;
#define HEAD "{\"impasto-recipe\": 1, \"method\": \"invert\", \"parameters\": {"
    check_refused(repeat("{\"impasto-recipe\": 1", " ", IMP_RECIPE_MAX_BYTES, "}"));
    check_refused(repeat(HEAD "\"weights\": ", "[", 100000, ""));
    check_refused(repeat(HEAD "\"weights\": [1", ",1", IMP_PARAM_MAX_ITEMS, "]}}"));
    check_refused(repeat(HEAD "\"note\": \"", "x", IMP_PARAM_MAX_TEXT + 1, "\"}}"));
    check_refused(repeat(HEAD "}, \"inputs\": [{\"role\": \"a\", \"path\": \"b\"}",
                         ", {\"role\": \"a\", \"path\": \"b\"}", IMP_RECIPE_MAX_INPUTS, "]}"));
    check_refused(repeat(HEAD "}, \"version\": \"", "9", 65, "\"}"));
    check_refused(repeat(HEAD "}, \"given\": [\"note\"", ", \"note\"", 1000, "]}"));
    check_refused(repeat(HEAD "}, \"stopped-after\": ", "9", 40, "}"));
}

static void numbers_may_be_texts(void **state) {
    (void)state;
    static const char text[] =
        HEAD "\"strength\": \"0.5\", \"weights\": \"1,2\", \"sizes\": [3], \"keep-alpha\": \"false\", "
             "\"iterations\": 4}}";
    ImpRecipe *recipe = NULL;
    assert_int_equal(imp_recipe_from_json(text, sizeof text - 1, "test", &recipe, NULL), IMP_OK);
    assert_true(imp_params_real(recipe->params, "strength") == 0.5);
    assert_string_equal(imp_params_text(recipe->params, "weights"), "1,2");
    assert_string_equal(imp_params_text(recipe->params, "sizes"), "3");
    assert_int_equal(imp_params_integer(recipe->params, "steps"), 4);
    assert_false(imp_params_flag(recipe->params, "keep-alpha"));
    assert_true(imp_params_given(recipe->params, "strength")); /* without "given", what is there is given */
    assert_false(imp_params_given(recipe->params, "mode"));
    imp_recipe_free(&recipe);
}

static void no_memory_is_an_error(void **state) {
    (void)state;
    ImpParams *params = some_params();
    ImpStatus status = IMP_ERROR_MEMORY;
    for (long calls = 0; status != IMP_OK; calls++) {
        ImpRecipe *recipe = NULL, *back = NULL;
        char *text = NULL;
        imp_alloc_fail_after(calls);
        status = imp_recipe_new(&imp_method_invert, params, roles, paths, 2, &recipe, NULL);
        if (status == IMP_OK) status = imp_recipe_to_json(recipe, &text, NULL);
        if (status == IMP_OK) status = imp_recipe_from_json(text, strlen(text), "test", &back, NULL);
        imp_alloc_fail_after(-1);
        assert_true(status == IMP_OK || status == IMP_ERROR_MEMORY);
        free(text);
        imp_recipe_free(&recipe);
        imp_recipe_free(&back);
    }
    imp_params_free(&params);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_is_described, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(it_comes_back_from_json, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(it_comes_back_from_files, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(it_is_made_that_of_another_run, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_told_is_refused, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(no_memory_is_an_error, enter_folder, leave_folder),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(numbers_may_be_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
