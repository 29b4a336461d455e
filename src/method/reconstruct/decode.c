#include "method/reconstruct/decode.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "method/picture.h"
#include "method/reconstruct/objective.h"
#include "network/code_run.h"
#include <stdio.h>

typedef struct Decode {
    const ImpObserver *observer;
    int width, height;
    double began;
    int64_t steps;
} Decode;

static bool on_part(void *context, int done, int total) {
    Decode *decode = context;
    const ImpObserver *observer = decode->observer;
    double seconds = imp_clock_seconds() - decode->began;
    ImpProgress progress = {.step = done,
                            .steps = total,
                            .scale = 1,
                            .scales = 1,
                            .width = decode->width,
                            .height = decode->height,
                            .seconds = seconds,
                            .seconds_left = seconds / done * (total - done)};
    decode->steps = done;
    bool stop = observer->progress && (observer->progress(observer->context, &progress) & IMP_STOP);
    return !stop || done == total; /* what is done is kept */
}

static ImpStatus choose_size(const ImpRequest *request, const ImpImage *image, Decode *decode, ImpError *error) {
    decode->width = image->width;
    decode->height = image->height;
    if (imp_params_has(request->params, "size"))
        imp_image_fit(image->width, image->height, (int)imp_params_integer(request->params, "size"), &decode->width,
                      &decode->height);
    if ((int64_t)decode->width * decode->height <= IMP_IMAGE_MAX_PIXELS) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "the result would have %dx%d pixels, more than the %d million possible; give a smaller size",
                    decode->width, decode->height, IMP_IMAGE_MAX_PIXELS / 1000000);
}

static void measure(const Decode *decode, const ImpImage *wanted, ImpResult *result) {
    size_t count = 3 * (size_t)decode->width * (size_t)decode->height;
    double psnr = imp_reconstruct_psnr(result->image->rgb, wanted->rgb, count);
    result->metrics[0] = (ImpMetric){"psnr", psnr};
    result->n_metrics = 1;
    snprintf(result->remark, sizeof result->remark, "PSNR %.2f dB", psnr);
    result->steps = decode->steps;
    result->seconds = imp_clock_seconds() - decode->began;
}

ImpStatus imp_reconstruct_decode(const ImpRequest *request, const ImpVggWeights *weights, const ImpDecoder *decoder,
                                 const ImpPicture *picture, ImpResult *result, ImpError *error) {
    Decode decode = {.observer = &request->observer, .began = imp_clock_seconds()};
    ImpImage *wanted = NULL;
    float *pixels = NULL;
    ImpPixelSpace unit = imp_pixel_space(false);
    ImpStatus status = choose_size(request, picture->image, &decode, error);
    if (status == IMP_OK) status = imp_picture_prepare(picture->image, decode.width, decode.height, &wanted, error);
    size_t count = 3 * (size_t)decode.width * (size_t)decode.height;
    if (status == IMP_OK) status = IMP_ALLOC(&pixels, count, "picture", error);
    if (status == IMP_OK) {
        ImpCodeRun run = {.encoder = weights,
                          .decoder = decoder,
                          .rgb = wanted->rgb,
                          .width = decode.width,
                          .height = decode.height,
                          .memory = (size_t)imp_params_integer(request->params, "memory") << 20,
                          .progress = on_part,
                          .context = &decode};
        status = imp_code_repaint(&run, NULL, NULL, pixels, error);
    }
    if (status == IMP_OK) {
        ImpPictureFinish finish = {.content = picture->image, .width = decode.width, .height = decode.height};
        status = imp_picture_finish(&finish, &unit, pixels, decode.width, decode.height, &result->image, error);
    }
    if (status == IMP_OK) measure(&decode, wanted, result);
    imp_free(pixels);
    imp_image_free(&wanted);
    return status;
}
