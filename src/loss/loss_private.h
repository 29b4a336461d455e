/* What the losses share. Private to loss/. */
#ifndef IMP_LOSS_LOSS_PRIVATE_H
#define IMP_LOSS_LOSS_PRIVATE_H

#include "loss/loss.h"

/* A loss with zeroed state of state_size bytes. On success *out is the caller's. */
ImpStatus imp_loss_new(const ImpLossType *type, size_t tap, double weight, ImpShape shape, size_t state_size,
                       ImpLoss **out, ImpError *error);

/* body works through elements first..end-1 and returns what it sums over them. */
typedef double (*ImpPieceSum)(const void *context, size_t first, size_t end);

/* The sum over 0..count-1 in pieces of `piece`, each piece on one thread, added up in order. sums has room for the
 * pieces, imp_loss_pieces(count, piece) of them. */
double imp_loss_sum(size_t count, size_t piece, ImpPieceSum body, const void *context, double *sums);
size_t imp_loss_pieces(size_t count, size_t piece);

#endif
