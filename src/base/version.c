#include "impasto/version.h"

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *imp_version(void) {
    return TEXT(IMP_VERSION_MAJOR) "." TEXT(IMP_VERSION_MINOR) "." TEXT(IMP_VERSION_PATCH);
}
