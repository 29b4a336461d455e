/* What every training is told: the parameters of train_rows.h, read. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_SETTINGS_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_SETTINGS_H

#include "impasto/parameter.h"
#include "impasto/status.h"
#include "optimiser/schedule.h"
#include <stdbool.h>

enum { IMP_TRAIN_MAX_ROWS = 48, IMP_TRAIN_MAX_LAYERS = 16 };

typedef struct ImpTrainLayers {
    ImpLayerWeight list[IMP_TRAIN_MAX_LAYERS];
    size_t count;
} ImpTrainLayers;

typedef struct ImpTrainSettings {
    const char *photos, *output;
    const char *start; /* whose weights to begin with; NULL: new ones */
    bool half;
    int64_t steps;
    int batch, crop, accumulate;
    double largest; /* photographs' short side in crops */
    uint64_t seed;
    ImpSchedule schedule;
    double weight_decay, clip, average_decay;
    const char *checkpoint, *resume, *sample; /* checkpoint NULL: beside the output; sample NULL: none */
    int64_t checkpoint_every, sample_every;
} ImpTrainSettings;

/* Texts belong to params. What does not fit together is IMP_ERROR_ARGUMENT. crop must be a multiple of `unit`. */
ImpStatus imp_train_settings_read(const ImpParams *params, int unit, ImpTrainSettings *s, ImpError *error);

/* Of the parameter `name`, the layers that count: those with a weight above 0, where `weight` is too. */
ImpStatus imp_train_layers_read(const ImpParams *params, const char *name, double weight, ImpTrainLayers *out,
                                ImpError *error);

#endif
