/* What the files of decoder share. */
#ifndef IMP_NETWORK_DECODER_PRIVATE_H
#define IMP_NETWORK_DECODER_PRIVATE_H

#include "network/decoder.h"

/* A decoder without layers and values. */
ImpStatus imp_decoder_empty(const char *layer, const char *name, ImpDecoder **out, ImpError *error);
void imp_decoder_add_layer(ImpDecoder *decoder, int block, int index, int in, int out);

#endif
