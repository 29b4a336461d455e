/* The models known by name, and where models lie on this machine. */
#ifndef IMP_NETWORK_CATALOGUE_H
#define IMP_NETWORK_CATALOGUE_H

#include "impasto/status.h"
#include "network/model_input.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ImpCatalogueEntry {
    const char *name; /* as given to --model */
    const char *summary;
    const char *licence;
    int depth;                  /* of the VGG: 16 or 19 */
    const char *file;           /* name of the published file */
    const char *sha256;         /* of the published file: 64 hexadecimal digits */
    uint64_t size;              /* of the published file, in bytes */
    const char *const *sources; /* addresses, the official one first */
    size_t n_sources;
    ImpInputConvention input;
} ImpCatalogueEntry;

const ImpCatalogueEntry *imp_catalogue(size_t *count);
const ImpCatalogueEntry *imp_catalogue_find(const char *name); /* or NULL */

/* The folder of this user's models: $XDG_DATA_HOME/impasto/models, or ~/.local/share/impasto/models. It may not exist.
 * To be freed with imp_free. */
ImpStatus imp_models_folder(char **out, ImpError *error);
/* Whether `name` can be the name of a model: letters, digits, '.', '_' and '-', not beginning with '.'. */
bool imp_model_name_valid(const char *name);
/* The file of the model `name` in `folder`: NAME.safetensors, .pth, .pt, .model, or the published file's own name. *out
 * is NULL where there is none, and to be freed with imp_free. */
ImpStatus imp_models_look_up(const char *folder, const char *name, char **out, ImpError *error);

#endif
