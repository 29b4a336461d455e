/* Which photographs there are: the pictures in folders, and files given by name. */
#ifndef IMP_IMAGE_PHOTO_LIST_H
#define IMP_IMAGE_PHOTO_LIST_H

#include "base/hash.h"
#include "impasto/status.h"
#include <stddef.h>

typedef struct ImpPhotoList {
    char **paths; /* (count), count >= 1 */
    size_t count;
    char fingerprint[IMP_SHA256_TEXT]; /* of the names below the folders, and the sizes of the files, in order */
} ImpPhotoList;

/* What the user should know and is no failure; `sentence` is valid during the call. */
typedef void (*ImpPhotoNotice)(void *context, const char *sentence);

/* Lists the files in `paths` (n) and those in the folders among them and below, in the order given, within a folder by
 * the bytes of their names. Files are pictures by their first bytes; others are passed over in folders and an error
 * where given by name. Names that begin with '.' are passed over in folders. Links are followed, but never back into a
 * folder that is being listed. A folder within that cannot be read is left out with a notice (which may be NULL). That
 * there is no picture at all is an error. On success *out is the caller's, to be released with imp_photo_list_free. */
ImpStatus imp_photo_list_new(const char *const *paths, size_t n, ImpPhotoNotice notice, void *context,
                             ImpPhotoList *out, ImpError *error);
void imp_photo_list_free(ImpPhotoList *list);

#endif
