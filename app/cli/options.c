#include "options.h"

#include "common.h"
#include <stdlib.h>
#include <string.h>

/* Where the parsing stands. */
typedef struct Scan {
    const char *command;
    const ImpParamTable *own;
    int argc, at; /* argv[at] is being read */
    char **argv;
    Arguments *out;
} Scan;

static const ImpParam *find_long(const Scan *scan, const char *name) {
    const ImpParam *row = imp_param_find(scan->own, name);
    return row ? row : imp_param_find(&common_options, name);
}

static const ImpParam *find_letter(const Scan *scan, char letter) {
    const ImpParamTable *tables[] = {scan->own, &common_options};
    for (int t = 0; t < 2; t++)
        for (size_t i = 0; i < tables[t]->count; i++)
            if (tables[t]->rows[i].letter == letter) return &tables[t]->rows[i];
    return NULL;
}

static int unknown_option(const Scan *scan, const char *name) {
    size_t count = scan->own->count + common_options.count;
    const char **names = malloc(count * sizeof *names);
    const char *near = NULL;
    if (names) {
        for (size_t i = 0; i < count; i++)
            names[i] = i < scan->own->count ? scan->own->rows[i].name : common_options.rows[i - scan->own->count].name;
        near = imp_suggest(name, names, count);
    }
    free(names);
    if (near) return wrong_usage(scan->command, "there is no option --%s; did you mean --%s?", name, near);
    return wrong_usage(scan->command, "there is no option --%s", name);
}

static int add_setting(Scan *scan, const ImpParam *row, const char *value) {
    scan->out->settings[scan->out->n_settings++] = (Setting){row, value};
    return EXIT_GOOD;
}

/* The argument after the option, which is its value. */
static int add_next(Scan *scan, const ImpParam *row) {
    if (scan->at + 1 >= scan->argc) return wrong_usage(scan->command, "--%s needs a value after it", row->name);
    const char *value = scan->argv[++scan->at];
    if (strncmp(value, "--", 2) == 0)
        return wrong_usage(scan->command, "--%s needs a value, but %s follows; if that is the value, write --%s=%s",
                           row->name, value, row->name, value);
    return add_setting(scan, row, value);
}

/* "--no-NAME" of a flag, or NULL. */
static const ImpParam *find_negated(const Scan *scan, const char *name) {
    if (strncmp(name, "no-", 3) != 0) return NULL;
    const ImpParam *row = find_long(scan, name + 3);
    return row && row->type == IMP_PARAM_FLAG ? row : NULL;
}

static int read_long(Scan *scan, const char *text) {
    char name[128];
    size_t length = strcspn(text, "=");
    if (length == 0 || length >= sizeof name) return wrong_usage(scan->command, "there is no option --%s", text);
    memcpy(name, text, length);
    name[length] = '\0';
    const char *value = text[length] == '=' ? text + length + 1 : NULL;
    const ImpParam *row = find_long(scan, name);
    if (!row) {
        row = find_negated(scan, name);
        if (!row) return unknown_option(scan, name);
        if (value) return wrong_usage(scan->command, "--%s takes no value", name);
        return add_setting(scan, row, "false");
    }
    if (value) return add_setting(scan, row, value);
    if (row->type == IMP_PARAM_FLAG) return add_setting(scan, row, "true");
    return has_optional_value(row) ? add_setting(scan, row, "") : add_next(scan, row);
}

static int read_letters(Scan *scan, const char *text) {
    for (; *text; text++) {
        const ImpParam *row = find_letter(scan, *text);
        if (!row) return wrong_usage(scan->command, "there is no option -%c", *text);
        if (row->type != IMP_PARAM_FLAG) return text[1] ? add_setting(scan, row, text + 1) : add_next(scan, row);
        add_setting(scan, row, "true");
    }
    return EXIT_GOOD;
}

int arguments_parse(const char *command, const ImpParamTable *own, int argc, char **argv, Arguments *out) {
    *out = (Arguments){0};
    size_t most = 0; /* each letter of "-abc" may be a setting */
    for (int i = 0; i < argc; i++) most += strlen(argv[i]) + 1;
    out->settings = calloc(most + 1, sizeof *out->settings);
    out->positional = calloc((size_t)argc + 1, sizeof *out->positional);
    if (!out->settings || !out->positional) {
        complain("out of memory for the command line");
        return EXIT_FAULT;
    }
    Scan scan = {command, own, argc, 1, argv, out};
    bool options_end = false;
    int result = EXIT_GOOD;
    for (; scan.at < argc && result == EXIT_GOOD; scan.at++) {
        const char *text = argv[scan.at];
        if (!options_end && strcmp(text, "--") == 0)
            options_end = true;
        else if (!options_end && strncmp(text, "--", 2) == 0)
            result = read_long(&scan, text + 2);
        else if (!options_end && text[0] == '-' && text[1] != '\0')
            result = read_letters(&scan, text + 1);
        else
            out->positional[out->n_positional++] = text;
    }
    return result;
}

void arguments_clear(Arguments *arguments) {
    free(arguments->settings);
    free(arguments->positional);
    *arguments = (Arguments){0};
}

static bool belongs(const ImpParamTable *table, const ImpParam *row) {
    for (size_t i = 0; i < table->count; i++)
        if (&table->rows[i] == row) return true;
    return false;
}

int arguments_apply(const char *command, const Arguments *arguments, ImpParams *params) {
    for (size_t i = 0; i < arguments->n_settings; i++) {
        const Setting *setting = &arguments->settings[i];
        if (!belongs(imp_params_table(params), setting->row)) continue;
        ImpError error;
        ImpStatus status = imp_params_set(params, setting->row->name, setting->value, &error);
        if (status == IMP_OK) continue;
        if (status != IMP_ERROR_ARGUMENT) {
            complain("%s", error.message);
            return EXIT_FAULT;
        }
        bool named = strncmp(error.message, setting->row->name, strlen(setting->row->name)) == 0;
        return wrong_usage(command, "%s%s", named ? "--" : "", error.message);
    }
    return EXIT_GOOD;
}

const char *arguments_last(const Arguments *arguments, const char *common_name) {
    const ImpParam *row = imp_param_find(&common_options, common_name);
    for (size_t i = arguments->n_settings; i-- > 0;)
        if (arguments->settings[i].row == row) return arguments->settings[i].value;
    return NULL;
}
