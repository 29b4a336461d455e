/* The options that every method command has, besides the method's own. */
#ifndef IMP_CLI_COMMON_H
#define IMP_CLI_COMMON_H

#include "cli.h"

extern const ImpParamTable common_options;

/* Whether the option's value may be left out ("--save-recipe" or "--save-recipe=FILE"). */
bool has_optional_value(const ImpParam *row);
/* Whether the option's file is a folder. */
bool names_folder(const ImpParam *row);

#endif
