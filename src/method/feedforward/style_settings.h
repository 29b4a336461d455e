/* The parameters of `train style`, beyond those of every training. */
#ifndef IMP_METHOD_FEEDFORWARD_STYLE_SETTINGS_H
#define IMP_METHOD_FEEDFORWARD_STYLE_SETTINGS_H

#include "method/feedforward/train_settings.h"
#include "network/model_input.h"

enum { IMP_TRAIN_STYLE_ROWS = 33 };
extern const ImpParam imp_train_style_rows[IMP_TRAIN_STYLE_ROWS];

typedef struct ImpTrainStyleSettings {
    const char *style;
    double content_weight, style_weight, tv_weight;
    ImpTrainLayers content_layers, style_layers; /* those that count */
    int style_size;
    const char *model;
    ImpInputConvention model_input;
    double width;
    int residuals;
} ImpTrainStyleSettings;

/* Texts belong to params. What does not fit together is IMP_ERROR_ARGUMENT. */
ImpStatus imp_train_style_settings_read(const ImpParams *params, ImpTrainStyleSettings *s, ImpError *error);

#endif
