#include "method/feedforward/train_checkpoint.h"

#include "base/error.h"
#include "base/memory.h"
#include "method/checkpoint_file.h"
#include "weights/weights.h"
#include <math.h>
#include <string.h>

static const char good_prefix[] = "good.";

static ImpCheckpointKind kind_of(const ImpTrainOrigin *origin) {
    const ImpTrainTaskType *type = origin->task->type;
    return (ImpCheckpointKind){type->format, type->command};
}

/* Files count by what is in them. The rows of the table that are not the training's own (log, quiet, help) do not count
 * either. */
bool imp_train_option_counts(const ImpTraining *training, const ImpParams *params, const char *name) {
    static const char *const free_names[] = {"half", "model", "teacher"};
    const ImpParam *row = imp_param_find(&training->params, name);
    if (!row || row->run_only || row->type == IMP_PARAM_FILE_IN || row->type == IMP_PARAM_FILE_OUT) return false;
    for (size_t i = 0; i < sizeof free_names / sizeof *free_names; i++)
        if (strcmp(free_names[i], name) == 0) return false;
    /* A training with a constant rate can be made longer. */
    return strcmp(name, "steps") != 0 || imp_params_choice(params, "schedule") != 0;
}

/* Something that two checkpoints of the same training have in common. */
typedef struct Trait {
    const char *key, *value;
    const char *option; /* NULL for files */
    const char *phrase; /* of a file: "painting" */
} Trait;

typedef ImpStatus (*VisitTrait)(void *context, const Trait *trait, ImpError *error);

static ImpStatus visit_traits(const ImpTrainOrigin *origin, VisitTrait visit, void *context, ImpError *error) {
    const ImpTrainTask *task = origin->task;
    const ImpParamTable *table = imp_params_table(origin->params);
    Trait photos = {"photos_fingerprint", origin->photos, NULL, "set of photographs"};
    ImpStatus status = visit(context, &photos, error);
    for (size_t i = 0; i < task->n_traits && status == IMP_OK; i++) {
        Trait trait = {task->traits[i].key, task->traits[i].value, NULL, task->traits[i].phrase};
        status = visit(context, &trait, error);
    }
    for (size_t i = 0; i < table->count && status == IMP_OK; i++) {
        const char *name = table->rows[i].name, *value = imp_params_text(origin->params, name);
        if (!imp_train_option_counts(task->type->training, origin->params, name)) continue;
        char *key = imp_format("option.%s", name);
        Trait trait = {key, value ? value : "", name, NULL};
        status =
            key ? visit(context, &trait, error) : imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a checkpoint");
        imp_free(key);
    }
    return status;
}

static ImpStatus keep_trait(void *context, const Trait *trait, ImpError *error) {
    return imp_bundle_set_metadata(context, trait->key, trait->value, error);
}

static ImpStatus add_good(ImpBundle *bundle, const ImpBundle *good, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < good->count && status == IMP_OK; i++) {
        const ImpArray *array = &good->arrays[i];
        char *name = imp_format("%s%s", good_prefix, array->name);
        status = name ? imp_bundle_add(bundle, name, array->dtype, array->rank, array->dims, array->data, NULL, error)
                      : imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a checkpoint");
        imp_free(name);
    }
    return status;
}

ImpStatus imp_train_checkpoint_write(const char *path, const ImpTrainOrigin *origin, const ImpTrainState *state,
                                     ImpError *error) {
    ImpBundle *bundle = NULL;
    ImpCheckpointKind kind = kind_of(origin);
    ImpStatus status = imp_checkpoint_file_new(&kind, &bundle, error);
    if (status == IMP_OK) status = visit_traits(origin, keep_trait, bundle, error);
    if (status == IMP_OK) status = imp_train_state_save(state, bundle, error);
    if (status == IMP_OK) status = add_good(bundle, state->good, error);
    if (status == IMP_OK) status = imp_safetensors_write(bundle, path, false, error);
    imp_bundle_free(&bundle);
    return status;
}

typedef struct Comparison {
    const char *path;
    const ImpBundle *bundle;
} Comparison;

static ImpStatus compare_trait(void *context, const Trait *trait, ImpError *error) {
    const Comparison *comparison = context;
    const char *kept = imp_bundle_metadata(comparison->bundle, trait->key), *option = trait->option;
    if (kept && strcmp(kept, trait->value) == 0) return IMP_OK;
    if (!kept && option && strcmp(option, "steps") == 0) return IMP_OK; /* the schedule differs, which is said */
    if (option) return imp_checkpoint_option_differs(comparison->path, option, kept, trait->value, error);
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "%.200s was made with another %s; give the same, or start without resume", comparison->path,
                    trait->phrase);
}

/* The part of the bundle that was the state some steps ago. */
static ImpStatus take_good(const ImpBundle *bundle, ImpBundle **out, ImpError *error) {
    size_t length = strlen(good_prefix);
    ImpStatus status = imp_bundle_new(out, error);
    for (size_t i = 0; i < bundle->count && status == IMP_OK; i++) {
        const ImpArray *array = &bundle->arrays[i];
        if (strncmp(array->name, good_prefix, length) != 0) continue;
        status = imp_bundle_add(*out, array->name + length, array->dtype, array->rank, array->dims, array->data, NULL,
                                error);
    }
    return status;
}

/* The good state is checked by loading it, before the state itself is. */
static ImpStatus take_state(const ImpBundle *bundle, ImpTrainState *state, ImpError *error) {
    ImpBundle *good = NULL;
    ImpStatus status = take_good(bundle, &good, error);
    if (status == IMP_OK) status = imp_train_state_load(state, good, error);
    if (status == IMP_OK) status = imp_train_state_load(state, bundle, error);
    if (status == IMP_OK) {
        imp_bundle_free(&state->good);
        state->good = good;
        good = NULL;
    }
    imp_bundle_free(&good);
    return status;
}

ImpStatus imp_train_checkpoint_read(const char *path, const ImpTrainOrigin *origin, ImpTrainState *state,
                                    ImpError *error) {
    ImpBundle *bundle;
    ImpError reason = {0};
    ImpCheckpointKind kind = kind_of(origin);
    ImpStatus status = imp_checkpoint_file_read(&kind, path, &bundle, error);
    if (status != IMP_OK) return status;
    Comparison comparison = {path, bundle};
    status = visit_traits(origin, compare_trait, &comparison, error);
    if (status == IMP_OK) {
        status = take_state(bundle, state, &reason);
        if (status != IMP_OK) imp_fail(error, status, "%.200s: %.700s", path, reason.message);
    }
    imp_bundle_free(&bundle);
    return status;
}

/* --- beginning with what another training learned ------------------------------------------------------------------
 */

static ImpStatus start_from_checkpoint(ImpTrainTask *task, const ImpBundle *bundle, ImpError *error) {
    const char *path = task->settings.start;
    const ImpArray *values = imp_bundle_find(bundle, "average.values");
    if (!values) values = imp_bundle_find(bundle, "values");
    if (!values || values->dtype != IMP_DTYPE_F32 || values->count != task->count)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "start: %.200s is the checkpoint of a network of another size; give the options of its size "
                        "that it was trained with",
                        path);
    const float *from = values->data;
    for (size_t i = 0; i < task->count; i++) {
        if (!isfinite(from[i]))
            return imp_fail(error, IMP_ERROR_FORMAT, "start: the weights in %.200s are not finite; it is damaged",
                            path);
        task->values[i] = from[i];
    }
    return IMP_OK;
}

ImpStatus imp_train_start(ImpTrainTask *task, ImpError *error) {
    const char *path = task->settings.start;
    ImpBundle *bundle;
    if (!path) return IMP_OK;
    ImpStatus status = imp_weights_read(path, &bundle, error);
    if (status != IMP_OK) return status;
    if (imp_checkpoint_file_is(bundle))
        status = start_from_checkpoint(task, bundle, error);
    else if (task->type->start)
        status = task->type->start(task, bundle, path, error);
    else
        status = imp_fail(error, IMP_ERROR_ARGUMENT,
                          "start: %.200s is no checkpoint; give one that %s wrote (its file ends in .checkpoint)", path,
                          task->type->command);
    if (status == IMP_OK) status = imp_sha256_file(path, task->start_sha256, error);
    imp_train_add_trait(task, "start_sha256", task->start_sha256, "file to start from");
    imp_bundle_free(&bundle);
    return status;
}
