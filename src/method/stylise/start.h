/* The picture that a run starts from. */
#ifndef IMP_METHOD_STYLISE_START_H
#define IMP_METHOD_STYLISE_START_H

#include "method/descent_state.h"
#include "method/stylise/settings.h"

/* Fills state->pixels, at the first scale, by settings->init. `content` is prepared and has the scale's size; the
 * styles (n) are as they were given. Noise comes from state->random. */
ImpStatus imp_stylise_start(const ImpStyliseSettings *settings, const ImpDescentScale *scale, const ImpImage *content,
                            const ImpImage *const *styles, size_t n, ImpDescentState *state, ImpError *error);

#endif
