#include "method/feedforward/train_settings.h"

#include "base/error.h"
#include "image/photos.h"
#include <string.h>

_Static_assert(IMP_PHOTOS_MAX_BATCH >= 64, "the largest batch");

ImpStatus imp_train_layers_read(const ImpParams *params, const char *name, double weight, ImpTrainLayers *out,
                                ImpError *error) {
    size_t count;
    const ImpLayerWeight *list = imp_params_layers(params, name, &count);
    out->count = 0;
    for (size_t i = 0; i < count && weight > 0; i++) {
        if (list[i].weight == 0) continue;
        if (strcmp(list[i].layer, "image") == 0)
            return imp_fail(error, IMP_ERROR_ARGUMENT, "%s: image is no layer; give layers such as relu1_2", name);
        if (out->count == IMP_TRAIN_MAX_LAYERS)
            return imp_fail(error, IMP_ERROR_ARGUMENT, "%s names more than %d layers", name, IMP_TRAIN_MAX_LAYERS);
        out->list[out->count++] = list[i];
    }
    return IMP_OK;
}

static ImpStatus read_files(const ImpParams *params, ImpTrainSettings *s, ImpError *error) {
    bool sheets = imp_param_find(imp_params_table(params), "sample") != NULL;
    s->photos = imp_params_text(params, "photos");
    s->output = imp_params_text(params, "output");
    s->start = imp_params_text(params, "start");
    s->checkpoint = imp_params_text(params, "checkpoint");
    s->resume = imp_params_text(params, "resume");
    s->sample = sheets ? imp_params_text(params, "sample") : NULL;
    s->sample_every = sheets ? imp_params_integer(params, "sample-every") : 0;
    s->checkpoint_every = imp_params_integer(params, "checkpoint-every");
    if (!s->photos)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "there are no photographs to learn on: give --photos FOLDER");
    if (!s->output)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "there is no place for the network: give -o FILE.safetensors");
    return IMP_OK;
}

static ImpStatus read_optimiser(const ImpParams *params, ImpTrainSettings *s, ImpError *error) {
    static const ImpScheduleKind kinds[] = {IMP_SCHEDULE_CONSTANT, IMP_SCHEDULE_LINEAR, IMP_SCHEDULE_COSINE};
    s->steps = imp_params_integer(params, "steps");
    s->schedule = (ImpSchedule){.kind = kinds[imp_params_choice(params, "schedule")],
                                .rate = imp_params_real(params, "learning-rate"),
                                .steps = s->steps,
                                .warmup = imp_params_integer(params, "warmup")};
    s->weight_decay = imp_params_real(params, "weight-decay");
    s->clip = imp_params_real(params, "clip");
    s->average_decay = imp_params_real(params, "average-decay");
    return imp_schedule_check(&s->schedule, error);
}

ImpStatus imp_train_settings_read(const ImpParams *params, int unit, ImpTrainSettings *s, ImpError *error) {
    *s = (ImpTrainSettings){.half = imp_params_flag(params, "half"),
                            .batch = (int)imp_params_integer(params, "batch"),
                            .crop = (int)imp_params_integer(params, "crop"),
                            .accumulate = (int)imp_params_integer(params, "accumulate"),
                            .largest = imp_params_real(params, "largest"),
                            .seed = (uint64_t)imp_params_integer(params, "seed")};
    if (s->crop % unit != 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "crop is %d pixels; give a multiple of %d, which is what the network works in", s->crop, unit);
    ImpStatus status = read_files(params, s, error);
    return status == IMP_OK ? read_optimiser(params, s, error) : status;
}
