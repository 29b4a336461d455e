/* Status codes and error messages.
 *
 * Every function that can fail returns an ImpStatus and takes an ImpError * as its last argument. The function that
 * detects the fault writes the message: one sentence that says what is wrong, where, and what to do about it. Callers
 * only pass it on. The ImpError * may be NULL when the message is of no interest. */
#ifndef IMPASTO_STATUS_H
#define IMPASTO_STATUS_H

#if defined(__GNUC__)
#define IMP_API __attribute__((visibility("default")))
#else
#define IMP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ImpStatus {
    IMP_OK = 0,
    IMP_ERROR_ARGUMENT,    /* a parameter is unknown, out of range or does not fit the others */
    IMP_ERROR_IO,          /* a file cannot be read or written; the system's reason is in the message */
    IMP_ERROR_FORMAT,      /* the bytes of a file are not what they claim to be */
    IMP_ERROR_UNSUPPORTED, /* well-formed, but nothing this build can handle */
    IMP_ERROR_MEMORY,      /* out of memory, or over a stated limit */
    IMP_ERROR_NUMBER,      /* a computation left the finite numbers */
    IMP_ERROR_STOPPED      /* the caller asked to stop */
} ImpStatus;

enum { IMP_ERROR_MESSAGE_SIZE = 1024 };

typedef struct ImpError {
    ImpStatus status;
    char message[IMP_ERROR_MESSAGE_SIZE]; /* UTF-8, one sentence without a final newline */
} ImpError;

/* A short lower-case English name of a status, such as "format". Never NULL. */
IMP_API const char *imp_status_name(ImpStatus status);

#ifdef __cplusplus
}
#endif

#endif
