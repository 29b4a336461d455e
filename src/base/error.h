/* Writing an error message. The one who detects the fault calls imp_fail; everyone above returns its status. */
#ifndef IMP_BASE_ERROR_H
#define IMP_BASE_ERROR_H

#include "impasto/status.h"

/* Fills *error (which may be NULL) and returns `status`, so that a function can `return imp_fail(...)`. The text says
 * what is wrong, where, and what to do, in one sentence without a final newline. */
ImpStatus imp_fail(ImpError *error, ImpStatus status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* imp_fail for a system call that failed: appends ": " and the text of `errnum`. */
ImpStatus imp_fail_errno(ImpError *error, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
