/* What a fuzzer checks besides not crashing: it aborts where a reader breaks its contract. */
#ifndef IMP_FUZZ_CHECK_H
#define IMP_FUZZ_CHECK_H

#include "base/bundle.h"
#include "impasto/status.h"
#include <stddef.h>
#include <stdint.h>

/* The fuzzer's entry point; libFuzzer and replay.c call it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The message is one clean sentence of this status. */
void check_message(ImpStatus status, const ImpError *error);
/* After a reader returned `status`: a failure has left no result and one clean sentence about the file `name`; a
 * success has left a bundle that is sound and takes at most `budget` bytes. Frees the bundle. */
void check_outcome(ImpStatus status, ImpBundle **bundle, const ImpError *error, size_t budget);

#endif
