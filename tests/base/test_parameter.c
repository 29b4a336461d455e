#include "unit.h"

#include "base/memory.h"
#include "base/number.h"
#include "impasto/parameter.h"
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ImpParam rows[] = {
    {.name = "size", .letter = 's', .type = IMP_PARAM_INTEGER, .fallback = "512", .minimum = 16, .maximum = 65535},
    {.name = "style-weight", .type = IMP_PARAM_REAL, .fallback = "1e6", .minimum = 0, .maximum = 1e12},
    {.name = "offset", .type = IMP_PARAM_REAL},
    {.name = "level", .type = IMP_PARAM_REAL, .minimum = 0, .maximum = INFINITY},
    {.name = "optimizer", .type = IMP_PARAM_CHOICE, .fallback = "lbfgs", .choices = "lbfgs|adam"},
    {.name = "original-colors", .type = IMP_PARAM_FLAG, .fallback = "false", .aliases = "keep-colors"},
    {.name = "evaluations",
     .type = IMP_PARAM_INTEGER,
     .fallback = "300",
     .minimum = 1,
     .maximum = 1e6,
     .aliases = "iterations|num-iterations"},
    {.name = "model", .type = IMP_PARAM_FILE_IN},
    {.name = "note", .type = IMP_PARAM_TEXT},
    {.name = "style-blend", .type = IMP_PARAM_REALS, .minimum = 0, .maximum = 100},
    {.name = "scales", .type = IMP_PARAM_INTEGERS, .fallback = "", .minimum = 16, .maximum = 65535},
    {.name = "style-layers", .type = IMP_PARAM_LAYERS, .fallback = "relu1_1,relu2_1:0.5", .minimum = 0, .maximum = 1e6},
};
static const ImpParamTable table = {rows, sizeof rows / sizeof *rows};

static ImpParams *fresh(void) {
    ImpParams *params = NULL;
    assert_int_equal(imp_params_new(&table, &params, NULL), IMP_OK);
    return params;
}

static void defaults_are_parsed(void **state) {
    (void)state;
    ImpParams *params = fresh();
    assert_ptr_equal(imp_params_table(params), &table);
    assert_int_equal(imp_params_integer(params, "size"), 512);
    assert_true(imp_params_real(params, "style-weight") == 1e6);
    assert_int_equal(imp_params_choice(params, "optimizer"), 0);
    assert_false(imp_params_flag(params, "original-colors"));
    assert_false(imp_params_has(params, "model"));
    assert_null(imp_params_text(params, "model"));
    assert_true(imp_params_has(params, "scales"));
    size_t count = 9;
    imp_params_integers(params, "scales", &count);
    assert_int_equal(count, 0);
    const ImpLayerWeight *layers = imp_params_layers(params, "style-layers", &count);
    assert_int_equal(count, 2);
    assert_string_equal(layers[0].layer, "relu1_1");
    assert_true(layers[0].weight == 1);
    assert_string_equal(layers[1].layer, "relu2_1");
    assert_true(layers[1].weight == 0.5);
    assert_false(imp_params_given(params, "size"));
    imp_params_free(&params);
    assert_null(params);
}

static void texts_are_canonical(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"size", "+0064", "64"},
        {"style-weight", "1e-3", "0.001"},
        {"style-weight", "0.1", "0.1"},
        {"style-weight", ".5", "0.5"},
        {"style-weight", "5.", "5"},
        {"offset", "-1.7976931348623157e308", "-1.7976931348623157e+308"},
        {"offset", "0.30000000000000004", "0.30000000000000004"},
        {"optimizer", "adam", "adam"},
        {"keep-colors", "true", "true"},
        {"note", "two words, \xc3\xa9", "two words, \xc3\xa9"},
        {"note", "", ""},
        {"model", "a b.safetensors", "a b.safetensors"},
        {"style-blend", "1, 0.50 ,2e0", "1,0.5,2"},
        {"scales", "256,512", "256,512"},
        {"style-layers", "relu1_1:1, relu2_1 : 0.25", "relu1_1,relu2_1:0.25"},
        {"style-layers", "", ""},
    };
    ImpParams *params = fresh();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(imp_params_set(params, cases[i][0], cases[i][1], NULL), IMP_OK);
        char once[128];
        snprintf(once, sizeof once, "%s", imp_params_text(params, cases[i][0]));
        assert_string_equal(once, cases[i][2]);
        assert_int_equal(imp_params_set(params, cases[i][0], once, NULL), IMP_OK);
        assert_string_equal(imp_params_text(params, cases[i][0]), once);
    }
    imp_params_free(&params);
}

static void bad_values_change_nothing(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"size", ""},
        {"size", "12px"},
        {"size", " 64"},
        {"size", "1e3"},
        {"size", "64.0"},
        {"size", "15"},
        {"size", "65536"},
        {"size", "99999999999999999999"},
        {"size", "-"},
        {"size", "0x40"},
        {"style-weight", ""},
        {"style-weight", "-1e-300"},
        {"style-weight", "nan"},
        {"style-weight", "inf"},
        {"style-weight", "0x1p3"},
        {"style-weight", "1e999"},
        {"style-weight", "1,5"},
        {"style-weight", "1e"},
        {"style-weight", "."},
        {"style-weight", "1 "},
        {"level", "-0.1"},
        {"optimizer", "lbfg"},
        {"optimizer", ""},
        {"optimizer", "lbfgs|adam"},
        {"original-colors", "yes"},
        {"model", ""},
        {"note", "a\nb"},
        {"note", "\x1b[2J"},
        {"style-blend", "1,,2"},
        {"style-blend", "1,"},
        {"style-blend", "101"},
        {"scales", "256,8"},
        {"scales", "256;512"},
        {"style-layers", ","},
        {"style-layers", "a:b"},
        {"style-layers", "a:"},
        {"style-layers", ":1"},
        {"style-layers", "a,a"},
        {"style-layers", "a b"},
        {"style-layers", "a:-1"},
        {"style-layers", "a23456789012345678901234567890123"},
    };
    ImpParams *params = fresh(), *untouched = fresh();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ImpError error = {0};
        assert_int_equal(imp_params_set(params, cases[i][0], cases[i][1], &error), IMP_ERROR_ARGUMENT);
        assert_int_equal(error.status, IMP_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, cases[i][0]));
        assert_false(imp_params_given(params, cases[i][0]));
        const char *before = imp_params_text(untouched, cases[i][0]), *after = imp_params_text(params, cases[i][0]);
        assert_true(before ? after && strcmp(before, after) == 0 : after == NULL);
    }
    imp_params_free(&params);
    imp_params_free(&untouched);
}

static void limits_hold(void **state) {
    (void)state;
    ImpParams *params = fresh();
    char text[IMP_PARAM_MAX_TEXT + 2];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(imp_params_set(params, "note", text, NULL), IMP_ERROR_ARGUMENT);
    text[sizeof text - 2] = '\0';
    assert_int_equal(imp_params_set(params, "note", text, NULL), IMP_OK);
    for (size_t i = 0; i < IMP_PARAM_MAX_ITEMS; i++) memcpy(text + 2 * i, "1,", 2);
    text[2 * IMP_PARAM_MAX_ITEMS - 1] = '\0';
    assert_int_equal(imp_params_set(params, "style-blend", text, NULL), IMP_OK);
    memcpy(text + 2 * IMP_PARAM_MAX_ITEMS - 1, ",1", 3);
    assert_int_equal(imp_params_set(params, "style-blend", text, NULL), IMP_ERROR_ARGUMENT);
    imp_params_free(&params);
}

static void names_are_suggested(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"style-wieght", "\"style-weight\""},
        {"styleweight", "\"style-weight\""},
        {"optimiser", "\"optimizer\""},
        {"eval", "\"evaluations\""},
        {"sise", "\"size\""},
    };
    ImpParams *params = fresh();
    ImpError error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(imp_params_set(params, cases[i][0], "1", &error), IMP_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, cases[i][1]));
    }
    assert_int_equal(imp_params_set(params, "banana", "1", &error), IMP_ERROR_ARGUMENT);
    assert_null(strstr(error.message, "did you mean"));
    imp_params_free(&params);
}

static void aliases_are_the_same_parameter(void **state) {
    (void)state;
    ImpParams *params = fresh();
    assert_int_equal(imp_params_set(params, "num-iterations", "7", NULL), IMP_OK);
    assert_int_equal(imp_params_integer(params, "evaluations"), 7);
    assert_int_equal(imp_params_set(params, "iterations", "8", NULL), IMP_OK);
    assert_int_equal(imp_params_integer(params, "num-iterations"), 8);
    assert_true(imp_params_given(params, "evaluations"));
    assert_null(imp_param_find(&table, ""));
    assert_null(imp_param_find(&table, "iterations|num-iterations"));
    imp_params_free(&params);
}

static void presets_give_way(void **state) {
    (void)state;
    ImpParams *params = fresh();
    assert_int_equal(imp_params_set(params, "size", "100", NULL), IMP_OK);
    assert_int_equal(imp_params_apply_preset(params, " size=200; style-weight = 5 ;iterations=9;", NULL), IMP_OK);
    assert_int_equal(imp_params_integer(params, "size"), 100);
    assert_true(imp_params_real(params, "style-weight") == 5);
    assert_int_equal(imp_params_integer(params, "evaluations"), 9);
    assert_false(imp_params_given(params, "style-weight"));
    assert_int_equal(imp_params_set(params, "evaluations", "10", NULL), IMP_OK);
    assert_int_equal(imp_params_apply_preset(params, "evaluations=11", NULL), IMP_OK);
    assert_int_equal(imp_params_integer(params, "evaluations"), 10);
    assert_int_equal(imp_params_apply_preset(params, "", NULL), IMP_OK);
    imp_params_free(&params);
}

static void a_faulty_preset_changes_nothing(void **state) {
    (void)state;
    static const char *const faulty[] = {"style-weight=5;banana=1", "style-weight=5;size=1", "style-weight=5;size"};
    ImpParams *params = fresh();
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(imp_params_apply_preset(params, faulty[i], NULL), IMP_ERROR_ARGUMENT);
        assert_true(imp_params_real(params, "style-weight") == 1e6);
    }
    imp_params_free(&params);
}

static void copies_stand_alone(void **state) {
    (void)state;
    ImpParams *params = fresh(), *copy = NULL;
    assert_int_equal(imp_params_set(params, "style-layers", "a:2", NULL), IMP_OK);
    assert_int_equal(imp_params_copy(params, &copy, NULL), IMP_OK);
    assert_int_equal(imp_params_set(params, "style-layers", "b", NULL), IMP_OK);
    assert_string_equal(imp_params_text(copy, "style-layers"), "a:2");
    assert_true(imp_params_given(copy, "style-layers"));
    assert_false(imp_params_given(copy, "size"));
    imp_params_free(&params);
    assert_string_equal(imp_params_text(copy, "style-layers"), "a:2");
    imp_params_free(&copy);
}

static void a_bad_default_is_refused(void **state) {
    (void)state;
    static const ImpParam bad[] = {
        {.name = "size", .type = IMP_PARAM_INTEGER, .fallback = "1", .minimum = 2, .maximum = 3}};
    static const ImpParamTable bad_table = {bad, 1};
    ImpParams *params = (ImpParams *)1;
    assert_int_equal(imp_params_new(&bad_table, &params, NULL), IMP_ERROR_ARGUMENT);
    assert_null(params);
}

/* Takes a locale whose numbers have a decimal comma; where none is installed, one is made in the build folder. */
static bool take_comma_locale(void) {
    static const char *const installed[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "nl_NL.UTF-8", "de_DE"};
    for (size_t i = 0; i < sizeof installed / sizeof *installed; i++)
        if (setlocale(LC_ALL, installed[i])) return true;
    const char *build = getenv("IMPASTO_BUILD");
    char folder[2048], command[8192];
    if (!build) return false;
    snprintf(folder, sizeof folder, "%s/locale", build);
    setenv("LOCPATH", folder, 1);
    if (setlocale(LC_ALL, "de_DE.UTF-8")) return true; /* made by a former run */
    snprintf(command, sizeof command, "mkdir -p '%s' && localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1",
             folder, folder);
    if (system(command) != 0) return false;
    return setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
}

static void the_locale_does_not_matter(void **state) {
    (void)state;
    if (!take_comma_locale()) skip_because("no locale with a decimal comma can be had");
    char text[16];
    snprintf(text, sizeof text, "%.2f", 0.25);
    assert_string_equal(text, "0,25");
    ImpParams *params = fresh();
    assert_int_equal(imp_params_set(params, "style-weight", "0.25", NULL), IMP_OK);
    assert_true(imp_params_real(params, "style-weight") == 0.25);
    assert_string_equal(imp_params_text(params, "style-weight"), "0.25");
    assert_int_equal(imp_params_set(params, "style-weight", "0,25", NULL), IMP_ERROR_ARGUMENT);
    assert_int_equal(imp_params_set(params, "style-layers", "a:0.5", NULL), IMP_OK);
    assert_string_equal(imp_params_text(params, "style-layers"), "a:0.5");
    imp_params_free(&params);
    setlocale(LC_ALL, "C");
}

static void integers_reach_both_ends(void **state) {
    (void)state;
    int64_t value;
    assert_true(imp_parse_integer("-9223372036854775808", 20, &value) && value == INT64_MIN);
    assert_true(imp_parse_integer("9223372036854775807", 19, &value) && value == INT64_MAX);
    assert_false(imp_parse_integer("9223372036854775808", 19, &value));
    assert_false(imp_parse_integer("-9223372036854775809", 20, &value));
    assert_false(imp_parse_integer("", 0, &value));
    assert_false(imp_parse_integer("+", 1, &value));
    assert_true(imp_parse_integer("-0", 2, &value) && value == 0);
}

static void reals_survive_text(void **state) {
    (void)state;
    static const double values[] = {
        0, -0.0, 1, 0.1, 1.0 / 3, 1e-5, 5e-324, 1.7976931348623157e308, 123456789.123456789};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[IMP_NUMBER_TEXT];
        double back;
        imp_format_real(values[i], text);
        assert_true(imp_parse_real(text, strlen(text), &back));
        assert_memory_equal(&back, &values[i], sizeof back);
    }
}

static void no_memory_is_an_error(void **state) {
    (void)state;
    ImpParams *params = NULL, *copy = NULL;
    ImpStatus status = IMP_ERROR_MEMORY;
    for (long calls = 0; status != IMP_OK; calls++) {
        imp_alloc_fail_after(calls);
        status = imp_params_new(&table, &params, NULL);
        if (status == IMP_OK) status = imp_params_set(params, "style-layers", "a,b:2", NULL);
        if (status == IMP_OK) status = imp_params_apply_preset(params, "scales=32,64;note=x", NULL);
        if (status == IMP_OK) status = imp_params_copy(params, &copy, NULL);
        imp_alloc_fail_after(-1);
        assert_true(status == IMP_OK || status == IMP_ERROR_MEMORY);
        imp_params_free(&params);
        imp_params_free(&copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_parsed),        cmocka_unit_test(texts_are_canonical),
        cmocka_unit_test(bad_values_change_nothing),  cmocka_unit_test(limits_hold),
        cmocka_unit_test(names_are_suggested),        cmocka_unit_test(aliases_are_the_same_parameter),
        cmocka_unit_test(presets_give_way),           cmocka_unit_test(a_faulty_preset_changes_nothing),
        cmocka_unit_test(copies_stand_alone),         cmocka_unit_test(a_bad_default_is_refused),
        cmocka_unit_test(the_locale_does_not_matter), cmocka_unit_test(integers_reach_both_ends),
        cmocka_unit_test(reals_survive_text),         cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
