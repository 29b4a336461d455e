/* safetensors: 8 bytes of header length (little end first), a JSON header that names each tensor's type, shape and
 * bytes, and the bytes. As the format demands, the tensors cover the bytes without gap or overlap. */
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "weights/limits.h"
#include "weights/text.h"
#include "weights/weights.h"
#include <stdlib.h>
#include <string.h>

/* Parsed JSON takes some twenty times its text, so less is taken than the 100 MB of the original reader: 8 MiB is room
 * for IMP_WEIGHTS_MAX_ARRAYS of the longest names. */
enum { LENGTH_BYTES = 8, MAX_HEADER = 8 << 20 };

static const char metadata_key[] = "__metadata__";

typedef struct Entry {
    const char *name;
    ImpDtype dtype;
    int rank;
    int64_t dims[IMP_MAX_RANK];
    size_t begin, end; /* bytes, from the end of the header */
} Entry;

typedef struct Reader {
    const unsigned char *bytes; /* (size) after the header */
    size_t size;
    const char *name;
    Entry *entries; /* (count), in the header's order */
    size_t count;
    ImpError *error;
} Reader;

static ImpStatus bad_entry(const Reader *r, const char *tensor, const char *what) {
    ImpQuoted quoted = imp_quote(tensor, strlen(tensor));
    return imp_fail(r->error, IMP_ERROR_FORMAT, "%s: the tensor %s %s: the file is broken", r->name, quoted.text, what);
}

static ImpStatus read_dtype(const Reader *r, const char *tensor, const json_t *dtype, ImpDtype *out) {
    const char *text = json_string_value(dtype);
    if (!text) return bad_entry(r, tensor, "has no dtype");
    for (int i = 0; i < IMP_DTYPE_COUNT; i++)
        if (strcmp(text, imp_dtype_name((ImpDtype)i)) == 0) {
            *out = (ImpDtype)i;
            return IMP_OK;
        }
    ImpQuoted quoted = imp_quote(tensor, strlen(tensor)), type = imp_quote(text, strlen(text));
    return imp_fail(r->error, IMP_ERROR_UNSUPPORTED,
                    "%s: the tensor %s is of type %s, which is not known; save it as F32 or F16", r->name, quoted.text,
                    type.text);
}

static bool read_size(const json_t *value, size_t *out) {
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

/* The shape, and *bytes that it takes with the entry's type. */
static ImpStatus read_shape(const Reader *r, Entry *entry, const json_t *shape, size_t *bytes) {
    if (!json_is_array(shape)) return bad_entry(r, entry->name, "has no shape");
    if (json_array_size(shape) > IMP_MAX_RANK) return bad_entry(r, entry->name, "has more than 8 dimensions");
    entry->rank = (int)json_array_size(shape);
    *bytes = imp_dtype_size(entry->dtype);
    for (size_t i = 0; i < (size_t)entry->rank; i++) {
        size_t dim;
        if (!read_size(json_array_get(shape, i), &dim) || !imp_multiply(*bytes, dim, bytes))
            return bad_entry(r, entry->name, "has an impossible shape");
        entry->dims[i] = (int64_t)dim;
    }
    return IMP_OK;
}

static ImpStatus read_range(const Reader *r, Entry *entry, const json_t *range, size_t bytes) {
    if (!json_is_array(range) || json_array_size(range) != 2 || !read_size(json_array_get(range, 0), &entry->begin) ||
        !read_size(json_array_get(range, 1), &entry->end) || entry->begin > entry->end)
        return bad_entry(r, entry->name, "has impossible data_offsets");
    if (entry->end > r->size) {
        ImpQuoted quoted = imp_quote(entry->name, strlen(entry->name));
        return imp_fail(r->error, IMP_ERROR_FORMAT,
                        "%s: the tensor %s ends at byte %zu of %zu: the file is incomplete; download or copy it again",
                        r->name, quoted.text, entry->end, r->size);
    }
    if (entry->end - entry->begin != bytes)
        return bad_entry(r, entry->name, "has more or fewer bytes than its type and shape take");
    return IMP_OK;
}

static ImpStatus read_entry(const Reader *r, const char *tensor, const json_t *value, Entry *out) {
    *out = (Entry){.name = tensor};
    size_t bytes = 0;
    if (!imp_is_array_name(tensor, strlen(tensor))) return bad_entry(r, tensor, "has an impossible name");
    ImpStatus status = read_dtype(r, tensor, json_object_get(value, "dtype"), &out->dtype);
    if (status == IMP_OK) status = read_shape(r, out, json_object_get(value, "shape"), &bytes);
    if (status == IMP_OK) status = read_range(r, out, json_object_get(value, "data_offsets"), bytes);
    return status;
}

static int compare_ranges(const void *a, const void *b) {
    const Entry *x = *(const Entry *const *)a, *y = *(const Entry *const *)b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static ImpStatus check_sorted(const Reader *r, Entry *const *sorted) {
    size_t covered = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (sorted[i]->begin < covered) return bad_entry(r, sorted[i]->name, "overlaps another");
        if (sorted[i]->begin > covered)
            return bad_entry(r, sorted[i]->name, "comes after bytes that belong to no tensor");
        covered = sorted[i]->end;
    }
    if (covered == r->size) return IMP_OK;
    return imp_fail(r->error, IMP_ERROR_FORMAT, "%s has %zu bytes after its last tensor: the file is broken", r->name,
                    r->size - covered);
}

static ImpStatus check_coverage(const Reader *r) {
    Entry **sorted;
    ImpStatus status = IMP_ALLOC(&sorted, r->count, "list of tensors", r->error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < r->count; i++) sorted[i] = &r->entries[i];
    qsort(sorted, r->count, sizeof(Entry *), compare_ranges);
    status = check_sorted(r, sorted);
    imp_free(sorted);
    return status;
}

static ImpStatus read_metadata(const Reader *r, json_t *metadata, ImpBundle *bundle) {
    if (!json_is_object(metadata)) return bad_entry(r, metadata_key, "is no object");
    if (json_object_size(metadata) > IMP_WEIGHTS_MAX_ARRAYS) return bad_entry(r, metadata_key, "has too many entries");
    ImpStatus status = IMP_OK;
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value) {
        if (!json_is_string(value)) return bad_entry(r, metadata_key, "holds something other than text");
        status = imp_bundle_set_metadata(bundle, key, json_string_value(value), r->error);
        if (status != IMP_OK) return status;
    }
    return IMP_OK;
}

static ImpStatus read_header(Reader *r, json_t *header, ImpBundle *bundle) {
    if (json_object_size(header) > IMP_WEIGHTS_MAX_ARRAYS)
        return imp_fail(r->error, IMP_ERROR_MEMORY, "%s holds more than %d tensors, which is no network known here",
                        r->name, IMP_WEIGHTS_MAX_ARRAYS);
    ImpStatus status = IMP_ALLOC(&r->entries, json_object_size(header), "list of tensors", r->error);
    const char *key;
    json_t *value;
    if (status != IMP_OK) return status;
    json_object_foreach(header, key, value) {
        if (strcmp(key, metadata_key) == 0)
            status = read_metadata(r, value, bundle);
        else
            status = read_entry(r, key, value, &r->entries[r->count++]);
        if (status != IMP_OK) return status;
    }
    return check_coverage(r);
}

/* C reads a bool that is neither 0 nor 1 as it likes. */
static ImpStatus check_bools(const Reader *r, const Entry *entry) {
    if (entry->dtype != IMP_DTYPE_BOOL) return IMP_OK;
    for (size_t i = entry->begin; i < entry->end; i++)
        if (r->bytes[i] > 1) return bad_entry(r, entry->name, "has truth values other than 0 and 1");
    return IMP_OK;
}

static ImpStatus copy_arrays(const Reader *r, ImpBundle *bundle) {
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < r->count && status == IMP_OK; i++) {
        const Entry *e = &r->entries[i];
        status = check_bools(r, e);
        if (status == IMP_OK)
            status = imp_bundle_add(bundle, e->name, e->dtype, e->rank, e->dims, r->bytes + e->begin, NULL, r->error);
    }
    return status;
}

/* Checks the header's length, which is all that can be wrong before it is parsed. */
static ImpStatus header_length(const unsigned char *data, size_t size, const char *name, size_t *out, ImpError *error) {
    if (size < LENGTH_BYTES)
        return imp_fail(error, IMP_ERROR_FORMAT, "%s has %zu bytes, too few for a safetensors file", name, size);
    uint64_t length = 0;
    for (int i = 0; i < LENGTH_BYTES; i++) length |= (uint64_t)data[i] << (8 * i);
    if (length > MAX_HEADER)
        return imp_fail(
            error, IMP_ERROR_FORMAT,
            "%s claims a header of %llu bytes where at most %d are read: the file is broken or no safetensors "
            "file",
            name, (unsigned long long)length, MAX_HEADER);
    if (length > size - LENGTH_BYTES)
        return imp_fail(
            error, IMP_ERROR_FORMAT,
            "%s ends inside its header (%zu bytes of %llu): the file is incomplete; download or copy it again", name,
            size - LENGTH_BYTES, (unsigned long long)length);
    *out = (size_t)length;
    return IMP_OK;
}

ImpStatus imp_safetensors_parse(const unsigned char *data, size_t size, const char *name, ImpBundle **out,
                                ImpError *error) {
    *out = NULL;
    size_t length = 0;
    ImpStatus status = header_length(data, size, name, &length, error);
    if (status != IMP_OK) return status;
    Reader reader = {
        .bytes = data + LENGTH_BYTES + length, .size = size - LENGTH_BYTES - length, .name = name, .error = error};
    json_t *header = NULL;
    ImpBundle *bundle = NULL;
    status = imp_json_parse((const char *)data + LENGTH_BYTES, length, name, &header, error);
    if (status == IMP_OK) status = imp_bundle_new(&bundle, error);
    if (status == IMP_OK) status = read_header(&reader, header, bundle);
    if (status == IMP_OK) status = copy_arrays(&reader, bundle);
    if (status != IMP_OK && bundle) imp_bundle_free(&bundle);
    imp_free(reader.entries);
    json_decref(header);
    *out = bundle;
    return status;
}
