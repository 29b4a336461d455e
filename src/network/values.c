#include "network/values.h"

#include "base/error.h"
#include <math.h>

ImpStatus imp_network_values(const ImpArray *array, const char *name, float *out, ImpError *error) {
    ImpError reason;
    ImpStatus status = imp_array_to_float(array, out, &reason);
    if (status != IMP_OK) return imp_fail(error, status, "%s: %.800s", name, reason.message);
    for (size_t i = 0; i < array->count; i++)
        if (!isfinite(out[i]))
            return imp_fail(error, IMP_ERROR_FORMAT,
                            "%s: %.80s holds a value that is no finite number (element %zu); get the file again", name,
                            array->name, i);
    return IMP_OK;
}
