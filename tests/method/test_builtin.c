/* Models that are part of the library: which of several of a name is meant, what is told of them, and that they give
 * what files of the same bytes give, up to the picture. That the library holds the bytes of models/, tests/builtin.py
 * checks. */
#include "method/support.h"

#include "base/memory.h"
#include "impasto/model.h"
#include "network/builtin_models.h"
#include "network/decoder.h"
#include "network/model_open.h"
#include "network/transform_net.h"
#include "network/vgg_write.h"
#include <sys/stat.h>

/* The folder of a test has the files a0 (perceptual), a1 (relu2_1, a decoder) and a2 (waves, a style), which are built
 * in, and b0 of another perceptual network, which is not. */
static const char *const names[] = {"perceptual", "relu2_1", "waves"};
static ImpModelBytes bytes[3];
static char hashes[3][IMP_SHA256_TEXT];

static void add_normal(ImpBundle *bundle, const char *name, int rank, const int64_t *dims, uint64_t seed) {
    ImpError error;
    ImpArray *array;
    ImpRandom random;
    imp_random_seed(&random, seed);
    must(imp_bundle_add(bundle, name, IMP_DTYPE_F32, rank, dims, NULL, &array, &error), &error);
    imp_random_normal(&random, array->data, array->count, 0.3);
}

/* A narrow network with projections, as `train perceptual` makes it. */
static void write_perceptual(const char *path, uint64_t seed) {
    static const char *const convs[] = {"1_1", "1_2", "2_1"};
    static const int64_t channels[] = {3, 6, 6, 10};
    ImpError error;
    ImpBundle *bundle;
    char name[40];
    must(imp_bundle_new(&bundle, &error), &error);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "conv%s.weight", convs[i]);
        add_normal(bundle, name, 4, (int64_t[]){channels[i + 1], channels[i], 3, 3}, seed + (uint64_t)i);
        snprintf(name, sizeof name, "conv%s.bias", convs[i]);
        add_normal(bundle, name, 1, (int64_t[]){channels[i + 1]}, seed + (uint64_t)i);
        snprintf(name, sizeof name, "relu%s.projection.weight", convs[i]);
        add_normal(bundle, name, 4, (int64_t[]){channels[i + 1], channels[i + 1], 1, 1}, seed + (uint64_t)i);
    }
    must(imp_bundle_set_metadata(bundle, "steps", "77", &error), &error);
    must(imp_safetensors_write(bundle, path, true, &error), &error);
    imp_bundle_free(&bundle);
}

static void write_others(void) {
    ImpError error;
    ImpVggWeights *encoder;
    ImpDecoder *decoder;
    ImpTransformNet *net;
    must(imp_vgg_weights_read(in_folder("a0"), IMP_INPUT_AUTO, &encoder, &error), &error);
    must(imp_decoder_new(encoder, "relu2_1", 1, &decoder, &error), &error);
    must(imp_decoder_write(decoder, (ImpNote[]){{"steps", "5"}, {"paintings_fingerprint", "x"}}, 2, in_folder("a1"),
                           true, &error),
         &error);
    must(imp_transform_new(imp_transform_shape(0.125), 1, &net, &error), &error);
    const ImpTransformLayer *last = &net->layers[net->n_layers - 1];
    for (int c = 0; c < 3; c++) net->values[last->bias + (size_t)c] = 128;
    must(imp_transform_write(net, NULL, 0, in_folder("a2"), true, &error), &error);
    imp_vgg_weights_free(&encoder);
    imp_decoder_free(&decoder);
    imp_transform_free(&net);
}

static int set_up(void **state) {
    ImpError error;
    char command[256];
    if (make_folder(state) != 0 || chdir(test_folder) != 0) return -1;
    setenv("XDG_DATA_HOME", test_folder, 1);
    snprintf(command, sizeof command, "mkdir -p '%s/impasto/models'", test_folder);
    if (system(command) != 0) return -1;
    write_perceptual(in_folder("a0"), 1);
    write_perceptual(in_folder("b0"), 100);
    write_others();
    for (int i = 0; i < 3; i++) {
        char file[3] = {'a', (char)('0' + i), 0};
        must(imp_model_open_file(in_folder(file), &bytes[i], &error), &error);
        must(imp_sha256(bytes[i].data, bytes[i].size, hashes[i], &error), &error);
        test_builtin_models[i] = (ImpBuiltinModel){names[i], bytes[i].data, bytes[i].size};
    }
    return 0;
}

static int tear_down(void **state) {
    memset(test_builtin_models, 0, sizeof test_builtin_models);
    for (int i = 0; i < 3; i++) imp_model_close(&bytes[i]);
    return chdir("/") != 0 || remove_folder(state) != 0;
}

static void copy(const char *from, const char *to) {
    char command[256];
    snprintf(command, sizeof command, "cp %s %s", from, to);
    assert_int_equal(system(command), 0);
}

static void expect_message(ImpStatus status, ImpStatus expected, const ImpError *error, const char *first,
                           const char *second) {
    assert_int_equal(status, expected);
    if (!strstr(error->message, first) || !strstr(error->message, second))
        fail_msg("\"%s\" lacks \"%s\" or \"%s\"", error->message, first, second);
}

/* --- which is meant ----------------------------------------------------------------------------------------------- */

static void expect(const char *model, const char *name, const char *hash) {
    ImpError error;
    ImpModelContent content;
    must(imp_model_read(model, &content, &error), &error);
    assert_string_equal(content.name, name);
    assert_string_equal(content.sha256, hash);
    imp_model_content_clear(&content);
}

static void a_path_goes_before_the_folder_and_that_before_what_is_built_in(void **state) {
    (void)state;
    char other[IMP_SHA256_TEXT];
    ImpError error;
    must(imp_sha256_file("b0", other, &error), &error);
    expect("perceptual", "the built-in model perceptual", hashes[0]);
    expect("builtin", "the built-in model perceptual", hashes[0]);
    expect("relu2_1", "the built-in model relu2_1", hashes[1]);
    expect("waves", "the built-in model waves", hashes[2]);
    assert_int_equal(mkdir("waves", 0700), 0); /* a folder is no model */
    expect("waves", "the built-in model waves", hashes[2]);

    copy("b0", "impasto/models/perceptual.safetensors");
    char path[128];
    snprintf(path, sizeof path, "%s/impasto/models/perceptual.safetensors", test_folder);
    expect("perceptual", path, other);
    expect("builtin", "the built-in model perceptual", hashes[0]); /* still that of the library */
    copy("a2", "perceptual");
    expect("perceptual", "perceptual", hashes[2]);
    copy("b0", "builtin");
    expect("builtin", "builtin", other);
}

static void names_need_no_folder(void **state) {
    (void)state;
    ImpError error;
    ImpModelBytes model;
    char path[IMP_MODEL_PATH_SIZE];
    setenv("XDG_DATA_HOME", "/nowhere", 1);
    expect("builtin", "the built-in model perceptual", hashes[0]);
    expect_message(imp_model_open("relu2_2", &model, &error), IMP_ERROR_IO, &error, "did you mean relu2_1?",
                   "impasto model list");
    expect_message(imp_model_find("waves", path, &error), IMP_ERROR_UNSUPPORTED, &error, "waves has no file",
                   "part of");
}

static void what_is_not_built_in_is_missed_where_it_is_used(void **state) {
    (void)state;
    ImpError error;
    ImpVggWeights *weights;
    memset(test_builtin_models, 0, sizeof test_builtin_models);
    expect_message(imp_vgg_weights_read("builtin", IMP_INPUT_AUTO, &weights, &error), IMP_ERROR_IO, &error,
                   "no models/perceptual.safetensors", "impasto model fetch vgg19");
    assert_null(weights);
    expect_message(imp_vgg_weights_read("buildin", IMP_INPUT_AUTO, &weights, &error), IMP_ERROR_IO, &error,
                   "\"buildin\"", "did you mean builtin?");
    expect_message(imp_vgg_weights_read("waves", IMP_INPUT_AUTO, &weights, &error), IMP_ERROR_IO, &error,
                   "no model called \"waves\"", "impasto model list");
}

/* --- what is told of them ----------------------------------------------------------------------------------------- */

static const ImpModelListed *listed(const ImpModelList *list, const char *name) {
    const ImpModelListed *found = NULL;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->models[i].name, name) != 0) continue;
        assert_null(found); /* each name once */
        found = &list->models[i];
    }
    assert_non_null(found);
    return found;
}

static void they_are_listed(void **state) {
    (void)state;
    ImpError error;
    ImpModelList *list;
    copy("b0", "impasto/models/waves.safetensors"); /* this is what the name means then */
    must(imp_model_list(&list, &error), &error);
    const ImpModelListed *perceptual = listed(list, "builtin"), *decoder = listed(list, "relu2_1");
    assert_true(perceptual->built_in && !perceptual->path && perceptual->size == bytes[0].size);
    assert_string_equal(perceptual->summary,
                        "perceptual network in place of VGG-19 up to conv2_1, 6-10 channels, trained in 77 steps");
    assert_true(decoder->built_in && decoder->size == bytes[1].size);
    assert_string_equal(decoder->summary, "decoder of relu2_1 for any style, trained in 5 steps");
    assert_false(listed(list, "waves")->built_in);
    assert_non_null(listed(list, "waves")->path);
    assert_int_equal(list->count, 5); /* vgg19, vgg16, waves, and two that are built in */
    imp_model_list_free(&list);
}

static void they_are_described(void **state) {
    (void)state;
    ImpError error;
    ImpModelInfo *built, *file;
    for (int i = 0; i < 3; i++) {
        char path[3] = {'a', (char)('0' + i), 0};
        must(imp_model_info(names[i], NULL, &built, &error), &error);
        must(imp_model_info(path, NULL, &file, &error), &error);
        assert_true(built->built_in && !built->path && !file->built_in);
        assert_string_equal(built->name, names[i]);
        assert_string_equal(file->path, path);
        assert_string_equal(built->sha256, file->sha256);
        assert_string_equal(built->architecture, file->architecture);
        assert_int_equal(built->kind, file->kind);
        assert_int_equal(built->size, file->size);
        assert_int_equal(built->n_arrays, file->n_arrays);
        assert_int_equal(built->parameters, file->parameters);
        uint64_t count = 0;
        for (size_t k = 0; k < built->n_arrays; k++) {
            uint64_t numbers = 1;
            for (int d = 0; d < built->arrays[k].rank; d++) numbers *= (uint64_t)built->arrays[k].dims[d];
            count += numbers;
        }
        assert_int_equal(built->parameters, count);
        if (i == 0) {
            assert_true(built->kind == IMP_MODEL_VGG && built->projected);
            assert_true(built->channels[0] == 6 && built->channels[1] == 10 && built->channels[2] == 0);
        } else if (i == 1) {
            assert_int_equal(built->kind, IMP_MODEL_DECODER);
            assert_string_equal(built->decodes, "relu2_1");
            assert_null(built->input);
        } else {
            assert_int_equal(built->kind, IMP_MODEL_STYLE);
        }
        imp_model_info_free(&built);
        imp_model_info_free(&file);
    }
}

static void a_damaged_decoder_is_told_so(void **state) {
    (void)state;
    ImpError error;
    ImpBundle *bundle;
    ImpModelInfo *info;
    must(imp_weights_read("a1", &bundle, &error), &error);
    bundle->count--;
    must(imp_safetensors_write(bundle, "c1", false, &error), &error);
    bundle->count++;
    imp_bundle_free(&bundle);
    must(imp_model_info("c1", NULL, &info, &error), &error);
    assert_int_equal(info->kind, IMP_MODEL_UNKNOWN);
    assert_non_null(strstr(info->problem, "decode1_1.bias is missing"));
    imp_model_info_free(&info);
}

/* --- what they give ----------------------------------------------------------------------------------------------- */

static void every_reader_gives_what_the_file_gives(void **state) {
    (void)state;
    ImpError error;
    ImpVggWeights *vgg[2];
    ImpDecoder *decoder[2];
    ImpTransformNet *net[2];
    for (int i = 0; i < 2; i++) {
        must(imp_vgg_weights_read(i ? "builtin" : "a0", IMP_INPUT_AUTO, &vgg[i], &error), &error);
        must(imp_decoder_read(i ? "relu2_1" : "a1", &decoder[i], &error), &error);
        must(imp_transform_read(i ? "waves" : "a2", &net[i], &error), &error);
        assert_string_equal(vgg[i]->sha256, hashes[0]);
        assert_string_equal(decoder[i]->sha256, hashes[1]);
        assert_string_equal(net[i]->sha256, hashes[2]);
        assert_string_equal(decoder[i]->encoder_sha256, vgg[i]->sha256);
    }
    for (int k = 0; k < 3; k++) {
        const ImpVggConv *a = &vgg[0]->convs[k], *b = &vgg[1]->convs[k];
        assert_memory_equal(a->weight, b->weight, (size_t)(a->out_channels * a->in_channels * 9) * sizeof(float));
        assert_memory_equal(a->projection, b->projection, (size_t)(a->projected * a->out_channels) * sizeof(float));
    }
    assert_memory_equal(decoder[0]->values, decoder[1]->values, decoder[0]->count * sizeof(float));
    assert_memory_equal(net[0]->values, net[1]->values, net[0]->count * sizeof(float));
    for (int i = 0; i < 2; i++) {
        imp_vgg_weights_free(&vgg[i]);
        imp_decoder_free(&decoder[i]);
        imp_transform_free(&net[i]);
    }
    ImpTransformNet *none;
    expect_message(imp_transform_read("builtin", &none, &error), IMP_ERROR_UNSUPPORTED, &error,
                   "the built-in model perceptual is no style network", "conv1.conv2d.weight");
}

/* The picture that `method` makes with `model`, and the model's hash in the recipe. */
static ImpImage *picture_of(const char *method, const char *model, const char *extra, char sha256[IMP_SHA256_TEXT]) {
    ImpError error;
    ImpResult result;
    ImpRecipe *recipe;
    ImpImage *photo = make_picture(24, 20, 1), *painting = make_picture(20, 24, 2);
    ImpPicture pictures[] = {{"content", "photo.jpg", photo}, {"style", "painting.jpg", painting}};
    const ImpMethod *m = imp_method_find(method);
    ImpParams *params;
    must(imp_params_new(&m->params, &params, &error), &error);
    must(imp_params_set(params, "model", model, &error), &error);
    must(imp_params_apply_preset(params, extra, &error), &error);
    ImpRequest request = {.params = params, .pictures = pictures, .n_pictures = m->n_inputs};
    must(m->run(&request, &result, &error), &error);
    must(imp_recipe_new(m, params, NULL, NULL, 0, &recipe, &error), &error);
    snprintf(sha256, IMP_SHA256_TEXT, "%s", recipe->model_sha256 ? recipe->model_sha256 : "");
    imp_recipe_free(&recipe);
    imp_params_free(&params);
    imp_image_free(&photo);
    imp_image_free(&painting);
    return result.image;
}

static void the_pictures_and_recipes_are_those_of_the_files(void **state) {
    (void)state;
    static const struct {
        const char *method, *file, *name, *extra;
        int hash;
    } cases[] = {
        {"stylize", "a0", "builtin", "evaluations=3;content-layers=relu2_1;style-layers=relu1_1,relu2_1;threads=1", 0},
        {"apply", "a2", "waves", "threads=1", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char hash[IMP_SHA256_TEXT];
        ImpImage *a = picture_of(cases[i].method, cases[i].file, cases[i].extra, hash);
        assert_string_equal(hash, hashes[cases[i].hash]);
        ImpImage *b = picture_of(cases[i].method, cases[i].name, cases[i].extra, hash);
        assert_string_equal(hash, hashes[cases[i].hash]);
        assert_memory_equal(a->rgb, b->rgb, 3 * 24 * 20 * sizeof(float));
        imp_image_free(&a);
        imp_image_free(&b);
    }
}

static void one_can_be_written_to_a_file(void **state) {
    (void)state;
    ImpError error;
    ImpModelInfo *info;
    ImpVggWeights *a, *b;
    must(imp_model_convert("builtin", "out.safetensors", true, NULL, &error), &error);
    must(imp_model_info("out.safetensors", NULL, &info, &error), &error);
    assert_true(info->projected);
    imp_model_info_free(&info);
    must(imp_vgg_weights_read("builtin", IMP_INPUT_AUTO, &a, &error), &error);
    must(imp_vgg_weights_read("out.safetensors", IMP_INPUT_AUTO, &b, &error), &error);
    assert_memory_equal(a->convs[2].weight, b->convs[2].weight, 10 * 6 * 9 * sizeof(float));
    imp_vgg_weights_free(&a);
    imp_vgg_weights_free(&b);
}

static void no_memory_is_no_crash(void **state) {
    (void)state;
    for (long calls = 0; calls < 2000; calls++) {
        ImpModelInfo *info;
        ImpModelList *list;
        ImpVggWeights *weights;
        imp_alloc_fail_after(calls);
        ImpStatus status = imp_model_info("relu2_1", NULL, &info, NULL);
        if (status == IMP_OK)
            status = imp_model_list(&list, NULL);
        else
            list = NULL;
        if (status == IMP_OK)
            status = imp_vgg_weights_read("builtin", IMP_INPUT_AUTO, &weights, NULL);
        else
            weights = NULL;
        imp_alloc_fail_after(-1);
        imp_model_info_free(&info);
        imp_model_list_free(&list);
        imp_vgg_weights_free(&weights);
        if (status == IMP_OK) {
            assert_true(calls > 50);
            return;
        }
        assert_int_equal(status, IMP_ERROR_MEMORY);
    }
    fail();
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_path_goes_before_the_folder_and_that_before_what_is_built_in),
        TEST(names_need_no_folder),
        TEST(what_is_not_built_in_is_missed_where_it_is_used),
        TEST(they_are_listed),
        TEST(they_are_described),
        TEST(a_damaged_decoder_is_told_so),
        TEST(every_reader_gives_what_the_file_gives),
        TEST(the_pictures_and_recipes_are_those_of_the_files),
        TEST(one_can_be_written_to_a_file),
        TEST(no_memory_is_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
