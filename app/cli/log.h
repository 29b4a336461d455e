/* --log: one row of numbers for each step, as CSV. */
#ifndef IMP_CLI_LOG_H
#define IMP_CLI_LOG_H

#include "cli.h"
#include <stdio.h>

typedef struct Log {
    FILE *stream; /* NULL: no log is wanted, or it failed */
    const char *path;
    bool headed;
    int failed; /* errno of the first failure */
} Log;

/* Creates the file, or goes on with it where `append`; what else stood there goes with the first row. path NULL: no
 * log. Returns the exit status and says what is wrong. */
int log_open(Log *log, const char *path, bool append);
/* The first row also writes the header: "evaluation,seconds," and the names of the metrics. Each row is flushed. */
void log_row(Log *log, const ImpProgress *now);
/* Returns EXIT_FAULT and says so, once, when any row could not be written. */
int log_close(Log *log);

#endif
