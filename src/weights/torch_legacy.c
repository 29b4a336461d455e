/* torch.save before 1.6: five pickles one after the other (magic number, protocol, system, the object, the storages'
 * keys), then each storage in the order of the keys: its element count in 8 bytes, and its elements. */
#include "base/error.h"
#include "base/memory.h"
#include "weights/limits.h"
#include "weights/text.h"
#include "weights/torch_tensors.h"
#include "weights/weights.h"
#include <stdlib.h>
#include <string.h>

/* A storage and where its elements lie in the file. */
typedef struct Placed {
    ImpTorchStorage storage;
    const unsigned char *bytes; /* NULL until found */
} Placed;

typedef struct Legacy {
    const unsigned char *data;
    size_t size, at;
    const char *name;
    Placed *storages; /* (n_storages), by key */
    size_t n_storages;
    ImpError *error;
} Legacy;

static ImpStatus next_pickle(Legacy *f, ImpPickle *out) {
    ImpStatus status = imp_pickle_parse(f->data + f->at, f->size - f->at, f->name, imp_torch_globals,
                                        imp_n_torch_globals, out, f->error);
    f->at += out->size;
    return status;
}

/* The magic number 0x1950a86a20f9469cfc6c is an integer of ten bytes. */
static bool is_magic(const ImpPickleValue *value) {
    static const char magic[10] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    return value->kind == IMP_PICKLE_BIG && value->as.text.length == sizeof magic &&
           memcmp(value->as.text.at, magic, sizeof magic) == 0;
}

static ImpStatus check_header(Legacy *f, int index, const ImpPickle *p) {
    const ImpPickleValue *root = &p->values[p->root];
    if (index == 0 && !is_magic(root))
        return imp_fail(f->error, IMP_ERROR_FORMAT, "%s is a Python pickle, but not one that torch.save wrote",
                        f->name);
    if (index == 1 && (root->kind != IMP_PICKLE_INTEGER || root->as.integer != 1001))
        return imp_fail(f->error, IMP_ERROR_UNSUPPORTED,
                        "%s is of an unknown version of PyTorch's old format; load and save it with a current PyTorch",
                        f->name);
    const ImpPickleValue *little = index == 2 ? imp_pickle_find(p, root, "little_endian") : NULL;
    if (little && (little->kind != IMP_PICKLE_BOOL || !little->as.integer))
        return imp_fail(f->error, IMP_ERROR_UNSUPPORTED,
                        "%s was saved on a big-endian machine, which is not supported; load and save it on another",
                        f->name);
    return IMP_OK;
}

static ImpStatus read_headers(Legacy *f) {
    ImpStatus status = IMP_OK;
    for (int i = 0; i < 3 && status == IMP_OK; i++) {
        ImpPickle pickle;
        status = next_pickle(f, &pickle);
        if (status == IMP_OK) status = check_header(f, i, &pickle);
        imp_pickle_free(&pickle);
    }
    return status;
}

static int compare_keys(const char *a, size_t a_length, const char *b, size_t b_length) {
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int compare_placed(const void *a, const void *b) {
    const ImpTorchStorage *x = &((const Placed *)a)->storage, *y = &((const Placed *)b)->storage;
    return compare_keys(x->key, x->key_length, y->key, y->key_length);
}

static Placed *find_storage(const Legacy *f, const char *key, size_t length) {
    if (f->n_storages == 0) return NULL;
    Placed wanted = {.storage = {.key = key, .key_length = length}};
    return bsearch(&wanted, f->storages, f->n_storages, sizeof wanted, compare_placed);
}

/* One entry a key. References to one storage must agree, or its bytes would be read in two ways. */
static ImpStatus merge_references(Legacy *f) {
    size_t kept = 0;
    for (size_t i = 0; i < f->n_storages; i++) {
        Placed *last = kept ? &f->storages[kept - 1] : NULL;
        if (!last || compare_placed(last, &f->storages[i]) != 0)
            f->storages[kept++] = f->storages[i];
        else if (last->storage.dtype != f->storages[i].storage.dtype ||
                 last->storage.count != f->storages[i].storage.count)
            return imp_fail(f->error, IMP_ERROR_FORMAT, "%s describes a storage in two ways: the file is broken",
                            f->name);
    }
    f->n_storages = kept;
    return IMP_OK;
}

/* Every storage that the object refers to. */
static ImpStatus list_storages(Legacy *f, const ImpPickle *p) {
    size_t count = 0;
    for (uint32_t i = 0; i < p->count; i++) count += p->values[i].kind == IMP_PICKLE_PERSISTENT;
    ImpStatus status = IMP_ALLOC(&f->storages, count, "list of storages", f->error);
    for (uint32_t i = 0; i < p->count && status == IMP_OK; i++)
        if (p->values[i].kind == IMP_PICKLE_PERSISTENT)
            status = imp_torch_storage(p, &p->values[i], f->name, &f->storages[f->n_storages++].storage, f->error);
    if (status != IMP_OK) return status;
    qsort(f->storages, f->n_storages, sizeof *f->storages, compare_placed);
    return merge_references(f);
}

static ImpStatus incomplete(const Legacy *f) {
    return imp_fail(f->error, IMP_ERROR_FORMAT,
                    "%s ends before its last tensor does: the file is incomplete; download or copy it again", f->name);
}

/* The storage at the current position. */
static ImpStatus place_storage(Legacy *f, const ImpPickleValue *key) {
    Placed *placed = key->kind == IMP_PICKLE_TEXT ? find_storage(f, key->as.text.at, key->as.text.length) : NULL;
    if (!placed || placed->bytes)
        return imp_fail(f->error, IMP_ERROR_FORMAT,
                        "%s lists a storage twice, or one that no tensor uses: the file is broken", f->name);
    if (f->size - f->at < 8) return incomplete(f);
    uint64_t count = 0;
    for (int i = 0; i < 8; i++) count |= (uint64_t)f->data[f->at + (size_t)i] << (8 * i);
    f->at += 8;
    if (count != placed->storage.count)
        return imp_fail(f->error, IMP_ERROR_FORMAT, "%s gives a storage two different sizes: the file is broken",
                        f->name);
    size_t bytes = placed->storage.count * imp_dtype_size(placed->storage.dtype);
    if (bytes > f->size - f->at) return incomplete(f);
    placed->bytes = f->data + f->at;
    f->at += bytes;
    return IMP_OK;
}

static ImpStatus place_storages(Legacy *f) {
    ImpPickle keys;
    ImpStatus status = next_pickle(f, &keys);
    if (status != IMP_OK) return status;
    const ImpPickleValue *list = &keys.values[keys.root], *key;
    for (size_t i = 0; status == IMP_OK && (key = imp_pickle_item(&keys, list, i)); i++) status = place_storage(f, key);
    imp_pickle_free(&keys);
    return status;
}

static ImpStatus load(void *context, const ImpTorchStorage *storage, const unsigned char **bytes, ImpError *error) {
    const Legacy *f = context;
    const Placed *placed = find_storage(f, storage->key, storage->key_length);
    if (!placed || !placed->bytes)
        return imp_fail(error, IMP_ERROR_FORMAT, "%s lacks the storage of a tensor: the file is broken", f->name);
    *bytes = placed->bytes;
    return IMP_OK;
}

ImpStatus imp_torch_legacy_parse(const unsigned char *data, size_t size, const char *name, ImpBundle **out,
                                 ImpError *error) {
    *out = NULL;
    Legacy file = {.data = data, .size = size, .name = name, .error = error};
    ImpTorchSource source = {.name = name, .budget = imp_weights_budget(size), .load = load, .context = &file};
    ImpPickle object = {0};
    ImpStatus status = read_headers(&file);
    if (status == IMP_OK) status = next_pickle(&file, &object);
    if (status == IMP_OK) status = list_storages(&file, &object);
    if (status == IMP_OK) status = place_storages(&file);
    if (status == IMP_OK) status = imp_torch_collect(&object, &source, out, error);
    imp_pickle_free(&object);
    imp_free(file.storages);
    return status;
}
