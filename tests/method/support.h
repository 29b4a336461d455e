/* What the tests of stylize share: a small network of random weights, small pictures, and a run with an observer. */
#ifndef IMP_TESTS_METHOD_SUPPORT_H
#define IMP_TESTS_METHOD_SUPPORT_H

#include "unit.h"

#include "base/bundle.h"
#include "base/random.h"
#include "base/threads.h"
#include "impasto/impasto.h"
#include "weights/weights.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char test_folder[64];

static inline int make_folder(void **state) {
    (void)state;
    snprintf(test_folder, sizeof test_folder, "/tmp/stylize-XXXXXX");
    return mkdtemp(test_folder) ? 0 : -1;
}

static inline int remove_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", test_folder);
    return system(command);
}

static inline const char *in_folder(const char *name) {
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", test_folder, name);
    return path;
}

static inline void must(ImpStatus status, const ImpError *error) {
    if (status != IMP_OK) fail_msg("%s", error->message);
}

/* conv1_1 to conv2_1 of a VGG with weights of the size that keeps activations alike from layer to layer. */
static inline void write_small_model(const char *path, uint64_t seed) {
    static const char *const names[] = {"conv1_1", "conv1_2", "conv2_1"};
    static const int64_t channels[] = {3, 64, 64, 128};
    ImpError error;
    ImpBundle *bundle;
    ImpRandom random;
    imp_random_seed(&random, seed);
    must(imp_bundle_new(&bundle, &error), &error);
    for (int i = 0; i < 3; i++) {
        char name[32];
        int64_t dims[4] = {channels[i + 1], channels[i], 3, 3};
        ImpArray *array;
        snprintf(name, sizeof name, "%s.weight", names[i]);
        must(imp_bundle_add(bundle, name, IMP_DTYPE_F32, 4, dims, NULL, &array, &error), &error);
        imp_random_normal(&random, array->data, array->count, sqrt(2.0 / (double)(9 * channels[i])));
        snprintf(name, sizeof name, "%s.bias", names[i]);
        must(imp_bundle_add(bundle, name, IMP_DTYPE_F32, 1, dims, NULL, &array, &error), &error);
        imp_random_normal(&random, array->data, array->count, 0.1);
    }
    must(imp_safetensors_write(bundle, path, false, &error), &error);
    imp_bundle_free(&bundle);
}

/* Smooth waves, different for each seed. */
static inline ImpImage *make_picture(int width, int height, double seed) {
    ImpError error;
    ImpImage *image;
    must(imp_image_new(width, height, &image, &error), &error);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                image->rgb[((size_t)c * (size_t)height + (size_t)y) * (size_t)width + (size_t)x] =
                    (float)(0.5 + 0.4 * sin(0.3 * x * (1 + 0.2 * seed) + c + seed) * cos(0.4 * y - c * seed));
    return image;
}

/* What an observer saw and shall do. */
typedef struct Seen {
    int64_t stop_at, checkpoint_at, snapshot_at; /* steps; 0: never */
    int rows;
    double totals[512], norms[512];
    int64_t steps[512];
    ImpProgress last;
    int snapshots, snapshot_width, snapshot_height;
    int notices;
    char notice[512]; /* all of them, a line each */
} Seen;

static inline unsigned on_progress(void *context, const ImpProgress *progress) {
    Seen *seen = context;
    if (seen->rows < 512) {
        seen->totals[seen->rows] = progress->metrics[0].value;
        seen->norms[seen->rows] = progress->metrics[progress->n_metrics - 1].value;
        seen->steps[seen->rows] = progress->step;
    }
    seen->rows++;
    seen->last = *progress;
    return (progress->step == seen->stop_at ? (unsigned)IMP_STOP : 0u) |
           (progress->step == seen->checkpoint_at ? (unsigned)IMP_CHECKPOINT : 0u) |
           (progress->step == seen->snapshot_at ? (unsigned)IMP_SNAPSHOT : 0u);
}

static inline void on_snapshot(void *context, const ImpImage *image, const ImpProgress *progress) {
    Seen *seen = context;
    (void)progress;
    seen->snapshots++;
    seen->snapshot_width = image->width;
    seen->snapshot_height = image->height;
}

static inline void on_notice(void *context, const char *sentence) {
    Seen *seen = context;
    size_t used = strlen(seen->notice);
    seen->notices++;
    snprintf(seen->notice + used, sizeof seen->notice - used, "%s\n", sentence);
}

/* Sets the options in "name=value;name=value", which is taken apart, as a user gives them; the last of a name wins. */
static inline void set_params(ImpParams *params, char *text) {
    ImpError error;
    for (char *save, *part = strtok_r(text, ";", &save); part; part = strtok_r(NULL, ";", &save)) {
        char *equals = strchr(part, '=');
        assert_non_null(equals);
        *equals = 0;
        must(imp_params_set(params, part, equals + 1, &error), &error);
    }
}

/* Values of stylize from "name=value;name=value", given as a user gives them; the small model and its layers unless
 * they say otherwise. */
static inline ImpParams *make_params(const char *settings) {
    ImpError error;
    ImpParams *params;
    const ImpMethod *method = imp_method_find("stylize");
    char text[2048];
    snprintf(text, sizeof text, "model=%s;content-layers=relu2_1;style-layers=relu1_1,conv1_2;threads=1;%s",
             in_folder("model.safetensors"), settings);
    must(imp_params_new(&method->params, &params, &error), &error);
    set_params(params, text);
    /* What these tests take for granted, whatever the default may become; not given, so that presets can change it. */
    must(imp_params_apply_preset(params,
                                 "min-scale=0;normalisation=mean;content-weight=1;style-weight=1e6;tv-weight=0;"
                                 "padding=zero;tv-kind=squared",
                                 &error),
         &error);
    return params;
}

static inline ImpStatus run_pictures(const char *settings, const ImpPicture *pictures, size_t count, Seen *seen,
                                     ImpResult *result, ImpError *error) {
    ImpParams *params = make_params(settings);
    ImpRequest request = {.params = params, .pictures = pictures, .n_pictures = count};
    if (seen) request.observer = (ImpObserver){seen, on_progress, on_snapshot, on_notice};
    *error = (ImpError){0};
    ImpStatus status = imp_method_find("stylize")->run(&request, result, error);
    imp_params_free(&params);
    return status;
}

static inline ImpStatus run_pair(const char *settings, const ImpImage *content, const ImpImage *style, Seen *seen,
                                 ImpResult *result, ImpError *error) {
    ImpPicture pictures[] = {{"content", "photo.png", content}, {"style", "painting.png", style}};
    return run_pictures(settings, pictures, 2, seen, result, error);
}

static inline bool same_picture(const ImpImage *a, const ImpImage *b) {
    size_t places = (size_t)a->width * (size_t)a->height;
    return a->width == b->width && a->height == b->height && memcmp(a->rgb, b->rgb, 3 * places * sizeof(float)) == 0 &&
           !a->alpha == !b->alpha && (!a->alpha || memcmp(a->alpha, b->alpha, places * sizeof(float)) == 0);
}

#endif
