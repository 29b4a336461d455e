#include "impasto/picture_list.h"

#include "base/error.h"
#include "base/memory.h"
#include "image/format.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder that is being listed, and the one above it; or the one to be passed over. */
typedef struct Folder {
    const struct Folder *above;
    dev_t device;
    ino_t inode;
} Folder;

typedef struct Listing {
    ImpPictureList *list;
    size_t room, left_out_room;
    const Folder *without; /* or NULL */
    ImpError *error;
} Listing;

static ImpStatus no_memory(const Listing *listing) {
    return imp_fail(listing->error, IMP_ERROR_MEMORY, "out of memory while listing pictures; give fewer of them");
}

/* Room for one more in `array`, which may move. */
static bool grow(void **array, size_t count, size_t *room, size_t size) {
    if (count < *room) return true;
    size_t wanted = *room ? 2 * *room : 64;
    void *grown = imp_realloc(*array, *room, wanted, size);
    if (!grown) return false;
    *array = grown;
    *room = wanted;
    return true;
}

/* The path becomes the list's, here and below, and is freed on failure. */
static ImpStatus add_picture(Listing *listing, ImpListedPicture picture) {
    ImpPictureList *list = listing->list;
    if (!grow((void **)&list->pictures, list->count, &listing->room, sizeof *list->pictures)) {
        imp_free(picture.path);
        return no_memory(listing);
    }
    list->pictures[list->count++] = picture;
    return IMP_OK;
}

/* `left`.reason is copied. */
static ImpStatus leave_out(Listing *listing, ImpLeftOut left) {
    ImpPictureList *list = listing->list;
    left.reason = imp_strdup(left.reason);
    if (!left.reason ||
        !grow((void **)&list->left_out, list->n_left_out, &listing->left_out_room, sizeof *list->left_out)) {
        imp_free(left.reason);
        imp_free(left.path);
        return no_memory(listing);
    }
    list->left_out[list->n_left_out++] = left;
    return IMP_OK;
}

/* The format by the first bytes of a regular file, or NULL and why it has none: the fault, and its reason. */
static const ImpFormat *format_of_file(const char *path, ImpStatus *fault, char *reason, size_t size) {
    unsigned char head[512];
    const char *guess;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = file < 0 ? -1 : read(file, head, sizeof head);
    int failed = errno;
    if (file >= 0) close(file);
    if (got < 0) {
        snprintf(reason, size, "%s", strerror(failed));
        *fault = IMP_ERROR_IO;
        return NULL;
    }
    const ImpFormat *format = imp_format_of_data(head, (size_t)got, &guess);
    if (!format) snprintf(reason, size, "it is %s", got == 0 ? "empty" : guess);
    return format;
}

static ImpStatus list_file(Listing *listing, char *path, size_t name, const struct stat *info, bool given) {
    char reason[128] = "it is no file but a device or pipe";
    ImpStatus fault = IMP_ERROR_FORMAT;
    const ImpFormat *format = S_ISREG(info->st_mode) ? format_of_file(path, &fault, reason, sizeof reason) : NULL;
    if (!format) return leave_out(listing, (ImpLeftOut){path, reason, fault, given, false});
    return add_picture(listing, (ImpListedPicture){.path = path,
                                                   .name = path + name,
                                                   .format = imp_format_extension(format),
                                                   .size = (uint64_t)info->st_size});
}

static bool is_same(const Folder *a, const Folder *b) {
    return a->device == b->device && a->inode == b->inode;
}

/* Whether the folder is one of those above it, or is not wanted. */
static bool is_passed_over(const Listing *listing, const Folder *folder) {
    if (folder->above && listing->without && is_same(folder, listing->without)) return true;
    for (const Folder *above = folder->above; above; above = above->above)
        if (is_same(folder, above)) return true;
    return false;
}

static ImpStatus list_folder(Listing *listing, char *path, size_t name, const struct stat *info, const Folder *above);

/* What stands at `path`, in a folder or (above NULL) given by name; its name begins at `name`. */
static ImpStatus list_path(Listing *listing, char *path, size_t name, const Folder *above) {
    struct stat info;
    if (stat(path, &info) != 0)
        return leave_out(listing, (ImpLeftOut){path, strerror(errno), IMP_ERROR_IO, !above, false});
    if (S_ISDIR(info.st_mode)) return list_folder(listing, path, name, &info, above);
    return list_file(listing, path, name, &info, !above);
}

/* Lists an opened folder. */
static ImpStatus list_entries(Listing *listing, DIR *folder, const char *path, size_t name, const Folder *here) {
    const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    ImpStatus status = IMP_OK;
    for (struct dirent *entry; status == IMP_OK && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        char *inner = imp_format("%s%s%s", path, slash, entry->d_name);
        status = inner ? list_path(listing, inner, name, here) : no_memory(listing);
    }
    return status;
}

static ImpStatus list_folder(Listing *listing, char *path, size_t name, const struct stat *info, const Folder *above) {
    Folder here = {above, info->st_dev, info->st_ino};
    if (is_passed_over(listing, &here)) {
        imp_free(path);
        return IMP_OK;
    }
    DIR *folder = opendir(path);
    if (!folder) return leave_out(listing, (ImpLeftOut){path, strerror(errno), IMP_ERROR_IO, !above, true});
    if (!above) name = strlen(path) + (path[strlen(path) - 1] == '/' ? 0 : 1);
    ImpStatus status = list_entries(listing, folder, path, name, &here);
    closedir(folder);
    imp_free(path);
    return status;
}

static int compare_pictures(const void *a, const void *b) {
    return strcmp(((const ImpListedPicture *)a)->path, ((const ImpListedPicture *)b)->path);
}

static int compare_left_out(const void *a, const void *b) {
    return strcmp(((const ImpLeftOut *)a)->path, ((const ImpLeftOut *)b)->path);
}

/* A folder or file that was given by name. */
static ImpStatus list_root(Listing *listing, const char *given) {
    ImpPictureList *list = listing->list;
    size_t before = list->count, left_out_before = list->n_left_out;
    const char *slash = strrchr(given, '/');
    char *path = imp_strdup(given);
    if (!path) return no_memory(listing);
    ImpStatus status = list_path(listing, path, slash ? (size_t)(slash + 1 - given) : 0, NULL);
    if (list->count > before)
        qsort(list->pictures + before, list->count - before, sizeof *list->pictures, compare_pictures);
    if (list->n_left_out > left_out_before)
        qsort(list->left_out + left_out_before, list->n_left_out - left_out_before, sizeof *list->left_out,
              compare_left_out);
    return status;
}

ImpStatus imp_picture_list_new(const char *const *paths, size_t n, const char *without, ImpPictureList **out,
                               ImpError *error) {
    struct stat info;
    Folder passed_over;
    ImpStatus status = IMP_ALLOC(out, 1, "list of pictures", error);
    if (status != IMP_OK) return status;
    Listing listing = {.list = *out, .error = error};
    if (without && stat(without, &info) == 0) {
        passed_over = (Folder){NULL, info.st_dev, info.st_ino};
        listing.without = &passed_over;
    }
    for (size_t i = 0; i < n && status == IMP_OK; i++) status = list_root(&listing, paths[i]);
    if (status != IMP_OK) imp_picture_list_free(out);
    return status;
}

void imp_picture_list_free(ImpPictureList **pointer) {
    ImpPictureList *list = *pointer;
    if (!list) return;
    for (size_t i = 0; i < list->count; i++) imp_free(list->pictures[i].path);
    for (size_t i = 0; i < list->n_left_out; i++) {
        imp_free(list->left_out[i].path);
        imp_free(list->left_out[i].reason);
    }
    imp_free(list->pictures);
    imp_free(list->left_out);
    imp_free(list);
    *pointer = NULL;
}
