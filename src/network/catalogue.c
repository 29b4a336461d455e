#include "network/catalogue.h"

#include "base/error.h"
#include "base/memory.h"
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* torchvision's own training. The names of the files carry the first 8 digits of their SHA-256; the full hashes and the
 * lengths are those that many projects pin. The second address is the store behind the first, where the files were
 * published before 2019. Whatever a source sends, only bytes with this hash are accepted. */
static const char *const vgg19_sources[] = {"https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
                                            "https://s3.amazonaws.com/pytorch/models/vgg19-dcbb9e9d.pth"};
static const char *const vgg16_sources[] = {"https://download.pytorch.org/models/vgg16-397923af.pth",
                                            "https://s3.amazonaws.com/pytorch/models/vgg16-397923af.pth"};

static const ImpCatalogueEntry entries[] = {
    {.name = "vgg19",
     .summary = "VGG-19 trained on ImageNet, as torchvision publishes it; the usual choice",
     .licence = "BSD-3-Clause (torchvision)",
     .depth = 19,
     .file = "vgg19-dcbb9e9d.pth",
     .sha256 = "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
     .size = 574673361,
     .sources = vgg19_sources,
     .n_sources = 2,
     .input = IMP_INPUT_TORCHVISION},
    {.name = "vgg16",
     .summary = "VGG-16 trained on ImageNet, as torchvision publishes it; what feed-forward styles are trained with",
     .licence = "BSD-3-Clause (torchvision)",
     .depth = 16,
     .file = "vgg16-397923af.pth",
     .sha256 = "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
     .size = 553433881,
     .sources = vgg16_sources,
     .n_sources = 2,
     .input = IMP_INPUT_TORCHVISION},
};
enum { N_ENTRIES = sizeof entries / sizeof *entries };

const ImpCatalogueEntry *imp_catalogue(size_t *count) {
    *count = N_ENTRIES;
    return entries;
}

const ImpCatalogueEntry *imp_catalogue_find(const char *name) {
    for (size_t i = 0; i < N_ENTRIES; i++)
        if (strcmp(entries[i].name, name) == 0) return &entries[i];
    return NULL;
}

/* ---- The folder ---- */

/* The user's home from the environment, else from the account; a copy to be freed with imp_free, or NULL. */
static char *home_folder(void) {
    const char *home = getenv("HOME");
    if (home && home[0] == '/') return imp_strdup(home);
    char text[4096];
    struct passwd account, *found = NULL;
    if (getpwuid_r(getuid(), &account, text, sizeof text, &found) != 0 || !found || !found->pw_dir) return NULL;
    return imp_strdup(found->pw_dir);
}

ImpStatus imp_models_folder(char **out, ImpError *error) {
    *out = NULL;
    const char *data = getenv("XDG_DATA_HOME");
    if (data && data[0] == '/') { /* the specification has relative ones ignored */
        *out = imp_format("%s/impasto/models", data);
    } else {
        char *home = home_folder();
        if (!home)
            return imp_fail(
                error, IMP_ERROR_IO,
                "this user has no home folder for models; set XDG_DATA_HOME, or give the path of a weight file");
        *out = imp_format("%s/.local/share/impasto/models", home);
        imp_free(home);
    }
    return *out ? IMP_OK : imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the name of the models' folder");
}

bool imp_model_name_valid(const char *name) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(name);
    return length > 0 && length <= 128 && name[0] != '.' && strspn(name, letters) == length;
}

static bool is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

ImpStatus imp_models_look_up(const char *folder, const char *name, char **out, ImpError *error) {
    static const char *const endings[] = {".safetensors", ".pth", ".pt", ".model", ""};
    enum { N_ENDINGS = sizeof endings / sizeof *endings };
    *out = NULL;
    if (!imp_model_name_valid(name)) return IMP_OK;
    const ImpCatalogueEntry *entry = imp_catalogue_find(name);
    for (size_t i = 0; i < N_ENDINGS + (entry != NULL); i++) {
        char *path =
            i < N_ENDINGS ? imp_format("%s/%s%s", folder, name, endings[i]) : imp_format("%s/%s", folder, entry->file);
        if (!path) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the path of a model");
        if (is_file(path)) {
            *out = path;
            return IMP_OK;
        }
        imp_free(path);
    }
    return IMP_OK;
}
