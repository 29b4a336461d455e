#include "network/vgg_weights.h"

#include "network/model_open.h"
#include <string.h>

ImpStatus imp_vgg_weights_read(const char *model, ImpInputConvention wanted, ImpVggWeights **out, ImpError *error) {
    *out = NULL;
    ImpModelContent content;
    ImpStatus status = imp_model_read(model, &content, error);
    if (status == IMP_OK) status = imp_vgg_weights_from_bundle(content.bundle, content.name, wanted, out, error);
    if (status == IMP_OK) memcpy((*out)->sha256, content.sha256, sizeof content.sha256);
    imp_model_content_clear(&content);
    return status;
}
