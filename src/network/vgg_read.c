#include "network/vgg_weights.h"

#include "weights/weights.h"
#include <string.h>

ImpStatus imp_vgg_weights_read(const char *path, ImpInputConvention wanted, ImpVggWeights **out, ImpError *error) {
    *out = NULL;
    ImpBundle *bundle = NULL;
    char sha256[IMP_SHA256_TEXT];
    ImpStatus status = imp_weights_read(path, &bundle, error);
    if (status == IMP_OK) status = imp_sha256_file(path, sha256, error);
    if (status == IMP_OK) status = imp_vgg_weights_from_bundle(bundle, path, wanted, out, error);
    if (status == IMP_OK) memcpy((*out)->sha256, sha256, sizeof sha256);
    imp_bundle_free(&bundle);
    return status;
}
