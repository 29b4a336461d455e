#include "download/download.h"

#include "base/error.h"
#include "base/memory.h"
#include "download/part.h"
#include "download/transfer.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { ATTEMPTS = 4 }; /* at one source that breaks off */

static ImpStatus check_options(const ImpDownloadOptions *options, ImpError *error) {
    const char *hash = options->sha256;
    size_t digits = hash ? strspn(hash, "0123456789abcdefABCDEF") : 8;
    if (digits < 8 || digits > 64 || (hash && hash[digits]))
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "\"%.80s\" is no SHA-256: 64 hexadecimal digits, or the first 8 or more", hash);
    if (options->n_sources == 0) return imp_fail(error, IMP_ERROR_ARGUMENT, "there is no source to download from");
    for (size_t i = 0; i < options->n_sources; i++) {
        ImpStatus status = imp_transfer_check(options->sources[i], options->allow_http, error);
        if (status != IMP_OK) return status;
    }
    return IMP_OK;
}

/* Whether the file at `path` has the length and the hash that are known. `label` is what the message calls it. */
static ImpStatus verify(const char *path, const char *label, const ImpDownloadOptions *options,
                        char sha256[IMP_SHA256_TEXT], ImpError *error) {
    struct stat info;
    if (stat(path, &info) != 0) return imp_fail(error, IMP_ERROR_IO, "%s: nothing arrived", label);
    if (options->size && (uint64_t)info.st_size != options->size)
        return imp_fail(error, IMP_ERROR_FORMAT, "%s: %llu bytes arrived where %llu are expected", label,
                        (unsigned long long)info.st_size, (unsigned long long)options->size);
    ImpStatus status = imp_sha256_file(path, sha256, error);
    if (status != IMP_OK || !options->sha256 || strncasecmp(sha256, options->sha256, strlen(options->sha256)) == 0)
        return status;
    return imp_fail(error, IMP_ERROR_FORMAT,
                    "%s: the file is not the right one (its SHA-256 begins with %.8s, not %.8s)", label, sha256,
                    options->sha256);
}

static bool is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* Transfers from one source until the part is whole, and checks it. *local says that no other source will do better. */
static ImpStatus try_source(const char *source, const ImpDownloadOptions *options, ImpPart *part,
                            char sha256[IMP_SHA256_TEXT], bool *local, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (options->size && part->size > options->size) imp_part_discard(part);
        uint64_t before = part->size;
        bool whole = options->size && part->size == options->size && options->sha256;
        ImpTransferOutcome outcome =
            whole ? IMP_TRANSFER_DONE : imp_transfer(source, options, part, local, &status, error);
        if (outcome == IMP_TRANSFER_FAILED) return status;
        if (outcome == IMP_TRANSFER_CUT && part->size <= before) return status; /* no way on from here */
        if (outcome != IMP_TRANSFER_DONE) continue;
        status = verify(part->path, source, options, sha256, error);
        if (status == IMP_OK) return IMP_OK;
        imp_part_discard(part);
        if (before == 0) return status; /* all of it came from this source just now */
    }
    return status;
}

/* Joins the reasons of the sources that failed: "a; b". */
static void join_reason(char *reasons, size_t size, const char *reason) {
    size_t used = strlen(reasons);
    snprintf(reasons + used, size - used, "%s%.400s", used ? "; " : "", reason);
}

static ImpStatus try_sources(const ImpDownloadOptions *options, ImpPart *part, char sha256[IMP_SHA256_TEXT],
                             ImpError *error) {
    char reasons[IMP_ERROR_MESSAGE_SIZE] = "";
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < options->n_sources; i++) {
        ImpError reason = {0};
        bool local = false;
        status = try_source(options->sources[i], options, part, sha256, &local, &reason);
        if (status == IMP_OK) return IMP_OK;
        if (local || status == IMP_ERROR_STOPPED) return imp_fail(error, status, "%s", reason.message);
        join_reason(reasons, sizeof reasons, reason.message);
    }
    return imp_fail(error, status, "%s", reasons);
}

ImpStatus imp_download(const char *path, const ImpDownloadOptions *options, char sha256[IMP_SHA256_TEXT],
                       ImpError *error) {
    ImpStatus status = check_options(options, error);
    if (status != IMP_OK) return status;
    if (options->sha256 && is_file(path) && verify(path, path, options, sha256, NULL) == IMP_OK) return IMP_OK;
    ImpPart part;
    status = imp_part_open(path, &part, error);
    if (status != IMP_OK) return status;
    status = try_sources(options, &part, sha256, error);
    if (status == IMP_OK) status = imp_part_finish(&part, path, error);
    imp_part_close(&part);
    return status;
}
