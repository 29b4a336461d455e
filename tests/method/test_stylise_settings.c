/* The options of stylize: presets, contradictions, and the plan of scales. */
#include "method/support.h"

#include "method/stylise/settings.h"

static ImpStyliseSettings read_for(const char *preset, const char *settings, int width, int height) {
    ImpError error = {0};
    ImpStyliseSettings out;
    ImpParams *params = make_params(settings);
    if (preset) must(imp_method_apply_preset(imp_method_find("stylize"), preset, params, &error), &error);
    must(imp_stylise_settings_read(params, width, height, 2, &out, &error), &error);
    imp_params_free(&params); /* texts and lists are gone, numbers stay */
    return out;
}

static void expect_refusal(const char *settings, const char *part) {
    ImpError error = {0};
    ImpStyliseSettings out;
    ImpParams *params = make_params(settings);
    assert_int_equal(imp_stylise_settings_read(params, 100, 80, 2, &out, &error), IMP_ERROR_ARGUMENT);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    imp_params_free(&params);
}

static void every_preset_is_valid(void **state) {
    (void)state;
    const ImpMethod *method = imp_method_find("stylize");
    for (size_t i = 0; i < method->n_presets; i++) {
        ImpStyliseSettings s = read_for(method->presets[i].name, "", 640, 480);
        assert_true(s.descent.n_scales >= 1);
        double style = 0;
        for (int part = 0; part < IMP_STYLISE_PARTS; part++)
            if (imp_stylise_is_style(part)) style += s.weights[part];
        assert_true(style > 0);
    }
}

static void presets_follow_their_programs(void **state) {
    (void)state;
    ImpError error = {0};
    ImpParams *params;
    const ImpMethod *method = imp_method_find("stylize");
    must(imp_params_new(&method->params, &params, &error), &error);
    must(imp_params_set(params, "model", "x", &error), &error);
    must(imp_method_apply_preset(method, "pyramid", params, &error), &error);
    must(imp_params_set(params, "size", "512", &error), &error);
    ImpStyliseSettings s;
    must(imp_stylise_settings_read(params, 2000, 1500, 1, &s, &error), &error);
    static const int sides[] = {128, 181, 256, 362, 512};
    assert_int_equal(s.descent.n_scales, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(s.descent.scales[i].width, sides[i]);
        assert_int_equal(s.descent.scales[i].evaluations, i == 0 ? 1000 : 500);
    }
    assert_int_equal(s.descent.scales[4].height, 384);
    assert_true(s.descent.adam && s.descent.clamp);
    assert_true(s.descent.learning_rate == 0.02 && s.descent.average_decay == 0.99 && s.weights[IMP_PART_TV] == 2);
    double sum = 0;
    for (size_t i = 0; i < s.layers[IMP_PART_STYLE].count; i++) sum += s.layers[IMP_PART_STYLE].list[i].weight;
    assert_true(fabs(sum - 1) < 1e-12);
    assert_true(fabs(s.layers[IMP_PART_STYLE].list[0].weight / s.layers[IMP_PART_STYLE].list[4].weight - 256) < 1e-9);
    imp_params_free(&params);

    s = read_for("neural-style", "size=512", 512, 512);
    assert_true(s.descent.bytes && !s.descent.clamp && s.init == IMP_INIT_NOISE && s.noise == IMP_NOISE_GREY);
    assert_true(s.descent.tolerance_change < 0 && s.descent.tolerance_gradient < 0);
    assert_true(s.weights[IMP_PART_CONTENT] == 5 && s.weights[IMP_PART_STYLE] == 100 &&
                s.weights[IMP_PART_TV] == 1e-3 && s.descent.learning_rate == 1);
    assert_int_equal(s.tv_kind, IMP_TV_ABSOLUTE);
    assert_int_equal(s.descent.scales[0].evaluations, 1000);
    s = read_for("example", "", 256, 192);
    assert_true(s.weights[IMP_PART_STYLE] == 1e6 && s.weights[IMP_PART_CONTENT] == 1 && s.descent.clamp &&
                !s.descent.adam && s.descent.history == 100);
    assert_int_equal(s.descent.scales[0].evaluations, 300);
    assert_int_equal(s.descent.n_scales, 1);
}

static void sizes_follow_the_content(void **state) {
    (void)state;
    ImpStyliseSettings s = read_for("example", "", 640, 480);
    assert_int_equal(s.width, 640);
    assert_int_equal(s.height, 480);
    assert_false(s.shrunk);
    s = read_for("example", "", 3000, 4000);
    assert_int_equal(s.width, 768);
    assert_int_equal(s.height, 1024);
    assert_true(s.shrunk);
    s = read_for("example", "size=2000", 3000, 4000);
    assert_int_equal(s.height, 2000);
    assert_false(s.shrunk);
    s = read_for("example", "", 5, 3);
    assert_int_equal(s.width, 5);
    assert_int_equal(s.height, 3);
    assert_int_equal(s.descent.scales[0].width, IMP_STYLISE_LEAST_SIDE); /* worked at larger than the result */
}

static void scales_can_be_listed(void **state) {
    (void)state;
    ImpStyliseSettings s = read_for("example", "scales=64,100;size=200;evaluations=7", 400, 300);
    assert_int_equal(s.descent.n_scales, 3);
    assert_int_equal(s.descent.scales[0].long_side, 64);
    assert_int_equal(s.descent.scales[2].long_side, 200);
    assert_int_equal(s.descent.scales[2].evaluations, 7);
    s = read_for("example", "scales=64,100", 400, 300); /* the last one is the size */
    assert_int_equal(s.descent.n_scales, 2);
    assert_int_equal(s.width, 100);
    s = read_for("example", "scales=64,100;scale-evaluations=5,6", 400, 300);
    assert_int_equal(s.descent.scales[1].evaluations, 6);
    s = read_for("example", "scales=64,100;initial-evaluations=9;evaluations=3", 400, 300);
    assert_int_equal(s.descent.scales[0].evaluations, 9);
    assert_int_equal(s.descent.scales[1].evaluations, 3);
    s = read_for("pyramid", "size=300;evaluations=10", 400, 300); /* what is said is meant for every scale */
    assert_int_equal(s.descent.n_scales, 3);
    assert_int_equal(s.descent.scales[0].evaluations, 10);
    s = read_for("pyramid", "size=100", 400, 300); /* below the smallest scale there is one */
    assert_int_equal(s.descent.n_scales, 1);
}

static void contradictions_are_refused(void **state) {
    (void)state;
    expect_refusal("scales=100,64", "64 comes after 100");
    expect_refusal("scales=64,128;size=100", "128 is larger than the result");
    expect_refusal("scales=32,64;scale-evaluations=1,2,3", "3 numbers for 2 scales");
    expect_refusal("style-blend-weights=1,2,3", "3 numbers for 2 styles");
    expect_refusal("style-blend-weights=0,0", "all 0");
    expect_refusal("optimizer=adam;line-search=strong-wolfe", "optimizer lbfgs");
    expect_refusal("checkpoint-every=5", "needs checkpoint");
    expect_refusal("content-weight=0;style-weight=0", "neither content nor style");
    expect_refusal("content-layers=;style-layers=relu1_1:0", "neither content nor style");
    expect_refusal("min-scale=1;scale-factor=1.05;size=16384", "more than 64 scales");
}

static void learning_rate_fits_the_optimiser(void **state) {
    (void)state;
    assert_true(read_for("example", "", 64, 64).descent.learning_rate == 1);
    assert_true(read_for("example", "optimizer=adam", 64, 64).descent.learning_rate == 0.02);
    assert_true(read_for("pyramid", "optimizer=lbfgs", 64, 64).descent.learning_rate == 1);
    assert_true(read_for("pyramid", "learning-rate=0.5", 64, 64).descent.learning_rate == 0.5);
}

static void without_a_model_it_is_the_builtin_one(void **state) {
    (void)state;
    ImpError error = {0};
    ImpStyliseSettings out;
    ImpParams *params;
    must(imp_params_new(&imp_method_find("stylize")->params, &params, &error), &error);
    must(imp_stylise_settings_read(params, 100, 80, 1, &out, &error), &error);
    assert_string_equal(out.model, "builtin");
    imp_params_free(&params);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_preset_is_valid),
        cmocka_unit_test(presets_follow_their_programs),
        cmocka_unit_test(sizes_follow_the_content),
        cmocka_unit_test(scales_can_be_listed),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(learning_rate_fits_the_optimiser),
        cmocka_unit_test(without_a_model_it_is_the_builtin_one),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
