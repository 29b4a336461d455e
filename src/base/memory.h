/* Memory: checked sizes, 64-byte alignment, and a switch that makes allocations fail for the tests. */
#ifndef IMP_BASE_MEMORY_H
#define IMP_BASE_MEMORY_H

#include "impasto/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMP_ALIGNMENT = 64 }; /* bytes: a cache line, and the widest vector */

/* `count` elements of `size` bytes, zeroed, aligned to IMP_ALIGNMENT. A product that overflows, or no memory, is NULL.
 * Large blocks come as untouched zero pages: memory counts only once it is written. */
void *imp_alloc(size_t count, size_t size);
/* Keeps the first min(old, new) elements; the rest is zero. On failure NULL, and `block` is unchanged. */
void *imp_realloc(void *block, size_t old_count, size_t new_count, size_t size);
void imp_free(void *block);
/* Copies of text; NULL on no memory. To be freed with imp_free. */
char *imp_strdup(const char *text);
char *imp_strndup(const char *text, size_t length);
char *imp_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* imp_alloc into *out with an error message; `what` names the thing ("L-BFGS history"). */
ImpStatus imp_alloc_or_fail(void **out, size_t count, size_t size, const char *what, ImpError *error);
#define IMP_ALLOC(out, count, what, error) imp_alloc_or_fail((void **)(out), (count), sizeof **(out), (what), (error))

/* *out = a * b; false (and *out untouched) when that overflows. */
bool imp_multiply(size_t a, size_t b, size_t *out);

/* For tests only: the allocation `countdown` calls from now fails, and every one after it; negative: none fails. */
void imp_alloc_fail_after(long countdown);

#endif
