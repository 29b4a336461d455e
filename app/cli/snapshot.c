#include "snapshot.h"

#include "progress.h"
#include "signals.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *numbered_path(const char *path, int64_t number) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name) dot = name + strlen(name);
    size_t size = strlen(path) + 32;
    char *out = malloc(size);
    if (out) snprintf(out, size, "%.*s-%06lld%s", (int)(dot - path), path, (long long)number, dot);
    return out;
}

unsigned snapshots_wanted(Snapshots *snapshots, const ImpProgress *now) {
    snapshots->preview_due = snapshots->preview && clock_seconds() >= snapshots->next;
    /* a step may count for more than one, so that multiples are crossed rather than met */
    snapshots->numbered_due = snapshots->every > 0 && now->step / snapshots->every > snapshots->last / snapshots->every;
    return snapshots->preview_due || snapshots->numbered_due ? IMP_SNAPSHOT : 0;
}

static void keep_failure(Snapshots *snapshots, const char *message) {
    if (!snapshots->failed) snprintf(snapshots->message, sizeof snapshots->message, "%s", message);
    snapshots->failed = true;
}

static void write_picture(Snapshots *snapshots, const ImpImage *image, const char *path, const char *format) {
    ImpImageWriteOptions options = *snapshots->options;
    ImpError error;
    options.format = format;
    options.texts = NULL; /* it is not what the recipe makes */
    options.n_texts = 0;
    signals_hold();
    if (imp_image_write(image, path, &options, &error) != IMP_OK) keep_failure(snapshots, error.message);
    signals_release();
}

void snapshots_write(Snapshots *snapshots, const ImpImage *image, const ImpProgress *now) {
    if (snapshots->numbered_due) {
        char *path = numbered_path(snapshots->output, now->step);
        if (path)
            write_picture(snapshots, image, path, snapshots->options->format);
        else
            keep_failure(snapshots, "out of memory for a numbered picture");
        free(path);
        snapshots->last = now->step;
    }
    if (snapshots->preview_due) {
        write_picture(snapshots, image, snapshots->preview, NULL);
        snapshots->next = clock_seconds() + snapshots->interval;
    }
    snapshots->numbered_due = snapshots->preview_due = false;
}

int snapshots_finish(Snapshots *snapshots, const ImpImage *image) {
    if (snapshots->preview && image) write_picture(snapshots, image, snapshots->preview, NULL);
    if (!snapshots->failed) return EXIT_GOOD;
    complain("not all previews and numbered pictures were written: %s", snapshots->message);
    return EXIT_FAULT;
}
