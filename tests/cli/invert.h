/* A method for the tests of the command line: small, slow when told to, and with every kind of parameter. */
#ifndef IMP_TESTS_CLI_INVERT_H
#define IMP_TESTS_CLI_INVERT_H

#include <impasto/method.h>

extern const ImpMethod imp_method_invert;

#endif
