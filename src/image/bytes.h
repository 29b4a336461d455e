/* All bytes of a file, a pipe or standard input. */
#ifndef IMP_IMAGE_BYTES_H
#define IMP_IMAGE_BYTES_H

#include "base/file.h"
#include "impasto/status.h"
#include <stddef.h>

enum { IMP_BYTES_MAX_STREAM = 1 << 30 }; /* a pipe that has more is refused; regular files may be larger */

typedef struct ImpBytes {
    const unsigned char *data; /* (size) bytes; NULL when size is 0 */
    size_t size;
    ImpFileView view;     /* of a regular file */
    unsigned char *block; /* of a pipe */
} ImpBytes;

/* Regular files are mapped; pipes and "-" are read to their end. */
ImpStatus imp_bytes_read(const char *path, ImpBytes *out, ImpError *error);
void imp_bytes_free(ImpBytes *bytes);
/* What messages call `path`. */
const char *imp_bytes_name(const char *path);

#endif
