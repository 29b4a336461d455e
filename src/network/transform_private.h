/* What the files of transform_net share. */
#ifndef IMP_NETWORK_TRANSFORM_PRIVATE_H
#define IMP_NETWORK_TRANSFORM_PRIVATE_H

#include "network/transform_net.h"

/* The network of this shape, its layers listed and counted; no values yet. */
ImpStatus imp_transform_empty(ImpTransformShape shape, const char *name, ImpTransformNet **out, ImpError *error);
/* Its values, all 0. */
ImpStatus imp_transform_make_room(ImpTransformNet *net, ImpError *error);

#endif
