/* Where a run writes, and whether it can: all of it is checked before the long work. */
#ifndef IMP_CLI_OUTPUTS_H
#define IMP_CLI_OUTPUTS_H

#include "cli.h"
#include "pictures.h"

typedef struct Outputs {
    const char *picture; /* "-" is standard output */
    const char *log;     /* the others may be NULL */
    const char *preview;
    char *recipe; /* its own memory */
    ImpImageWriteOptions options;
} Outputs;

/* Takes the paths from the common options and checks them against each other, the inputs and the disk. Returns the exit
 * status and says what is wrong. *out is the caller's in either case, to be released with outputs_clear. */
int outputs_choose(const ImpMethod *method, const ImpParams *common, const ImpParams *params, const Pictures *pictures,
                   Outputs *out);
/* The common options that say how pictures are written. */
ImpImageWriteOptions output_options(const ImpParams *common);
/* The recipe's name beside an output, to be freed with free(); NULL on no memory. */
char *recipe_beside(const char *output);
void outputs_clear(Outputs *outputs);

#endif
