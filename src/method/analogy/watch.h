/* What the observer is told while a result is made, and what it asks for. */
#ifndef IMP_METHOD_ANALOGY_WATCH_H
#define IMP_METHOD_ANALOGY_WATCH_H

#include "impasto/method.h"
#include "method/analogy/pyramid.h"

typedef struct ImpAnalogyWatch {
    ImpObserver observer;
    const ImpAnalogyPyramid *pyramid;
    const ImpImage *target;
    double began;        /* seconds on the clock */
    int64_t step, steps; /* pixels */
    int index;           /* of the level */
    bool stop;           /* asked for */
} ImpAnalogyWatch;

/* Tells that so many more pixels are done, and hands over a picture if that is asked for. The run ends when watch->stop
 * is set after. */
ImpStatus imp_analogy_watch_step(ImpAnalogyWatch *watch, int64_t pixels, ImpError *error);

#endif
