/* Stands in for src/method/registry.c in the program that the tests of the command line run. */
#include "invert.h"

static const ImpMethod *const methods[] = {&imp_method_invert};

const ImpMethod *const *imp_methods(size_t *count) {
    *count = 1;
    return methods;
}
