/* Weight files in, named arrays out. The bytes are hostile until parsed: bounds, overflow and size limits are checked
 * before anything is allocated, and nothing in a file is ever executed. */
#ifndef IMP_WEIGHTS_WEIGHTS_H
#define IMP_WEIGHTS_WEIGHTS_H

#include "base/bundle.h"
#include "impasto/status.h"
#include <stdbool.h>
#include <stddef.h>

typedef enum ImpWeightFormat {
    IMP_WEIGHTS_UNKNOWN = 0,
    IMP_WEIGHTS_SAFETENSORS,
    IMP_WEIGHTS_TORCH_ZIP,   /* torch.save since 1.6 */
    IMP_WEIGHTS_TORCH_LEGACY /* torch.save before 1.6 */
} ImpWeightFormat;

const char *imp_weights_format_name(ImpWeightFormat format); /* "safetensors", "PyTorch zip" ... */

/* What the bytes look like, whatever the file is called. */
ImpWeightFormat imp_weights_recognise(const unsigned char *data, size_t size);
/* For bytes of an unknown format: what they seem to be and what to do, to follow the file's name in a message: "is an
 * HTML page, not weights: the download went wrong ...". */
const char *imp_weights_describe_unknown(const unsigned char *data, size_t size);

/* Reads `size` bytes; `name` is what messages call them. Arrays come in the file's order, with the dots of nested state
 * dictionaries in their names. Values are as the file has them, NaN and infinity included. IMP_ERROR_FORMAT: the file
 * is damaged or incomplete; IMP_ERROR_UNSUPPORTED: it holds more than plain weights; IMP_ERROR_MEMORY: it would take
 * far more memory than it has bytes. On success *out is the caller's; on failure it is NULL. */
ImpStatus imp_weights_parse(const unsigned char *data, size_t size, const char *name, ImpBundle **out, ImpError *error);
/* Reads a file (mapped). */
ImpStatus imp_weights_read(const char *path, ImpBundle **out, ImpError *error);

/* The readers behind imp_weights_parse, one a format, for tests and fuzzers. */
ImpStatus imp_safetensors_parse(const unsigned char *data, size_t size, const char *name, ImpBundle **out,
                                ImpError *error);
ImpStatus imp_torch_zip_parse(const unsigned char *data, size_t size, const char *name, ImpBundle **out,
                              ImpError *error);
ImpStatus imp_torch_legacy_parse(const unsigned char *data, size_t size, const char *name, ImpBundle **out,
                                 ImpError *error);

/* Writes a bundle as safetensors, beside and renamed. half: F32 and F64 arrays are stored as F16 (a finite value beyond
 * its range is IMP_ERROR_NUMBER). Reading gives the arrays back in the bundle's order; in the file, which may have no
 * gaps, they begin on a multiple of 64 bytes and those of wider elements come first, so that each is aligned to its
 * element size. */
ImpStatus imp_safetensors_write(const ImpBundle *bundle, const char *path, bool half, ImpError *error);

#endif
