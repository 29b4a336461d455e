/* Help that teaches, made from the tables. */
#ifndef IMP_CLI_HELP_H
#define IMP_CLI_HELP_H

#include "cli.h"
#include <stdio.h>

void help_overview(FILE *stream);
void help_command(FILE *stream, const Command *command);
void help_method(FILE *stream, const ImpMethod *method);
void help_training(FILE *stream, const ImpTraining *training);
/* Pieces of help, `width` columns wide: "  left" and its explanation; a phrase of a table as a sentence; an option;
 * lines of "command  # what it does". */
void help_pair(FILE *stream, const char *left, const char *right, int width);
void help_sentence(FILE *stream, const char *phrase, int width);
void help_option(FILE *stream, const ImpParam *row, int width);
void help_examples(FILE *stream, const char *examples, int width);
int cmd_help(int argc, char **argv);

#endif
