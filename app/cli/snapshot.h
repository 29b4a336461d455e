/* --preview and --save-every: pictures of a run that goes on. */
#ifndef IMP_CLI_SNAPSHOT_H
#define IMP_CLI_SNAPSHOT_H

#include "cli.h"

typedef struct Snapshots {
    const char *preview;                 /* path, or NULL */
    double interval, next;               /* seconds between previews; clock time of the next */
    int64_t every, last;                 /* steps between numbered pictures (0: none); the last step saved */
    const char *output;                  /* the run's output, whose name the numbers go into */
    const ImpImageWriteOptions *options; /* of the output */
    bool preview_due, numbered_due;
    bool failed;
    char message[IMP_ERROR_MESSAGE_SIZE]; /* of the first failure */
} Snapshots;

/* IMP_SNAPSHOT when a picture is due after this step, else 0. */
unsigned snapshots_wanted(Snapshots *snapshots, const ImpProgress *now);
/* Writes what is due. A failure is kept for later: the run goes on. */
void snapshots_write(Snapshots *snapshots, const ImpImage *image, const ImpProgress *now);
/* Leaves the finished picture in the preview. Returns EXIT_FAULT and says so when any picture could not be written. */
int snapshots_finish(Snapshots *snapshots, const ImpImage *image);

/* "folder/out.png", 50 -> "folder/out-000050.png"; to be freed with free(); NULL on no memory. */
char *numbered_path(const char *path, int64_t number);

#endif
