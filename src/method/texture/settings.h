/* The options of `texture` as a plain struct, checked against each other and the pictures. */
#ifndef IMP_METHOD_TEXTURE_SETTINGS_H
#define IMP_METHOD_TEXTURE_SETTINGS_H

#include "impasto/image.h"
#include "impasto/parameter.h"
#include <stdbool.h>
#include <stdint.h>

enum { IMP_TEXTURE_MAX_SIDE = 16384, IMP_TEXTURE_MAX_WINDOW = 63 }; /* pixels */

typedef struct ImpTextureSettings {
    int width, height;  /* of the result */
    bool fills;         /* the exemplar's hole is filled; else a texture is made from it */
    int window;         /* odd, or 0: the model's own */
    double epsilon;     /* how much worse than the best match may be taken, as a share */
    double max_error;   /* mean squared difference of colours in [0,1] */
    int block, overlap; /* pixels; 0 and -1: by the exemplar */
    int levels;         /* 0: by the exemplar */
    int passes;
    double coherence; /* how much worse than the best match what goes on with a neighbour may be, as a share */
    bool exact;
    uint64_t seed;
} ImpTextureSettings;

/* "WxH" or one number for both; each 1..IMP_TEXTURE_MAX_SIDE. */
ImpStatus imp_texture_size_parse(const char *text, int *width, int *height, ImpError *error);
/* `fills`: whether the exemplar has a hole that is to be filled. */
ImpStatus imp_texture_settings_read(const ImpParams *params, const ImpImage *exemplar, bool fills,
                                    ImpTextureSettings *out, ImpError *error);

#endif
