/* Models that are part of the library: what lies in models/ when it is built. Their bytes are read-only pages of the
 * program, which are neither copied nor touched before somebody asks for them. */
#ifndef IMP_NETWORK_BUILTIN_BUILTIN_H
#define IMP_NETWORK_BUILTIN_BUILTIN_H

#include <stddef.h>

typedef struct ImpBuiltinModel {
    const char *name;          /* as given to --model: that of its file, without the ending */
    const unsigned char *data; /* (size) the bytes of that file, at a multiple of 64 */
    size_t size;
} ImpBuiltinModel;

/* All of them in the order of their names; the one after the last has the name NULL. */
const ImpBuiltinModel *imp_builtin_models(void);

#endif
