#include "cli.h"

#include "help.h"
#include "man.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int unknown_command(const char *name) {
    size_t count;
    const Command *all = commands(&count);
    const char *names[64];
    for (size_t i = 0; i < count; i++) names[i] = all[i].name;
    if (*name == '-') return wrong_usage(NULL, "there is no option %s before a command", name);
    const char *near = imp_suggest(name, names, count);
    if (near) return wrong_usage(NULL, "there is no command \"%s\"; did you mean \"%s\"?", name, near);
    if (access(name, F_OK) == 0 && all[0].method)
        return wrong_usage(NULL, "\"%s\" is no command; to restyle that picture, write: impasto %s %s ...", name,
                           all[0].name, name);
    return wrong_usage(NULL, "there is no command \"%s\"", name);
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        help_overview(stderr);
        return EXIT_USAGE;
    }
    const char *first = argv[1];
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        help_overview(stdout);
        return EXIT_GOOD;
    }
    if (strcmp(first, "--version") == 0) {
        printf("impasto %s\n", imp_version());
        return EXIT_GOOD;
    }
    if (strcmp(first, "--man") == 0) return print_man_page(argc > 2 ? argv[2] : NULL);
    const Command *command = command_find(first);
    if (!command) return unknown_command(first);
    if (command->method) return cmd_method(command->method, argc - 1, argv + 1);
    if (command->run != cmd_model && command->run != cmd_train && argc > 2 &&
        (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)) {
        help_command(stdout, command);
        return EXIT_GOOD;
    }
    return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is then a write that fails, and gets a sentence */
    signal(SIGXFSZ, SIG_IGN); /* so is a file over the size that the shell allows */
    return finish_output(dispatch(argc, argv));
}
