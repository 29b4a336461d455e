/* Opening what --model names: the one way to a model's bytes, wherever they are. */
#ifndef IMP_NETWORK_MODEL_OPEN_H
#define IMP_NETWORK_MODEL_OPEN_H

#include "base/bundle.h"
#include "base/file.h"
#include "base/hash.h"
#include "impasto/status.h"
#include "network/builtin/builtin.h"

/* The name that always means the perceptual network of the library itself. */
#define IMP_BUILTIN_PERCEPTUAL "builtin"

/* The built-in model of that name ("builtin" is "perceptual"), or NULL. */
const ImpBuiltinModel *imp_builtin_find(const char *name);

typedef struct ImpModelBytes {
    const unsigned char *data; /* (size) */
    size_t size;
    char *name;                     /* for messages: the path, or "the built-in model NAME" */
    const ImpBuiltinModel *builtin; /* NULL for a file; then `name` is its path */
    ImpFileView view;               /* of the file */
} ImpModelBytes;

/* `model` is, in this order, the path of an existing file, a name in the user's models folder, or the name of a
 * built-in model; so a user's own file takes the place of a built-in model of the same name. The message for a model
 * that is nowhere says how to get it. On success *out is the caller's, to be closed. */
ImpStatus imp_model_open(const char *model, ImpModelBytes *out, ImpError *error);
/* As above, where it is known which of them is meant. */
ImpStatus imp_model_open_file(const char *path, ImpModelBytes *out, ImpError *error);
ImpStatus imp_model_open_builtin(const ImpBuiltinModel *builtin, ImpModelBytes *out, ImpError *error);
/* Does nothing on one that is closed or zeroed. */
void imp_model_close(ImpModelBytes *model);

/* What every reader of a network begins with. */
typedef struct ImpModelContent {
    ImpBundle *bundle;
    char *name; /* for messages */
    char sha256[IMP_SHA256_TEXT];
} ImpModelContent;

/* Opens `model` and takes its arrays and the hash of its bytes. *out is to be cleared in any case. */
ImpStatus imp_model_read(const char *model, ImpModelContent *out, ImpError *error);
void imp_model_content_clear(ImpModelContent *content);

#endif
