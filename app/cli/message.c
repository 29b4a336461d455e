#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* File names in messages must not steer the terminal. */
static void defuse(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 32 || *text == 127) *text = '?';
}

static void print_sentence(const char *before, const char *format, va_list arguments) {
    char text[2 * IMP_ERROR_MESSAGE_SIZE];
    vsnprintf(text, sizeof text, format, arguments);
    defuse(text);
    fprintf(stderr, "%s%s\n", before, text);
}

void tell(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_sentence("", format, arguments);
    va_end(arguments);
}

void complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_sentence("impasto: ", format, arguments);
    va_end(arguments);
}

int wrong_usage(const char *command, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_sentence("impasto: ", format, arguments);
    va_end(arguments);
    if (command)
        fprintf(stderr, "See 'impasto %s --help'.\n", command);
    else
        fputs("See 'impasto --help'.\n", stderr);
    return EXIT_USAGE;
}

int exit_status_of(ImpStatus status) {
    if (status == IMP_OK) return EXIT_GOOD;
    if (status == IMP_ERROR_STOPPED) return EXIT_STOPPED;
    return status == IMP_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAULT;
}

int finish_output(int exit_status) {
    errno = 0;
    bool failed = ferror(stdout) != 0;
    if (fflush(stdout) != 0) failed = true;
    if (!failed) return exit_status;
    complain("cannot write standard output: %s", errno ? strerror(errno) : "an earlier write failed");
    return exit_status == EXIT_GOOD ? EXIT_FAULT : exit_status;
}
