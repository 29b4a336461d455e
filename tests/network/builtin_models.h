/* Stands in for what was built in from models/: a table that a test fills. Nothing is built in before it does. Tests
 * link builtin_models.c so that they do not depend on the weights that are shipped. */
#ifndef IMP_TESTS_NETWORK_BUILTIN_MODELS_H
#define IMP_TESTS_NETWORK_BUILTIN_MODELS_H

#include "network/builtin/builtin.h"

enum { TEST_BUILTIN_MODELS = 8 };
extern ImpBuiltinModel test_builtin_models[TEST_BUILTIN_MODELS]; /* in order, NULL after the last */

#endif
