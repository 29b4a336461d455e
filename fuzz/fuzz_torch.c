/* PyTorch files of both kinds, and what is neither: imp_weights_parse tells them apart. libFuzzer cannot guess a ZIP
 * archive's checksums, so that it reaches pickles and tensors mostly by way of the legacy format; they are the same. */
#include "check.h"
#include "weights/limits.h"
#include "weights/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ImpBundle *bundle;
    ImpError error = {0};
    ImpStatus status = imp_weights_parse(data, size, "input", &bundle, &error);
    check_outcome(status, &bundle, &error, imp_weights_budget(size));
    return 0;
}
