#include "base/file.h"

#include "base/error.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static ImpStatus check_regular(const char *path, const struct stat *info, ImpError *error) {
    if (S_ISDIR(info->st_mode)) return imp_fail(error, IMP_ERROR_IO, "%s is a folder; give a file", path);
    if (!S_ISREG(info->st_mode)) return imp_fail(error, IMP_ERROR_IO, "%s is no regular file", path);
    return IMP_OK;
}

ImpStatus imp_file_map(const char *path, ImpFileView *out, ImpError *error) {
    *out = (ImpFileView){0};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hang us before fstat */
    if (file < 0) return imp_fail_errno(error, errno, "cannot open %s", *path ? path : "\"\"");
    struct stat info;
    ImpStatus status = fstat(file, &info) == 0 ? check_regular(path, &info, error)
                                               : imp_fail_errno(error, errno, "cannot read %s", path);
    if (status == IMP_OK && info.st_size > 0) {
        void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED)
            status = imp_fail_errno(error, errno, "cannot read %s", path);
        else
            *out = (ImpFileView){.data = data, .size = (size_t)info.st_size};
    }
    close(file);
    return status;
}

void imp_file_unmap(ImpFileView *view) {
    if (view->data) munmap((void *)(uintptr_t)view->data, view->size);
    *view = (ImpFileView){0};
}

/* The folder part of `path`, "." where it has none; to be freed with imp_free. */
static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return imp_strdup(".");
    return imp_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Devices, pipes and sockets: there is nothing to rename over, and renaming would replace the device itself. */
static bool is_special(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

ImpStatus imp_file_check_writable(const char *path, ImpError *error) {
    if (!*path) return imp_fail(error, IMP_ERROR_ARGUMENT, "the output has an empty name; give a path");
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return imp_fail(error, IMP_ERROR_IO, "cannot write %s: it is a folder; give the name of a file", path);
    if (is_special(path))
        return access(path, W_OK) == 0 ? IMP_OK : imp_fail_errno(error, errno, "cannot write %s", path);
    char *folder = folder_of(path);
    if (!folder) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
    ImpStatus status = IMP_OK;
    if (stat(folder, &info) != 0)
        status = imp_fail_errno(error, errno, "cannot write %s: its folder %s", path, folder);
    else if (!S_ISDIR(info.st_mode))
        status = imp_fail(error, IMP_ERROR_IO, "cannot write %s: %s is no folder", path, folder);
    else if (access(folder, W_OK | X_OK) != 0)
        status = imp_fail_errno(error, errno, "cannot write %s: its folder %s", path, folder);
    imp_free(folder);
    return status;
}

/* ".NAME.XXXXXX" in the folder of `path`. */
static char *temporary_template(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int folder = slash ? (int)(slash + 1 - path) : 0;
    return imp_format("%.*s.%.200s.XXXXXX", folder, path, name);
}

ImpStatus imp_file_temporary(const char *path, char **out, ImpError *error) {
    *out = NULL;
    ImpStatus status = imp_file_check_writable(path, error);
    if (status != IMP_OK) return status;
    char *name = temporary_template(path);
    if (!name) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
    int file = mkstemp(name);
    if (file < 0) {
        status = imp_fail_errno(error, errno, "cannot write %s", path);
        imp_free(name);
        return status;
    }
    mode_t mask = umask(0);
    umask(mask);
    fchmod(file, 0666 & ~mask);
    close(file);
    *out = name;
    return IMP_OK;
}

/* The bytes must be on the disk before the name points to them. */
static int sync_file(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno;
    int failed = fsync(file) == 0 ? 0 : errno;
    close(file);
    return failed;
}

ImpStatus imp_file_rename(const char *temporary, const char *path, ImpError *error) {
    int failed = sync_file(temporary);
    if (failed == 0 && rename(temporary, path) != 0) failed = errno;
    if (failed == 0) return IMP_OK;
    unlink(temporary);
    return imp_fail_errno(error, failed, "cannot write %s", path);
}

static ImpStatus begin_special(const char *path, ImpFileWriter *out, ImpError *error) {
    *out = (ImpFileWriter){.path = imp_strdup(path)};
    if (!out->path) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
    out->stream = fopen(path, "wb");
    if (out->stream) return IMP_OK;
    ImpStatus status = imp_fail_errno(error, errno, "cannot write %s", path);
    imp_file_abandon(out);
    return status;
}

ImpStatus imp_file_begin(const char *path, ImpFileWriter *out, ImpError *error) {
    *out = (ImpFileWriter){0};
    if (is_special(path)) return begin_special(path, out, error);
    char *temporary;
    ImpStatus status = imp_file_temporary(path, &temporary, error);
    if (status != IMP_OK) return status;
    *out = (ImpFileWriter){.stream = fopen(temporary, "wb"), .path = imp_strdup(path), .temporary = temporary};
    if (out->stream && out->path) return IMP_OK;
    status = out->path ? imp_fail_errno(error, errno, "cannot write %s", path)
                       : imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
    imp_file_abandon(out);
    return status;
}

static void free_writer(ImpFileWriter *writer) {
    imp_free(writer->path);
    imp_free(writer->temporary);
    *writer = (ImpFileWriter){0};
}

ImpStatus imp_file_commit(ImpFileWriter *writer, ImpError *error) {
    int failed = ferror(writer->stream) ? (errno ? errno : EIO) : 0;
    if (fflush(writer->stream) != 0 && failed == 0) failed = errno;
    if (fclose(writer->stream) != 0 && failed == 0) failed = errno;
    writer->stream = NULL;
    ImpStatus status;
    if (failed == 0) {
        status = writer->temporary ? imp_file_rename(writer->temporary, writer->path, error) : IMP_OK;
    } else {
        if (writer->temporary) unlink(writer->temporary);
        status = imp_fail_errno(error, failed, "cannot write %s", writer->path);
    }
    free_writer(writer);
    return status;
}

void imp_file_abandon(ImpFileWriter *writer) {
    if (writer->stream) fclose(writer->stream);
    if (writer->temporary) unlink(writer->temporary);
    free_writer(writer);
}

ImpStatus imp_file_make_folders(const char *path, ImpError *error) {
    char *part = imp_strdup(path);
    if (!part) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the path of a folder");
    ImpStatus status = IMP_OK;
    size_t length = strlen(part);
    for (size_t i = 1; status == IMP_OK && i <= length; i++) {
        char end = part[i];
        if (end != '/' && end != '\0') continue;
        part[i] = '\0';
        struct stat info;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            status = imp_fail_errno(error, errno, "cannot make the folder %s", part);
        else if (stat(part, &info) != 0 || !S_ISDIR(info.st_mode))
            status = imp_fail(error, IMP_ERROR_IO, "cannot make the folder %s: %s is no folder", path, part);
        part[i] = end;
    }
    imp_free(part);
    return status;
}
