#include "image/photo_list.h"

#include "base/error.h"
#include "base/memory.h"
#include "image/format.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Photo {
    char *path;
    size_t name; /* where in the path its name below the folder begins */
    int64_t bytes;
} Photo;

typedef struct Listing {
    Photo *photos; /* (capacity), count of them filled */
    size_t count, capacity;
    ImpPhotoNotice notice;
    void *context;
} Listing;

/* A folder that is being listed, and the one above it. */
typedef struct Folder {
    const struct Folder *above;
    dev_t device;
    ino_t inode;
} Folder;

static ImpStatus no_memory(ImpError *error) {
    return imp_fail(error, IMP_ERROR_MEMORY, "out of memory while listing photographs; give fewer of them");
}

/* The path becomes the listing's, and is freed on failure. */
static ImpStatus add_photo(Listing *listing, char *path, size_t name, int64_t bytes, ImpError *error) {
    if (listing->count == listing->capacity) {
        size_t wanted = listing->capacity ? 2 * listing->capacity : 256;
        Photo *grown = imp_realloc(listing->photos, listing->capacity, wanted, sizeof *grown);
        if (!grown) {
            imp_free(path);
            return no_memory(error);
        }
        listing->photos = grown;
        listing->capacity = wanted;
    }
    listing->photos[listing->count++] = (Photo){path, name, bytes};
    return IMP_OK;
}

/* The format by the first bytes of a regular file, or NULL and what it seems to be. */
static const ImpFormat *format_of_file(const char *path, const char **guess) {
    unsigned char head[512];
    *guess = "unreadable";
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return NULL;
    ssize_t got = read(file, head, sizeof head);
    close(file);
    if (got < 0) return NULL;
    return imp_format_of_data(head, (size_t)got, guess);
}

static void say(const Listing *listing, const char *path, int reason) {
    if (!listing->notice) return;
    ImpError text;
    imp_fail_errno(&text, reason, "the photographs in %s are left out, for it cannot be read", path);
    listing->notice(listing->context, text.message);
}

static bool is_within_itself(const Folder *folder) {
    for (const Folder *above = folder->above; above; above = above->above)
        if (above->device == folder->device && above->inode == folder->inode) return true;
    return false;
}

static ImpStatus list_folder(Listing *listing, const char *path, size_t name, const struct stat *info,
                             const Folder *above, ImpError *error);

/* What stands at `path`, which is freed or kept. */
static ImpStatus list_entry(Listing *listing, char *path, size_t name, const Folder *above, ImpError *error) {
    struct stat info;
    const char *guess;
    ImpStatus status = IMP_OK;
    if (stat(path, &info) == 0) {
        if (S_ISREG(info.st_mode) && format_of_file(path, &guess))
            return add_photo(listing, path, name, (int64_t)info.st_size, error);
        if (S_ISDIR(info.st_mode)) status = list_folder(listing, path, name, &info, above, error);
    }
    imp_free(path);
    return status;
}

static ImpStatus list_folder(Listing *listing, const char *path, size_t name, const struct stat *info,
                             const Folder *above, ImpError *error) {
    Folder here = {above, info->st_dev, info->st_ino};
    if (is_within_itself(&here)) return IMP_OK;
    DIR *folder = opendir(path);
    if (!folder && !above)
        return imp_fail_errno(error, errno, "cannot open the folder %s; give one that can be read", path);
    if (!folder) {
        say(listing, path, errno);
        return IMP_OK;
    }
    const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    ImpStatus status = IMP_OK;
    for (struct dirent *entry; status == IMP_OK && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        char *inner = imp_format("%s%s%s", path, slash, entry->d_name);
        status = inner ? list_entry(listing, inner, name, &here, error) : no_memory(error);
    }
    closedir(folder);
    return status;
}

static int compare_photos(const void *a, const void *b) {
    return strcmp(((const Photo *)a)->path, ((const Photo *)b)->path);
}

static ImpStatus list_file(Listing *listing, const char *path, const struct stat *info, ImpError *error) {
    const char *guess = "no file but a device or pipe", *slash = strrchr(path, '/');
    if (!S_ISREG(info->st_mode) || !format_of_file(path, &guess))
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "%s cannot be used as a photograph: it is %s; give folders or picture files", path, guess);
    char *copy = imp_strdup(path);
    if (!copy) return no_memory(error);
    return add_photo(listing, copy, slash ? (size_t)(slash + 1 - path) : 0, (int64_t)info->st_size, error);
}

/* A folder or file that was given by name. */
static ImpStatus list_root(Listing *listing, const char *path, ImpError *error) {
    struct stat info;
    if (stat(path, &info) != 0)
        return imp_fail_errno(error, errno, "cannot find %s; give a folder of photographs or a picture file", path);
    if (!S_ISDIR(info.st_mode)) return list_file(listing, path, &info, error);
    size_t before = listing->count;
    size_t name = strlen(path) + (path[strlen(path) - 1] == '/' ? 0 : 1);
    ImpStatus status = list_folder(listing, path, name, &info, NULL, error);
    if (listing->count > before)
        qsort(listing->photos + before, listing->count - before, sizeof *listing->photos, compare_photos);
    return status;
}

/* "NAME\0BYTES\n" of every photograph. */
static ImpStatus take_fingerprint(const Listing *listing, char out[IMP_SHA256_TEXT], ImpError *error) {
    size_t size = 0, at = 0;
    enum { NUMBER = 24 };
    for (size_t i = 0; i < listing->count; i++)
        size += strlen(listing->photos[i].path + listing->photos[i].name) + 1 + NUMBER;
    char *text;
    ImpStatus status = IMP_ALLOC(&text, size, "names of photographs", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < listing->count; i++) {
        const char *name = listing->photos[i].path + listing->photos[i].name;
        memcpy(text + at, name, strlen(name) + 1);
        at += strlen(name) + 1;
        at += (size_t)snprintf(text + at, NUMBER, "%" PRId64 "\n", listing->photos[i].bytes);
    }
    status = imp_sha256(text, at, out, error);
    imp_free(text);
    return status;
}

static ImpStatus refuse_empty(const char *const *paths, size_t n, ImpError *error) {
    if (n == 0) return imp_fail(error, IMP_ERROR_ARGUMENT, "no photographs are given; give a folder of them");
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "there is no photograph in %s%s; give a folder with JPEG, PNG, WebP, TIFF, HEIC or AVIF pictures",
                    paths[0], n > 1 ? " and the other folders" : "");
}

/* Hands the paths over to `out`. */
static ImpStatus keep_paths(const Listing *listing, ImpPhotoList *out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(&out->paths, listing->count, "names of photographs", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < listing->count; i++) {
        out->paths[i] = listing->photos[i].path;
        listing->photos[i].path = NULL;
    }
    out->count = listing->count;
    return IMP_OK;
}

ImpStatus imp_photo_list_new(const char *const *paths, size_t n, ImpPhotoNotice notice, void *context,
                             ImpPhotoList *out, ImpError *error) {
    *out = (ImpPhotoList){0};
    Listing listing = {.notice = notice, .context = context};
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < n && status == IMP_OK; i++) status = list_root(&listing, paths[i], error);
    if (status == IMP_OK && listing.count == 0) status = refuse_empty(paths, n, error);
    if (status == IMP_OK) status = take_fingerprint(&listing, out->fingerprint, error);
    if (status == IMP_OK) status = keep_paths(&listing, out, error);
    for (size_t i = 0; i < listing.count; i++) imp_free(listing.photos[i].path);
    imp_free(listing.photos);
    return status;
}

void imp_photo_list_free(ImpPhotoList *list) {
    for (size_t i = 0; i < list->count; i++) imp_free(list->paths[i]);
    imp_free(list->paths);
    *list = (ImpPhotoList){0};
}
