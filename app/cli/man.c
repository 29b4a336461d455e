#include "man.h"

#include "cli.h"
#include "common.h"
#include "option_text.h"
#include "train.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Text that roff shows as it is. A dash stays a dash that can be copied into a shell. */
static void put_escaped(const char *text, size_t length) {
    bool line_start = true;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (line_start && (c == '.' || c == '\'')) fputs("\\&", stdout);
        if (c == '\\')
            fputs("\\e", stdout);
        else if (c == '-')
            fputs("\\-", stdout);
        else
            putchar(c);
        line_start = c == '\n';
    }
}

static void put_text(const char *text) {
    put_escaped(text, strlen(text));
}

/* Paragraphs separated by blank lines. */
static void put_paragraphs(const char *text) {
    for (const char *end; *text; text = end + strspn(end, "\n")) {
        end = strstr(text, "\n\n");
        if (!end) end = text + strlen(text);
        fputs(".PP\n", stdout);
        put_escaped(text, (size_t)(end - text));
        putchar('\n');
    }
}

static void put_title(const char *page, const char *summary) {
    char upper[64] = "";
    for (size_t i = 0; page[i] && i + 1 < sizeof upper; i++) upper[i] = (char)toupper((unsigned char)page[i]);
    printf(".TH %s 1 \"\" \"impasto %s\" \"User Commands\"\n.SH NAME\n", upper, imp_version());
    put_text(page);
    fputs(" \\- ", stdout);
    put_text(summary);
    putchar('\n');
}

static void put_item(const char *term, const char *text) {
    fputs(".TP\n.B ", stdout);
    put_text(term);
    putchar('\n');
    put_text(text);
    putchar('\n');
}

static void put_option(const ImpParam *row) {
    char form[OPTION_TEXT], note[OPTION_TEXT], term[OPTION_TEXT + 8], text[2 * OPTION_TEXT];
    option_form(row, form);
    option_note(row, note);
    if (row->letter)
        snprintf(term, sizeof term, "-%c, %s", row->letter, form);
    else
        snprintf(term, sizeof term, "%s", form);
    snprintf(text, sizeof text, *note ? "%s (%s)." : "%s.", row->help, note);
    text[0] = (char)toupper((unsigned char)text[0]);
    put_item(term, text);
}

static void put_group(void *context, const char *group) {
    const ImpParamTable *table = context;
    fputs(".SS \"", stdout);
    put_text(group);
    fputs("\"\n", stdout);
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].group, group) == 0) put_option(&table->rows[i]);
}

static void put_exit_status(void) {
    fputs(".SH EXIT STATUS\n", stdout);
    put_item("0", "The picture is written.");
    put_item("1", "Something went wrong with the files, the machine or the run; of many pictures, some were skipped.");
    put_item("2", "The command line is wrong.");
    put_item("130", "A signal (Ctrl-C) stopped the run; the best picture so far is written.");
}

static void put_examples(const char *examples) {
    if (!examples || !*examples) return;
    fputs(".SH EXAMPLES\n.nf\n", stdout);
    put_text(examples);
    fputs("\n.fi\n", stdout);
}

/* Name and synopsis to the description: a training's name ("train style") has a blank, its page's a dash. */
static void put_head(const ImpMethod *method) {
    char page[64], inputs[OPTION_TEXT];
    snprintf(page, sizeof page, "impasto-%s", method->name);
    for (char *c = page; *c; c++)
        if (*c == ' ') *c = '-';
    inputs_form(method, inputs);
    put_title(page, method->summary);
    printf(".SH SYNOPSIS\n.B impasto %s\n[\\fIOPTION\\fR]... \\fI%s\\fR%s\\fB\\-o\\fR \\fIOUTPUT\\fR\n", method->name,
           inputs, *inputs ? " " : "");
    if (batch_form(method, inputs))
        printf(".br\n.B impasto %s\n[\\fIOPTION\\fR]... \\fI%s\\fR \\fB\\-O\\fR \\fIDIR\\fR\n", method->name, inputs);
    fputs(".SH DESCRIPTION\n", stdout);
    if (method->description) put_paragraphs(method->description);
}

static void put_training_page(const ImpTraining *training) {
    ImpMethod method = training_as_method(training);
    put_head(&method);
    fputs(".SH OPTIONS\n", stdout);
    visit_groups(&method.params, put_group, &method.params);
    put_exit_status();
    put_examples(method.examples);
    fputs(".SH SEE ALSO\n.BR impasto (1),\n.BR impasto\\-apply (1)\n", stdout);
}

static void put_method_page(const ImpMethod *method) {
    put_head(method);
    fputs(".SH PICTURES\n", stdout);
    for (size_t i = 0; i < method->n_inputs; i++) put_item(method->inputs[i].role, method->inputs[i].help);
    fputs(".SH OPTIONS\n", stdout);
    ImpParamTable own = method->params, common = common_options;
    visit_groups(&own, put_group, &own);
    visit_groups(&common, put_group, &common);
    if (method->n_presets) fputs(".SH PRESETS\n", stdout);
    for (size_t i = 0; i < method->n_presets; i++) {
        char text[4 * OPTION_TEXT];
        preset_text(&method->presets[i], text, sizeof text);
        put_item(method->presets[i].name, text);
    }
    put_exit_status();
    put_examples(method->examples);
    fputs(".SH SEE ALSO\n.BR impasto (1)\n", stdout);
}

static void put_overview_page(void) {
    size_t count;
    const Command *all = commands(&count);
    put_title("impasto", "restyle pictures");
    fputs(".SH SYNOPSIS\n.B impasto\n\\fICOMMAND\\fR [\\fIARGUMENT\\fR]...\n.SH DESCRIPTION\n", stdout);
    put_text("Impasto restyles pictures: a photograph in the manner of a painting. Each method is a command; "
             "'impasto COMMAND --help' explains it.");
    fputs("\n.SH COMMANDS\n", stdout);
    for (size_t i = 0; i < count; i++) put_item(all[i].name, all[i].summary);
    fputs(".SH OPTIONS\n", stdout);
    put_item("-h, --help", "Print help; after a command, the command's.");
    put_item("--version", "Print the version.");
    put_exit_status();
    fputs(".SH SEE ALSO\n", stdout);
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (!all[i].method) continue;
        printf("%s.BR impasto\\-%s (1)", first ? "" : ",\n", all[i].name);
        first = false;
    }
    putchar('\n');
}

int print_man_page(const char *name) {
    if (!name) {
        put_overview_page();
        return EXIT_GOOD;
    }
    const Command *command = command_find(name);
    const ImpTraining *training = strncmp(name, "train-", 6) == 0 ? imp_training_find(name + 6) : NULL;
    if (training) {
        put_training_page(training);
        return EXIT_GOOD;
    }
    if (!command || !command->method) return wrong_usage(NULL, "there is no manual page for \"%s\"", name);
    put_method_page(command->method);
    return EXIT_GOOD;
}
