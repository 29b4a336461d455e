#include "method/descent_state.h"

#include "base/memory.h"
#include <math.h>
#include <string.h>

static size_t count_of(const ImpDescentState *state) {
    return 3 * (size_t)state->width * (size_t)state->height;
}

static ImpStatus make_optimiser(const ImpDescentSettings *settings, size_t n, ImpOptimiser **out, ImpError *error) {
    if (settings->adam) {
        ImpAdamOptions options = imp_adam_defaults();
        options.learning_rate = settings->learning_rate;
        return imp_adam_new(n, &options, out, error);
    }
    ImpLbfgsOptions options = imp_lbfgs_defaults();
    options.learning_rate = settings->learning_rate;
    options.history = settings->history;
    options.strong_wolfe = settings->strong_wolfe;
    options.tolerance_gradient = settings->tolerance_gradient;
    options.tolerance_change = settings->tolerance_change;
    return imp_lbfgs_new(n, &options, out, error);
}

ImpStatus imp_descent_state_begin(const ImpDescentSettings *settings, int index, ImpDescentState *state,
                                  ImpError *error) {
    const ImpDescentScale *scale = &settings->scales[index];
    *state = (ImpDescentState){.scale = index, .width = scale->width, .height = scale->height};
    state->best_losses.total = INFINITY;
    state->average_weight = 1;
    size_t n = count_of(state);
    ImpStatus status = IMP_ALLOC(&state->pixels, n, "picture", error);
    if (status == IMP_OK) status = IMP_ALLOC(&state->best, n, "picture", error);
    if (status == IMP_OK && settings->average_decay > 0) status = IMP_ALLOC(&state->average, n, "picture", error);
    if (status == IMP_OK) status = make_optimiser(settings, n, &state->optimiser, error);
    if (status != IMP_OK) imp_descent_state_end(state);
    return status;
}

void imp_descent_state_set_rate(const ImpDescentSettings *settings, ImpDescentState *state) {
    imp_optimiser_set_learning_rate(state->optimiser, settings->learning_rate * pow(0.1, (double)state->restarts));
}

void imp_descent_state_end(ImpDescentState *state) {
    imp_optimiser_free(&state->optimiser);
    imp_free(state->pixels);
    imp_free(state->best);
    imp_free(state->average);
    *state = (ImpDescentState){0};
}

void imp_descent_average_add(ImpDescentState *state, double decay) {
    size_t n = count_of(state);
    float keep = (float)decay, take = (float)(1 - decay);
    for (size_t i = 0; i < n; i++) state->average[i] = keep * state->average[i] + take * state->pixels[i];
    state->average_weight *= decay;
}

void imp_descent_state_picture(const ImpDescentState *state, float *out) {
    size_t n = count_of(state);
    if (state->average && state->average_weight < 1) {
        float correction = (float)(1 / (1 - state->average_weight));
        for (size_t i = 0; i < n; i++) out[i] = correction * state->average[i];
    } else {
        memcpy(out, isfinite(state->best_losses.total) ? state->best : state->pixels, n * sizeof *out);
    }
}

/* The picture as it stands into pixels (3,height,width) of another size. */
static ImpStatus enlarge_picture(const ImpDescentSettings *settings, const ImpDescentState *from, ImpDescentState *to,
                                 ImpError *error) {
    ImpPixelSpace space = imp_pixel_space(settings->bytes);
    ImpImage *small = NULL, *large = NULL;
    ImpStatus status = imp_image_new(from->width, from->height, &small, error);
    if (status == IMP_OK) {
        imp_descent_state_picture(from, small->rgb);
        imp_pixels_to_rgb(&space, small->rgb, count_of(from) / 3, small->rgb);
        status = imp_image_resize(small, to->width, to->height, &large, error);
    }
    if (status == IMP_OK) imp_pixels_from_rgb(&space, large->rgb, count_of(to) / 3, to->pixels);
    imp_image_free(&small);
    imp_image_free(&large);
    return status;
}

/* The first moments are gradients, the second their squares; interpolation keeps squares from going below 0. */
static void enlarge_adam(const ImpDescentState *from, const ImpDescentState *to) {
    float *first, *second, *to_first, *to_second;
    imp_adam_moments(from->optimiser, &first, &second);
    imp_adam_moments(to->optimiser, &to_first, &to_second);
    if (!first) return;
    imp_plane_resample(first, from->width, from->height, to_first, to->width, to->height);
    imp_plane_resample(second, from->width, from->height, to_second, to->width, to->height);
    imp_adam_set_step(to->optimiser, imp_adam_step(from->optimiser));
}

ImpStatus imp_descent_state_enlarge(const ImpDescentSettings *settings, ImpDescentState *state, ImpError *error) {
    ImpDescentState next;
    ImpStatus status = imp_descent_state_begin(settings, state->scale + 1, &next, error);
    if (status != IMP_OK) return status;
    next.total = state->total;
    next.random = state->random;
    status = enlarge_picture(settings, state, &next, error);
    if (status != IMP_OK) {
        imp_descent_state_end(&next);
        return status;
    }
    enlarge_adam(state, &next);
    if (next.average) imp_descent_average_add(&next, settings->average_decay);
    imp_descent_state_end(state);
    *state = next;
    return IMP_OK;
}
