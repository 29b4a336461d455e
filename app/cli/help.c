#include "help.h"

#include "common.h"
#include "option_text.h"
#include "text.h"
#include "train.h"
#include <ctype.h>
#include <string.h>

enum { INDENT = 28 }; /* where the explanations begin */

/* "  left" and then `right` from the column INDENT on, below where left is too long. */
void help_pair(FILE *stream, const char *left, const char *right, int width) {
    int column = fprintf(stream, "  %s", left);
    if (column + 2 > INDENT) {
        fputc('\n', stream);
        column = 0;
    }
    fprintf(stream, "%*s", INDENT - column, "");
    text_wrap(stream, right, INDENT, INDENT, width);
}

void help_sentence(FILE *stream, const char *phrase, int width) {
    char text[OPTION_TEXT];
    snprintf(text, sizeof text, "%s.", phrase);
    text[0] = (char)toupper((unsigned char)text[0]);
    text_wrap(stream, text, 0, 0, width);
}

void help_option(FILE *stream, const ImpParam *row, int width) {
    char form[OPTION_TEXT], note[OPTION_TEXT], left[OPTION_TEXT + 8], right[2 * OPTION_TEXT];
    option_form(row, form);
    option_note(row, note);
    if (row->letter)
        snprintf(left, sizeof left, "-%c, %s", row->letter, form);
    else
        snprintf(left, sizeof left, "    %s", form);
    snprintf(right, sizeof right, *note ? "%s (%s)" : "%s", row->help, note);
    help_pair(stream, left, right, width);
}

typedef struct GroupPrinter {
    FILE *stream;
    const ImpParamTable *table;
    int width;
} GroupPrinter;

static void print_group(void *context, const char *group) {
    GroupPrinter *printer = context;
    fprintf(printer->stream, "\n%s:\n", group);
    for (size_t i = 0; i < printer->table->count; i++)
        if (strcmp(printer->table->rows[i].group, group) == 0)
            help_option(printer->stream, &printer->table->rows[i], printer->width);
}

static void print_inputs(FILE *stream, const ImpMethod *method, int width) {
    if (method->n_inputs == 0) return;
    fputs("\nPictures:\n", stream);
    for (size_t i = 0; i < method->n_inputs; i++) {
        ImpMethod one = {.inputs = &method->inputs[i], .n_inputs = 1};
        char left[OPTION_TEXT];
        inputs_form(&one, left);
        help_pair(stream, left, method->inputs[i].help, width);
    }
}

static void print_presets(FILE *stream, const ImpMethod *method, int width) {
    if (method->n_presets == 0) return;
    fputs("\nPresets (--preset NAME):\n", stream);
    for (size_t i = 0; i < method->n_presets; i++) {
        char text[4 * OPTION_TEXT];
        preset_text(&method->presets[i], text, sizeof text);
        help_pair(stream, method->presets[i].name, text, width);
    }
}

/* Lines of "command  # what it does". */
void help_examples(FILE *stream, const char *examples, int width) {
    if (!examples || !*examples) return;
    fputs("\nExamples:\n", stream);
    while (*examples) {
        size_t line = strcspn(examples, "\n");
        const char *hash = NULL;
        for (size_t i = 0; i + 1 < line && !hash; i++)
            if (examples[i] == '#' && (i == 0 || examples[i - 1] == ' ')) hash = examples + i;
        size_t command = hash ? (size_t)(hash - examples) : line;
        while (command > 0 && examples[command - 1] == ' ') command--;
        if (hash) {
            char explanation[OPTION_TEXT];
            const char *start = hash + 1 + strspn(hash + 1, " ");
            snprintf(explanation, sizeof explanation, "%.*s", (int)(line - (size_t)(start - examples)), start);
            fputs("  # ", stream);
            text_wrap(stream, explanation, 4, 4, width);
        }
        if (command > 0) fprintf(stream, "  %.*s\n", (int)command, examples);
        examples += line + (examples[line] == '\n');
    }
}

void help_method(FILE *stream, const ImpMethod *method) {
    int width = text_width(stream);
    char inputs[OPTION_TEXT];
    inputs_form(method, inputs);
    fprintf(stream, "Usage: impasto %s [OPTION]... %s%s-o OUTPUT\n", method->name, inputs, *inputs ? " " : "");
    if (batch_form(method, inputs)) fprintf(stream, "       impasto %s [OPTION]... %s -O DIR\n", method->name, inputs);
    fputc('\n', stream);
    help_sentence(stream, method->summary, width);
    if (method->description) {
        fputc('\n', stream);
        text_wrap(stream, method->description, 0, 0, width);
    }
    print_inputs(stream, method, width);
    GroupPrinter own = {stream, &method->params, width}, common = {stream, &common_options, width};
    visit_groups(own.table, print_group, &own);
    visit_groups(common.table, print_group, &common);
    print_presets(stream, method, width);
    help_examples(stream, method->examples, width);
}

void help_training(FILE *stream, const ImpTraining *training) {
    int width = text_width(stream);
    ImpMethod method = training_as_method(training);
    fprintf(stream, "Usage: impasto %s [OPTION]... -o OUTPUT\n\n", method.name);
    help_sentence(stream, method.summary, width);
    fputc('\n', stream);
    text_wrap(stream, method.description, 0, 0, width);
    GroupPrinter own = {stream, &method.params, width};
    visit_groups(own.table, print_group, &own);
    help_examples(stream, method.examples, width);
}

void help_command(FILE *stream, const Command *command) {
    if (command->method) {
        help_method(stream, command->method);
        return;
    }
    int width = text_width(stream);
    fprintf(stream, "Usage: impasto %s %s\n\n", command->name, command->usage);
    help_sentence(stream, command->summary, width);
    fputc('\n', stream);
    text_wrap(stream, command->description, 0, 0, width);
}

void help_overview(FILE *stream) {
    int width = text_width(stream);
    size_t count;
    const Command *all = commands(&count);
    fputs("Usage: impasto COMMAND [ARGUMENT]...\n\n", stream);
    text_wrap(stream, "Impasto restyles pictures: a photograph in the manner of a painting.", 0, 0, width);
    fputs("\nCommands:\n", stream);
    for (size_t i = 0; i < count; i++) help_pair(stream, all[i].name, all[i].summary, width);
    fputs("\nOptions:\n", stream);
    help_pair(stream, "-h, --help", "print this help; after a command, the command's", width);
    help_pair(stream, "    --version", "print the version", width);
    fputc('\n', stream);
    text_wrap(
        stream,
        "Exit status: 0 done; 1 something went wrong with the files, the machine or the run; 2 the command line is "
        "wrong; 130 stopped by a signal, with the best so far saved.",
        0, 0, width);
}

int cmd_help(int argc, char **argv) {
    if (argc > 2) return wrong_usage("help", "help takes one command");
    if (argc < 2) {
        help_overview(stdout);
        return EXIT_GOOD;
    }
    const Command *command = command_find(argv[1]);
    if (!command) return wrong_usage(NULL, "there is no command \"%s\"", argv[1]);
    if (command->run == cmd_model) return cmd_model(2, (char *[]){argv[1], (char[]){"--help"}, NULL});
    if (command->run == cmd_train) return cmd_train(2, (char *[]){argv[1], (char[]){"--help"}, NULL});
    help_command(stdout, command);
    return EXIT_GOOD;
}
