/* Rows of parameter tables for methods that optimise a picture, written down once. */
#ifndef IMP_METHOD_DESCENT_ROWS_H
#define IMP_METHOD_DESCENT_ROWS_H

#include "method/rows.h"
#include <math.h>

#define IMP_ROW_SEED                                                                                                   \
    {                                                                                                                  \
        .name = "seed", .type = IMP_PARAM_INTEGER, .fallback = "0", .minimum = 0, .maximum = 9007199254740992.0,       \
        .group = "Picture", .help = "of the noise; the same seed gives the same picture"                               \
    }

#define IMP_ROW_POOLING                                                                                                \
    {                                                                                                                  \
        .name = "pooling", .type = IMP_PARAM_CHOICE, .fallback = "max", .choices = "max|average", .group = "Network",  \
        .help = "how the network halves sizes; average gives slightly smoother pictures"                               \
    }

/* Its choices are those of ImpPadding, in order. */
#define IMP_ROW_PADDING                                                                                                \
    {                                                                                                                  \
        .name = "padding", .type = IMP_PARAM_CHOICE, .fallback = "replicate",                                          \
        .choices = "zero|replicate|reflect|circular", .group = "Network",                                              \
        .help = "what the network sees around the picture; replicate and reflect avoid odd colours at the edge; with " \
                "circular the result can be laid side by side, if its sides are multiples of 16"                       \
    }

/* Those of the optimiser and of checkpoints, which imp_descent_settings_read takes. */
#define IMP_ROW_OPTIMIZER                                                                                              \
    {                                                                                                                  \
        .name = "optimizer", .type = IMP_PARAM_CHOICE, .fallback = "lbfgs", .choices = "lbfgs|adam",                   \
        .group = "Optimizer", .help = "lbfgs needs fewer evaluations, adam less memory", .aliases = "optimiser"        \
    }

#define IMP_ROW_HISTORY                                                                                                \
    {                                                                                                                  \
        .name = "history", .type = IMP_PARAM_INTEGER, .fallback = "20", .minimum = 1, .maximum = 10000,                \
        .group = "Optimizer", .help = "steps that lbfgs remembers; more converges faster and takes more memory",       \
        .aliases = "lbfgs-num-correction"                                                                              \
    }

#define IMP_ROW_LINE_SEARCH                                                                                            \
    {                                                                                                                  \
        .name = "line-search", .type = IMP_PARAM_CHOICE, .fallback = "none", .choices = "none|strong-wolfe",           \
        .group = "Optimizer", .help = "strong-wolfe makes lbfgs descend steadily, for some more evaluations a step"    \
    }

#define IMP_ROW_TOLERANCE_GRADIENT                                                                                     \
    {                                                                                                                  \
        .name = "tolerance-gradient", .type = IMP_PARAM_REAL, .fallback = "1e-7", .minimum = -1, .maximum = INFINITY,  \
        .group = "Optimizer", .help = "lbfgs is done when no pixel's gradient exceeds this; -1 is never"               \
    }

#define IMP_ROW_TOLERANCE_CHANGE                                                                                       \
    {                                                                                                                  \
        .name = "tolerance-change", .type = IMP_PARAM_REAL, .fallback = "1e-9", .minimum = -1, .maximum = INFINITY,    \
        .group = "Optimizer", .help = "lbfgs is done when the loss or all pixels change by less; -1 is never"          \
    }

#define IMP_ROW_CHECKPOINT                                                                                             \
    {                                                                                                                  \
        .name = "checkpoint", .type = IMP_PARAM_FILE_OUT, .run_only = true, .group = "Run",                            \
        .help = "keep the state of the run in FILE, for --resume; written at the end, when stopped, and as below"      \
    }

#define IMP_ROW_CHECKPOINT_EVERY                                                                                       \
    {                                                                                                                  \
        .name = "checkpoint-every", .type = IMP_PARAM_INTEGER, .fallback = "0", .minimum = 0, .maximum = 1e9,          \
        .run_only = true, .unit = "evaluations", .group = "Run",                                                       \
        .help = "also write the checkpoint as often as this; 0 is not"                                                 \
    }

#define IMP_ROW_RESUME                                                                                                 \
    {                                                                                                                  \
        .name = "resume", .type = IMP_PARAM_FILE_IN, .run_only = true, .group = "Run",                                 \
        .help = "continue from a checkpoint of the same pictures and settings, to the same result to the bit"          \
    }

#endif
