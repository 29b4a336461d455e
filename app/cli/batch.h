/* --output-dir: many pictures, one after the other, into a folder. */
#ifndef IMP_CLI_BATCH_H
#define IMP_CLI_BATCH_H

#include "run.h"

/* Runs the method, whose settings are chosen, for each picture of the command line. A picture that cannot be read or
 * restyled is skipped with a sentence, and makes the exit status EXIT_FAULT in the end; a signal keeps what is done. */
int run_batch(Run *run);

#endif
