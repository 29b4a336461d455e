/* The actions of `impasto model`. */
#ifndef IMP_CLI_MODEL_H
#define IMP_CLI_MODEL_H

#include "options.h"

/* An action's command line, checked. */
typedef struct ModelCall {
    const ImpParams *params;    /* of the action's table */
    const Arguments *arguments; /* positional: as many as the action takes */
} ModelCall;

typedef struct ModelAction {
    const char *name;
    const char *form; /* what follows the name: "NAME" */
    const char *summary;
    const char *description; /* paragraphs */
    const char *examples;    /* lines of "command  # what it does" */
    ImpParamTable options;
    size_t n_positional;
    int (*run)(const ModelCall *call); /* returns the exit status */
} ModelAction;

int model_list(const ModelCall *call);
int model_info(const ModelCall *call);
int model_fetch(const ModelCall *call);
int model_convert(const ModelCall *call);

/* "76.4 MiB", "812 bytes" */
void format_bytes(uint64_t bytes, char out[32]);

#endif
