/* The version of the library. */
#ifndef IMPASTO_VERSION_H
#define IMPASTO_VERSION_H

#include <impasto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMP_VERSION_MAJOR 0
#define IMP_VERSION_MINOR 1
#define IMP_VERSION_PATCH 0

/* "0.1.0": of the library that runs, which may differ from the header's macros. */
IMP_API const char *imp_version(void);

#ifdef __cplusplus
}
#endif

#endif
