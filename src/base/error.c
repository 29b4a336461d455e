#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void write_message(ImpError *error, ImpStatus status, const char *format, va_list arguments) {
    error->status = status;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    for (char *c = error->message; *c; c++) /* names from hostile files must not steer a terminal */
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
}

ImpStatus(imp_fail)(ImpError *error, ImpStatus status, const char *format, ...) {
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        write_message(error, status, format, arguments);
        va_end(arguments);
    }
    return status;
}

ImpStatus(imp_fail_errno)(ImpError *error, int errnum, const char *format, ...) {
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        write_message(error, IMP_ERROR_IO, format, arguments);
        va_end(arguments);
        size_t used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, ": %s", strerror(errnum));
    }
    return IMP_ERROR_IO;
}

const char *imp_status_name(ImpStatus status) {
    static const char *const names[] = {
        [IMP_OK] = "ok",
        [IMP_ERROR_ARGUMENT] = "argument",
        [IMP_ERROR_IO] = "input/output",
        [IMP_ERROR_FORMAT] = "format",
        [IMP_ERROR_UNSUPPORTED] = "unsupported",
        [IMP_ERROR_MEMORY] = "memory",
        [IMP_ERROR_NUMBER] = "number",
        [IMP_ERROR_STOPPED] = "stopped",
    };
    return (size_t)status < sizeof names / sizeof *names ? names[status] : "unknown";
}
