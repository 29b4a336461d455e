#include "base/bundle.h"

#include "base/error.h"
#include "base/memory.h"
#include <stdbool.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[IMP_DTYPE_COUNT] = {
    [IMP_DTYPE_F32] = {"F32", 4},   [IMP_DTYPE_F64] = {"F64", 8}, [IMP_DTYPE_F16] = {"F16", 2},
    [IMP_DTYPE_BF16] = {"BF16", 2}, [IMP_DTYPE_I64] = {"I64", 8}, [IMP_DTYPE_I32] = {"I32", 4},
    [IMP_DTYPE_I16] = {"I16", 2},   [IMP_DTYPE_I8] = {"I8", 1},   [IMP_DTYPE_U8] = {"U8", 1},
    [IMP_DTYPE_BOOL] = {"BOOL", 1}, [IMP_DTYPE_U64] = {"U64", 8},
};

size_t imp_dtype_size(ImpDtype dtype) {
    return dtypes[dtype].size;
}

const char *imp_dtype_name(ImpDtype dtype) {
    return dtypes[dtype].name;
}

ImpStatus imp_bundle_new(ImpBundle **out, ImpError *error) {
    return IMP_ALLOC(out, 1, "bundle", error);
}

void imp_bundle_free(ImpBundle **bundle) {
    ImpBundle *b = *bundle;
    if (!b) return;
    for (size_t i = 0; i < b->count; i++) {
        imp_free(b->arrays[i].name);
        imp_free(b->arrays[i].data);
    }
    for (size_t i = 0; i < b->n_metadata; i++) {
        imp_free(b->keys[i]);
        imp_free(b->values[i]);
    }
    imp_free(b->arrays);
    imp_free(b->keys);
    imp_free(b->values);
    imp_free(b);
    *bundle = NULL;
}

/* FNV-1a. */
static uint64_t hash_name(const char *name) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return hash;
}

const ImpArray *imp_bundle_find(const ImpBundle *bundle, const char *name) {
    uint64_t hash = hash_name(name);
    for (size_t i = 0; i < bundle->count; i++)
        if (bundle->arrays[i].name_hash == hash && strcmp(bundle->arrays[i].name, name) == 0) return &bundle->arrays[i];
    return NULL;
}

static ImpStatus count_elements(const char *name, int rank, const int64_t *dims, size_t *out, ImpError *error) {
    if (rank < 0 || rank > IMP_MAX_RANK)
        return imp_fail(error, IMP_ERROR_FORMAT, "the array %s has %d dimensions; at most %d are known", name, rank,
                        IMP_MAX_RANK);
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        if (dims[i] < 0 || !imp_multiply(count, (size_t)dims[i], &count))
            return imp_fail(error, IMP_ERROR_FORMAT, "the array %s has an impossible shape", name);
    *out = count;
    return IMP_OK;
}

static ImpStatus grow(ImpBundle *bundle, ImpError *error) {
    if (bundle->count < bundle->capacity) return IMP_OK;
    size_t capacity = bundle->capacity ? 2 * bundle->capacity : 16;
    ImpArray *arrays = imp_realloc(bundle->arrays, bundle->count, capacity, sizeof *arrays);
    if (!arrays) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a list of arrays");
    bundle->arrays = arrays;
    bundle->capacity = capacity;
    return IMP_OK;
}

ImpStatus imp_bundle_add(ImpBundle *bundle, const char *name, ImpDtype dtype, int rank, const int64_t *dims,
                         const void *data, ImpArray **out, ImpError *error) {
    if (imp_bundle_find(bundle, name)) return imp_fail(error, IMP_ERROR_FORMAT, "the array %s is there twice", name);
    ImpArray array = {.name_hash = hash_name(name), .dtype = dtype, .rank = rank};
    ImpStatus status = count_elements(name, rank, dims, &array.count, error);
    if (status == IMP_OK) status = grow(bundle, error);
    if (status != IMP_OK) return status;
    for (int i = 0; i < rank; i++) array.dims[i] = dims[i];
    array.name = imp_strdup(name);
    array.data = imp_alloc(array.count, imp_dtype_size(dtype));
    if (!array.name || !array.data) {
        imp_free(array.name);
        imp_free(array.data);
        return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the array %s", name);
    }
    if (data && array.count) memcpy(array.data, data, array.count * imp_dtype_size(dtype));
    bundle->arrays[bundle->count++] = array;
    if (out) *out = &bundle->arrays[bundle->count - 1];
    return IMP_OK;
}

ImpStatus imp_bundle_add_flat(ImpBundle *bundle, const char *name, ImpDtype dtype, size_t count, const void *data,
                              ImpError *error) {
    int64_t dims[1] = {(int64_t)count};
    return imp_bundle_add(bundle, name, dtype, 1, dims, data, NULL, error);
}

ImpStatus imp_bundle_get(const ImpBundle *bundle, const char *name, ImpDtype dtype, size_t count, const void **out,
                         ImpError *error) {
    const ImpArray *array = imp_bundle_find(bundle, name);
    if (!array) return imp_fail(error, IMP_ERROR_FORMAT, "the array %s is missing", name);
    if (array->dtype != dtype || array->count != count)
        return imp_fail(error, IMP_ERROR_FORMAT, "the array %s holds %zu values of %s where %zu of %s are needed", name,
                        array->count, imp_dtype_name(array->dtype), count, imp_dtype_name(dtype));
    *out = array->data;
    return IMP_OK;
}

static bool replace_text(char **slot, const char *text) {
    char *copy = imp_strdup(text);
    if (!copy) return false;
    imp_free(*slot);
    *slot = copy;
    return true;
}

/* One more empty pair at the end of the metadata. */
static bool add_pair(ImpBundle *bundle) {
    char **keys = imp_realloc(bundle->keys, bundle->n_metadata, bundle->n_metadata + 1, sizeof *keys);
    if (!keys) return false;
    bundle->keys = keys;
    char **values = imp_realloc(bundle->values, bundle->n_metadata, bundle->n_metadata + 1, sizeof *values);
    if (!values) return false;
    bundle->values = values;
    return true;
}

ImpStatus imp_bundle_set_metadata(ImpBundle *bundle, const char *key, const char *value, ImpError *error) {
    for (size_t i = 0; i < bundle->n_metadata; i++)
        if (strcmp(bundle->keys[i], key) == 0)
            return replace_text(&bundle->values[i], value) ? IMP_OK
                                                           : imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
    char *new_key = imp_strdup(key), *new_value = imp_strdup(value);
    if (!new_key || !new_value || !add_pair(bundle)) {
        imp_free(new_key);
        imp_free(new_value);
        return imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
    }
    bundle->keys[bundle->n_metadata] = new_key;
    bundle->values[bundle->n_metadata++] = new_value;
    return IMP_OK;
}

ImpStatus imp_bundle_set_notes(ImpBundle *bundle, const ImpNote *notes, size_t n, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < n && status == IMP_OK; i++)
        status = imp_bundle_set_metadata(bundle, notes[i].key, notes[i].value, error);
    return status;
}

const char *imp_bundle_metadata(const ImpBundle *bundle, const char *key) {
    for (size_t i = 0; i < bundle->n_metadata; i++)
        if (strcmp(bundle->keys[i], key) == 0) return bundle->values[i];
    return NULL;
}
