/* A model of texture is a value: its name, what it can do, and run(). One file a model; the list is in texture.c. */
#ifndef IMP_METHOD_TEXTURE_MODEL_H
#define IMP_METHOD_TEXTURE_MODEL_H

#include "base/random.h"
#include "method/texture/settings.h"
#include "method/texture/watch.h"

typedef struct ImpTextureJob {
    const ImpImage *exemplar;
    const bool *hole; /* (height,width) of the exemplar, or NULL: a texture is made, of the settings' size */
    const ImpTextureSettings *settings;
    const ImpParams *params; /* for what only this model has */
    ImpRandom *random;       /* seeded; results depend on nothing else that is random */
    ImpTextureWatch *watch;
} ImpTextureJob;

typedef struct ImpTextureModel {
    const char *name;    /* as among the choices of --model */
    const char *options; /* those of "|window|epsilon|..." that mean something to it, each between bars */
    bool fills;          /* can fill a hole */
    /* The picture, or what there is of it once job->watch->stop is set. On success *out is the caller's; on failure it
     * is NULL. */
    ImpStatus (*run)(const ImpTextureJob *job, ImpImage **out, ImpError *error);
} ImpTextureModel;

extern const ImpTextureModel imp_texture_quilting, imp_texture_efros_leung, imp_texture_wei_levoy, imp_texture_gram;

#endif
