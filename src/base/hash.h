/* SHA-256 of bytes and files (by OpenSSL's libcrypto), as 64 hexadecimal digits. */
#ifndef IMP_BASE_HASH_H
#define IMP_BASE_HASH_H

#include "impasto/status.h"
#include <stddef.h>

enum { IMP_SHA256_TEXT = 65 }; /* with the final NUL */

ImpStatus imp_sha256(const void *data, size_t size, char out[IMP_SHA256_TEXT], ImpError *error);
ImpStatus imp_sha256_file(const char *path, char out[IMP_SHA256_TEXT], ImpError *error);

#endif
