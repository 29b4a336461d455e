#include "network/builtin_models.h"

ImpBuiltinModel test_builtin_models[TEST_BUILTIN_MODELS];

const ImpBuiltinModel *imp_builtin_models(void) {
    return test_builtin_models;
}
