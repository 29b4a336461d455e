#include "download/part.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTE_MAX_BYTES = 8192 };

/* Reads "SOURCE\nVALIDATOR\n"; whatever else is there counts as unknown. */
static void read_note(ImpPart *part) {
    char text[NOTE_MAX_BYTES];
    int file = open(part->note_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return;
    text[length] = '\0';
    char *first = strchr(text, '\n'), *second = first ? strchr(first + 1, '\n') : NULL;
    if (!second || (size_t)(second - first) > sizeof part->validator) return;
    *first = *second = '\0';
    char *source = imp_strdup(text);
    if (!source) return;
    imp_free(part->source);
    part->source = source;
    strcpy(part->validator, first + 1);
}

static ImpStatus write_note(const ImpPart *part, ImpError *error) {
    ImpFileWriter writer;
    ImpStatus status = imp_file_begin(part->note_path, &writer, error);
    if (status != IMP_OK) return status;
    fprintf(writer.stream, "%s\n%s\n", part->source, part->validator);
    return imp_file_commit(&writer, error);
}

/* Opens and locks. The process that held the lock may have renamed the file meanwhile: then what is locked is no longer
 * what the path names, and *moved says so. */
static ImpStatus open_locked(ImpPart *part, const char *target, bool *moved, ImpError *error) {
    part->file = open(part->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (part->file < 0) return imp_fail_errno(error, errno, "cannot write %s", part->path);
    struct stat opened, named;
    if (flock(part->file, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? imp_fail(error, IMP_ERROR_IO,
                              "another process is downloading %s already; wait for it, or end it and try again", target)
                   : imp_fail_errno(error, errno, "cannot lock %s", part->path);
    if (fstat(part->file, &opened) != 0 || !S_ISREG(opened.st_mode))
        return imp_fail(error, IMP_ERROR_IO, "%s is no regular file; remove it and try again", part->path);
    *moved = stat(part->path, &named) != 0 || named.st_ino != opened.st_ino || named.st_dev != opened.st_dev;
    part->size = (uint64_t)opened.st_size;
    return IMP_OK;
}

ImpStatus imp_part_open(const char *target, ImpPart *out, ImpError *error) {
    *out = (ImpPart){.file = -1};
    ImpStatus status = imp_file_check_writable(target, error);
    if (status != IMP_OK) {
        *out = (ImpPart){0};
        return status;
    }
    ImpPart part = {.file = -1,
                    .path = imp_format("%s.part", target),
                    .note_path = imp_format("%s.part.from", target),
                    .source = imp_strdup("")};
    bool moved = true;
    if (!part.path || !part.note_path || !part.source) status = imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
    for (int attempt = 0; status == IMP_OK && moved && attempt < 5; attempt++) {
        if (part.file >= 0) close(part.file);
        status = open_locked(&part, target, &moved, error);
    }
    if (status == IMP_OK && moved)
        status = imp_fail(error, IMP_ERROR_IO, "%s keeps being replaced by another process; try again", part.path);
    if (status != IMP_OK) {
        if (part.file >= 0) close(part.file);
        imp_free(part.path);
        imp_free(part.note_path);
        imp_free(part.source);
        *out = (ImpPart){0};
        return status;
    }
    read_note(&part);
    if (lseek(part.file, 0, SEEK_END) < 0) part.size = 0;
    *out = part;
    return IMP_OK;
}

ImpStatus imp_part_restart(ImpPart *part, const char *source, const char *validator, ImpError *error) {
    if (ftruncate(part->file, 0) != 0 || lseek(part->file, 0, SEEK_SET) != 0)
        return imp_fail_errno(error, errno, "cannot write %s", part->path);
    part->size = 0;
    char *copy = imp_strdup(source);
    if (!copy) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
    imp_free(part->source);
    part->source = copy;
    bool fits = strlen(validator) < sizeof part->validator;
    strcpy(part->validator, fits ? validator : "");
    return write_note(part, error);
}

ImpStatus imp_part_append(ImpPart *part, const void *data, size_t size, ImpError *error) {
    const char *at = data;
    while (size > 0) {
        ssize_t written = write(part->file, at, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            return imp_fail_errno(error, written < 0 ? errno : EIO, "cannot write %s (%llu bytes have arrived)",
                                  part->path, (unsigned long long)part->size);
        at += written;
        size -= (size_t)written;
        part->size += (uint64_t)written;
    }
    return IMP_OK;
}

ImpStatus imp_part_finish(ImpPart *part, const char *target, ImpError *error) {
    /* Not imp_file_rename, which removes its file on failure: hours of download may be in it. */
    if (fsync(part->file) != 0 || rename(part->path, target) != 0)
        return imp_fail_errno(error, errno, "cannot write %s", target);
    unlink(part->note_path);
    part->size = 1; /* for imp_part_close: the path is no longer ours to remove */
    return IMP_OK;
}

void imp_part_discard(ImpPart *part) {
    if (ftruncate(part->file, 0) == 0) lseek(part->file, 0, SEEK_SET);
    part->size = 0;
    part->source[0] = part->validator[0] = '\0';
    unlink(part->note_path);
}

void imp_part_close(ImpPart *part) {
    if (!part->path) return;
    if (part->size == 0) {
        unlink(part->path);
        unlink(part->note_path);
    }
    close(part->file);
    imp_free(part->path);
    imp_free(part->note_path);
    imp_free(part->source);
    *part = (ImpPart){0};
}
