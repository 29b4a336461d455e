/* The pictures of a run: from the command line or a recipe to the roles a method has. */
#ifndef IMP_CLI_PICTURES_H
#define IMP_CLI_PICTURES_H

#include "cli.h"

typedef struct Pictures {
    const char **roles, **paths; /* (count) each; the texts are argv's, the method's or the recipe's */
    ImpPicture *list;            /* (count), with images once they are read */
    ImpImage **images;           /* (count) */
    size_t count;
} Pictures;

/* Gives the paths their roles: each role its minimum, then what is left from the first role on. Returns the exit status
 * and says what is missing or too much. *out is the caller's in either case, to be released with pictures_clear. */
int pictures_assign(const ImpMethod *method, const char *const *paths, size_t count, Pictures *out);
/* Those of a recipe, with the roles written there. */
int pictures_from_recipe(const ImpMethod *method, const ImpRecipe *recipe, Pictures *out);
/* Reads them, says which cannot be read, and returns the exit status. */
int pictures_read(Pictures *pictures);
/* Reads the one at `index`, saying nothing. */
ImpStatus pictures_read_one(Pictures *pictures, size_t index, ImpError *error);
void pictures_clear(Pictures *pictures);

#endif
