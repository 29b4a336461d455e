/* Limits that hold for every weight file, whatever its format: they bound the memory and time a hostile file can take.
 * The largest networks this project reads have some 100 arrays; diffusion models have about 2000. */
#ifndef IMP_WEIGHTS_LIMITS_H
#define IMP_WEIGHTS_LIMITS_H

#include <stddef.h>

enum {
    IMP_WEIGHTS_MAX_ARRAYS = 8192, /* named tensors in one file */
    IMP_WEIGHTS_MAX_NAME = 512     /* bytes of one name */
};

/* How many bytes of arrays a file of `file_size` bytes may become. Tensors may share a storage (tied weights) and zip
 * entries may be deflated, so it is more than the file; a few bytes that stand for gigabytes are refused. */
size_t imp_weights_budget(size_t file_size);

#endif
