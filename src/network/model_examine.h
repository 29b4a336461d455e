/* What the weights of a file are. */
#ifndef IMP_NETWORK_MODEL_EXAMINE_H
#define IMP_NETWORK_MODEL_EXAMINE_H

#include "base/bundle.h"
#include "impasto/model.h"
#include "network/model_input.h"
#include "network/model_open.h"

/* Fills in what `bundle` tells of the network: from architecture on, or the problem. `name` is what messages call it.
 * What is no network that is known is not an error. */
ImpStatus imp_model_examine(const ImpBundle *bundle, const char *name, ImpInputConvention wanted, ImpModelInfo *info,
                            ImpError *error);
/* What a list says of a file that is no weight file. */
#define IMP_MODEL_UNREADABLE "no weights that can be read"
/* A phrase about the network, such as "style network, 32-64-128 channels, trained in 40000 steps", for a list: "" for a
 * file that is too large to be read for that. To be freed with imp_free. */
ImpStatus imp_model_summary(const ImpModelBytes *model, char **out, ImpError *error);

#endif
