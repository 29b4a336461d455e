#include "method/checkpoint_file.h"

#include "base/error.h"
#include "weights/weights.h"
#include <string.h>

static const char format_key[] = "impasto.checkpoint";

ImpStatus imp_checkpoint_file_new(const ImpCheckpointKind *kind, ImpBundle **out, ImpError *error) {
    ImpStatus status = imp_bundle_new(out, error);
    if (status != IMP_OK) return status;
    status = imp_bundle_set_metadata(*out, format_key, kind->format, error);
    if (status != IMP_OK) imp_bundle_free(out);
    return status;
}

bool imp_checkpoint_file_is(const ImpBundle *bundle) {
    return imp_bundle_metadata(bundle, format_key) != NULL;
}

ImpStatus imp_checkpoint_file_read(const ImpCheckpointKind *kind, const char *path, ImpBundle **out, ImpError *error) {
    *out = NULL;
    ImpStatus status = imp_weights_read(path, out, error);
    if (status != IMP_OK) return status;
    const char *format = imp_bundle_metadata(*out, format_key);
    if (format && strcmp(format, kind->format) == 0) return IMP_OK;
    imp_bundle_free(out);
    return imp_fail(error, IMP_ERROR_FORMAT,
                    "%.200s is not a checkpoint of %s that this version can continue; give a file written with "
                    "checkpoint",
                    path, kind->owner);
}

static const char *or_nothing(const char *value) {
    return value && *value ? value : "nothing";
}

ImpStatus imp_checkpoint_option_differs(const char *path, const char *option, const char *kept, const char *value,
                                        ImpError *error) {
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "%.200s was made with %s %.60s, but this run has %.60s; give it the same options, or start without "
                    "resume",
                    path, option, or_nothing(kept), or_nothing(value));
}
