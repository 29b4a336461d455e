#include "image/photos.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "image/crop.h"
#include "image/vips.h"
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

/* Which photographs a sample came by: `replaced` of them from `first` on could not be read. */
typedef struct Sample {
    size_t first, replaced;
    ImpStatus status;
    ImpError error;
} Sample;

/* A batch on its way. */
typedef struct Slot {
    float *pixels;   /* (batch,3,crop,crop) */
    Sample *samples; /* (batch) */
    int done;        /* samples */
} Slot;

struct ImpPhotos {
    ImpPhotosOptions options; /* without paths */
    ImpPhotoList list;
    ImpProfileCache *profiles;
    bool *named; /* (count) in a notice */

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t work;  /* there may be something to begin */
    pthread_cond_t ready; /* a sample is done */
    pthread_t threads[IMP_PHOTOS_MAX_THREADS];
    int n_threads;
    bool ending;       /* threads are to end */
    bool resting;      /* threads are to begin nothing, until the next imp_photos_next */
    int busy;          /* threads at a sample */
    int64_t step;      /* handed out next */
    int64_t next;      /* sample that is begun next */
    uint32_t *order;   /* (count) the permutation ... */
    int64_t epoch;     /* ... of this epoch; -1: none yet */
    Slot *slots;       /* (ahead): batch s is made in slot s % ahead */
    size_t per_sample; /* floats */
    char **broken;     /* (count) why a photograph could not be read; NULL where it always could */
    bool *failing;     /* (count) could not be read when it was tried last, since the last imp_photos_seek */
    int64_t n_failing; /* of them */
};

/* ---- What a sample is: a function of the seed and its number ---- */

enum { EPOCHS = 1, SAMPLES = 2 };

static ImpRandom random_of(uint64_t seed, uint64_t stream, int64_t index) {
    ImpRandom random;
    imp_random_seed(&random, seed);
    uint64_t base = 0;
    for (uint64_t i = 0; i < stream; i++) base = imp_random_next(&random);
    imp_random_seed(&random, base + (uint64_t)index);
    return random;
}

/* A permutation of the photographs (Fisher, Yates 1938; Durstenfeld 1964). */
static void shuffle(ImpPhotos *photos, int64_t epoch) {
    ImpRandom random = random_of(photos->options.seed, EPOCHS, epoch);
    size_t count = photos->list.count;
    for (size_t i = 0; i < count; i++) photos->order[i] = (uint32_t)i;
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)imp_random_below(&random, i);
        uint32_t former = photos->order[i - 1];
        photos->order[i - 1] = photos->order[j];
        photos->order[j] = former;
    }
    photos->epoch = epoch;
}

static size_t photograph_of(ImpPhotos *photos, int64_t sample) {
    int64_t count = (int64_t)photos->list.count;
    if (photos->epoch != sample / count) shuffle(photos, sample / count);
    return photos->order[sample % count];
}

static ImpCrop crop_of(const ImpPhotos *photos, int64_t sample) {
    ImpRandom random = random_of(photos->options.seed, SAMPLES, sample);
    ImpCrop crop = {.side = photos->options.crop};
    crop.size = 1 + (photos->options.largest - 1) * imp_random_uniform(&random);
    crop.x = imp_random_uniform(&random);
    crop.y = imp_random_uniform(&random);
    crop.mirror = imp_random_uniform(&random) < 0.5;
    return crop;
}

/* ---- The threads ---- */

/* Keeps account of a photograph that could not be read (why != NULL) or could; false when the search for a better one
 * is to end. */
static bool note(ImpPhotos *photos, size_t index, const ImpError *why) {
    pthread_mutex_lock(&photos->lock);
    if (photos->failing[index] != (why != NULL)) {
        photos->failing[index] = why != NULL;
        photos->n_failing += why ? 1 : -1;
    }
    if (why && !photos->broken[index]) photos->broken[index] = imp_strdup(why->message);
    bool go_on = !photos->ending && !photos->resting && photos->n_failing < (int64_t)photos->list.count;
    pthread_mutex_unlock(&photos->lock);
    return go_on;
}

static ImpStatus fail_all(const ImpPhotos *photos, const char *why, ImpError *error) {
    if (photos->list.count == 1) return imp_fail(error, IMP_ERROR_FORMAT, "the only photograph fails: %.800s", why);
    return imp_fail(error, IMP_ERROR_FORMAT, "none of the %zu photographs can be read; of one of them: %.800s",
                    photos->list.count, why);
}

/* What was found to be broken before is tried again: otherwise a batch would depend on those before it. */
static void make_sample(ImpPhotos *photos, int64_t number, Sample *sample, float *out) {
    ImpCrop crop = crop_of(photos, number);
    size_t count = photos->list.count;
    for (sample->replaced = 0; sample->replaced < count; sample->replaced++) {
        size_t index = (sample->first + sample->replaced) % count;
        sample->status = imp_crop_read(photos->list.paths[index], &crop, photos->profiles, out, &sample->error);
        if (sample->status == IMP_ERROR_MEMORY) return;
        bool go_on = note(photos, index, sample->status == IMP_OK ? NULL : &sample->error);
        if (sample->status == IMP_OK) return;
        if (!go_on) break;
    }
    char why[IMP_ERROR_MESSAGE_SIZE];
    memcpy(why, sample->error.message, sizeof why);
    sample->status = fail_all(photos, why, &sample->error);
}

static bool can_begin(const ImpPhotos *photos) {
    return !photos->resting && photos->next / photos->options.batch < photos->step + photos->options.ahead;
}

/* Called with the lock, which is open during the work. */
static void begin_sample(ImpPhotos *photos) {
    int64_t number = photos->next++;
    int64_t batch = photos->options.batch;
    Slot *slot = &photos->slots[number / batch % photos->options.ahead];
    size_t at = (size_t)(number % batch);
    Sample *sample = &slot->samples[at];
    *sample = (Sample){.first = photograph_of(photos, number)};
    photos->busy++;
    pthread_mutex_unlock(&photos->lock);
    make_sample(photos, number, sample, slot->pixels + at * photos->per_sample);
    pthread_mutex_lock(&photos->lock);
    photos->busy--;
    slot->done++;
    pthread_cond_broadcast(&photos->ready);
}

static void *work(void *context) {
    ImpPhotos *photos = context;
    pthread_mutex_lock(&photos->lock);
    while (!photos->ending) {
        if (can_begin(photos))
            begin_sample(photos);
        else
            pthread_cond_wait(&photos->work, &photos->lock);
    }
    pthread_mutex_unlock(&photos->lock);
    imp_vips_thread_end();
    return NULL;
}

/* Fewer threads than wanted will do; none is an error. Signals are for the program's own threads. */
static ImpStatus start_threads(ImpPhotos *photos, ImpError *error) {
    sigset_t all, former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    int failed = 0;
    while (photos->n_threads < photos->options.threads && !failed) {
        failed = pthread_create(&photos->threads[photos->n_threads], NULL, work, photos);
        if (!failed) photos->n_threads++;
    }
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    if (photos->n_threads > 0) return IMP_OK;
    return imp_fail_errno(error, failed, "cannot start a thread that reads photographs");
}

/* ---- Options, making and freeing ---- */

ImpPhotosOptions imp_photos_defaults(void) {
    return (ImpPhotosOptions){.crop = 256, .batch = 4, .largest = 1.5, .ahead = 3};
}

static ImpStatus check_options(const ImpPhotosOptions *o, ImpError *error) {
    if (o->crop < 1 || o->crop > IMP_CROP_MAX_SIDE)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "training on squares of %d pixels is impossible; give 1 to %d",
                        o->crop, IMP_CROP_MAX_SIDE);
    if (o->batch < 1 || o->batch > IMP_PHOTOS_MAX_BATCH)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "a batch of %d photographs is impossible; give 1 to %d", o->batch,
                        IMP_PHOTOS_MAX_BATCH);
    if (!(o->largest >= 1 && o->largest <= IMP_CROP_MAX_LARGEST)) /* NAN too */
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "photographs are to be scaled to at most %g times the square; give 1 to %d", o->largest,
                        IMP_CROP_MAX_LARGEST);
    if (o->threads < 0 || o->threads > IMP_PHOTOS_MAX_THREADS || o->ahead < 1 || o->ahead > IMP_PHOTOS_MAX_AHEAD)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "%d threads reading %d batches ahead are impossible; give up to %d threads and 1 to %d batches",
                        o->threads, o->ahead, IMP_PHOTOS_MAX_THREADS, IMP_PHOTOS_MAX_AHEAD);
    return IMP_OK;
}

static int usual_threads(void) {
    int quarter = imp_threads_available() / 4;
    return quarter < 1 ? 1 : quarter > IMP_PHOTOS_MAX_THREADS ? IMP_PHOTOS_MAX_THREADS : quarter;
}

static ImpStatus make_slots(ImpPhotos *photos, ImpError *error) {
    size_t batch = (size_t)photos->options.batch, side = (size_t)photos->options.crop;
    photos->per_sample = 3 * side * side;
    ImpStatus status = IMP_ALLOC(&photos->slots, (size_t)photos->options.ahead, "batches of photographs", error);
    for (int i = 0; i < photos->options.ahead && status == IMP_OK; i++) {
        status = IMP_ALLOC(&photos->slots[i].samples, batch, "batches of photographs", error);
        if (status == IMP_OK)
            status = IMP_ALLOC(&photos->slots[i].pixels, batch * photos->per_sample, "batches of photographs", error);
    }
    return status;
}

ImpStatus imp_photos_new(const ImpPhotosOptions *options, ImpPhotos **out, ImpError *error) {
    *out = NULL;
    ImpStatus status = check_options(options, error);
    if (status != IMP_OK) return status;
    ImpPhotos *photos;
    status = IMP_ALLOC(&photos, 1, "stream of photographs", error);
    if (status != IMP_OK) return status;
    pthread_mutex_init(&photos->lock, NULL);
    pthread_cond_init(&photos->work, NULL);
    pthread_cond_init(&photos->ready, NULL);
    photos->options = *options;
    photos->options.paths = NULL;
    photos->epoch = -1;
    if (options->threads == 0) photos->options.threads = usual_threads();
    status =
        imp_photo_list_new(options->paths, options->n_paths, options->notice, options->context, &photos->list, error);
    if (status == IMP_OK && photos->list.count > UINT32_MAX)
        status = imp_fail(error, IMP_ERROR_ARGUMENT, "there are too many photographs; give fewer");
    if (status == IMP_OK) status = IMP_ALLOC(&photos->broken, photos->list.count, "list of photographs", error);
    if (status == IMP_OK) status = IMP_ALLOC(&photos->failing, photos->list.count, "list of photographs", error);
    if (status == IMP_OK) status = IMP_ALLOC(&photos->named, photos->list.count, "list of photographs", error);
    if (status == IMP_OK) status = IMP_ALLOC(&photos->order, photos->list.count, "order of photographs", error);
    if (status == IMP_OK) status = imp_profile_cache_new(&photos->profiles, error);
    if (status == IMP_OK) status = make_slots(photos, error);
    if (status != IMP_OK) imp_photos_free(&photos);
    *out = photos;
    return status;
}

static void end_threads(ImpPhotos *photos) {
    pthread_mutex_lock(&photos->lock);
    photos->ending = true;
    pthread_cond_broadcast(&photos->work);
    pthread_mutex_unlock(&photos->lock);
    for (int i = 0; i < photos->n_threads; i++) pthread_join(photos->threads[i], NULL);
}

void imp_photos_free(ImpPhotos **pointer) {
    ImpPhotos *photos = *pointer;
    if (!photos) return;
    end_threads(photos);
    pthread_cond_destroy(&photos->ready);
    pthread_cond_destroy(&photos->work);
    pthread_mutex_destroy(&photos->lock);
    for (int i = 0; photos->slots && i < photos->options.ahead; i++) {
        imp_free(photos->slots[i].pixels);
        imp_free(photos->slots[i].samples);
    }
    for (size_t i = 0; photos->broken && i < photos->list.count; i++) imp_free(photos->broken[i]);
    imp_free(photos->slots);
    imp_profile_cache_free(&photos->profiles);
    imp_free(photos->broken);
    imp_free(photos->failing);
    imp_free(photos->named);
    imp_free(photos->order);
    imp_photo_list_free(&photos->list);
    imp_free(photos);
    *pointer = NULL;
}

/* ---- The caller's side ---- */

/* In the order of the samples, so that it does not depend on timing. The texts stay where they are once they are there.
 */
static void name_broken(ImpPhotos *photos, const Slot *slot) {
    if (!photos->options.notice) return;
    for (int i = 0; i < photos->options.batch; i++) {
        const Sample *sample = &slot->samples[i];
        for (size_t r = 0; r < sample->replaced; r++) {
            size_t index = (sample->first + r) % photos->list.count;
            pthread_mutex_lock(&photos->lock);
            const char *why = photos->broken[index];
            pthread_mutex_unlock(&photos->lock);
            if (photos->named[index] || !why) continue;
            photos->named[index] = true;
            ImpError text;
            imp_fail(&text, IMP_ERROR_FORMAT, "a photograph is left out: %.900s", why);
            photos->options.notice(photos->options.context, text.message);
        }
    }
}

/* The first sample of the batch that failed, or NULL. */
static const Sample *find_failed(const ImpPhotos *photos, const Slot *slot) {
    for (int i = 0; i < photos->options.batch; i++)
        if (slot->samples[i].status != IMP_OK) return &slot->samples[i];
    return NULL;
}

ImpStatus imp_photos_next(ImpPhotos *photos, float *out, ImpError *error) {
    ImpStatus status = photos->n_threads > 0 ? IMP_OK : start_threads(photos, error);
    if (status != IMP_OK) return status;
    Slot *slot = &photos->slots[photos->step % photos->options.ahead];
    pthread_mutex_lock(&photos->lock);
    if (photos->resting) {
        photos->resting = false;
        pthread_cond_broadcast(&photos->work);
    }
    while (slot->done < photos->options.batch) pthread_cond_wait(&photos->ready, &photos->lock);
    pthread_mutex_unlock(&photos->lock);
    name_broken(photos, slot);
    const Sample *failed = find_failed(photos, slot);
    if (failed) {
        status = failed->status;
        if (error) *error = failed->error;
        imp_photos_seek(photos, photos->step);
        return status;
    }
    memcpy(out, slot->pixels, (size_t)photos->options.batch * photos->per_sample * sizeof *out);
    pthread_mutex_lock(&photos->lock);
    slot->done = 0;
    photos->step++;
    pthread_cond_broadcast(&photos->work);
    pthread_mutex_unlock(&photos->lock);
    return IMP_OK;
}

int64_t imp_photos_step(const ImpPhotos *photos) {
    return photos->step;
}

void imp_photos_seek(ImpPhotos *photos, int64_t step) {
    assert(step >= 0 && step <= ((int64_t)1 << 50) / photos->options.batch);
    pthread_mutex_lock(&photos->lock);
    photos->resting = true;
    while (photos->busy > 0) pthread_cond_wait(&photos->ready, &photos->lock);
    for (int i = 0; i < photos->options.ahead; i++) photos->slots[i].done = 0;
    memset(photos->failing, 0, photos->list.count * sizeof *photos->failing);
    photos->n_failing = 0;
    photos->step = step;
    photos->next = step * photos->options.batch;
    pthread_mutex_unlock(&photos->lock);
}

size_t imp_photos_count(const ImpPhotos *photos) {
    return photos->list.count;
}

const char *imp_photos_fingerprint(const ImpPhotos *photos) {
    return photos->list.fingerprint;
}
