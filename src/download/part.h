/* The part of a download that has arrived: "TARGET.part", kept across runs so that the next one goes on from there, and
 * "TARGET.part.from", which says where it came from. One process at a time holds it (by a lock on the file). */
#ifndef IMP_DOWNLOAD_PART_H
#define IMP_DOWNLOAD_PART_H

#include "impasto/status.h"
#include <stddef.h>
#include <stdint.h>

enum { IMP_VALIDATOR_TEXT = 256 };

typedef struct ImpPart {
    int file;                           /* open and locked */
    uint64_t size;                      /* bytes that have arrived */
    char *path, *note_path;             /* TARGET.part, TARGET.part.from */
    char *source;                       /* the address it came from; empty when unknown */
    char validator[IMP_VALIDATOR_TEXT]; /* strong ETag or Last-Modified of that address; empty when unknown */
} ImpPart;

/* Opens or creates the part of `target`. When another process holds it, the message says so. On success
 * imp_part_close is due; on failure *out is zeroed. */
ImpStatus imp_part_open(const char *target, ImpPart *out, ImpError *error);
/* Begins anew: nothing has arrived, and what will comes from `source`. Too long a validator is left out. */
ImpStatus imp_part_restart(ImpPart *part, const char *source, const char *validator, ImpError *error);
ImpStatus imp_part_append(ImpPart *part, const void *data, size_t size, ImpError *error);
/* Puts the complete part in the place of `target`. The part is still to be closed. */
ImpStatus imp_part_finish(ImpPart *part, const char *target, ImpError *error);
/* Removes both files, when what arrived is of no use. The part is still to be closed. */
void imp_part_discard(ImpPart *part);
/* Closes and unlocks; an empty part is removed, any other stays for the next run. Does nothing on a zeroed part. */
void imp_part_close(ImpPart *part);

#endif
