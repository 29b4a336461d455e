/* A large file from the network to the disk: from the first of several sources that has it, going on where an earlier
 * attempt was cut off, and in place only once its length and SHA-256 are right. The only folder that uses libcurl. */
#ifndef IMP_DOWNLOAD_DOWNLOAD_H
#define IMP_DOWNLOAD_DOWNLOAD_H

#include "base/hash.h"
#include "impasto/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ImpDownloadProgress {
    const char *source; /* the address in use */
    uint64_t received;  /* bytes on the disk, with those of earlier attempts */
    uint64_t total;     /* 0 while unknown */
    uint64_t resumed;   /* bytes that were there when this transfer began */
} ImpDownloadProgress;

typedef struct ImpDownloadOptions {
    const char *const *sources; /* addresses, tried in order; https, or http where it is allowed */
    size_t n_sources;
    const char *sha256;  /* the hash or its first 8 to 64 hexadecimal digits; NULL: not known */
    uint64_t size;       /* exact length in bytes; 0: not known */
    uint64_t max_size;   /* more than this is refused; 0: 4 GiB */
    bool allow_http;     /* plain http to other machines, because the user named such a source; to this machine it is
                            always allowed */
    int connect_seconds; /* to get a connection; 0: 30 */
    int stall_seconds;   /* without a byte until the source is given up; 0: 60 */
    /* Called about once a second and after every piece; returning false ends the download with IMP_ERROR_STOPPED.
     * May be NULL. */
    bool (*progress)(const ImpDownloadProgress *progress, void *context);
    void *context;
} ImpDownloadOptions;

/* Downloads to `path`, whose folder exists. A file that is there with the right hash is left and nothing is
 * transferred. What arrived before an interruption stays as PATH.part and is continued by the next call when the server
 * allows it and the file there is still the same (If-Range), or when `sha256` will check the whole. `sha256` receives
 * the file's hash. When every source fails the message gives each one's reason. */
ImpStatus imp_download(const char *path, const ImpDownloadOptions *options, char sha256[IMP_SHA256_TEXT],
                       ImpError *error);

#endif
