/* Time of each model of texture that copies pixels, from an exemplar of 128 x 128: the best of RUNS.
 *
 *     bench_texture [RUNS] */
#include "base/random.h"
#include "impasto/impasto.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 128 };

static const char *const models[][2] = {{"quilting", "1024"}, {"wei-levoy", "512"}, {"efros-leung", "96"}};

/* Waves with noise. */
static void paint(ImpImage *image) {
    ImpRandom random;
    imp_random_seed(&random, 1);
    for (int i = 0; i < 3 * SIDE * SIDE; i++) {
        int x = i % SIDE, y = i / SIDE % SIDE, c = i / (SIDE * SIDE);
        double value = 0.5 + 0.3 * sin(0.4 * x + 3 * sin(0.07 * y + c)) * cos(0.3 * y);
        image->rgb[i] = (float)(value + 0.2 * (imp_random_uniform(&random) - 0.5));
    }
}

static ImpStatus run_model(const ImpImage *exemplar, const char *model, const char *size, double *seconds,
                           ImpError *error) {
    const ImpMethod *method = imp_method_find("texture");
    ImpParams *params;
    ImpResult result = {0};
    ImpPicture picture = {"exemplar", "exemplar", exemplar};
    ImpStatus status = imp_params_new(&method->params, &params, error);
    if (status == IMP_OK) status = imp_params_set(params, "model", model, error);
    if (status == IMP_OK) status = imp_params_set(params, "size", size, error);
    ImpRequest request = {.params = params, .pictures = &picture, .n_pictures = 1};
    if (status == IMP_OK) status = method->run(&request, &result, error);
    if (result.seconds < *seconds) *seconds = result.seconds;
    imp_image_free(&result.image);
    imp_params_free(&params);
    return status;
}

int main(int argc, char **argv) {
    int runs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 3;
    ImpError error;
    ImpImage *exemplar;
    ImpStatus status = imp_image_new(SIDE, SIDE, &exemplar, &error);
    if (status == IMP_OK) paint(exemplar);
    for (size_t m = 0; m < sizeof models / sizeof *models && status == IMP_OK; m++) {
        double seconds = INFINITY;
        for (int i = 0; i < runs && status == IMP_OK; i++)
            status = run_model(exemplar, models[m][0], models[m][1], &seconds, &error);
        if (status == IMP_OK) printf("%-12s %4s x %-4s %6.2f s\n", models[m][0], models[m][1], models[m][1], seconds);
    }
    if (status != IMP_OK) fprintf(stderr, "bench_texture: %s\n", error.message);
    imp_image_free(&exemplar);
    return status == IMP_OK ? 0 : 1;
}
