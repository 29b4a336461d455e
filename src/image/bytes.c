#include "image/bytes.h"

#include "base/error.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *imp_bytes_name(const char *path) {
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* Makes room for at least one more byte. */
static ImpStatus grow(ImpBytes *bytes, size_t *capacity, const char *name, ImpError *error) {
    if (bytes->size < *capacity) return IMP_OK;
    if (*capacity >= IMP_BYTES_MAX_STREAM)
        return imp_fail(error, IMP_ERROR_MEMORY, "%s has over %d MiB; give a file instead of a pipe", name,
                        IMP_BYTES_MAX_STREAM >> 20);
    size_t wanted = *capacity ? *capacity * 2 : (size_t)1 << 16;
    unsigned char *block = imp_realloc(bytes->block, *capacity, wanted, 1);
    if (!block) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory while reading %s", name);
    bytes->block = block;
    *capacity = wanted;
    return IMP_OK;
}

static ImpStatus read_stream(int file, const char *name, ImpBytes *out, ImpError *error) {
    size_t capacity = 0;
    for (;;) {
        ImpStatus status = grow(out, &capacity, name, error);
        if (status != IMP_OK) return status;
        ssize_t got = read(file, out->block + out->size, capacity - out->size);
        if (got == 0) break;
        if (got < 0 && errno != EINTR) return imp_fail_errno(error, errno, "cannot read %s", name);
        if (got > 0) out->size += (size_t)got;
    }
    out->data = out->size > 0 ? out->block : NULL;
    return IMP_OK;
}

static ImpStatus read_pipe(const char *path, ImpBytes *out, ImpError *error) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return imp_fail_errno(error, errno, "cannot open %s", path);
    ImpStatus status = read_stream(file, path, out, error);
    close(file);
    return status;
}

ImpStatus imp_bytes_read(const char *path, ImpBytes *out, ImpError *error) {
    *out = (ImpBytes){0};
    struct stat info;
    ImpStatus status;
    if (strcmp(path, "-") == 0) {
        status = read_stream(STDIN_FILENO, imp_bytes_name(path), out, error);
    } else if (stat(path, &info) == 0 && S_ISFIFO(info.st_mode)) {
        status = read_pipe(path, out, error);
    } else {
        status = imp_file_map(path, &out->view, error);
        out->data = out->view.data;
        out->size = out->view.size;
    }
    if (status != IMP_OK) imp_bytes_free(out);
    return status;
}

void imp_bytes_free(ImpBytes *bytes) {
    imp_file_unmap(&bytes->view);
    imp_free(bytes->block);
    *bytes = (ImpBytes){0};
}
