/* Which pictures there are: files given by name, and those in folders. */
#ifndef IMPASTO_PICTURE_LIST_H
#define IMPASTO_PICTURE_LIST_H

#include <impasto/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ImpListedPicture {
    char *path;
    const char
        *name; /* within path: below the folder given ("2024/beach.jpg"); the last part of a file given by name */
    const char *format; /* what its first bytes say, as in ImpImageWriteOptions: "jpg", "png" ..., never freed */
    uint64_t size;      /* bytes */
} ImpListedPicture;

/* What was found and is no picture, or cannot be read. */
typedef struct ImpLeftOut {
    char *path;
    char *reason;    /* a clause: "it is text", "No such file or directory" */
    ImpStatus fault; /* IMP_ERROR_FORMAT: no picture; IMP_ERROR_IO: cannot be read */
    bool given;      /* by name, and not found in a folder */
    bool is_folder;  /* that cannot be opened */
} ImpLeftOut;

typedef struct ImpPictureList {
    ImpListedPicture *pictures; /* (count), may be none */
    size_t count;
    ImpLeftOut *left_out; /* (n_left_out) */
    size_t n_left_out;
} ImpPictureList;

/* Lists the files in `paths` (n) and those in the folders among them and below, in the order given, within a folder by
 * the bytes of their names. Files are pictures by their first bytes, whatever they are called. Names that begin with
 * '.' are passed over in folders. Links are followed, but never back into a folder that is being listed. `without`
 * (may be NULL) is a folder that is passed over where it is found within another, such as the one that results go
 * into; it need not exist. On success *out is the caller's; on failure it is NULL. */
IMP_API ImpStatus imp_picture_list_new(const char *const *paths, size_t n, const char *without, ImpPictureList **out,
                                       ImpError *error);
IMP_API void imp_picture_list_free(ImpPictureList **list);

#ifdef __cplusplus
}
#endif

#endif
