#include "method/file_names.h"

#include "base/error.h"
#include "base/memory.h"
#include <string.h>
#include <unistd.h>

ImpStatus imp_file_names_split(const char *option, const char *text, size_t most, ImpFileNames *out, ImpError *error) {
    bool one = access(text, F_OK) == 0;
    *out = (ImpFileNames){.text = imp_strdup(text)};
    if (!out->text) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the names of files");
    for (char *rest = out->text; rest;) {
        char *comma = one ? NULL : strchr(rest, ',');
        if (comma) *comma = '\0';
        if (out->count == most)
            return imp_fail(error, IMP_ERROR_ARGUMENT, "%s names more than %zu files", option, most);
        out->list[out->count++] = rest;
        rest = comma ? comma + 1 : NULL;
    }
    return IMP_OK;
}

void imp_file_names_end(ImpFileNames *names) {
    imp_free(names->text);
    *names = (ImpFileNames){0};
}
