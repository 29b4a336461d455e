#include "weights/torch_tensors.h"

#include "base/error.h"
#include "base/memory.h"
#include "weights/limits.h"
#include "weights/text.h"
#include <stdio.h>
#include <string.h>

enum Function { ORDERED_DICT, REBUILD_TENSOR, REBUILD_TENSOR_V2, REBUILD_PARAMETER, FIRST_STORAGE };

const ImpPickleGlobal imp_torch_globals[] = {
    [ORDERED_DICT] = {"collections", "OrderedDict", true},
    [REBUILD_TENSOR] = {"torch._utils", "_rebuild_tensor", false}, /* before 0.4 */
    [REBUILD_TENSOR_V2] = {"torch._utils", "_rebuild_tensor_v2", false},
    [REBUILD_PARAMETER] = {"torch._utils", "_rebuild_parameter", false},
    [FIRST_STORAGE] = {"torch", "FloatStorage", false},
    {"torch", "DoubleStorage", false},
    {"torch", "HalfStorage", false},
    {"torch", "BFloat16Storage", false},
    {"torch", "LongStorage", false},
    {"torch", "IntStorage", false},
    {"torch", "ShortStorage", false},
    {"torch", "CharStorage", false},
    {"torch", "ByteStorage", false},
    {"torch", "BoolStorage", false},
};
const size_t imp_n_torch_globals = sizeof imp_torch_globals / sizeof *imp_torch_globals;

/* From FIRST_STORAGE on. */
static const ImpDtype storage_dtypes[] = {IMP_DTYPE_F32, IMP_DTYPE_F64, IMP_DTYPE_F16, IMP_DTYPE_BF16, IMP_DTYPE_I64,
                                          IMP_DTYPE_I32, IMP_DTYPE_I16, IMP_DTYPE_I8,  IMP_DTYPE_U8,   IMP_DTYPE_BOOL};
_Static_assert(sizeof storage_dtypes / sizeof *storage_dtypes ==
                   sizeof imp_torch_globals / sizeof *imp_torch_globals - FIRST_STORAGE,
               "one type for each storage class");

enum { MAX_DEPTH = 32 };

/* A tensor as the pickle describes it, all in elements. */
typedef struct Tensor {
    ImpTorchStorage storage;
    size_t offset;
    int rank;
    int64_t dims[IMP_MAX_RANK];
    size_t strides[IMP_MAX_RANK];
    size_t count;
} Tensor;

/* The walk through the nested containers. */
typedef struct Walk {
    const ImpPickle *pickle;
    const ImpTorchSource *source;
    ImpBundle *bundle;
    char name[IMP_WEIGHTS_MAX_NAME + 1]; /* of the value now visited */
    size_t name_length;
    size_t visits_left;
    size_t bytes; /* of all arrays so far */
    ImpError *error;
} Walk;

/* ---- storages ---- */

static ImpStatus bad_storage(const char *name, ImpError *error) {
    return imp_fail(error, IMP_ERROR_FORMAT,
                    "%s refers to a storage in a way that torch.save does not: the file is broken", name);
}

static bool size_of(const ImpPickleValue *value, size_t *out) {
    if (!value || value->kind != IMP_PICKLE_INTEGER || value->as.integer < 0) return false;
    *out = (size_t)value->as.integer;
    return true;
}

/* Before 0.4 a storage could be a part of another: (key of the part, offset, size). */
static bool read_view(const ImpPickle *pickle, const ImpPickleValue *view, ImpTorchStorage *out) {
    out->view_at = 0;
    out->view_count = out->count;
    if (!view || view->kind == IMP_PICKLE_NONE) return true;
    if (!size_of(imp_pickle_item(pickle, view, 1), &out->view_at)) return false;
    if (!size_of(imp_pickle_item(pickle, view, 2), &out->view_count)) return false;
    return out->view_at <= out->count && out->view_count <= out->count - out->view_at;
}

ImpStatus imp_torch_storage(const ImpPickle *pickle, const ImpPickleValue *value, const char *name,
                            ImpTorchStorage *out, ImpError *error) {
    if (!value || value->kind != IMP_PICKLE_PERSISTENT) return bad_storage(name, error);
    const ImpPickleValue *tuple = &pickle->values[value->as.item];
    const ImpPickleValue *class = imp_pickle_item(pickle, tuple, 1), *key = imp_pickle_item(pickle, tuple, 2);
    if (!imp_pickle_text_is(imp_pickle_item(pickle, tuple, 0), "storage")) return bad_storage(name, error);
    if (!class || class->kind != IMP_PICKLE_GLOBAL || class->as.integer < FIRST_STORAGE)
        return bad_storage(name, error);
    if (!key || key->kind != IMP_PICKLE_TEXT) return bad_storage(name, error);
    *out = (ImpTorchStorage){.key = key->as.text.at,
                             .key_length = key->as.text.length,
                             .dtype = storage_dtypes[class->as.integer - FIRST_STORAGE]};
    size_t bytes;
    if (!size_of(imp_pickle_item(pickle, tuple, 4), &out->count) ||
        !imp_multiply(out->count, imp_dtype_size(out->dtype), &bytes) ||
        !read_view(pickle, imp_pickle_item(pickle, tuple, 5), out))
        return bad_storage(name, error);
    return IMP_OK;
}

/* ---- tensors ---- */

static ImpStatus bad_tensor(Walk *w, const char *what) {
    ImpQuoted name = imp_quote(w->name, w->name_length);
    return imp_fail(w->error, IMP_ERROR_FORMAT, "%s: the tensor %s %s: the file is broken", w->source->name, name.text,
                    what);
}

/* The arguments of a call of a function that makes tensors, with the wrapping as a parameter taken off; else NULL. */
static const ImpPickleValue *tensor_arguments(const ImpPickle *pickle, const ImpPickleValue *value) {
    for (int depth = 0; depth < MAX_DEPTH && value && value->kind == IMP_PICKLE_CALL; depth++) {
        int64_t function = pickle->values[value->as.call.function].as.integer;
        const ImpPickleValue *arguments = &pickle->values[value->as.call.arguments];
        if (function == REBUILD_TENSOR || function == REBUILD_TENSOR_V2) return arguments;
        value = function == REBUILD_PARAMETER ? imp_pickle_item(pickle, arguments, 0) : NULL;
    }
    return NULL;
}

static bool is_sequence(const ImpPickleValue *value) {
    return value && (value->kind == IMP_PICKLE_TUPLE || value->kind == IMP_PICKLE_LIST);
}

/* The largest index that the tensor touches must lie inside its part of the storage. */
static ImpStatus check_bounds(Walk *w, const Tensor *t) {
    if (t->offset > t->storage.view_count) return bad_tensor(w, "begins beyond its storage");
    if (t->count == 0) return IMP_OK;
    size_t last = t->offset;
    for (int i = 0; i < t->rank; i++) {
        size_t span;
        if (!imp_multiply((size_t)t->dims[i] - 1, t->strides[i], &span) || span > SIZE_MAX - last)
            return bad_tensor(w, "has impossible strides");
        last += span;
    }
    return last < t->storage.view_count ? IMP_OK : bad_tensor(w, "reaches beyond its storage");
}

/* (storage, offset, size, stride, ...) */
static ImpStatus read_tensor(Walk *w, const ImpPickleValue *arguments, Tensor *out) {
    const ImpPickle *p = w->pickle;
    *out = (Tensor){.count = 1};
    ImpStatus status = imp_torch_storage(p, imp_pickle_item(p, arguments, 0), w->source->name, &out->storage, w->error);
    if (status != IMP_OK) return status;
    const ImpPickleValue *dims = imp_pickle_item(p, arguments, 2), *strides = imp_pickle_item(p, arguments, 3);
    if (!size_of(imp_pickle_item(p, arguments, 1), &out->offset) || !is_sequence(dims) || !is_sequence(strides) ||
        dims->as.list.count != strides->as.list.count)
        return bad_tensor(w, "has no shape");
    if (dims->as.list.count > IMP_MAX_RANK) return bad_tensor(w, "has more than 8 dimensions");
    out->rank = (int)dims->as.list.count;
    for (size_t i = 0; i < (size_t)out->rank; i++) {
        size_t dim;
        if (!size_of(imp_pickle_item(p, dims, i), &dim) || !size_of(imp_pickle_item(p, strides, i), &out->strides[i]))
            return bad_tensor(w, "has a negative size");
        out->dims[i] = (int64_t)dim;
        if (!imp_multiply(out->count, dim, &out->count)) return bad_tensor(w, "has an impossible shape");
    }
    return check_bounds(w, out);
}

static bool is_contiguous(const Tensor *t) {
    size_t stride = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        if (t->dims[i] != 1 && t->strides[i] != stride) return false;
        stride *= (size_t)t->dims[i];
    }
    return true;
}

/* `count` elements of `size` bytes, `step` elements apart in `from`. */
static void copy_row(unsigned char *to, const unsigned char *from, size_t count, size_t step, size_t size) {
    for (size_t i = 0; i < count; i++) memcpy(to + i * size, from + i * step * size, size);
}

/* The elements in the order of the indices, last fastest. `from` is the first element. */
static void copy_elements(const Tensor *t, const unsigned char *from, unsigned char *to) {
    size_t size = imp_dtype_size(t->storage.dtype);
    if (t->count == 0) return;
    if (is_contiguous(t)) {
        memcpy(to, from, t->count * size);
        return;
    }
    int inner = t->rank - 1; /* a tensor that is not contiguous has a dimension */
    size_t length = (size_t)t->dims[inner], index[IMP_MAX_RANK] = {0};
    for (size_t done = 0; done < t->count; done += length) {
        size_t at = 0;
        for (int i = 0; i < inner; i++) at += index[i] * t->strides[i];
        copy_row(to + done * size, from + at * size, length, t->strides[inner], size);
        for (int i = inner - 1; i >= 0 && ++index[i] == (size_t)t->dims[i]; i--) index[i] = 0;
    }
}

/* C reads a bool that is neither 0 nor 1 as it likes. */
static ImpStatus check_bools(Walk *w, const ImpArray *array) {
    const unsigned char *values = array->data;
    for (size_t i = 0; array->dtype == IMP_DTYPE_BOOL && i < array->count; i++)
        if (values[i] > 1) return bad_tensor(w, "has truth values other than 0 and 1");
    return IMP_OK;
}

static ImpStatus charge(Walk *w, const Tensor *t) {
    size_t bytes;
    if (!imp_multiply(t->count, imp_dtype_size(t->storage.dtype), &bytes))
        return bad_tensor(w, "has an impossible shape");
    if (w->bundle->count >= IMP_WEIGHTS_MAX_ARRAYS)
        return imp_fail(w->error, IMP_ERROR_MEMORY, "%s holds more than %d tensors, which is no network known here",
                        w->source->name, IMP_WEIGHTS_MAX_ARRAYS);
    if (bytes > w->source->budget - w->bytes)
        return imp_fail(w->error, IMP_ERROR_MEMORY,
                        "%s: its tensors would take far more memory than the file has bytes; save them with .clone()",
                        w->source->name);
    w->bytes += bytes;
    return IMP_OK;
}

static ImpStatus add_tensor(Walk *w, const ImpPickleValue *arguments) {
    Tensor t;
    const unsigned char *bytes = NULL;
    ImpArray *array;
    if (w->name_length == 0) w->name_length = (size_t)snprintf(w->name, sizeof w->name, "tensor");
    ImpStatus status = read_tensor(w, arguments, &t);
    if (status == IMP_OK) status = charge(w, &t);
    if (status == IMP_OK && imp_bundle_find(w->bundle, w->name)) status = bad_tensor(w, "is there twice");
    if (status == IMP_OK && t.count > 0) status = w->source->load(w->source->context, &t.storage, &bytes, w->error);
    if (status == IMP_OK)
        status = imp_bundle_add(w->bundle, w->name, t.storage.dtype, t.rank, t.dims, NULL, &array, w->error);
    if (status != IMP_OK) return status;
    if (t.count > 0)
        copy_elements(&t, bytes + (t.storage.view_at + t.offset) * imp_dtype_size(t.storage.dtype), array->data);
    return check_bools(w, array);
}

/* ---- containers ---- */

/* Appends ".key" to the name. Keys that are neither text nor whole numbers name no weights: *named is false. */
static ImpStatus extend_name(Walk *w, const ImpPickleValue *key, bool *named) {
    char digits[24];
    const char *text = digits;
    size_t length;
    *named = key->kind == IMP_PICKLE_TEXT || key->kind == IMP_PICKLE_INTEGER;
    if (!*named) return IMP_OK;
    if (key->kind == IMP_PICKLE_TEXT) {
        text = key->as.text.at;
        length = key->as.text.length;
    } else {
        length = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)key->as.integer);
    }
    if (!imp_is_array_name(text, length) || length + 1 > IMP_WEIGHTS_MAX_NAME - w->name_length) {
        ImpQuoted quoted = imp_quote(text, length);
        return imp_fail(w->error, IMP_ERROR_FORMAT, "%s has an impossible name, \"%s\": the file is broken",
                        w->source->name, quoted.text);
    }
    if (w->name_length) w->name[w->name_length++] = '.';
    memcpy(w->name + w->name_length, text, length);
    w->name_length += length;
    w->name[w->name_length] = 0;
    return IMP_OK;
}

static ImpStatus visit(Walk *w, const ImpPickleValue *value, int depth);

static ImpStatus visit_named(Walk *w, const ImpPickleValue *key, const ImpPickleValue *value, int depth) {
    size_t length = w->name_length;
    bool named;
    if (value->kind != IMP_PICKLE_DICT && value->kind != IMP_PICKLE_CALL && !is_sequence(value)) return IMP_OK;
    ImpStatus status = extend_name(w, key, &named);
    if (status == IMP_OK && named) status = visit(w, value, depth + 1);
    w->name_length = length;
    w->name[length] = 0;
    return status;
}

/* Depth first. A container that contains itself runs into the depth, one that is shared again and again into the number
 * of visits. */
static ImpStatus visit(Walk *w, const ImpPickleValue *value, int depth) {
    const ImpPickle *p = w->pickle;
    if (depth > MAX_DEPTH || w->visits_left-- == 0)
        return imp_fail(w->error, IMP_ERROR_FORMAT, "%s nests its containers too deeply to be a file of weights",
                        w->source->name);
    const ImpPickleValue *arguments = tensor_arguments(p, value);
    if (arguments) return add_tensor(w, arguments);
    ImpStatus status = IMP_OK;
    if (value->kind == IMP_PICKLE_DICT) {
        for (uint32_t i = 0; i < value->as.list.count && status == IMP_OK; i += 2)
            status =
                visit_named(w, &p->values[value->as.list.items[i]], &p->values[value->as.list.items[i + 1]], depth);
    } else if (is_sequence(value)) {
        for (uint32_t i = 0; i < value->as.list.count && status == IMP_OK; i++) {
            ImpPickleValue number = {.kind = IMP_PICKLE_INTEGER, .as.integer = i};
            status = visit_named(w, &number, imp_pickle_item(p, value, i), depth);
        }
    }
    return status;
}

/* Whether a value is or holds a tensor, at some depth. `patience` bounds the search, as containers may be shared
 * without end; when it is gone the answer is yes, which leaves everything in place. */
static bool holds_tensor(const ImpPickle *p, const ImpPickleValue *value, int depth, uint32_t *patience) {
    if (*patience == 0) return true;
    --*patience;
    if (tensor_arguments(p, value)) return true;
    if (depth == 0 || (value->kind != IMP_PICKLE_DICT && !is_sequence(value))) return false;
    for (uint32_t i = 0; i < value->as.list.count; i++)
        if (holds_tensor(p, &p->values[value->as.list.items[i]], depth - 1, patience)) return true;
    return false;
}

/* What training scripts save beside a network, and nobody needs to apply it. */
static bool is_training_state(const ImpPickleValue *key) {
    static const char *const names[] = {"optimizer", "optimizer_state_dict", "optim",     "optimizers",
                                        "scheduler", "lr_scheduler",         "model_ema", "ema"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (imp_pickle_text_is(key, names[i])) return true;
    return false;
}

/* Whether `dict` holds tensors besides the value `chosen`: then it is a network of several parts. */
static bool has_other_parts(const ImpPickle *p, const ImpPickleValue *dict, const ImpPickleValue *chosen) {
    uint32_t patience = 4 * p->count;
    for (uint32_t i = 0; i < dict->as.list.count; i += 2) {
        const ImpPickleValue *key = &p->values[dict->as.list.items[i]], *value = &p->values[dict->as.list.items[i + 1]];
        if (value == chosen || is_training_state(key)) continue;
        if (holds_tensor(p, value, MAX_DEPTH, &patience)) return true;
    }
    return false;
}

/* Training scripts save their weights among other things. The first two names say so beyond doubt; the others may also
 * be a part of a network, and are so where there are other parts. */
static const ImpPickleValue *unwrap(const ImpPickle *p, const ImpPickleValue *root) {
    static const char *const names[] = {"state_dict", "model_state_dict", "model", "net",
                                        "network",    "params_ema",       "params"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const ImpPickleValue *inner = imp_pickle_find(p, root, names[i]);
        if (!inner || inner->kind != IMP_PICKLE_DICT) continue;
        if (i < 2 || !has_other_parts(p, root, inner)) return inner;
    }
    return NULL;
}

static const ImpPickleValue *weights_of(const ImpPickle *p) {
    const ImpPickleValue *root = &p->values[p->root];
    for (int depth = 0; depth < 3; depth++) {
        const ImpPickleValue *inner = unwrap(p, root);
        if (!inner) break;
        root = inner;
    }
    return root;
}

ImpStatus imp_torch_collect(const ImpPickle *pickle, const ImpTorchSource *source, ImpBundle **out, ImpError *error) {
    /* Each value is visited once, but for the few that are shared. */
    size_t visits = 4 * (size_t)pickle->count + 1024;
    Walk walk = {.pickle = pickle, .source = source, .visits_left = visits, .error = error};
    ImpStatus status = imp_bundle_new(&walk.bundle, error);
    if (status == IMP_OK) status = visit(&walk, weights_of(pickle), 0);
    if (status == IMP_OK && walk.bundle->count == 0)
        status = imp_fail(error, IMP_ERROR_FORMAT,
                          "%s is a PyTorch file without tensors; save model.state_dict() in it", source->name);
    if (status != IMP_OK) imp_bundle_free(&walk.bundle);
    *out = walk.bundle;
    return status;
}
