/* What checkpoints of all kinds have in common: bundles that say whose they are. */
#ifndef IMP_METHOD_CHECKPOINT_FILE_H
#define IMP_METHOD_CHECKPOINT_FILE_H

#include "base/bundle.h"
#include "impasto/status.h"
#include <stdbool.h>

/* A kind of checkpoint: `format` with its version, as the file holds it, and what messages call its owner. */
typedef struct ImpCheckpointKind {
    const char *format; /* "stylize 1" */
    const char *owner;  /* "stylize" */
} ImpCheckpointKind;

/* An empty bundle of that kind. On success *out is the caller's. */
ImpStatus imp_checkpoint_file_new(const ImpCheckpointKind *kind, ImpBundle **out, ImpError *error);
/* Whether a bundle is a checkpoint of any kind. */
bool imp_checkpoint_file_is(const ImpBundle *bundle);
/* Reads a file of that kind; another is IMP_ERROR_FORMAT. On success *out is the caller's, else NULL. */
ImpStatus imp_checkpoint_file_read(const ImpCheckpointKind *kind, const char *path, ImpBundle **out, ImpError *error);

/* IMP_ERROR_ARGUMENT: the option had the value `kept` when the checkpoint was written, and has `value` now. NULL or ""
 * is none. */
ImpStatus imp_checkpoint_option_differs(const char *path, const char *option, const char *kept, const char *value,
                                        ImpError *error);

#endif
