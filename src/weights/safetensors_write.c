/* Writes safetensors: see safetensors_read.c for the format. */
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "weights/weights.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, CHUNK = 4096 };

/* Where each array goes. */
typedef struct Layout {
    size_t *order;  /* (count) array indices as they follow in the file */
    size_t *offset; /* (count) bytes from the end of the header, by array index */
} Layout;

static ImpDtype stored_dtype(const ImpArray *array, bool half) {
    bool shrinks = array->dtype == IMP_DTYPE_F32 || array->dtype == IMP_DTYPE_F64;
    return half && shrinks ? IMP_DTYPE_F16 : array->dtype;
}

static size_t stored_bytes(const ImpArray *array, bool half) {
    return array->count * imp_dtype_size(stored_dtype(array, half));
}

/* The format allows no gaps. Wide elements first puts every array on a multiple of its element size without any. */
static void fill_layout(const ImpBundle *bundle, bool half, Layout *layout) {
    size_t n = 0, at = 0;
    for (size_t size = 8; size >= 1; size /= 2)
        for (size_t i = 0; i < bundle->count; i++)
            if (imp_dtype_size(stored_dtype(&bundle->arrays[i], half)) == size) {
                layout->order[n++] = i;
                layout->offset[i] = at;
                at += stored_bytes(&bundle->arrays[i], half);
            }
}

/* {"dtype": "F32", "shape": [...], "data_offsets": [begin, end]}, or NULL. */
static json_t *describe(const ImpArray *array, bool half, size_t offset) {
    json_t *shape = json_array();
    for (int i = 0; shape && i < array->rank; i++)
        if (json_array_append_new(shape, json_integer(array->dims[i])) != 0) {
            json_decref(shape);
            return NULL;
        }
    if (!shape) return NULL;
    return json_pack("{s:s, s:o, s:[I,I]}", "dtype", imp_dtype_name(stored_dtype(array, half)), "shape", shape,
                     "data_offsets", (json_int_t)offset, (json_int_t)(offset + stored_bytes(array, half)));
}

static bool add_metadata(json_t *header, const ImpBundle *bundle) {
    if (bundle->n_metadata == 0) return true;
    json_t *metadata = json_object();
    if (json_object_set_new(header, "__metadata__", metadata) != 0) return false;
    for (size_t i = 0; i < bundle->n_metadata; i++)
        if (json_object_set_new(metadata, bundle->keys[i], json_string(bundle->values[i])) != 0) return false;
    return true;
}

/* The header's text, to be freed with free(). */
static ImpStatus make_header(const ImpBundle *bundle, bool half, const Layout *layout, const char *path, char **out,
                             ImpError *error) {
    *out = NULL;
    json_t *header = json_object();
    ImpStatus status =
        header && add_metadata(header, bundle)
            ? IMP_OK
            : imp_fail(error, IMP_ERROR_ARGUMENT, "cannot write %s: its metadata is no UTF-8 text", path);
    for (size_t i = 0; i < bundle->count && status == IMP_OK; i++) {
        const ImpArray *array = &bundle->arrays[i];
        if (strcmp(array->name, "__metadata__") == 0 ||
            json_object_set_new(header, array->name, describe(array, half, layout->offset[i])) != 0)
            status = imp_fail(error, IMP_ERROR_ARGUMENT,
                              "cannot write %s: the name of array %zu is reserved or no UTF-8 text", path, i);
    }
    if (status == IMP_OK) *out = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    if (status == IMP_OK && !*out)
        status = imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the header of %s", path);
    return status;
}

static ImpStatus put(FILE *stream, const void *data, size_t size, const char *path, ImpError *error) {
    if (size == 0 || fwrite(data, 1, size, stream) == size) return IMP_OK;
    return imp_fail_errno(error, errno ? errno : EIO, "cannot write %s", path);
}

/* The length, the text, and spaces so that the arrays begin on a cache line. */
static ImpStatus put_header(FILE *stream, const char *text, const char *path, ImpError *error) {
    char spaces[IMP_ALIGNMENT];
    memset(spaces, ' ', sizeof spaces);
    size_t length = strlen(text), padding = (IMP_ALIGNMENT - (LENGTH_BYTES + length) % IMP_ALIGNMENT) % IMP_ALIGNMENT;
    unsigned char size[LENGTH_BYTES];
    for (int i = 0; i < LENGTH_BYTES; i++) size[i] = (unsigned char)((uint64_t)(length + padding) >> (8 * i));
    ImpStatus status = put(stream, size, sizeof size, path, error);
    if (status == IMP_OK) status = put(stream, text, length, path, error);
    if (status == IMP_OK) status = put(stream, spaces, padding, path, error);
    return status;
}

/* Element i of an F32 or F64 array. */
static double element(const ImpArray *array, size_t i) {
    return array->dtype == IMP_DTYPE_F64 ? ((const double *)array->data)[i] : (double)((const float *)array->data)[i];
}

static ImpStatus put_half(FILE *stream, const ImpArray *array, const char *path, ImpError *error) {
    uint16_t chunk[CHUNK];
    ImpStatus status = IMP_OK;
    for (size_t done = 0; done < array->count && status == IMP_OK; done += CHUNK) {
        size_t count = array->count - done < CHUNK ? array->count - done : CHUNK;
        for (size_t i = 0; i < count; i++) {
            double value = element(array, done + i);
            chunk[i] = imp_float_to_half((float)value);
            if ((chunk[i] & 0x7fffu) == 0x7c00u && isfinite(value))
                return imp_fail(error, IMP_ERROR_NUMBER,
                                "cannot write %s: the array %s holds %g, beyond the range of half precision; write it "
                                "in full precision",
                                path, array->name, value);
        }
        status = put(stream, chunk, count * sizeof *chunk, path, error);
    }
    return status;
}

static ImpStatus put_arrays(FILE *stream, const ImpBundle *bundle, bool half, const Layout *layout, const char *path,
                            ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < bundle->count && status == IMP_OK; i++) {
        const ImpArray *array = &bundle->arrays[layout->order[i]];
        if (stored_dtype(array, half) != array->dtype)
            status = put_half(stream, array, path, error);
        else
            status = put(stream, array->data, stored_bytes(array, half), path, error);
    }
    return status;
}

static ImpStatus write_file(const ImpBundle *bundle, const char *path, bool half, const char *header,
                            const Layout *layout, ImpError *error) {
    ImpFileWriter writer;
    ImpStatus status = imp_file_begin(path, &writer, error);
    if (status != IMP_OK) return status;
    status = put_header(writer.stream, header, path, error);
    if (status == IMP_OK) status = put_arrays(writer.stream, bundle, half, layout, path, error);
    if (status == IMP_OK) return imp_file_commit(&writer, error);
    imp_file_abandon(&writer);
    return status;
}

ImpStatus imp_safetensors_write(const ImpBundle *bundle, const char *path, bool half, ImpError *error) {
    Layout layout = {0};
    char *header = NULL;
    ImpStatus status = IMP_ALLOC(&layout.order, bundle->count, "list of arrays", error);
    if (status == IMP_OK) status = IMP_ALLOC(&layout.offset, bundle->count, "list of arrays", error);
    if (status == IMP_OK) fill_layout(bundle, half, &layout);
    if (status == IMP_OK) status = make_header(bundle, half, &layout, path, &header, error);
    if (status == IMP_OK) status = write_file(bundle, path, half, header, &layout, error);
    free(header);
    imp_free(layout.order);
    imp_free(layout.offset);
    return status;
}
