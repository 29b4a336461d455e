/* Photographs as a stream of training batches.
 *
 * Batch `step` depends on the photographs, the seed, and the options' crop, batch and largest alone: not on the number
 * of threads, on timing, or on what was asked for before. So a training that is resumed goes on with the bytes it would
 * have had: imp_photos_seek(photos, step).
 *
 * Sample k = step * batch + i takes photograph k modulo their number of a permutation drawn anew for each round through
 * all of them (an epoch), scales its short side to a size drawn evenly from crop .. largest * crop, cuts out a square
 * drawn evenly, and mirrors every other one. A photograph that cannot be read is replaced by the next one by name that
 * can.
 *
 * Threads of its own prepare a bounded number of batches ahead.
 *
 *     ImpPhotosOptions options = imp_photos_defaults();
 *     options.paths = &folder, options.n_paths = 1;
 *     status = imp_photos_new(&options, &photos, error);
 *     while (status == IMP_OK) status = imp_photos_next(photos, batch, error) ...
 *     imp_photos_free(&photos);
 */
#ifndef IMP_IMAGE_PHOTOS_H
#define IMP_IMAGE_PHOTOS_H

#include "image/photo_list.h"
#include "impasto/status.h"
#include <stddef.h>
#include <stdint.h>

enum { IMP_PHOTOS_MAX_BATCH = 1024, IMP_PHOTOS_MAX_THREADS = 64, IMP_PHOTOS_MAX_AHEAD = 64 };

typedef struct ImpPhotosOptions {
    const char *const *paths; /* folders and files, see imp_photo_list_new */
    size_t n_paths;
    uint64_t seed;  /* 0 */
    int crop;       /* 256 pixels a side, 1..IMP_CROP_MAX_SIDE */
    int batch;      /* 4 samples, 1..IMP_PHOTOS_MAX_BATCH */
    double largest; /* 1.5, 1..IMP_CROP_MAX_LARGEST */
    int threads;    /* 0: a quarter of those available, at least 1 */
    int ahead;      /* 3 batches, each batch * 3 * crop^2 floats; 1..IMP_PHOTOS_MAX_AHEAD */
    /* Called for each photograph that is replaced, once; by imp_photos_new and imp_photos_next only. May be NULL. */
    ImpPhotoNotice notice;
    void *context;
} ImpPhotosOptions;

typedef struct ImpPhotos ImpPhotos;

ImpPhotosOptions imp_photos_defaults(void);
/* Lists the photographs; none is decoded before the first imp_photos_next. The options' paths are not needed
 * afterwards. On success *out is the caller's; on failure NULL. */
ImpStatus imp_photos_new(const ImpPhotosOptions *options, ImpPhotos **out, ImpError *error);
/* Ends the threads; waits for the photographs they are at. NULL is fine. */
void imp_photos_free(ImpPhotos **pointer);
/* The batch of the current step into out (batch,3,crop,crop), RGB in [0,1], and on to the next step. When no photograph
 * can be read, or memory runs out, that is an error and the step stays: asking again tries again. One thread at a time.
 */
ImpStatus imp_photos_next(ImpPhotos *photos, float *out, ImpError *error);
/* The step of the next batch, from 0 on. */
int64_t imp_photos_step(const ImpPhotos *photos);
/* Goes to a step, 0 .. 2^50 / batch. Nothing is decoded before the next imp_photos_next. */
void imp_photos_seek(ImpPhotos *photos, int64_t step);

size_t imp_photos_count(const ImpPhotos *photos);
/* 64 hexadecimal digits that change when photographs are added, removed, renamed or change their size: a checkpoint
 * keeps them to tell whether a resumed training sees the same stream. */
const char *imp_photos_fingerprint(const ImpPhotos *photos);

#endif
