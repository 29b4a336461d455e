/* --recipe: doing a former run again. */
#ifndef IMP_CLI_REPLAY_H
#define IMP_CLI_REPLAY_H

#include "cli.h"

/* Reads the recipe and sees that it is for this method. Returns the exit status; *out is the caller's on success. */
int replay_read(const ImpMethod *method, const char *path, ImpRecipe **out);
/* Says where the model is another than the recipe's, so that the result will be too. */
void replay_compare_model(const ImpRecipe *former, const ImpRecipe *now);
/* And where the pictures are. */
void replay_compare_pictures(const ImpRecipe *former, const ImpRecipe *now);

#endif
