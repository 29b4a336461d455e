/* One HTTP transfer into a part. */
#ifndef IMP_DOWNLOAD_TRANSFER_H
#define IMP_DOWNLOAD_TRANSFER_H

#include "download/download.h"
#include "download/part.h"

typedef enum ImpTransferOutcome {
    IMP_TRANSFER_DONE,  /* the part is as long as the server said */
    IMP_TRANSFER_CUT,   /* the connection broke; asking the same source again makes sense */
    IMP_TRANSFER_AGAIN, /* what was there does not fit this source and was dropped; ask it again from the start */
    IMP_TRANSFER_FAILED /* this source will not do */
} ImpTransferOutcome;

/* Whether `source` is an address that may be used; the message says what is wrong with it. */
ImpStatus imp_transfer_check(const char *source, bool allow_http, ImpError *error);

/* Fetches what the part lacks. *status (IMP_OK when done) and *error tell why not; IMP_ERROR_STOPPED when the observer
 * ended it, and IMP_ERROR_IO with IMP_TRANSFER_FAILED also when the disk is at fault (then *local is true and other
 * sources will not help). */
ImpTransferOutcome imp_transfer(const char *source, const ImpDownloadOptions *options, ImpPart *part, bool *local,
                                ImpStatus *status, ImpError *error);

#endif
