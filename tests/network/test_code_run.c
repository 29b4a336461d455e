/* Features and back: decoders in files, pictures in bands, and statistics over the whole picture. */
#include "network/networks.h"

#include "network/code_run.h"
#include "weights/weights.h"
#include <stdlib.h>
#include <unistd.h>

static ImpDecoder *make_decoder(const ImpVggWeights *encoder, const char *layer) {
    ImpDecoder *decoder;
    ImpError error = {0};
    if (imp_decoder_new(encoder, layer, 3, &decoder, &error) != IMP_OK) fail_msg("%s", error.message);
    return decoder;
}

static void layers_are_the_encoders_in_reverse(void **state) {
    (void)state;
    ImpVggWeights encoder = make_network(9, 4, 1); /* to conv4_1 */
    ImpDecoder *decoder = make_decoder(&encoder, "relu4_1");
    static const char *const names[] = {"decode4_1", "decode3_4", "decode3_3", "decode3_2", "decode3_1",
                                        "decode2_2", "decode2_1", "decode1_2", "decode1_1"};
    static const int out[] = {7, 7, 7, 7, 6, 6, 5, 5, 3};
    assert_int_equal(decoder->n_layers, 9);
    for (int i = 0; i < 9; i++) {
        assert_string_equal(decoder->layers[i].name, names[i]);
        assert_int_equal(decoder->layers[i].out, out[i]);
        assert_true(decoder->layers[i].upsample == (i == 0 || i == 4 || i == 6));
    }
    assert_int_equal(imp_decoder_factor(decoder), 8);
    imp_decoder_free(&decoder);
    ImpError error;
    assert_int_not_equal(imp_decoder_new(&encoder, "pool2", 1, &decoder, &error), IMP_OK);
    assert_non_null(strstr(error.message, "relu4_1"));
    assert_int_not_equal(imp_decoder_new(&encoder, "relu5_1", 1, &decoder, &error), IMP_OK);
    assert_null(decoder);
    drop_network(&encoder);
}

static void expect_refusal(const ImpBundle *bundle, const char *part) {
    ImpDecoder *decoder = (ImpDecoder *)1;
    ImpError error;
    assert_int_not_equal(imp_decoder_from_bundle(bundle, "net", &decoder, &error), IMP_OK);
    assert_null(decoder);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void files_come_back(void **state) {
    (void)state;
    ImpVggWeights encoder = make_network(5, 4, 1);
    ImpDecoder *decoder = make_decoder(&encoder, "relu3_1"), *read;
    ImpError error = {0};
    ImpNote note = {"steps", "12"};
    char path[] = "/tmp/decoder-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    strcpy(decoder->encoder_sha256, "0123");
    assert_int_equal(imp_decoder_write(decoder, &note, 1, path, false, &error), IMP_OK);
    if (imp_decoder_read(path, &read, &error) != IMP_OK) fail_msg("%s", error.message);
    assert_string_equal(read->layer, "relu3_1");
    assert_string_equal(read->encoder_sha256, "0123");
    assert_int_equal(read->count, decoder->count);
    assert_memory_equal(read->values, decoder->values, read->count * sizeof(float));
    imp_decoder_free(&read);
    ImpBundle *bundle;
    assert_int_equal(imp_weights_read(path, &bundle, &error), IMP_OK);
    ImpArray *array = (ImpArray *)imp_bundle_find(bundle, "decode2_1.weight");
    ((float *)array->data)[3] = NAN;
    expect_refusal(bundle, "no finite number");
    ((float *)array->data)[3] = 0;
    array->dims[1]++;
    expect_refusal(bundle, "decode2_1.weight");
    array->dims[1]--;
    strcpy(array->name, "decode7_1.weight");
    expect_refusal(bundle, "no tensor decode2_1.weight");
    imp_bundle_set_metadata(bundle, "decodes", "relu9_9", &error);
    expect_refusal(bundle, "no decoder");
    imp_bundle_free(&bundle);
    imp_decoder_free(&decoder);
    drop_network(&encoder);
    unlink(path);
}

typedef struct Parts {
    int done, total, calls, stop_at;
} Parts;

static bool on_part(void *context, int done, int total) {
    Parts *parts = context;
    parts->done = done;
    parts->total = total;
    return ++parts->calls != parts->stop_at;
}

/* With statistics and with a map, sides that are no multiples of anything. */
static void bands_give_the_same(void **state) {
    (void)state;
    enum { WIDTH = 53, HEIGHT = 611 };
    ImpVggWeights encoder = make_network(9, 4, 1);
    ImpDecoder *decoder = make_decoder(&encoder, "relu4_1");
    ImpError error = {0};
    Parts whole_parts = {0}, band_parts = {0};
    size_t channels = (size_t)decoder->layers[0].in, count = (size_t)3 * WIDTH * HEIGHT;
    float *rgb = random_picture(WIDTH, HEIGHT, 2), *whole = imp_alloc(count, sizeof *whole);
    float *bands = imp_alloc(count, sizeof *bands), matrix[64], bias[8];
    double mean[2][8], covariance[2][64];
    ImpRandom random;
    imp_random_seed(&random, 9);
    imp_random_normal(&random, matrix, channels * channels, 0.5);
    imp_random_normal(&random, bias, channels, 0.5);
    ImpCodeRun run = {.encoder = &encoder,
                      .decoder = decoder,
                      .rgb = rgb,
                      .width = WIDTH,
                      .height = HEIGHT,
                      .memory = (size_t)1 << 30,
                      .progress = on_part,
                      .context = &whole_parts};
    assert_int_equal(imp_code_statistics(&run, mean[0], covariance[0], &error), IMP_OK);
    assert_int_equal(imp_code_repaint(&run, matrix, bias, whole, &error), IMP_OK);
    assert_int_equal(whole_parts.total, 2);
    assert_int_equal(whole_parts.done, 2);
    run.memory = 1; /* the smallest bands there are */
    run.context = &band_parts;
    assert_int_equal(imp_code_statistics(&run, mean[1], covariance[1], &error), IMP_OK);
    assert_int_equal(imp_code_repaint(&run, matrix, bias, bands, &error), IMP_OK);
    assert_true(band_parts.total > 4);
    assert_int_equal(band_parts.done, band_parts.total);
    for (size_t i = 0; i < channels; i++) assert_true(fabs(mean[0][i] - mean[1][i]) < 1e-5);
    for (size_t i = 0; i < channels * channels; i++)
        if (fabs(covariance[0][i] - covariance[1][i]) > 1e-4) /* of squares around 10 */
            fail_msg("%g and %g", covariance[0][i], covariance[1][i]);
    for (size_t i = 0; i < count; i++)
        if (fabsf(whole[i] - bands[i]) > 1e-4f) fail_msg("at %zu: %g and %g", i, (double)whole[i], (double)bands[i]);
    band_parts = (Parts){.stop_at = 2};
    assert_int_equal(imp_code_repaint(&run, NULL, NULL, bands, &error), IMP_ERROR_STOPPED);
    imp_decoder_free(&decoder);
    drop_network(&encoder);
    imp_free(rgb);
    imp_free(whole);
    imp_free(bands);
}

/* Over a picture whose sides are its own mirror, so that going on by reflection is going on as it is: every feature is
 * that of the middle of a larger picture. Against plain sums. */
static void statistics_are_those_of_the_features(void **state) {
    (void)state;
    enum { SIDE = 24, EDGE = 16, WIDE = SIDE + 2 * EDGE };
    ImpVggWeights encoder = make_network(3, 4, 1);
    ImpDecoder *decoder = make_decoder(&encoder, "relu2_1");
    ImpError error = {0};
    ImpShape shape;
    size_t channels = (size_t)decoder->layers[0].in;
    double mean[8], covariance[64];
    float *rgb = random_picture(SIDE, SIDE, 2), *wide = imp_alloc((size_t)3 * WIDE * WIDE, sizeof *wide);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < WIDE; y++)
            for (int x = 0; x < WIDE; x++)
                wide[(c * WIDE + y) * WIDE + x] =
                    rgb[(c * SIDE + imp_reflected(y - EDGE, SIDE)) * SIDE + imp_reflected(x - EDGE, SIDE)];
    ImpCodeRun run = {.encoder = &encoder, .decoder = decoder, .rgb = rgb, .width = SIDE, .height = SIDE, .memory = 1};
    assert_int_equal(imp_code_statistics(&run, mean, covariance, &error), IMP_OK);
    float *f = activations(&encoder, "relu2_1", true, wide, WIDE, WIDE, &shape);
    size_t n = 0;
    double sums[8] = {0}, products[64] = {0};
    for (int y = EDGE / 2; y < (EDGE + SIDE) / 2; y++)
        for (int x = EDGE / 2; x < (EDGE + SIDE) / 2; x++, n++)
            for (size_t a = 0; a < channels; a++) {
                double fa = (double)f[(a * WIDE / 2 + (size_t)y) * WIDE / 2 + (size_t)x];
                sums[a] += fa;
                for (size_t b = 0; b < channels; b++)
                    products[a * channels + b] += fa * (double)f[(b * WIDE / 2 + (size_t)y) * WIDE / 2 + (size_t)x];
            }
    for (size_t a = 0; a < channels; a++) {
        assert_true(fabs(mean[a] - sums[a] / (double)n) < 1e-4);
        for (size_t b = 0; b < channels; b++) {
            double wanted = products[a * channels + b] / (double)n - sums[a] * sums[b] / (double)(n * n);
            assert_true(fabs(covariance[a * channels + b] - wanted) < 1e-4);
        }
    }
    imp_free(f);
    imp_free(rgb);
    imp_free(wide);
    imp_decoder_free(&decoder);
    drop_network(&encoder);
}

static void small_pictures_work(void **state) {
    (void)state;
    ImpVggWeights encoder = make_network(9, 4, 1);
    ImpDecoder *decoder = make_decoder(&encoder, "relu4_1");
    ImpError error = {0};
    static const int sides[][2] = {{1, 1}, {3, 5}, {1, 40}, {17, 2}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        int width = sides[i][0], height = sides[i][1];
        float *rgb = random_picture(width, height, i), out[3 * 40] = {0};
        double mean[8], covariance[64];
        ImpCodeRun run = {.encoder = &encoder,
                          .decoder = decoder,
                          .rgb = rgb,
                          .width = width,
                          .height = height,
                          .memory = (size_t)1 << 30};
        assert_int_equal(imp_code_statistics(&run, mean, covariance, &error), IMP_OK);
        assert_int_equal(imp_code_repaint(&run, NULL, NULL, out, &error), IMP_OK);
        for (int k = 0; k < 3 * width * height; k++) assert_true(isfinite(out[k]));
        imp_free(rgb);
    }
    imp_decoder_free(&decoder);
    drop_network(&encoder);
}

static void decoders_know_their_encoder(void **state) {
    (void)state;
    ImpVggWeights encoder = make_network(9, 4, 1), other = make_network(9, 6, 1);
    ImpDecoder *decoder = make_decoder(&encoder, "relu4_1");
    ImpError error;
    assert_int_equal(imp_decoder_check(decoder, &encoder, &error), IMP_OK);
    assert_int_equal(imp_decoder_check(decoder, &other, &error), IMP_ERROR_ARGUMENT);
    strcpy(decoder->encoder_sha256, "01");
    strcpy(encoder.sha256, "02");
    assert_int_equal(imp_decoder_check(decoder, &encoder, &error), IMP_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "trained with"));
    imp_decoder_free(&decoder);
    drop_network(&encoder);
    drop_network(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_the_encoders_in_reverse),
        cmocka_unit_test(files_come_back),
        cmocka_unit_test(bands_give_the_same),
        cmocka_unit_test(statistics_are_those_of_the_features),
        cmocka_unit_test(small_pictures_work),
        cmocka_unit_test(decoders_know_their_encoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
