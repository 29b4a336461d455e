/* The command line against the parameter tables. */
#ifndef IMP_CLI_OPTIONS_H
#define IMP_CLI_OPTIONS_H

#include "cli.h"

typedef struct Setting {
    const ImpParam *row; /* of the method's table or of common_options */
    const char *value;   /* points into argv or to a constant */
} Setting;

typedef struct Arguments {
    Setting *settings;       /* in the order given */
    const char **positional; /* what is no option */
    size_t n_settings, n_positional;
} Arguments;

/* Takes --name value, --name=value, --flag, --no-flag, -x value, -xvalue, -ab for flags, and "--" before what is no
 * option whatever it looks like. Names are not shortened. Returns EXIT_GOOD, or says what is wrong and returns
 * EXIT_USAGE. *out is the caller's in either case, to be released with arguments_clear. */
int arguments_parse(const char *command, const ImpParamTable *own, int argc, char **argv, Arguments *out);
void arguments_clear(Arguments *arguments);

/* Gives the settings that belong to params' table to params. Returns as above. */
int arguments_apply(const char *command, const Arguments *arguments, ImpParams *params);
/* The last value given for a common option, or NULL; for those that must be known before the others count. */
const char *arguments_last(const Arguments *arguments, const char *common_name);

#endif
