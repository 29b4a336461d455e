/* Checkpoints: the state of a run as a safetensors file, with what it depends on, so that it continues only where it
 * would have gone on by itself. */
#ifndef IMP_METHOD_DESCENT_CHECKPOINT_H
#define IMP_METHOD_DESCENT_CHECKPOINT_H

#include "method/checkpoint_file.h"
#include "method/descent_state.h"

/* What decides the course of a run. Texts and pictures belong to the caller. */
typedef struct ImpCheckpointOrigin {
    const ImpCheckpointKind *kind;
    const ImpParams *params;
    const ImpPicture *pictures;
    size_t n_pictures;
    const char *model_sha256;
    const char *masks_sha256;   /* of the pictures that options name, or NULL */
    char (*picture_hashes)[65]; /* (n_pictures), filled when first needed; to be freed with imp_free */
} ImpCheckpointOrigin;

/* Writes beside and renames. `seconds` is the time spent so far. */
ImpStatus imp_checkpoint_write(const char *path, ImpCheckpointOrigin *origin, const ImpDescentSettings *settings,
                               const ImpDescentState *state, double seconds, ImpError *error);
/* Takes back what imp_checkpoint_write wrote for the same origin; anything else is refused with a message that says
 * what differs. The numbers of evaluations are no part of the origin, so that a finished run can go on. On success the
 * state is the caller's to end; on failure it is empty. */
ImpStatus imp_checkpoint_read(const char *path, ImpCheckpointOrigin *origin, const ImpDescentSettings *settings,
                              ImpDescentState *state, double *seconds, ImpError *error);

#endif
