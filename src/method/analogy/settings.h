/* The options of `analogy` as a plain struct. */
#ifndef IMP_METHOD_ANALOGY_SETTINGS_H
#define IMP_METHOD_ANALOGY_SETTINGS_H

#include "impasto/parameter.h"
#include <stdbool.h>
#include <stdint.h>

enum { IMP_ANALOGY_MAX_WINDOW = 15, IMP_ANALOGY_MAX_LEVELS = 12 };

typedef struct ImpAnalogySettings {
    bool colour;     /* neighbourhoods of colours, else of luminance */
    bool remap;      /* the exemplar's luminance gets the mean and deviation of the picture's */
    float gradients; /* how much differences of the unfiltered pictures count, 0: not at all */
    float source_weight;
    int window; /* odd */
    int levels; /* 0: by the pictures */
    double kappa;
    bool fast, exact; /* not both */
    int iterations;   /* of the fast search, a level */
    uint64_t seed;
    const char *source_map; /* path, or NULL; belongs to the parameters */
} ImpAnalogySettings;

/* Checks what depends on two options. */
ImpStatus imp_analogy_settings_read(const ImpParams *params, ImpAnalogySettings *out, ImpError *error);

#endif
