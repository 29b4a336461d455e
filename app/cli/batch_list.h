/* The pictures of a batch, and where the result of each goes. */
#ifndef IMP_CLI_BATCH_LIST_H
#define IMP_CLI_BATCH_LIST_H

#include "run.h"

typedef struct BatchItem {
    const ImpListedPicture *picture; /* of the list */
    char *output;                    /* its own memory, as is the next */
    char *recipe;                    /* or NULL where none is wanted */
    bool there;                      /* the result is there already and to be left alone */
} BatchItem;

typedef struct BatchList {
    ImpPictureList *found;
    BatchItem *items; /* (count), for each picture found */
    size_t count, n_there;
} BatchList;

/* Lists the pictures in `paths` (n), names their results after them, and checks that no two have the same and none
 * would be written over what is read. Of `run`, the settings and all pictures but the first are there. Returns the exit
 * status and says what is wrong. *out is the caller's in either case, to be released with batch_list_clear. */
int batch_list_make(const Run *run, const char *const *paths, size_t n, BatchList *out);
void batch_list_clear(BatchList *list);

#endif
