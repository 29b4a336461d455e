/* Ctrl-C and its relatives. The first SIGINT, SIGTERM or SIGHUP asks the run to end with what it has; the second ends
 * the program at once with EXIT_STOPPED. */
#ifndef IMP_CLI_SIGNALS_H
#define IMP_CLI_SIGNALS_H

#include <stdbool.h>

/* From here on signals are caught, except those that the parent had ignored (nohup, background jobs). The first is
 * answered with "impasto: SENTENCE; press Ctrl-C again to end at once"; the sentence stays the caller's, and with NULL
 * nothing is said. */
void signals_catch(const char *sentence);
bool signals_stop_asked(void);
/* While a file is being written, the second signal waits until it is in place, so that nothing partial stays. */
void signals_hold(void);
void signals_release(void);

#endif
