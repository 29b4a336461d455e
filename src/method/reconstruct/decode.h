/* The picture in one pass, through a decoder trained to invert the layer (Dosovitskiy, Brox 2016). */
#ifndef IMP_METHOD_RECONSTRUCT_DECODE_H
#define IMP_METHOD_RECONSTRUCT_DECODE_H

#include "impasto/method.h"
#include "network/decoder.h"

/* The picture into `result`, with its metrics and remark. The decoder reads features of `weights`. */
ImpStatus imp_reconstruct_decode(const ImpRequest *request, const ImpVggWeights *weights, const ImpDecoder *decoder,
                                 const ImpPicture *picture, ImpResult *result, ImpError *error);

#endif
