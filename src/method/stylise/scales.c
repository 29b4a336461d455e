/* From coarse to fine: large forms settle at small sizes, where an evaluation is cheap and the network's layers see
 * much of the picture; each further scale starts from the one before and adds detail. */
#include "base/error.h"
#include "method/stylise/settings.h"
#include <math.h>

/* The long sides, growing, without the last. */
typedef struct Sides {
    int list[IMP_DESCENT_MAX_SCALES];
    int count;
} Sides;

static ImpStatus too_many(ImpError *error) {
    return imp_fail(error, IMP_ERROR_ARGUMENT, "there would be more than %d scales; give fewer",
                    IMP_DESCENT_MAX_SCALES);
}

/* The sides given, below the result's; `last` is the result's, or 0 where the list decides it. */
static ImpStatus listed_sides(const int64_t *given, size_t count, int *last, Sides *out, ImpError *error) {
    for (size_t i = 1; i < count; i++)
        if (given[i] <= given[i - 1])
            return imp_fail(error, IMP_ERROR_ARGUMENT, "scales must grow, but %lld comes after %lld",
                            (long long)given[i], (long long)given[i - 1]);
    if (*last == 0) *last = (int)given[count - 1];
    if (given[count - 1] > *last)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "the scale %lld is larger than the result, whose long side is %d; give a larger size or leave "
                        "the scale out",
                        (long long)given[count - 1], *last);
    for (size_t i = 0; i < count && given[i] < *last; i++) {
        if (out->count == IMP_DESCENT_MAX_SCALES - 1) return too_many(error);
        out->list[out->count++] = (int)given[i];
    }
    return IMP_OK;
}

/* last / factor^i, as long as that is not below `least`. */
static ImpStatus generated_sides(int least, double factor, int last, Sides *out, ImpError *error) {
    int descending[IMP_DESCENT_MAX_SCALES], count = 0, side = last;
    for (int i = 1;; i++) {
        int next = (int)lround(last / pow(factor, i));
        if (next < least || next < 1 || next >= side) break;
        if (count == IMP_DESCENT_MAX_SCALES - 1) return too_many(error);
        descending[count++] = side = next;
    }
    for (int i = 0; i < count; i++) out->list[out->count++] = descending[count - 1 - i];
    return IMP_OK;
}

static ImpStatus choose_sides(const ImpParams *params, int own_side, int *last, Sides *sides, ImpError *error) {
    size_t count = 0;
    const int64_t *given = NULL;
    *last = imp_params_has(params, "size") ? (int)imp_params_integer(params, "size") : 0;
    if (imp_params_has(params, "scales")) given = imp_params_integers(params, "scales", &count);
    if (count > 0) return listed_sides(given, count, last, sides, error);
    if (*last == 0) *last = own_side < IMP_STYLISE_SIZE_LIMIT ? own_side : IMP_STYLISE_SIZE_LIMIT;
    int least = (int)imp_params_integer(params, "min-scale");
    if (least == 0) return IMP_OK;
    return generated_sides(least, imp_params_real(params, "scale-factor"), *last, sides, error);
}

/* Somebody who says how many evaluations to make means every scale, unless the first is mentioned too. */
static ImpStatus choose_evaluations(const ImpParams *params, ImpStyliseSettings *s, ImpError *error) {
    int64_t evaluations = imp_params_integer(params, "evaluations"), first = evaluations;
    bool only_evaluations = imp_params_given(params, "evaluations") && !imp_params_given(params, "initial-evaluations");
    if (imp_params_has(params, "initial-evaluations") && !only_evaluations && s->descent.n_scales > 1)
        first = imp_params_integer(params, "initial-evaluations");
    for (int i = 0; i < s->descent.n_scales; i++) s->descent.scales[i].evaluations = i == 0 ? first : evaluations;
    if (!imp_params_has(params, "scale-evaluations")) return IMP_OK;
    if (imp_params_given(params, "evaluations") && !imp_params_given(params, "scale-evaluations")) return IMP_OK;
    size_t count;
    const int64_t *list = imp_params_integers(params, "scale-evaluations", &count);
    if (count == 0) return IMP_OK;
    if (count != (size_t)s->descent.n_scales)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "scale-evaluations has %zu numbers for %d scales; give one for each",
                        count, s->descent.n_scales);
    for (size_t i = 0; i < count; i++) s->descent.scales[i].evaluations = list[i];
    return IMP_OK;
}

static void add_scale(int content_width, int content_height, int side, ImpStyliseSettings *s) {
    ImpDescentScale *scale = &s->descent.scales[s->descent.n_scales++];
    scale->long_side = side < IMP_STYLISE_LEAST_SIDE ? IMP_STYLISE_LEAST_SIDE : side;
    imp_image_fit(content_width, content_height, scale->long_side, &scale->width, &scale->height);
}

ImpStatus imp_stylise_scales_plan(const ImpParams *params, int content_width, int content_height,
                                  ImpStyliseSettings *settings, ImpError *error) {
    int own_side = content_width > content_height ? content_width : content_height, last;
    Sides sides = {.count = 0};
    ImpStatus status = choose_sides(params, own_side, &last, &sides, error);
    if (status != IMP_OK) return status;
    settings->shrunk = last < own_side && !imp_params_has(params, "size") && !imp_params_has(params, "scales");
    imp_image_fit(content_width, content_height, last, &settings->width, &settings->height);
    settings->descent.n_scales = 0;
    for (int i = 0; i < sides.count; i++)
        if (sides.list[i] > IMP_STYLISE_LEAST_SIDE) add_scale(content_width, content_height, sides.list[i], settings);
    add_scale(content_width, content_height, last, settings);
    return choose_evaluations(params, settings, error);
}
