/* Shared by the tests of weights. */
#ifndef IMP_TESTS_WEIGHTS_SUPPORT_H
#define IMP_TESTS_WEIGHTS_SUPPORT_H

#include "impasto/status.h"
#include "unit.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A folder from the environment that the test runner sets; the current one without it. */
static inline const char *test_folder(const char *variable) {
    const char *value = getenv(variable);
    return value ? value : ".";
}

/* One sentence that says `part`. */
static inline void assert_message(const ImpError *error, const char *part) {
    if (!strstr(error->message, part)) fail_msg("the message \"%s\" does not say \"%s\"", error->message, part);
    assert_null(strchr(error->message, '\n'));
    assert_true(strlen(error->message) < 400);
}

#endif
