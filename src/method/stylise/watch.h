/* What the observer is told, and what it asks for. */
#ifndef IMP_METHOD_STYLISE_WATCH_H
#define IMP_METHOD_STYLISE_WATCH_H

#include "method/stylise/state.h"

typedef struct ImpStyliseWatch {
    ImpObserver observer;
    const ImpStyliseSettings *settings;
    ImpPictureFinish finish;
    double began;         /* seconds on the clock */
    double earlier;       /* seconds spent before resuming */
    double scale_began;   /* seconds on the clock */
    int64_t scale_first;  /* evaluations that this scale had when it began in this process */
    bool stop;            /* asked for */
    bool checkpoint;      /* asked for, and not yet written */
    bool restart_noticed; /* each sentence comes once */
} ImpStyliseWatch;

void imp_stylise_watch_begin(ImpStyliseWatch *watch, const ImpObserver *observer, const ImpStyliseSettings *settings,
                             const ImpPictureFinish *finish);
/* A scale begins, or goes on, with this many evaluations done. */
void imp_stylise_watch_scale(ImpStyliseWatch *watch, int64_t evaluations);
/* Seconds since the run began, the time before resuming included. */
double imp_stylise_watch_seconds(const ImpStyliseWatch *watch);

void imp_stylise_metrics(const ImpStyliseLosses *losses, ImpMetric out[IMP_MAX_METRICS], size_t *count);
/* After an evaluation at `pixels`, the `evaluation`-th of this scale and the `total`-th in all: reports it, hands over
 * a picture if that is asked for, and notes the other wishes. */
ImpStatus imp_stylise_watch_step(ImpStyliseWatch *watch, const ImpStyliseState *state, const float *pixels,
                                 int64_t evaluation, int64_t total, const ImpStyliseLosses *losses, ImpError *error);

void imp_stylise_notice(const ImpStyliseWatch *watch, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
