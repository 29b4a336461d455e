/* A method is a value: its name, its parameter table, the pictures it takes, and run().
 *
 * The command line, the studio and video know methods only through this header. */
#ifndef IMPASTO_METHOD_H
#define IMPASTO_METHOD_H

#include <impasto/image.h>
#include <impasto/parameter.h>
#include <impasto/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A named number that a method reports, such as {"style", 12.5}. */
typedef struct ImpMetric {
    const char *name;
    double value;
} ImpMetric;

/* Where a run stands. Valid only during the call that hands it over. */
typedef struct ImpProgress {
    int64_t step, steps;      /* evaluations (or strokes, pixels ...) done, and in all */
    int scale, scales;        /* coarse-to-fine: 1-based scale and how many there are */
    int width, height;        /* pixels at this scale */
    double seconds;           /* since the run began */
    double seconds_left;      /* estimate, negative while unknown */
    const ImpMetric *metrics; /* the same names in the same order at every step of a method */
    size_t n_metrics;
} ImpProgress;

/* What the observer wants next; bits may be combined. */
enum {
    IMP_CONTINUE = 0,
    IMP_STOP = 1,      /* end as soon as possible and keep what there is */
    IMP_SNAPSHOT = 2,  /* hand the picture as it stands to snapshot() */
    IMP_CHECKPOINT = 4 /* write the checkpoint now, where the method has one */
};

/* Callbacks of a run, each may be NULL. They come from the thread that called run(). */
typedef struct ImpObserver {
    void *context;
    unsigned (*progress)(void *context, const ImpProgress *progress); /* after every step */
    void (*snapshot)(void *context, const ImpImage *image, const ImpProgress *progress);
    void (*notice)(void *context, const char *sentence); /* something the user should know, at most once each */
} ImpObserver;

/* A picture given to a method. */
typedef struct ImpPicture {
    const char *role; /* "content", "style" ... as in ImpMethod.inputs */
    const char *name; /* for messages; usually the path */
    const ImpImage *image;
} ImpPicture;

typedef struct ImpRequest {
    const ImpParams *params; /* made from the method's table */
    const ImpPicture *pictures;
    size_t n_pictures;
    ImpObserver observer;
    void *session; /* from imp_method_open with the same parameters, or NULL */
} ImpRequest;

enum { IMP_MAX_METRICS = 12 };

typedef struct ImpResult {
    ImpImage *image; /* the caller's, to be freed with imp_image_free */
    bool stopped;    /* the observer asked to stop: image is the best so far */
    int64_t steps;   /* done */
    double seconds;
    ImpMetric metrics[IMP_MAX_METRICS]; /* of the returned picture */
    size_t n_metrics;
    char remark[64]; /* a phrase for the summary, such as "PSNR 31.40 dB"; may be empty */
    size_t faults;   /* side products, such as checkpoints, that could not be written; notices told of them */
} ImpResult;

/* The pictures a method takes, in the order of the command line. */
typedef struct ImpInput {
    const char *role; /* "content" */
    const char *help; /* one phrase */
    size_t minimum, maximum;
} ImpInput;

typedef struct ImpPreset {
    const char *name;
    const char *summary;
    const char *settings; /* "name=value;name=value", see imp_params_apply_preset */
} ImpPreset;

typedef struct ImpMethod {
    const char *name;        /* subcommand, such as "stylize" */
    const char *summary;     /* one line */
    const char *description; /* paragraphs separated by blank lines, for --help and the man page */
    const char *examples;    /* lines of "command  # what it does" */
    const ImpInput *inputs;
    size_t n_inputs;
    ImpParamTable params;
    const ImpPreset *presets;
    size_t n_presets;
    /* Checks the request and runs it. On failure result->image is NULL. An observer's stop is not a failure. */
    ImpStatus (*run)(const ImpRequest *request, ImpResult *result, ImpError *error);
    /* What runs with the same parameters share, see imp_method_open; both NULL in a method that shares nothing. */
    ImpStatus (*open)(const ImpParams *params, void **session, ImpError *error);
    void (*close)(void *session);
} ImpMethod;

/* All methods, in the order of the help. */
IMP_API const ImpMethod *const *imp_methods(size_t *count);
/* The method called `name`, or NULL. */
IMP_API const ImpMethod *imp_method_find(const char *name);
/* For many runs with the same parameters, such as the pictures of a folder or the frames of a video: reads once what
 * they share (a network), for ImpRequest.session of each. Results are those of runs without a session, byte for byte.
 * One run at a time. *session is NULL where the method shares nothing, and on failure; else to be given to
 * imp_method_close, which takes NULL too. */
IMP_API ImpStatus imp_method_open(const ImpMethod *method, const ImpParams *params, void **session, ImpError *error);
IMP_API void imp_method_close(const ImpMethod *method, void **session);
/* Applies the preset called `name` to params (see imp_params_apply_preset). */
IMP_API ImpStatus imp_method_apply_preset(const ImpMethod *method, const char *name, ImpParams *params,
                                          ImpError *error);

#ifdef __cplusplus
}
#endif

#endif
