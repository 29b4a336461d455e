/* The options and presets of `stylize`, written down once. */
#ifndef IMP_METHOD_STYLISE_PARAMETERS_H
#define IMP_METHOD_STYLISE_PARAMETERS_H

#include "impasto/method.h"

enum { IMP_STYLISE_ROWS = 67, IMP_STYLISE_PRESETS = 8 };
extern const ImpParam imp_stylise_rows[IMP_STYLISE_ROWS];
extern const ImpPreset imp_stylise_presets[IMP_STYLISE_PRESETS];

#endif
