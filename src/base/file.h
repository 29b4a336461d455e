/* Whole files in, and files out that are either complete or not there: written beside the target and renamed. */
#ifndef IMP_BASE_FILE_H
#define IMP_BASE_FILE_H

#include "impasto/status.h"
#include <stddef.h>
#include <stdio.h>

/* A read-only view of a regular file (mapped). Directories, devices and empty paths are refused with a message. */
typedef struct ImpFileView {
    const unsigned char *data; /* (size) bytes; NULL when size is 0 */
    size_t size;
} ImpFileView;

ImpStatus imp_file_map(const char *path, ImpFileView *out, ImpError *error);
void imp_file_unmap(ImpFileView *view);

/* A file being written as ".NAME.XXXXXX" in the target's folder; a device or pipe is written straight. */
typedef struct ImpFileWriter {
    FILE *stream;
    char *path;      /* the target */
    char *temporary; /* what is being written; NULL for a device or pipe */
} ImpFileWriter;

ImpStatus imp_file_begin(const char *path, ImpFileWriter *out, ImpError *error);
/* Flushes, syncs, checks and renames; on failure the temporary file is removed and the target is as it was. Frees the
 * writer in either case. */
ImpStatus imp_file_commit(ImpFileWriter *writer, ImpError *error);
/* Removes the temporary file; does nothing on a committed or zeroed writer. */
void imp_file_abandon(ImpFileWriter *writer);

/* The name of a fresh temporary file beside `path` (created empty, mode as a new file would have), to be freed with
 * imp_free; for writers that open files by name. imp_file_rename then puts it in place or removes it. */
ImpStatus imp_file_temporary(const char *path, char **out, ImpError *error);
ImpStatus imp_file_rename(const char *temporary, const char *path, ImpError *error);

/* Whether the folder of `path` exists and can be written, and `path` is not a folder itself. */
ImpStatus imp_file_check_writable(const char *path, ImpError *error);

/* Makes the folder and those above it that are missing, for this user alone where they are made (mode 0700, as the XDG
 * specification has it). */
ImpStatus imp_file_make_folders(const char *path, ImpError *error);

#endif
