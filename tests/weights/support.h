/* Shared by the tests of weights. */
#ifndef TESTS_WEIGHTS_SUPPORT_H
#define TESTS_WEIGHTS_SUPPORT_H

#include "impasto/status.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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
