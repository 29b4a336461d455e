#include "base/hash.h"

#include "base/error.h"
#include "base/file.h"
#include <openssl/evp.h>
#include <stdio.h>

ImpStatus imp_sha256(const void *data, size_t size, char out[IMP_SHA256_TEXT], ImpError *error) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (EVP_Digest(data, size, digest, &length, EVP_sha256(), NULL) != 1 || length != 32)
        return imp_fail(error, IMP_ERROR_MEMORY, "libcrypto could not compute a SHA-256 hash");
    for (size_t i = 0; i < length; i++) snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return IMP_OK;
}

ImpStatus imp_sha256_file(const char *path, char out[IMP_SHA256_TEXT], ImpError *error) {
    ImpFileView view;
    ImpStatus status = imp_file_map(path, &view, error);
    if (status != IMP_OK) return status;
    status = imp_sha256(view.data ? view.data : (const unsigned char *)"", view.size, out, error);
    imp_file_unmap(&view);
    return status;
}
