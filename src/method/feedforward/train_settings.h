/* The parameters of `train style`, read. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_SETTINGS_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_SETTINGS_H

#include "impasto/parameter.h"
#include "network/model_input.h"
#include "optimiser/schedule.h"
#include <stdbool.h>

enum { IMP_TRAIN_ROWS = 32, IMP_TRAIN_MAX_LAYERS = 16 };
extern const ImpParam imp_train_rows[IMP_TRAIN_ROWS];

typedef struct ImpTrainLayers {
    ImpLayerWeight list[IMP_TRAIN_MAX_LAYERS];
    size_t count;
} ImpTrainLayers;

typedef struct ImpTrainSettings {
    const char *style, *photos, *output;
    double content_weight, style_weight, tv_weight;
    ImpTrainLayers content_layers, style_layers; /* those that count */
    int style_size;
    const char *model;
    ImpInputConvention model_input;
    double width;
    int residuals;
    bool half;
    int64_t steps;
    int batch, crop, accumulate;
    double largest; /* photographs' short side in crops */
    uint64_t seed;
    ImpSchedule schedule;
    double weight_decay, clip, average_decay;
    const char *checkpoint, *resume, *sample; /* checkpoint NULL: beside the output */
    int64_t checkpoint_every, sample_every;
} ImpTrainSettings;

/* Texts belong to params. What does not fit together is IMP_ERROR_ARGUMENT. */
ImpStatus imp_train_settings_read(const ImpParams *params, ImpTrainSettings *s, ImpError *error);

#endif
