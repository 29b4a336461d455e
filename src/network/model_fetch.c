#include "impasto/model.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "download/download.h"
#include "impasto/parameter.h"
#include "network/catalogue.h"
#include "network/model_open.h"
#include "network/vgg_write.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const uint64_t max_size = (uint64_t)4 << 30; /* of what a source of the user's own may send */

/* The convolutions of `model`, with its hash; *source and *licence are what its metadata says, NULL where it does not,
 * to be freed with imp_free. */
static ImpStatus read_network(const char *model, ImpInputConvention wanted, ImpVggWeights **weights, char **source,
                              char **licence, ImpError *error) {
    ImpModelContent content;
    ImpStatus status = imp_model_read(model, &content, error);
    if (status == IMP_OK) status = imp_vgg_weights_from_bundle(content.bundle, content.name, wanted, weights, error);
    if (status == IMP_OK) {
        const char *from = imp_bundle_metadata(content.bundle, "source");
        const char *terms = imp_bundle_metadata(content.bundle, "licence");
        memcpy((*weights)->sha256, content.sha256, sizeof content.sha256);
        *source = from ? imp_strdup(from) : NULL;
        *licence = terms ? imp_strdup(terms) : NULL;
        if ((from && !*source) || (terms && !*licence)) status = imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
    }
    imp_model_content_clear(&content);
    return status;
}

ImpStatus imp_model_convert(const char *model, const char *path, bool half, const char *input, ImpError *error) {
    char *source = NULL, *licence = NULL;
    ImpVggWeights *weights = NULL;
    ImpInputConvention wanted;
    ImpStatus status = imp_input_convention_parse(input ? input : "auto", &wanted, error);
    if (status == IMP_OK) status = imp_file_check_writable(path, error);
    if (status == IMP_OK) status = read_network(model, wanted, &weights, &source, &licence, error);
    if (status == IMP_OK)
        status = imp_vgg_weights_write(weights,
                                       &(ImpVggOrigin){.sha256 = weights->sha256, .source = source, .licence = licence},
                                       path, half, error);
    imp_vgg_weights_free(&weights);
    imp_free(source);
    imp_free(licence);
    return status;
}

/* ---- Fetching ---- */

typedef struct Fetch {
    const ImpCatalogueEntry *entry;
    const ImpModelFetchOptions *options;
    char *folder, *download, *model; /* the published file, and what is made of it, in the folder */
} Fetch;

static bool pass_progress(const ImpDownloadProgress *now, void *context) {
    const ImpModelFetchOptions *options = context;
    ImpModelProgress progress = {
        .source = now->source, .received = now->received, .total = now->total, .resumed = now->resumed};
    return options->progress(&progress, options->context);
}

static ImpDownloadOptions download_options(const Fetch *fetch) {
    const ImpModelFetchOptions *wanted = fetch->options;
    ImpDownloadOptions options = {.sources = fetch->entry->sources,
                                  .n_sources = fetch->entry->n_sources,
                                  .sha256 = fetch->entry->sha256,
                                  .size = fetch->entry->size,
                                  .max_size = max_size};
    if (wanted->n_sources > 0) {
        options.sources = wanted->sources;
        options.n_sources = wanted->n_sources;
        options.allow_http = true;
    }
    if (wanted->sha256) {
        options.sha256 = strcmp(wanted->sha256, "none") == 0 ? NULL : wanted->sha256;
        options.size = 0;
    }
    if (wanted->progress) {
        options.progress = pass_progress;
        options.context = (void *)(uintptr_t)wanted; /* only read: pass_progress makes it const again */
    }
    return options;
}

/* Adds to a failed download what a user without a connection can do. */
static ImpStatus download(const Fetch *fetch, ImpModelFetched *out, ImpError *error) {
    ImpDownloadOptions options = download_options(fetch);
    ImpError reason = {0};
    ImpStatus status = imp_download(fetch->download, &options, out->sha256, &reason);
    out->verified = options.sha256 != NULL;
    if (status == IMP_OK) return IMP_OK;
    if (status != IMP_ERROR_IO && status != IMP_ERROR_FORMAT) return imp_fail(error, status, "%s", reason.message);
    if (fetch->options->sha256)
        return imp_fail(error, status, "cannot fetch %s: %s", fetch->entry->name, reason.message);
    return imp_fail(error, status,
                    "cannot fetch %s: %.500s; without a connection, bring %s here, save it as %.200s and give the same "
                    "command again",
                    fetch->entry->name, reason.message, fetch->entry->sources[0], fetch->download);
}

/* Makes the model of the downloaded file, which is removed: what is left out is ten times what is kept. */
static ImpStatus make_model(const Fetch *fetch, const ImpModelFetched *fetched, ImpError *error) {
    ImpVggWeights *weights = NULL;
    char *source = NULL, *licence = NULL;
    const ImpCatalogueEntry *entry = fetch->entry;
    bool published = !fetch->options->sha256;
    ImpStatus status =
        read_network(fetch->download, published ? entry->input : IMP_INPUT_AUTO, &weights, &source, &licence, error);
    if (status == IMP_OK && weights->depth != entry->depth)
        status = imp_fail(error, IMP_ERROR_FORMAT, "what was fetched as %s is a VGG-%d; use another source",
                          entry->name, weights->depth);
    ImpVggOrigin origin = {.sha256 = fetched->sha256, .source = source, .licence = licence};
    if (published)
        origin = (ImpVggOrigin){.sha256 = fetched->sha256, .source = entry->sources[0], .licence = entry->licence};
    if (status == IMP_OK) status = imp_vgg_weights_write(weights, &origin, fetch->model, fetch->options->half, error);
    imp_vgg_weights_free(&weights);
    imp_free(source);
    imp_free(licence);
    /* Also after a failure, unless it could be the disk's or the memory's: what is no VGG will not become one. */
    if (status == IMP_OK || status == IMP_ERROR_FORMAT || status == IMP_ERROR_UNSUPPORTED) unlink(fetch->download);
    return status;
}

static ImpStatus check_name(const char *name, const ImpCatalogueEntry **out, ImpError *error) {
    *out = imp_catalogue_find(name);
    if (*out) return IMP_OK;
    size_t count;
    const ImpCatalogueEntry *entries = imp_catalogue(&count);
    char names[256] = "";
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s",
                 i == 0          ? ""
                 : i + 1 < count ? ", "
                                 : " and ",
                 entries[i].name);
    }
    return imp_fail(error, IMP_ERROR_ARGUMENT, "there is no model called \"%.100s\" to fetch; %s can be fetched", name,
                    names);
}

static ImpStatus run(Fetch *fetch, ImpModelFetched *out, ImpError *error) {
    ImpStatus status = imp_models_folder(&fetch->folder, error);
    if (status == IMP_OK) status = imp_file_make_folders(fetch->folder, error);
    if (status != IMP_OK) return status;
    fetch->download = imp_format("%s/%s", fetch->folder, fetch->entry->file);
    fetch->model = imp_format("%s/%s.safetensors", fetch->folder, fetch->entry->name);
    if (!fetch->download || !fetch->model) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a path");
    if (strlen(fetch->model) >= sizeof out->path)
        return imp_fail(error, IMP_ERROR_UNSUPPORTED, "the path of the models folder is too long");
    strcpy(out->path, fetch->model);
    out->present = access(fetch->model, F_OK) == 0 && !fetch->options->again;
    if (out->present) return IMP_OK;
    status = download(fetch, out, error);
    return status == IMP_OK ? make_model(fetch, out, error) : status;
}

ImpStatus imp_model_fetch(const char *name, const ImpModelFetchOptions *options, ImpModelFetched *out,
                          ImpError *error) {
    static const ImpModelFetchOptions plain = {0};
    *out = (ImpModelFetched){0};
    Fetch fetch = {.options = options ? options : &plain};
    ImpStatus status = check_name(name, &fetch.entry, error);
    if (status == IMP_OK) status = run(&fetch, out, error);
    imp_free(fetch.folder);
    imp_free(fetch.download);
    imp_free(fetch.model);
    return status;
}
