/* Any painting's style in one pass: the features of a picture get the statistics of a painting's, and are decoded. */
#ifndef IMP_FEATURE_RESTYLE_H
#define IMP_FEATURE_RESTYLE_H

#include "feature/style_map.h"
#include "network/code_run.h"

enum { IMP_RESTYLE_MAX_STYLES = 16 };

/* The networks and the paintings' statistics, for any number of pictures. */
typedef struct ImpRestyle ImpRestyle;

/* Reads the encoder and its decoder: files or names. On success *out is the caller's; on failure NULL. */
ImpStatus imp_restyle_new(const char *encoder, const char *decoder, ImpRestyle **out, ImpError *error);
void imp_restyle_free(ImpRestyle **restyle);

/* Takes in a painting, rgb (3,height,width) in [0,1], that counts `weight` among all; at most IMP_RESTYLE_MAX_STYLES.
 * memory: see ImpCodeRun. */
ImpStatus imp_restyle_add(ImpRestyle *restyle, const float *rgb, int width, int height, double weight, size_t memory,
                          ImpError *error);

typedef struct ImpRestyleOptions {
    ImpStyleTransform transform;
    double strength; /* 0..1 */
} ImpRestyleOptions;

/* The picture of `run` restyled, into out (3,height,width), not clamped; run's encoder and decoder are set here. At
 * least one painting was added, with a weight above 0. */
ImpStatus imp_restyle_run(const ImpRestyle *restyle, const ImpRestyleOptions *options, ImpCodeRun *run, float *out,
                          ImpError *error);

#endif
