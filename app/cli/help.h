/* Help that teaches, made from the tables. */
#ifndef IMP_CLI_HELP_H
#define IMP_CLI_HELP_H

#include "cli.h"
#include <stdio.h>

void help_overview(FILE *stream);
void help_command(FILE *stream, const Command *command);
void help_method(FILE *stream, const ImpMethod *method);
int cmd_help(int argc, char **argv);

#endif
