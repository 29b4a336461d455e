#include "optimiser/schedule.h"

#include "base/error.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

static const double pi = 3.14159265358979323846;

static bool has_end(ImpScheduleKind kind) {
    return kind == IMP_SCHEDULE_LINEAR || kind == IMP_SCHEDULE_COSINE;
}

/* Comparisons are written so that NAN fails. */
static ImpStatus check_end(const ImpSchedule *s, ImpError *error) {
    if (s->steps < 1 || s->warmup >= s->steps)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "a training of %" PRId64 " steps with %" PRId64 " of warm-up is impossible; give more steps",
                        s->steps, s->warmup);
    if (!(s->last >= 0 && s->last <= s->rate))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "the last learning rate is %g; it must be 0 to %g, the first one",
                        s->last, s->rate);
    return IMP_OK;
}

ImpStatus imp_schedule_check(const ImpSchedule *s, ImpError *error) {
    if (!(s->rate > 0) || !isfinite(s->rate))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "the learning rate is %g; it must be above 0", s->rate);
    if (s->warmup < 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "a warm-up of %" PRId64 " steps is impossible; give 0 or more",
                        s->warmup);
    if (s->kind == IMP_SCHEDULE_STEPS && (s->every < 1 || !(s->factor > 0 && s->factor <= 1)))
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "the learning rate is to be multiplied by %g every %" PRId64
                        " steps; give a factor above 0 and at most 1, and at least 1 step",
                        s->factor, s->every);
    if (s->kind == IMP_SCHEDULE_INVERSE && (!(s->factor >= 0) || !isfinite(s->factor)))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "the decay of the learning rate is %g; it must be 0 or more",
                        s->factor);
    return has_end(s->kind) ? check_end(s, error) : IMP_OK;
}

static double without_warmup(const ImpSchedule *s, double step) {
    double p = 0;
    if (has_end(s->kind)) p = (step - (double)s->warmup) / (double)(s->steps - s->warmup);
    p = fmin(fmax(p, 0), 1);
    switch (s->kind) {
    case IMP_SCHEDULE_CONSTANT:
        return s->rate;
    case IMP_SCHEDULE_LINEAR:
        return s->rate * (1 - p) + s->last * p;
    case IMP_SCHEDULE_COSINE:
        return s->last + (s->rate - s->last) * (1 + cos(pi * p)) / 2;
    case IMP_SCHEDULE_STEPS:
        return s->rate * pow(s->factor, floor(step / (double)s->every));
    case IMP_SCHEDULE_INVERSE:
        return s->rate / (1 + s->factor * step);
    }
    return s->rate;
}

double imp_schedule_rate(const ImpSchedule *s, int64_t step) {
    double rate = without_warmup(s, (double)step);
    if (step < s->warmup) rate *= (double)(step + 1) / ((double)s->warmup + 1);
    return fmax(rate, DBL_MIN);
}
