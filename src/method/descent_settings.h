/* How a picture is optimised, whatever it is that is minimised: what methods that work by evaluations share of their
 * options. Rows of their tables are in descent_rows.h. */
#ifndef IMP_METHOD_DESCENT_SETTINGS_H
#define IMP_METHOD_DESCENT_SETTINGS_H

#include "impasto/method.h"

enum { IMP_DESCENT_MAX_SCALES = 64 };

/* One step of the way from coarse to fine. */
typedef struct ImpDescentScale {
    int width, height; /* pixels that are worked at */
    int long_side;     /* that this scale stands for */
    int64_t evaluations;
} ImpDescentScale;

/* The outcome of one evaluation, weighted. */
typedef struct ImpDescentLosses {
    double total;
    double parts[IMP_MAX_METRICS - 1]; /* what part_names say */
} ImpDescentLosses;

/* Texts belong to the ImpParams that the settings were read from. */
typedef struct ImpDescentSettings {
    ImpDescentScale scales[IMP_DESCENT_MAX_SCALES];
    int n_scales; /* at least 1 */

    bool adam, strong_wolfe;
    double learning_rate;
    int history;
    double tolerance_gradient, tolerance_change;
    bool clamp, bytes;    /* at every evaluation; the numbers are 0-255 around the mean, see ImpPixelSpace */
    double average_decay; /* 0: the result is the best step */

    const char *checkpoint, *resume; /* paths, or NULL */
    int64_t checkpoint_every;        /* evaluations; 0: no */

    const char *const *part_names; /* (n_parts) of the losses besides the total, for reports */
    size_t n_parts;                /* at most IMP_MAX_METRICS - 1 */
} ImpDescentSettings;

/* Reads the options of the optimiser and of checkpoints, not the scales and names. A checkpoint-every without a
 * checkpoint, and a line search for Adam, are IMP_ERROR_ARGUMENT. */
ImpStatus imp_descent_settings_read(const ImpParams *params, ImpDescentSettings *settings, ImpError *error);

#endif
