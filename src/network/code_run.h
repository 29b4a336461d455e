/* Pictures to the features that a decoder reads and back, of any size: the whole at once where memory allows, else in
 * bands of rows that give the same picture.
 *
 * The picture goes on by reflection beyond its sides, so that the networks' own padding never shows. Bands overlap by
 * as much as one number of the result depends on. What looks at the whole picture, the means and covariances of the
 * features, is gathered over all bands first. */
#ifndef IMP_NETWORK_CODE_RUN_H
#define IMP_NETWORK_CODE_RUN_H

#include "network/decoder.h"

typedef struct ImpCodeRun {
    const ImpVggWeights *encoder;
    const ImpDecoder *decoder; /* reads features of the encoder: see imp_decoder_check */
    const float *rgb;          /* (3,height,width), in [0,1] */
    int width, height;         /* from 1 up */
    size_t memory;             /* bytes that the activations may take; beyond, bands are used */
    /* Parts done and in all, after each; false ends the run with IMP_ERROR_STOPPED. May be NULL. */
    bool (*progress)(void *context, int done, int total);
    void *context;
} ImpCodeRun;

/* Whether the decoder reads this encoder's features; if not, IMP_ERROR_ARGUMENT. */
ImpStatus imp_decoder_check(const ImpDecoder *decoder, const ImpVggWeights *encoder, ImpError *error);

/* mean (C) and covariance (C,C) of the features over the whole picture. */
ImpStatus imp_code_statistics(const ImpCodeRun *run, double *mean, double *covariance, ImpError *error);

/* out (3,height,width): what the decoder makes of matrix f + bias, f the features, matrix (C,C) and bias (C); NULL
 * both: of f. Not clamped. */
ImpStatus imp_code_repaint(const ImpCodeRun *run, const float *matrix, const float *bias, float *out, ImpError *error);

#endif
