/* The main job in memory: two pictures in, one out. Run as: stylize CONTENT STYLE MODEL OUTPUT */
#include <impasto/impasto.h>
#include <stdio.h>

static unsigned report(void *context, const ImpProgress *progress) {
    (void)context;
    fprintf(stderr, "\r%lld of %lld", (long long)progress->step, (long long)progress->steps);
    return IMP_CONTINUE; /* IMP_STOP would end the run with the best picture so far */
}

static ImpStatus stylize(const char *const paths[4], ImpImage *pictures[2], ImpParams **params, ImpResult *result,
                         ImpError *error) {
    const ImpMethod *method = imp_method_find("stylize");
    ImpStatus status = imp_image_read(paths[0], 512, &pictures[0], error);
    if (status == IMP_OK) status = imp_image_read(paths[1], 512, &pictures[1], error);
    if (status == IMP_OK) status = imp_params_new(&method->params, params, error);
    if (status == IMP_OK) status = imp_params_set(*params, "model", paths[2], error);
    if (status == IMP_OK) status = imp_params_set(*params, "evaluations", "100", error);
    if (status != IMP_OK) return status;
    ImpPicture given[] = {{"content", paths[0], pictures[0]}, {"style", paths[1], pictures[1]}};
    ImpRequest request = {.params = *params, .pictures = given, .n_pictures = 2, .observer = {.progress = report}};
    status = method->run(&request, result, error);
    return status == IMP_OK ? imp_image_write(result->image, paths[3], NULL, error) : status;
}

int main(int argc, char **argv) {
    if (argc != 5) return fprintf(stderr, "usage: stylize CONTENT STYLE MODEL OUTPUT\n"), 2;
    const char *const paths[4] = {argv[1], argv[2], argv[3], argv[4]};
    ImpImage *pictures[2] = {NULL, NULL};
    ImpParams *params = NULL;
    ImpResult result = {0};
    ImpError error;
    ImpStatus status = stylize(paths, pictures, &params, &result, &error);
    if (status != IMP_OK) fprintf(stderr, "stylize: %s\n", error.message);
    imp_image_free(&pictures[0]);
    imp_image_free(&pictures[1]);
    imp_image_free(&result.image);
    imp_params_free(&params);
    return status == IMP_OK ? 0 : 1;
}
