/* What the two PyTorch containers share: the pickle's tensors are views of storages, which the container holds. */
#ifndef IMP_WEIGHTS_TORCH_TENSORS_H
#define IMP_WEIGHTS_TORCH_TENSORS_H

#include "base/bundle.h"
#include "impasto/status.h"
#include "weights/pickle.h"
#include <stddef.h>
#include <stdint.h>

/* The classes and functions that weights need; every other is refused by imp_pickle_parse. */
extern const ImpPickleGlobal imp_torch_globals[];
extern const size_t imp_n_torch_globals;

/* A storage as a pickle refers to it: flat memory that tensors look into. */
typedef struct ImpTorchStorage {
    const char *key; /* its name in the container, not NUL-terminated */
    size_t key_length;
    ImpDtype dtype;
    size_t count;               /* elements of the whole storage; its bytes do not overflow */
    size_t view_at, view_count; /* the part of it that this reference means */
} ImpTorchStorage;

/* Reads a PERSISTENT value, or any other value with a message. `name` is what messages call the file. */
ImpStatus imp_torch_storage(const ImpPickle *pickle, const ImpPickleValue *value, const char *name,
                            ImpTorchStorage *out, ImpError *error);

/* Where the storages' bytes come from. */
typedef struct ImpTorchSource {
    const char *name; /* of the file, for messages */
    size_t budget;    /* bytes that all arrays together may take, see imp_weights_budget */
    /* Points *bytes at the count * element size bytes of a storage, little end first, any alignment. They stay valid
     * until the next call. */
    ImpStatus (*load)(void *context, const ImpTorchStorage *storage, const unsigned char **bytes, ImpError *error);
    void *context;
} ImpTorchSource;

/* Collects the pickle's tensors into a bundle: nested dictionaries and lists become names joined by dots ("0.weight"),
 * a checkpoint's "state_dict" or "model" stands for the whole, what is no tensor is left out, and each tensor becomes a
 * contiguous array of its own. A tensor that stands alone is called "tensor". On success *out is the caller's. */
ImpStatus imp_torch_collect(const ImpPickle *pickle, const ImpTorchSource *source, ImpBundle **out, ImpError *error);

#endif
