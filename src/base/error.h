/* Writing an error message. The one who detects the fault calls imp_fail; everyone above returns its status. */
#ifndef IMP_BASE_ERROR_H
#define IMP_BASE_ERROR_H

#include "impasto/status.h"

/* Fills *error (which may be NULL) and returns `status`, so that a function can `return imp_fail(...)`. The text says
 * what is wrong, where, and what to do, in one sentence without a final newline. Control characters in what the format
 * takes in (names from files) become '?'. */
ImpStatus imp_fail(ImpError *error, ImpStatus status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* imp_fail for a system call that failed: appends ": " and the text of `errnum`. */
ImpStatus imp_fail_errno(ImpError *error, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Both again, so that the compiler and the static analysis of the caller see which status comes back: without this they
 * take it for IMP_OK and warn of paths that do not exist. */
static inline ImpStatus imp_known_status(ImpStatus written, ImpStatus status) {
    (void)written;
    return status;
}
#define imp_fail(error, status, ...)       imp_known_status(imp_fail(error, status, __VA_ARGS__), status)
#define imp_fail_errno(error, errnum, ...) imp_known_status(imp_fail_errno(error, errnum, __VA_ARGS__), IMP_ERROR_IO)

#endif
