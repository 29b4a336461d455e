/* Narrow networks: that one with all of the teacher's channels begins as the teacher, that fewer tell what can be told,
 * and that projections keep the distances of the maps they stand for. */
#include "network/networks.h"

#include "network/vgg_student.h"
#include "network/vgg_write.h"
#include <stdlib.h>
#include <unistd.h>

enum { CONVS = 5, WIDE = 12, SIDE = 32 };

/* F F^T (C,C) and the root mean square of every ReLU on a picture. */
static void measure(const ImpVggWeights *teacher, const float *rgb, double **grams, double *sizes) {
    for (int i = 0; i < teacher->n_convs; i++) {
        char name[16];
        ImpShape shape;
        snprintf(name, sizeof name, "relu%d_%d", teacher->convs[i].block, teacher->convs[i].index);
        float *f = activations(teacher, name, true, rgb, SIDE, SIDE, &shape);
        size_t c = (size_t)shape.channels, n = imp_shape_places(shape);
        grams[i] = imp_alloc(c * c, sizeof **grams);
        double sum = 0;
        for (size_t a = 0; a < c; a++)
            for (size_t b = 0; b < c; b++)
                for (size_t k = 0; k < n; k++) grams[i][a * c + b] += (double)f[a * n + k] * (double)f[b * n + k];
        for (size_t k = 0; k < c * n; k++) sum += (double)f[k] * (double)f[k];
        sizes[i] = sqrt(sum / (double)(c * n));
        imp_free(f);
    }
}

static ImpVggStudent *begin(const ImpVggWeights *teacher, const int *channels, const float *rgb, double *sizes) {
    double *grams[IMP_VGG_MAX_CONVS] = {0};
    ImpVggStudent *student;
    ImpError error = {0};
    measure(teacher, rgb, grams, sizes);
    assert_int_equal(imp_vgg_student_new(teacher, channels, &student, &error), IMP_OK);
    if (imp_vgg_student_begin(student, teacher, grams, sizes, &error) != IMP_OK) fail_msg("%s", error.message);
    for (int i = 0; i < teacher->n_convs; i++) imp_free(grams[i]);
    return student;
}

/* |M f' - f / size|^2 / |f / size|^2 at a layer. */
static double untold(const ImpVggWeights *teacher, const ImpVggStudent *student, int conv, double size,
                     const float *rgb) {
    char name[16];
    ImpShape shape, its;
    snprintf(name, sizeof name, "relu%d_%d", teacher->convs[conv].block, teacher->convs[conv].index);
    float *wanted = activations(teacher, name, true, rgb, SIDE, SIDE, &shape);
    float *told = activations(&student->weights, name, false, rgb, SIDE, SIDE, &its);
    assert_int_equal(its.channels, shape.channels);
    double apart = 0, whole = 0;
    for (size_t i = 0; i < imp_shape_count(shape); i++) {
        double f = (double)wanted[i] / size, d = (double)told[i] - f;
        apart += d * d;
        whole += f * f;
    }
    imp_free(wanted);
    imp_free(told);
    return apart / whole;
}

static void with_all_channels_it_is_the_teacher(void **state) {
    (void)state;
    ImpVggWeights teacher = make_network(CONVS, WIDE, 1);
    const int channels[IMP_VGG_BLOCKS] = {64, 64, 64, 64, 64}; /* no more than there are */
    double sizes[IMP_VGG_MAX_CONVS];
    float *rgb = random_picture(SIDE, SIDE, 2), *other = random_picture(SIDE, SIDE, 3);
    ImpVggStudent *student = begin(&teacher, channels, rgb, sizes);
    assert_int_equal(student->weights.convs[4].out_channels, WIDE + 3);
    for (int i = 0; i < CONVS; i++) assert_true(untold(&teacher, student, i, sizes[i], other) < 1e-4);
    imp_vgg_student_free(&student);
    drop_network(&teacher);
    imp_free(rgb);
    imp_free(other);
}

/* Caffe's order, range and means are taken over into the first convolution; at the sides its zeros are other colours.
 */
static void other_inputs_are_taken_over(void **state) {
    (void)state;
    ImpVggWeights teacher = make_network(1, WIDE, 1);
    const int channels[IMP_VGG_BLOCKS] = {64, 64, 64, 64, 64};
    double sizes[IMP_VGG_MAX_CONVS];
    teacher.input = imp_model_input_of(IMP_INPUT_CAFFE, IMP_INPUT_BY_USER);
    float *rgb = random_picture(SIDE, SIDE, 2);
    ImpVggStudent *student = begin(&teacher, channels, rgb, sizes);
    assert_true(untold(&teacher, student, 0, sizes[0], rgb) < 1e-3);
    imp_vgg_student_free(&student);
    drop_network(&teacher);
    imp_free(rgb);
}

/* Half of the first layer's channels are copies of the others: they are not chosen, and told all the same. */
static void what_can_be_told_is(void **state) {
    (void)state;
    ImpVggWeights teacher = make_network(1, 7, 5); /* 8 channels */
    ImpVggConv *conv = &teacher.convs[0];
    for (int c = 4; c < 8; c++) {
        for (int k = 0; k < 27; k++) conv->weight[27 * c + k] = 0.5f * conv->weight[27 * (c - 4) + k];
        conv->bias[c] = 0.5f * conv->bias[c - 4];
    }
    const int channels[IMP_VGG_BLOCKS] = {4, 4, 4, 4, 4};
    double sizes[IMP_VGG_MAX_CONVS];
    float *rgb = random_picture(SIDE, SIDE, 2);
    ImpVggStudent *student = begin(&teacher, channels, rgb, sizes);
    assert_int_equal(student->weights.convs[0].out_channels, 4);
    assert_true(untold(&teacher, student, 0, sizes[0], rgb) < 1e-6);
    imp_vgg_student_free(&student);
    drop_network(&teacher);
    imp_free(rgb);
}

static double distance(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sqrt(sum);
}

/* Between two pictures, at every layer; and through a file. */
static void projections_keep_distances(void **state) {
    (void)state;
    ImpVggWeights teacher = make_network(CONVS, WIDE, 1), projected, *read;
    const int channels[IMP_VGG_BLOCKS] = {5, 6, 7, 7, 7};
    double sizes[IMP_VGG_MAX_CONVS], scales[IMP_VGG_MAX_CONVS];
    ImpError error = {0};
    char path[] = "/tmp/student-XXXXXX";
    float *rgb = random_picture(SIDE, SIDE, 2), *other = random_picture(SIDE, SIDE, 3);
    ImpVggStudent *student = begin(&teacher, channels, rgb, sizes);
    for (int i = 0; i < CONVS; i++) scales[i] = i == 3 ? 0 : 2;
    assert_int_equal(imp_vgg_student_project(student, scales, &projected, &error), IMP_OK);
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    ImpVggOrigin origin = {.sha256 = NULL};
    assert_int_equal(imp_vgg_weights_write(&projected, &origin, path, false, &error), IMP_OK);
    if (imp_vgg_weights_read(path, IMP_INPUT_AUTO, &read, &error) != IMP_OK) fail_msg("%s", error.message);
    assert_int_equal(read->input.convention, IMP_INPUT_TORCHVISION);
    for (int i = 0; i < CONVS; i++) {
        char name[16];
        ImpShape shape, its;
        snprintf(name, sizeof name, "relu%d_%d", teacher.convs[i].block, teacher.convs[i].index);
        float *a = activations(&student->weights, name, false, rgb, SIDE, SIDE, &shape);
        float *b = activations(&student->weights, name, false, other, SIDE, SIDE, &shape);
        float *c = activations(read, name, false, rgb, SIDE, SIDE, &its);
        float *d = activations(read, name, false, other, SIDE, SIDE, &its);
        assert_int_equal(its.channels, student->weights.convs[i].out_channels);
        double wanted = 2 * distance(a, b, imp_shape_count(shape)), got = distance(c, d, imp_shape_count(its));
        if (i == 3) /* not learned: the activations themselves */
            assert_null(read->convs[i].projection);
        else
            assert_true(fabs(got - wanted) < 1e-4 * wanted);
        assert_int_equal(imp_vgg_counted_channels(read, name, 5), i == 3 ? 5 : i < 2 ? 64 : i < 4 ? 128 : 256);
        imp_free(a);
        imp_free(b);
        imp_free(c);
        imp_free(d);
    }
    imp_vgg_weights_free(&read);
    imp_vgg_student_drop(&projected);
    imp_vgg_student_free(&student);
    drop_network(&teacher);
    imp_free(rgb);
    imp_free(other);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_all_channels_it_is_the_teacher),
        cmocka_unit_test(other_inputs_are_taken_over),
        cmocka_unit_test(what_can_be_told_is),
        cmocka_unit_test(projections_keep_distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
