#include "image/photo_list.h"

#include "base/error.h"
#include "base/memory.h"
#include "impasto/picture_list.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "NAME\0BYTES\n" of every photograph. */
static ImpStatus take_fingerprint(const ImpPictureList *list, char out[IMP_SHA256_TEXT], ImpError *error) {
    size_t size = 0, at = 0;
    enum { NUMBER = 24 };
    for (size_t i = 0; i < list->count; i++) size += strlen(list->pictures[i].name) + 1 + NUMBER;
    char *text;
    ImpStatus status = IMP_ALLOC(&text, size, "names of photographs", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->pictures[i].name;
        memcpy(text + at, name, strlen(name) + 1);
        at += strlen(name) + 1;
        at += (size_t)snprintf(text + at, NUMBER, "%" PRIu64 "\n", list->pictures[i].size);
    }
    status = imp_sha256(text, at, out, error);
    imp_free(text);
    return status;
}

/* What was given by name must do; folders within that cannot be read are told of; other files are no photographs. */
static ImpStatus check_left_out(const ImpPictureList *list, ImpPhotoNotice notice, void *context, ImpError *error) {
    for (size_t i = 0; i < list->n_left_out; i++) {
        const ImpLeftOut *left = &list->left_out[i];
        if (left->given)
            return imp_fail(error, left->fault, "%s cannot be used as a photograph: %s; give folders or picture files",
                            left->path, left->reason);
        if (!left->is_folder || !notice) continue;
        ImpError text;
        imp_fail(&text, IMP_ERROR_IO, "the photographs in %s are left out, for it cannot be read: %s", left->path,
                 left->reason);
        notice(context, text.message);
    }
    return IMP_OK;
}

static ImpStatus refuse_empty(const char *const *paths, size_t n, ImpError *error) {
    if (n == 0) return imp_fail(error, IMP_ERROR_ARGUMENT, "no photographs are given; give a folder of them");
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "there is no photograph in %s%s; give a folder with JPEG, PNG, WebP, TIFF, HEIC or AVIF pictures",
                    paths[0], n > 1 ? " and the other folders" : "");
}

/* Hands the paths over to `out`. */
static ImpStatus keep_paths(ImpPictureList *list, ImpPhotoList *out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(&out->paths, list->count, "names of photographs", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < list->count; i++) {
        out->paths[i] = list->pictures[i].path;
        list->pictures[i].path = NULL;
    }
    out->count = list->count;
    return IMP_OK;
}

ImpStatus imp_photo_list_new(const char *const *paths, size_t n, ImpPhotoNotice notice, void *context,
                             ImpPhotoList *out, ImpError *error) {
    *out = (ImpPhotoList){0};
    ImpPictureList *list;
    ImpStatus status = imp_picture_list_new(paths, n, NULL, &list, error);
    if (status != IMP_OK) return status;
    status = check_left_out(list, notice, context, error);
    if (status == IMP_OK && list->count == 0) status = refuse_empty(paths, n, error);
    if (status == IMP_OK) status = take_fingerprint(list, out->fingerprint, error);
    if (status == IMP_OK) status = keep_paths(list, out, error);
    imp_picture_list_free(&list);
    return status;
}

void imp_photo_list_free(ImpPhotoList *list) {
    for (size_t i = 0; i < list->count; i++) imp_free(list->paths[i]);
    imp_free(list->paths);
    *list = (ImpPhotoList){0};
}
