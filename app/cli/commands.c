#include "cli.h"

#include "help.h"
#include <string.h>

enum { MOST = 64 };

static const Command others[] = {
    {.name = "train",
     .summary = "train a network that restyles pictures in one pass",
     .run = cmd_train,
     .usage = "WHAT [OPTION]...",
     .description = "Trains networks: what the methods that work in one pass need. 'impasto train --help' lists what "
                    "can be trained."},
    {.name = "model",
     .summary = "list, fetch, check and convert network weights",
     .run = cmd_model,
     .usage = "ACTION [ARGUMENT]...",
     .description = "Looks after the network weights that the neural methods need. 'impasto model --help' lists the "
                    "actions."},
    {.name = "completion",
     .summary = "print a script that completes commands and options in a shell",
     .run = cmd_completion,
     .usage = "bash|zsh|fish",
     .description = "Prints a completion script for the shell to standard output. For bash, put this line into "
                    "~/.bashrc:\n\nsource <(impasto completion bash)\n\nFor zsh, save it as _impasto in a folder of "
                    "$fpath; for fish, as ~/.config/fish/completions/impasto.fish."},
    {.name = "help",
     .summary = "explain a command",
     .run = cmd_help,
     .usage = "[COMMAND]",
     .description = "Prints the help of a command, the same as 'impasto COMMAND --help'."},
};

const Command *commands(size_t *count) {
    static Command all[MOST];
    static size_t filled;
    if (filled == 0) {
        size_t n_methods;
        const ImpMethod *const *methods = imp_methods(&n_methods);
        for (size_t i = 0; i < n_methods && filled < MOST - 8; i++)
            all[filled++] = (Command){.name = methods[i]->name, .summary = methods[i]->summary, .method = methods[i]};
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) all[filled++] = others[i];
    }
    *count = filled;
    return all;
}

const Command *command_find(const char *name) {
    size_t count;
    const Command *all = commands(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].name, name) == 0) return &all[i];
    return NULL;
}
