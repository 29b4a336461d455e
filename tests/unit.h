/* What every unit test includes first: cmocka with the headers it needs. */
#ifndef IMP_TESTS_UNIT_H
#define IMP_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Ends the test as skipped and says why. */
#define skip_because(reason)                                                                                           \
    do {                                                                                                               \
        print_message("skipped: %s\n", (reason));                                                                      \
        skip();                                                                                                        \
    } while (0)

#endif
