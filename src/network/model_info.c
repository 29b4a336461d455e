#include "impasto/model.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "network/catalogue.h"
#include "network/model_examine.h"
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

static ImpStatus examine(ImpModelInfo *info, const ImpFileView *view, ImpInputConvention wanted, ImpError *error) {
    ImpBundle *bundle = NULL;
    info->size = view->size;
    info->format = imp_weights_format_name(imp_weights_recognise(view->data, view->size));
    ImpStatus status = imp_weights_parse(view->data, view->size, info->path, &bundle, error);
    if (status == IMP_OK) status = imp_sha256(view->data, view->size, info->sha256, error);
    if (status == IMP_OK) status = imp_model_examine(bundle, wanted, info, error);
    if (status == IMP_OK) status = take_arrays(info, bundle, error);
    imp_bundle_free(&bundle);
    return status;
}

ImpStatus imp_model_info(const char *model, const char *input, ImpModelInfo **out, ImpError *error) {
    *out = NULL;
    ImpInputConvention wanted;
    ImpModelInfo *info = NULL;
    ImpFileView view = {0};
    ImpStatus status = imp_input_convention_parse(input ? input : "auto", &wanted, error);
    if (status == IMP_OK) status = IMP_ALLOC(&info, 1, "description of a model", error);
    if (status != IMP_OK) return status;
    status = imp_model_resolve(model, &info->path, error);
    if (status == IMP_OK) status = imp_file_map(info->path, &view, error);
    if (status == IMP_OK) status = examine(info, &view, wanted, error);
    imp_file_unmap(&view);
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
    imp_free(i);
    *info = NULL;
}
