/* Finding the picture by optimisation, layer after layer. */
#ifndef IMP_METHOD_RECONSTRUCT_INVERT_H
#define IMP_METHOD_RECONSTRUCT_INVERT_H

#include "method/reconstruct/settings.h"

/* The picture found, or the sheet of them, into `result`, with its steps, metrics, remark and faults. settings have the
 * sizes for `picture`; `weights` reach every layer of them. A stop keeps the best so far. */
ImpStatus imp_reconstruct_invert(const ImpRequest *request, const ImpReconstructSettings *settings,
                                 const ImpVggWeights *weights, const ImpPicture *picture, ImpResult *result,
                                 ImpError *error);

#endif
