/* A last place for a picture that could not be written where it was wanted: hours of work are not thrown away because a
 * disk is full. */
#ifndef IMP_CLI_RESCUE_H
#define IMP_CLI_RESCUE_H

#include "cli.h"

/* Writes `image` under the name of `path` into a new folder below TMPDIR (/tmp without it), and says where it lies;
 * says so too if even that fails. "-" is called picture.FORMAT. */
void rescue_picture(const ImpImage *image, const char *path, const ImpImageWriteOptions *options);

#endif
