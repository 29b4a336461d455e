/* What the observer is told while a texture grows, and what it asks for. */
#ifndef IMP_METHOD_TEXTURE_WATCH_H
#define IMP_METHOD_TEXTURE_WATCH_H

#include "impasto/method.h"
#include "method/texture/canvas.h"

typedef struct ImpTextureWatch {
    ImpObserver observer;
    const ImpImage *exemplar;
    int width, height; /* of the result */
    double began;      /* seconds on the clock */
    int64_t step;      /* last told */
    bool stop;         /* asked for */
} ImpTextureWatch;

/* Where a model stands. */
typedef struct ImpTextureStage {
    int64_t step, steps;
    int scale, scales;              /* 1-based, coarse to fine */
    const ImpTextureCanvas *canvas; /* 2^shift times smaller than the result */
    int shift;
} ImpTextureStage;

void imp_texture_watch_begin(ImpTextureWatch *watch, const ImpObserver *observer, const ImpImage *exemplar, int width,
                             int height);
/* Tells of the stage and hands over a picture if that is asked for. The model ends when watch->stop is set after. */
ImpStatus imp_texture_watch_step(ImpTextureWatch *watch, const ImpTextureStage *stage, ImpError *error);
void imp_texture_watch_notice(const ImpTextureWatch *watch, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
