#include "base/memory.h"

#include "base/error.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Blocks from this size on are mapped: zero pages cost nothing until written, and huge pages serve long vectors. */
static const size_t map_threshold = (size_t)4 << 20;

/* Before every block: how it was made. As large as the alignment, so that the block stays aligned. */
typedef struct Header {
    size_t bytes; /* with the header */
    bool mapped;
} Header;

/* Tests only: negative lets every allocation through. */
static atomic_long allocations_left = -1;

void imp_alloc_fail_after(long countdown) {
    atomic_store(&allocations_left, countdown);
}

static bool allocation_denied(void) {
    long left = atomic_load(&allocations_left);
    if (left < 0) return false;
    if (left == 0) return true;
    atomic_store(&allocations_left, left - 1);
    return false;
}

bool imp_multiply(size_t a, size_t b, size_t *out) {
    if (b != 0 && a > SIZE_MAX / b) return false;
    *out = a * b;
    return true;
}

static void *map_block(size_t bytes) {
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
    madvise(block, bytes, MADV_HUGEPAGE);
#endif
    return block;
}

static void *heap_block(size_t bytes) {
    void *block = aligned_alloc(IMP_ALIGNMENT, bytes);
    if (block) memset(block, 0, bytes);
    return block;
}

void *imp_alloc(size_t count, size_t size) {
    size_t bytes;
    if (allocation_denied() || !imp_multiply(count, size, &bytes)) return NULL;
    if (bytes > (size_t)PTRDIFF_MAX - (size_t)2 * IMP_ALIGNMENT) return NULL;
    bytes = (bytes + (size_t)2 * IMP_ALIGNMENT - 1) / IMP_ALIGNMENT * IMP_ALIGNMENT;
    bool mapped = bytes >= map_threshold;
    unsigned char *block = mapped ? map_block(bytes) : heap_block(bytes);
    if (!block) return NULL;
    *(Header *)(void *)block = (Header){.bytes = bytes, .mapped = mapped};
    return block + IMP_ALIGNMENT;
}

void imp_free(void *block) {
    if (!block) return;
    unsigned char *start = (unsigned char *)block - IMP_ALIGNMENT;
    Header header = *(Header *)(void *)start;
    if (header.mapped)
        munmap(start, header.bytes);
    else
        free(start);
}

void *imp_realloc(void *block, size_t old_count, size_t new_count, size_t size) {
    void *fresh = imp_alloc(new_count, size);
    if (!fresh) return NULL;
    size_t kept = old_count < new_count ? old_count : new_count;
    if (block) memcpy(fresh, block, kept * size);
    imp_free(block);
    return fresh;
}

char *imp_strndup(const char *text, size_t length) {
    char *copy = length < SIZE_MAX ? imp_alloc(length + 1, 1) : NULL;
    if (copy) memcpy(copy, text, length);
    return copy;
}

char *imp_strdup(const char *text) {
    return imp_strndup(text, strlen(text));
}

char *imp_format(const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length >= 0 ? imp_alloc((size_t)length + 1, 1) : NULL;
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

ImpStatus imp_alloc_or_fail(void **out, size_t count, size_t size, const char *what, ImpError *error) {
    *out = imp_alloc(count, size);
    if (*out) return IMP_OK;
    double mib = (double)count * (double)size / 1048576.0;
    return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the %s (%.1f MiB); use a smaller size or free memory",
                    what, mib);
}
