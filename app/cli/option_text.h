/* A row of a parameter table in words: what --help, the man page and the completions say about it. */
#ifndef IMP_CLI_OPTION_TEXT_H
#define IMP_CLI_OPTION_TEXT_H

#include "cli.h"

enum { OPTION_TEXT = 512 };

/* "--size PIXELS", "--[no-]embed-recipe", "--save-recipe[=FILE]": the long form with its value. */
void option_form(const ImpParam *row, char out[OPTION_TEXT]);
/* The value alone: "PIXELS", "FILE", "lbfgs|adam"; "" for flags. */
void option_value(const ImpParam *row, char out[OPTION_TEXT]);
/* "16 to 65535 pixels; default 512; also --image-size"; "" where there is nothing to say. */
void option_note(const ImpParam *row, char out[OPTION_TEXT]);

/* The groups of a table in order of appearance: calls visit for each different group. */
void visit_groups(const ImpParamTable *table, void (*visit)(void *context, const char *group), void *context);

/* "half the way in few steps (strength=0.5, steps=2)" */
void preset_text(const ImpPreset *preset, char *out, size_t size);
/* "CONTENT STYLE..." */
void inputs_form(const ImpMethod *method, char out[OPTION_TEXT]);
/* The same with --output-dir: "CONTENT|FOLDER... STYLE". False for a method that makes one picture of several. */
bool batch_form(const ImpMethod *method, char out[OPTION_TEXT]);

#endif
