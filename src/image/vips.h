/* libvips: started once, with settings that are safe for strangers' files, and its messages turned into ours. */
#ifndef IMP_IMAGE_VIPS_H
#define IMP_IMAGE_VIPS_H

#include "impasto/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <vips/vips.h>

/* A piece of work with libvips that can be done again from the start. When libvips fails, it uses imp_vips_fail. */
typedef ImpStatus (*ImpVipsJob)(void *context, ImpError *error);

/* Starts libvips if need be and does the job; any number of threads may. The error text of libvips is shared by all
 * threads, so a job that fails is done again with no other running: its message is then certainly its own. */
ImpStatus imp_vips_run(ImpVipsJob job, void *context, ImpError *error);

/* A thread of ours that did jobs calls this before it ends: what libvips keeps for the thread is given back. */
void imp_vips_thread_end(void);

/* imp_fail with "SENTENCE (REASON); ADVICE": the reason is the first thing that libvips said since the job began, made
 * one line; where it said nothing, there are no brackets. */
ImpStatus imp_vips_fail(ImpError *error, ImpStatus status, const char *advice, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether this build of libvips has the operation. Only within a job. */
bool imp_vips_has(const char *operation);

/* Unreferences *image, which may be NULL, and sets it to NULL. */
void imp_vips_drop(VipsImage **image);

#endif
