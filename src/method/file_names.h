/* Options that name several files, with commas between. */
#ifndef IMP_METHOD_FILE_NAMES_H
#define IMP_METHOD_FILE_NAMES_H

#include "impasto/status.h"
#include <stddef.h>

enum { IMP_FILE_NAMES_MOST = 32 };

typedef struct ImpFileNames {
    char *text;
    const char *list[IMP_FILE_NAMES_MOST]; /* (count), into text */
    size_t count;
} ImpFileNames;

/* Splits `text`, the value of `option`; a file whose own name has commas is taken as it is. More than `most` names, at
 * most IMP_FILE_NAMES_MOST, are IMP_ERROR_ARGUMENT. To be ended by the caller, after a failure too. */
ImpStatus imp_file_names_split(const char *option, const char *text, size_t most, ImpFileNames *out, ImpError *error);
void imp_file_names_end(ImpFileNames *names);

#endif
