#include "rescue.h"

#include "paths.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The last part of `path`, or a name for what was meant for standard output. */
static void name_of(const char *path, const ImpImageWriteOptions *options, char *name, size_t size) {
    const char *slash = strrchr(path, '/');
    if (is_standard_output(path))
        snprintf(name, size, "picture.%s", options->format);
    else
        snprintf(name, size, "%s", slash ? slash + 1 : path);
}

void rescue_picture(const ImpImage *image, const char *path, const ImpImageWriteOptions *options) {
    const char *temporary = getenv("TMPDIR");
    char name[256], folder[3072], place[4096];
    name_of(path, options, name, sizeof name);
    snprintf(folder, sizeof folder, "%s/impasto-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) {
        complain("the picture is lost: no folder can be made in %s either", temporary ? temporary : "/tmp");
        return;
    }
    ImpError error;
    snprintf(place, sizeof place, "%s/%s", folder, name);
    if (imp_image_write(image, place, options, &error) == IMP_OK) {
        complain("the picture was saved as %s instead", place);
        return;
    }
    complain("the picture is lost: %s", error.message);
    rmdir(folder);
}
