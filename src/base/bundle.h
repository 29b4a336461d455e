/* A bundle: named arrays in order, with text metadata. Weight files become bundles when read, checkpoints are bundles
 * when written, and optimisers put their state into one. */
#ifndef IMP_BASE_BUNDLE_H
#define IMP_BASE_BUNDLE_H

#include "impasto/status.h"
#include <stddef.h>
#include <stdint.h>

enum { IMP_MAX_RANK = 8 };

typedef enum ImpDtype {
    IMP_DTYPE_F32 = 0,
    IMP_DTYPE_F64,
    IMP_DTYPE_F16,
    IMP_DTYPE_BF16,
    IMP_DTYPE_I64,
    IMP_DTYPE_I32,
    IMP_DTYPE_I16,
    IMP_DTYPE_I8,
    IMP_DTYPE_U8,
    IMP_DTYPE_BOOL,
    IMP_DTYPE_U64,
    IMP_DTYPE_COUNT
} ImpDtype;

size_t imp_dtype_size(ImpDtype dtype);      /* bytes */
const char *imp_dtype_name(ImpDtype dtype); /* as safetensors writes it: "F32" ... */

typedef struct ImpArray {
    char *name;
    uint64_t name_hash; /* so that a bundle of thousands is searched quickly */
    ImpDtype dtype;
    int rank;                   /* 0..IMP_MAX_RANK; 0 is a single number */
    int64_t dims[IMP_MAX_RANK]; /* each >= 0, first the slowest */
    size_t count;               /* product of dims */
    void *data;                 /* (count) elements in the machine's byte order, aligned to 64, owned by the bundle */
} ImpArray;

typedef struct ImpBundle {
    ImpArray *arrays;
    size_t count, capacity;
    char **keys, **values; /* metadata, (n_metadata) each */
    size_t n_metadata;
} ImpBundle;

ImpStatus imp_bundle_new(ImpBundle **out, ImpError *error);
void imp_bundle_free(ImpBundle **bundle);

/* Adds an array. data NULL makes zeros; otherwise count*size bytes are copied. A name that is there already is
 * IMP_ERROR_FORMAT. *out (may be NULL) stays valid until the next add. */
ImpStatus imp_bundle_add(ImpBundle *bundle, const char *name, ImpDtype dtype, int rank, const int64_t *dims,
                         const void *data, ImpArray **out, ImpError *error);
/* imp_bundle_add for a flat array. */
ImpStatus imp_bundle_add_flat(ImpBundle *bundle, const char *name, ImpDtype dtype, size_t count, const void *data,
                              ImpError *error);
const ImpArray *imp_bundle_find(const ImpBundle *bundle, const char *name); /* or NULL */
/* The data of a flat array of exactly this type and length, or a message that names what is wrong with it. */
ImpStatus imp_bundle_get(const ImpBundle *bundle, const char *name, ImpDtype dtype, size_t count, const void **out,
                         ImpError *error);

ImpStatus imp_bundle_set_metadata(ImpBundle *bundle, const char *key, const char *value, ImpError *error);
const char *imp_bundle_metadata(const ImpBundle *bundle, const char *key); /* or NULL */

/* A line of metadata that a file is to carry. */
typedef struct ImpNote {
    const char *key, *value;
} ImpNote;

ImpStatus imp_bundle_set_notes(ImpBundle *bundle, const ImpNote *notes, size_t n, ImpError *error);

/* Writes the array's elements as float32 (from F32, F64, F16, BF16) into (count) floats. */
ImpStatus imp_array_to_float(const ImpArray *array, float *out, ImpError *error);

/* Half precision, round to nearest even. */
float imp_half_to_float(uint16_t half);
uint16_t imp_float_to_half(float value);
float imp_bfloat_to_float(uint16_t bfloat);

#endif
