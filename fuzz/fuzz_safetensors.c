#include "check.h"
#include "weights/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ImpBundle *bundle;
    ImpError error = {0};
    ImpStatus status = imp_safetensors_parse(data, size, "input", &bundle, &error);
    check_outcome(status, &bundle, &error, size);
    return 0;
}
