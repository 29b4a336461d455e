/* VGG weights into the form this program keeps them in. */
#ifndef IMP_NETWORK_VGG_WRITE_H
#define IMP_NETWORK_VGG_WRITE_H

#include "network/vgg_weights.h"
#include <stdbool.h>

typedef struct ImpVggOrigin {
    const char *sha256;   /* of the file the weights came from; NULL or empty: not said */
    const char *source;   /* where that file is published, or NULL */
    const char *licence;  /* or NULL */
    const ImpNote *notes; /* (n_notes) more of it, or NULL */
    size_t n_notes;
} ImpVggOrigin;

/* Writes the convolutions to `path` as safetensors: conv1_1.weight, conv1_1.bias ... in the order of the network, and
 * the metadata architecture, last_layer, those of imp_model_input_describe, and what is known about the origin. */
ImpStatus imp_vgg_weights_write(const ImpVggWeights *weights, const ImpVggOrigin *origin, const char *path, bool half,
                                ImpError *error);

#endif
