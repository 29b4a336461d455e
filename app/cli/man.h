/* Manual pages, made from the tables. */
#ifndef IMP_CLI_MAN_H
#define IMP_CLI_MAN_H

/* Prints the page impasto(1), or impasto-NAME(1) of a command, in the man macros. Returns the exit status. */
int print_man_page(const char *name);

#endif
