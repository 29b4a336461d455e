/* Progress on standard error: one line that is drawn over on a terminal, plain lines now and then elsewhere. */
#ifndef IMP_CLI_PROGRESS_H
#define IMP_CLI_PROGRESS_H

#include "cli.h"

typedef struct Progress {
    bool quiet, terminal, drawn;
    double next;         /* seconds on the clock before which nothing is drawn */
    double rate;         /* steps a second, smoothed; 0 while unknown */
    double rate_seconds; /* where the rate was last measured */
    int64_t rate_step;
    int scale;
} Progress;

/* Seconds on a clock that only goes forward. */
double clock_seconds(void);
/* "45 s", "3:05", "2:03:05" */
void format_duration(double seconds, char out[32]);

void progress_begin(Progress *progress, bool quiet);
void progress_show(Progress *progress, const ImpProgress *now);
/* The same with a line of the caller's. */
void progress_show_line(Progress *progress, const char *line);
/* Removes the line, so that something else can be printed. */
void progress_wipe(Progress *progress);
/* A sentence of the method, above the line. */
void progress_notice(Progress *progress, const char *sentence);

#endif
