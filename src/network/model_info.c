#include "impasto/model.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "network/model_examine.h"
#include "network/model_open.h"
#include "weights/weights.h"
#include <string.h>

_Static_assert((int)IMP_MODEL_MAX_RANK == (int)IMP_MAX_RANK, "the public rank is the bundle's");
_Static_assert((int)IMP_MODEL_HASH_SIZE == (int)IMP_SHA256_TEXT, "the public hash is the hash");

/* Takes the names and shapes over from the bundle, so that nothing is copied. */
static ImpStatus take_arrays(ImpModelInfo *info, ImpBundle *bundle, ImpError *error) {
    ImpStatus status = IMP_ALLOC(&info->arrays, bundle->count, "list of arrays", error);
    if (status != IMP_OK) return status;
    info->n_arrays = bundle->count;
    for (size_t i = 0; i < bundle->count; i++) {
        ImpArray *array = &bundle->arrays[i];
        info->arrays[i] =
            (ImpModelArray){.name = array->name, .dtype = imp_dtype_name(array->dtype), .rank = array->rank};
        memcpy(info->arrays[i].dims, array->dims, sizeof array->dims);
        array->name = NULL;
    }
    info->keys = bundle->keys;
    info->values = bundle->values;
    info->n_metadata = bundle->n_metadata;
    bundle->keys = bundle->values = NULL;
    bundle->n_metadata = 0;
    return IMP_OK;
}

/* The path, or the name of what is built in. */
static ImpStatus take_name(ImpModelInfo *info, const ImpModelBytes *model, ImpError *error) {
    info->built_in = model->builtin != NULL;
    info->name = imp_strdup(info->built_in ? model->builtin->name : model->name);
    if (!info->built_in) info->path = imp_strdup(model->name);
    if (info->name && (info->path || info->built_in)) return IMP_OK;
    return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the name of a model");
}

static ImpStatus examine(ImpModelInfo *info, const ImpModelBytes *model, ImpInputConvention wanted, ImpError *error) {
    ImpBundle *bundle = NULL;
    info->size = model->size;
    info->format = imp_weights_format_name(imp_weights_recognise(model->data, model->size));
    ImpStatus status = take_name(info, model, error);
    if (status == IMP_OK) status = imp_weights_parse(model->data, model->size, model->name, &bundle, error);
    if (status == IMP_OK) status = imp_sha256(model->data, model->size, info->sha256, error);
    if (status == IMP_OK) status = imp_model_examine(bundle, model->name, wanted, info, error);
    if (status == IMP_OK) status = take_arrays(info, bundle, error);
    imp_bundle_free(&bundle);
    return status;
}

ImpStatus imp_model_info(const char *model, const char *input, ImpModelInfo **out, ImpError *error) {
    *out = NULL;
    ImpInputConvention wanted;
    ImpModelInfo *info = NULL;
    ImpModelBytes bytes = {0};
    ImpStatus status = imp_input_convention_parse(input ? input : "auto", &wanted, error);
    if (status == IMP_OK) status = IMP_ALLOC(&info, 1, "description of a model", error);
    if (status != IMP_OK) return status;
    status = imp_model_open(model, &bytes, error);
    if (status == IMP_OK) status = examine(info, &bytes, wanted, error);
    imp_model_close(&bytes);
    if (status == IMP_OK)
        *out = info;
    else
        imp_model_info_free(&info);
    return status;
}

void imp_model_info_free(ImpModelInfo **info) {
    ImpModelInfo *i = *info;
    if (!i) return;
    for (size_t k = 0; k < i->n_arrays; k++) imp_free(i->arrays[k].name);
    for (size_t k = 0; k < i->n_metadata; k++) {
        imp_free(i->keys[k]);
        imp_free(i->values[k]);
    }
    imp_free(i->arrays);
    imp_free(i->keys);
    imp_free(i->values);
    imp_free(i->architecture);
    imp_free(i->problem);
    imp_free(i->path);
    imp_free(i->name);
    imp_free(i);
    *info = NULL;
}
