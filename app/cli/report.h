/* What is said when a run is over. */
#ifndef IMP_CLI_REPORT_H
#define IMP_CLI_REPORT_H

#include "cli.h"
#include "outputs.h"
#include "pictures.h"

typedef struct Report {
    const ImpMethod *method;
    const Pictures *pictures;
    const Outputs *outputs;
    const ImpResult *result;
    int width, height;    /* of the result */
    int64_t steps_wanted; /* 0 while unknown */
    double seconds;       /* with reading and writing */
} Report;

/* One line on standard error. */
void report_line(const Report *report);
/* One JSON object on standard output. Returns the exit status. */
int report_json(const Report *report);
/* The same for a picture of many that was left alone, as `output` (may be NULL) is there already or for another
 * `reason`. */
int report_left_out(const ImpMethod *method, const char *input, const char *output, const char *reason);

#endif
