#include "optimiser/wolfe.h"

#include <math.h>
#include <stdbool.h>

static const double armijo = 1e-4;  /* c1: share of the expected decrease that is asked for */
static const double flatness = 0.9; /* c2: share of the slope at 0 that may be left */
static const double least_bracket = 1e-9;

typedef struct Point {
    double t, value, slope;
} Point;

/* [0] is the end found first; which of the two is the lower one decides where the search goes on. */
typedef struct Bracket {
    Point end[2];
    int low;  /* index of the end with the lower value */
    int made; /* evaluations after the first */
    bool done;
} Bracket;

static ImpStatus evaluate(const ImpLine *line, double t, Point *out, ImpError *error) {
    out->t = t;
    return line->evaluate(line->context, t, &out->value, &out->slope, error);
}

static bool decreases_enough(const ImpLine *line, const Point *p) {
    return p->value <= line->value + armijo * p->t * line->slope;
}

static bool flat_enough(const ImpLine *line, const Point *p) {
    return fabs(p->slope) <= -flatness * line->slope;
}

/* Where the cubic through both points' values and slopes is least, kept within [least, most]; their middle where there
 * is no such place. */
static double least_of_cubic(const Point *a, const Point *b, double least, double most) {
    const Point *left = a->t <= b->t ? a : b, *right = a->t <= b->t ? b : a;
    double bend = left->slope + right->slope - 3 * (left->value - right->value) / (left->t - right->t);
    double square = bend * bend - left->slope * right->slope;
    if (!(square >= 0)) return (least + most) / 2;
    double root = sqrt(square);
    double t =
        right->t - (right->t - left->t) * ((right->slope + root - bend) / (right->slope - left->slope + 2 * root));
    if (isnan(t)) return (least + most) / 2;
    return fmin(fmax(t, least), most);
}

static int lower_end(const Bracket *b) {
    return b->end[0].value <= b->end[1].value ? 0 : 1;
}

/* Steps outwards until two trials enclose a point that will do, or one is found that does. */
static ImpStatus find_bracket(const ImpLine *line, double t, Bracket *b, ImpError *error) {
    Point previous = {.t = 0, .value = line->value, .slope = line->slope}, trial = {0};
    ImpStatus status = evaluate(line, t, &trial, error);
    for (; status == IMP_OK && b->made < line->max_evaluations; b->made++) {
        bool too_high = !decreases_enough(line, &trial) || (b->made > 1 && trial.value >= previous.value);
        b->done = !too_high && flat_enough(line, &trial);
        if (b->done) previous = trial;
        if (too_high || b->done || trial.slope >= 0) {
            b->end[0] = previous;
            b->end[1] = trial;
            return IMP_OK;
        }
        double least = trial.t + 0.01 * (trial.t - previous.t), most = trial.t * 10;
        t = least_of_cubic(&previous, &trial, least, most);
        previous = trial;
        status = evaluate(line, t, &trial, error);
    }
    b->end[0] = (Point){.t = 0, .value = line->value, .slope = line->slope};
    b->end[1] = trial;
    return status;
}

/* A trial close to an end of the bracket for the second time, or beyond it, is moved a tenth of the bracket inwards. */
static double keep_inside(const Bracket *b, double t, bool *crowded) {
    double left = fmin(b->end[0].t, b->end[1].t), right = fmax(b->end[0].t, b->end[1].t);
    double margin = 0.1 * (right - left);
    bool close = fmin(right - t, t - left) < margin;
    bool move = close && (*crowded || t >= right || t <= left);
    *crowded = close && !move;
    if (!move) return t;
    return fabs(t - right) < fabs(t - left) ? right - margin : left + margin;
}

/* Puts the trial in the place of one end. */
static void narrow(const ImpLine *line, Bracket *b, const Point *trial) {
    Point *low = &b->end[b->low], *high = &b->end[1 - b->low];
    if (!decreases_enough(line, trial) || trial->value >= low->value) {
        *high = *trial;
        b->low = lower_end(b);
        return;
    }
    if (flat_enough(line, trial))
        b->done = true;
    else if (trial->slope * (high->t - low->t) >= 0)
        *high = *low;
    *low = *trial;
}

ImpStatus imp_wolfe_search(const ImpLine *line, double t, double *out, ImpError *error) {
    Bracket b = {.made = 0};
    ImpStatus status = find_bracket(line, t, &b, error);
    if (status != IMP_OK) return status;
    b.low = lower_end(&b);
    bool crowded = false;
    for (; !b.done && b.made < line->max_evaluations; b.made++) {
        if (fabs(b.end[1].t - b.end[0].t) * line->reach < least_bracket) break;
        double left = fmin(b.end[0].t, b.end[1].t), right = fmax(b.end[0].t, b.end[1].t);
        t = keep_inside(&b, least_of_cubic(&b.end[0], &b.end[1], left, right), &crowded);
        Point trial;
        status = evaluate(line, t, &trial, error);
        if (status != IMP_OK) return status;
        narrow(line, &b, &trial);
    }
    *out = b.end[b.low].t;
    return IMP_OK;
}
