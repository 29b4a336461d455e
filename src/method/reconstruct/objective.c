#include "method/reconstruct/objective.h"

#include "base/memory.h"
#include "feature/extractor.h"
#include "image/quality.h"
#include "loss/loss.h"
#include "method/picture.h"
#include <math.h>

/* Colours of natural pictures are seldom further from their mean, and neighbours seldom further apart: B and V of
 * Mahendran, Vedaldi 2016. */
static const double colour_bound = 80.0 / 255, step_bound = 80.0 / 255 / 6.5;

const float imp_reconstruct_mean[3] = {0.485f, 0.456f, 0.406f};

struct ImpReconstructObjective {
    ImpShape shape; /* of the picture */
    bool clamp;
    ImpExtractor *extractor;
    ImpLoss *feature, *alpha, *tv; /* the latter two are on the pixels, or NULL */
    const float *target;           /* (3,H,W) */
};

static ImpStatus make_regularisers(ImpReconstructObjective *o, const ImpReconstructSettings *s, ImpError *error) {
    ImpStatus status = IMP_OK;
    if (s->alpha_weight > 0)
        status = imp_alpha_loss_new(0, s->alpha_weight, s->alpha, colour_bound, imp_reconstruct_mean, o->shape,
                                    &o->alpha, error);
    if (status == IMP_OK && s->tv_weight > 0)
        status = imp_tv_beta_loss_new(0, s->tv_weight, s->tv_beta, step_bound, o->shape, &o->tv, error);
    return status;
}

ImpStatus imp_reconstruct_objective_new(const ImpVggWeights *weights, const ImpReconstructSettings *settings,
                                        const char *name, const ImpImage *target, ImpReconstructObjective **out,
                                        ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "objective", error);
    if (status != IMP_OK) return status;
    ImpReconstructObjective *o = *out;
    o->shape = (ImpShape){3, target->height, target->width, 1};
    o->clamp = settings->descent.clamp;
    o->target = target->rgb;
    ImpVggSpec spec = {.max_pooling = settings->max_pooling, .padding = settings->padding, .taps = &name, .n_taps = 1};
    status = imp_extractor_new(weights, &spec, target->height, target->width, true, &o->extractor, error);
    if (status == IMP_OK) status = imp_extractor_forward(o->extractor, target->rgb, error);
    if (status == IMP_OK) {
        ImpTensor value = imp_extractor_value(o->extractor, 0);
        status = imp_content_loss_new(0, 1, IMP_NORMALISE_RELATIVE, &value, value.shape.channels, &o->feature, error);
    }
    if (status == IMP_OK) status = make_regularisers(o, settings, error);
    if (status != IMP_OK) imp_reconstruct_objective_free(out);
    return status;
}

void imp_reconstruct_objective_free(ImpReconstructObjective **objective) {
    ImpReconstructObjective *o = *objective;
    if (!o) return;
    imp_loss_free(&o->feature);
    imp_loss_free(&o->alpha);
    imp_loss_free(&o->tv);
    imp_extractor_free(&o->extractor);
    imp_free(o);
    *objective = NULL;
}

double imp_reconstruct_gain(const ImpReconstructObjective *objective) {
    return (double)imp_shape_count(objective->shape);
}

double imp_reconstruct_psnr(const float *rgb, const float *target, size_t count) {
    return imp_psnr(fmax(imp_mean_squared_error(rgb, target, count), 1e-12));
}

static void tap_gradient(void *context, size_t tap, const ImpTensor *value, const ImpTensor *gradient) {
    const ImpReconstructObjective *o = context;
    (void)tap;
    imp_loss_add_gradient(o->feature, value, gradient);
}

static ImpStatus add_regulariser(const ImpReconstructObjective *o, ImpLoss *loss, float *pixels, float *gradient,
                                 double *value, ImpError *error) {
    if (!loss) return IMP_OK;
    ImpTensor picture = {.shape = o->shape, .layout = IMP_LAYOUT_PLAIN, .block = 1, .data = pixels}, slope = picture;
    slope.data = gradient;
    ImpStatus status = imp_loss_value(loss, &picture, value, error);
    if (status == IMP_OK) imp_loss_add_gradient(loss, &picture, &slope);
    return status;
}

ImpStatus imp_reconstruct_evaluate(void *objective, float *pixels, float *gradient, ImpDescentLosses *out,
                                   ImpError *error) {
    const ImpReconstructObjective *o = objective;
    ImpPixelSpace unit = imp_pixel_space(false);
    size_t count = imp_shape_count(o->shape);
    *out = (ImpDescentLosses){0};
    if (o->clamp) imp_pixels_clamp(&unit, pixels, count / 3);
    ImpStatus status = imp_extractor_forward(o->extractor, pixels, error);
    if (status == IMP_OK) {
        ImpTensor value = imp_extractor_value(o->extractor, 0);
        status = imp_loss_value(o->feature, &value, &out->parts[0], error);
    }
    if (status == IMP_OK) status = imp_extractor_backward(o->extractor, tap_gradient, objective, gradient, error);
    if (status == IMP_OK) status = add_regulariser(o, o->alpha, pixels, gradient, &out->parts[1], error);
    if (status == IMP_OK) status = add_regulariser(o, o->tv, pixels, gradient, &out->parts[2], error);
    if (status != IMP_OK) return status;
    float gain = (float)imp_reconstruct_gain(o);
    for (size_t i = 0; i < count; i++) gradient[i] *= gain;
    out->total = out->parts[0] + out->parts[1] + out->parts[2];
    out->parts[3] = imp_reconstruct_psnr(pixels, o->target, count);
    return IMP_OK;
}
