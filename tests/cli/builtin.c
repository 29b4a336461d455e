/* Stands in for what is built in from models/: a tiny perceptual network, all zeros, so that what the command prints
 * does not depend on the weights that are shipped. */
#include "network/builtin/builtin.h"

#include <stdint.h>

/* Its length is a multiple of 8, as spaces at the end see to. */
#define HEADER                                                                                                         \
    "{\"__metadata__\":{\"steps\":\"9\"},"                                                                             \
    "\"conv1_1.weight\":{\"dtype\":\"F16\",\"shape\":[2,3,3,3],\"data_offsets\":[0,108]},"                             \
    "\"conv1_1.bias\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[108,112]},"                                   \
    "\"relu1_1.projection.weight\":{\"dtype\":\"F16\",\"shape\":[2,2,1,1],\"data_offsets\":[112,120]}}     "

static const struct {
    uint64_t length; /* the little end first, as on every machine that the tests run on */
    char header[sizeof HEADER - 1];
    uint16_t numbers[60];
} perceptual = {.length = sizeof HEADER - 1, .header = HEADER};
_Static_assert(sizeof perceptual == 8 + sizeof HEADER - 1 + 120, "no gap in the file");

const ImpBuiltinModel *imp_builtin_models(void) {
    static const ImpBuiltinModel models[] = {{"perceptual", (const unsigned char *)&perceptual, sizeof perceptual},
                                             {0}};
    return models;
}
