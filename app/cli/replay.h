/* --recipe: doing a former run again. */
#ifndef IMP_CLI_REPLAY_H
#define IMP_CLI_REPLAY_H

#include "cli.h"

/* Reads the recipe and sees that it is for this method. Returns the exit status; *out is the caller's on success. */
int replay_read(const ImpMethod *method, const char *path, ImpRecipe **out);
/* Says where this run differs from the recipe in its model or its pictures, so that its result will too. */
void replay_compare(const ImpRecipe *former, const ImpRecipe *now);

#endif
