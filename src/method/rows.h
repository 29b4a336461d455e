/* Rows of parameter tables that several methods have, written down once. */
#ifndef IMP_METHOD_ROWS_H
#define IMP_METHOD_ROWS_H

#include "impasto/parameter.h"
#include "network/model_input.h"

#define IMP_ROW_THREADS                                                                                                \
    {                                                                                                                  \
        .name = "threads", .letter = 't', .type = IMP_PARAM_INTEGER, .fallback = "0", .minimum = 0, .maximum = 1024,   \
        .group = "Run", .help = "0 takes all processors; the result is the same for any number",                       \
        .aliases = "num-threads", .run_only = true                                                                     \
    }

/* Its choices are those of ImpInputConvention, in order: auto, torchvision, caffe. */
#define IMP_ROW_MODEL_INPUT                                                                                            \
    {                                                                                                                  \
        .name = "model-input", .type = IMP_PARAM_CHOICE, .fallback = "auto", .choices = "auto|torchvision|caffe",      \
        .group = "Network", .help = "how the weights expect pictures; auto finds out from the file"                    \
    }
/* What it was set to. */
ImpInputConvention imp_row_model_input(const ImpParams *params);

#endif
