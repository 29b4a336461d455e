/* What the parts of the command line share: exit statuses, messages and the table of commands. */
#ifndef IMP_CLI_CLI_H
#define IMP_CLI_CLI_H

#include <impasto/impasto.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    EXIT_GOOD = 0,
    EXIT_FAULT = 1,    /* something in the files, the machine or the run */
    EXIT_USAGE = 2,    /* the command line is wrong */
    EXIT_STOPPED = 130 /* by a signal */
};

typedef struct Command {
    const char *name;
    const char *summary;
    const ImpMethod *method;           /* the method it runs, or NULL */
    int (*run)(int argc, char **argv); /* for the others; argv[0] is the name; returns the exit status */
    const char *usage;                 /* what follows the name, for the others */
    const char *description;           /* paragraphs, for the others */
} Command;

/* All commands in the order of the help: methods first. The list stays until the program ends. */
const Command *commands(size_t *count);
const Command *command_find(const char *name); /* or NULL */

/* Each command's own file. */
int cmd_method(const ImpMethod *method, int argc, char **argv);
int cmd_model(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_completion(int argc, char **argv);

/* A line on standard error that is no complaint, such as the summary; control characters are shown as '?'. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "impasto: " and the sentence on standard error; control characters are shown as '?'. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* complain, a second line that points to `impasto COMMAND --help` (command may be NULL), and EXIT_USAGE. */
int wrong_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* EXIT_USAGE for bad arguments, EXIT_STOPPED for a stop, EXIT_FAULT for the rest. */
int exit_status_of(ImpStatus status);
/* Flushes standard output; a full disk or a closed pipe is said and changes EXIT_GOOD to EXIT_FAULT. */
int finish_output(int exit_status);

#endif
