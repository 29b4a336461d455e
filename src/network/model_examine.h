/* What the weights of a file are. */
#ifndef IMP_NETWORK_MODEL_EXAMINE_H
#define IMP_NETWORK_MODEL_EXAMINE_H

#include "base/bundle.h"
#include "impasto/model.h"
#include "network/model_input.h"

/* Fills in what `bundle` tells of the network: from architecture on, or the problem. info->path is what messages call
 * it. What is no network that is known is not an error. */
ImpStatus imp_model_examine(const ImpBundle *bundle, ImpInputConvention wanted, ImpModelInfo *info, ImpError *error);
/* A phrase about the network in the file, such as "style network, 32-64-128 channels, trained in 40000 steps", for a
 * list: "" for a file that is too large to be read for that. To be freed with imp_free. */
ImpStatus imp_model_summary(const char *path, char **out, ImpError *error);

#endif
