#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "the reader broke its contract: %s\n", what);
    abort();
}

void check_message(ImpStatus status, const ImpError *error) {
    size_t length = strlen(error->message);
    require(error->status == status, "the message belongs to another status");
    require(length > 0 && length < IMP_ERROR_MESSAGE_SIZE - 1, "no message, or one without end");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)error->message[i];
        require(c >= 0x20 && c != 0x7f, "control characters from the file reach the message");
    }
}

/* Reads every byte, so that the sanitizers see whether it is there. Returns their number. */
static size_t check_array(const ImpArray *array) {
    size_t count = 1, bytes = array->count * imp_dtype_size(array->dtype);
    require(array->rank >= 0 && array->rank <= IMP_MAX_RANK, "the rank is impossible");
    for (int i = 0; i < array->rank; i++) count *= (size_t)array->dims[i];
    require(count == array->count, "the shape does not fit the count");
    require(array->name != NULL && strlen(array->name) < 1024, "the name is impossible");
    unsigned sum = 0;
    for (size_t i = 0; i < bytes; i++) sum += ((const unsigned char *)array->data)[i];
    if (array->dtype == IMP_DTYPE_BOOL) require(sum <= array->count, "a truth value is neither 0 nor 1");
    return bytes;
}

void check_outcome(ImpStatus status, ImpBundle **bundle, const ImpError *error, size_t budget) {
    if (status != IMP_OK) {
        require(*bundle == NULL, "a failure left a result");
        check_message(status, error);
        return;
    }
    require(*bundle != NULL, "a success left no result");
    size_t bytes = 0;
    for (size_t i = 0; i < (*bundle)->count; i++) bytes += check_array(&(*bundle)->arrays[i]);
    require(bytes <= budget, "the result is far larger than the file");
    imp_bundle_free(bundle);
}
