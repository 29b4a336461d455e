/* One value of a parameter table: parsed from text, checked against its row. */
#ifndef IMP_BASE_PARAMETER_VALUE_H
#define IMP_BASE_PARAMETER_VALUE_H

#include "impasto/parameter.h"

typedef struct ImpValue {
    char *text; /* canonical; NULL: there is no value */
    bool flag;
    int choice;
    int64_t integer;
    double real;
    size_t count; /* of the list below that the type uses */
    double *reals;
    int64_t *integers;
    ImpLayerWeight *layers;
} ImpValue;

/* Parses `text` as the row asks. On success *out is the caller's, to be released with imp_value_clear; on failure it is
 * empty and the message says what the row takes. */
ImpStatus imp_value_parse(const ImpParam *row, const char *text, ImpValue *out, ImpError *error);
void imp_value_clear(ImpValue *value);

#endif
