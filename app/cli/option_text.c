#include "option_text.h"

#include "common.h"
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(char out[OPTION_TEXT], const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(char out[OPTION_TEXT], const char *format, ...) {
    size_t used = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + used, OPTION_TEXT - used, format, arguments);
    va_end(arguments);
}

static void append_upper(char out[OPTION_TEXT], const char *word) {
    for (; *word; word++) append(out, "%c", toupper((unsigned char)*word));
}

/* The shortest way to write a limit: 65535, 0.01, 1e6. */
static void append_number(char out[OPTION_TEXT], double value) {
    char text[40], *exponent;
    if (value == floor(value) && fabs(value) < 1e6) {
        append(out, "%.0f", value);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    exponent = strchr(text, 'e');
    if (exponent)
        append(out, "%.*se%ld", (int)(exponent - text), text, strtol(exponent + 1, NULL, 10));
    else
        append(out, "%s", text);
}

static bool has_spaces(const char *text) {
    return strchr(text, ' ') != NULL;
}

void option_value(const ImpParam *row, char out[OPTION_TEXT]) {
    out[0] = '\0';
    const char *unit = row->unit && !has_spaces(row->unit) ? row->unit : "N";
    switch (row->type) {
    case IMP_PARAM_FLAG:
        break;
    case IMP_PARAM_INTEGER:
    case IMP_PARAM_REAL:
        append_upper(out, unit);
        break;
    case IMP_PARAM_CHOICE:
        append(out, "%s", row->choices);
        break;
    case IMP_PARAM_FILE_IN:
    case IMP_PARAM_FILE_OUT:
        append(out, names_folder(row) ? "DIR" : "FILE");
        break;
    case IMP_PARAM_REALS:
    case IMP_PARAM_INTEGERS:
        append(out, "N,N...");
        break;
    case IMP_PARAM_LAYERS:
        append(out, "LAYER[:N],...");
        break;
    case IMP_PARAM_TEXT:
        if (has_optional_value(row))
            append(out, "FILE");
        else
            append_upper(out, strrchr(row->name, '-') ? strrchr(row->name, '-') + 1 : row->name);
        break;
    }
}

void option_form(const ImpParam *row, char out[OPTION_TEXT]) {
    char value[OPTION_TEXT];
    option_value(row, value);
    bool negated = row->type == IMP_PARAM_FLAG && row->fallback && strcmp(row->fallback, "true") == 0;
    snprintf(out, OPTION_TEXT, "--%s%s", negated ? "[no-]" : "", row->name);
    if (*value) append(out, has_optional_value(row) ? "[=%s]" : " %s", value);
}

static void append_range(char out[OPTION_TEXT], const ImpParam *row) {
    static const double beyond = 1e15; /* limits that are only there to have one */
    bool is_number = row->type == IMP_PARAM_INTEGER || row->type == IMP_PARAM_REAL || row->type == IMP_PARAM_REALS ||
                     row->type == IMP_PARAM_INTEGERS || row->type == IMP_PARAM_LAYERS;
    if (!is_number || (row->minimum == 0 && row->maximum == 0)) return;
    bool low = row->minimum > -beyond, high = row->maximum < beyond;
    if (low && !high) append(out, "at least ");
    if (!low && high) append(out, "at most ");
    if (low) append_number(out, row->minimum);
    if (low && high) append(out, " to ");
    if (high) append_number(out, row->maximum);
    if ((low || high) && row->unit) append(out, " %s", row->unit);
}

static void append_default(char out[OPTION_TEXT], const ImpParam *row) {
    if (!row->fallback || !*row->fallback) return;
    if (row->type == IMP_PARAM_FLAG && strcmp(row->fallback, "false") == 0) return;
    const char *value = row->type == IMP_PARAM_FLAG ? "on" : row->fallback;
    append(out, "%sdefault %s", *out ? "; " : "", value);
}

static void append_aliases(char out[OPTION_TEXT], const ImpParam *row) {
    if (!row->aliases || !*row->aliases) return;
    append(out, "%salso ", *out ? "; " : "");
    const char *name = row->aliases;
    while (name) {
        const char *end = strchr(name, '|');
        append(out, "--%.*s", end ? (int)(end - name) : (int)strlen(name), name);
        if (end) append(out, ", ");
        name = end ? end + 1 : NULL;
    }
}

void option_note(const ImpParam *row, char out[OPTION_TEXT]) {
    out[0] = '\0';
    append_range(out, row);
    append_default(out, row);
    append_aliases(out, row);
}

void visit_groups(const ImpParamTable *table, void (*visit)(void *context, const char *group), void *context) {
    for (size_t i = 0; i < table->count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) seen = strcmp(table->rows[j].group, table->rows[i].group) == 0;
        if (!seen) visit(context, table->rows[i].group);
    }
}

void inputs_form(const ImpMethod *method, char out[OPTION_TEXT]) {
    out[0] = '\0';
    for (size_t i = 0; i < method->n_inputs; i++) {
        const ImpInput *input = &method->inputs[i];
        if (i > 0) append(out, " ");
        if (input->minimum == 0) append(out, "[");
        append_upper(out, input->role);
        if (input->maximum > 1) append(out, "...");
        if (input->minimum == 0) append(out, "]");
    }
}

bool batch_form(const ImpMethod *method, char out[OPTION_TEXT]) {
    out[0] = '\0';
    if (method->n_inputs == 0 || method->inputs[0].minimum != 1 || method->inputs[0].maximum != 1) return false;
    append_upper(out, method->inputs[0].role);
    append(out, "|FOLDER...");
    for (size_t i = 1; i < method->n_inputs; i++)
        for (size_t k = 0; k < method->inputs[i].minimum; k++) {
            append(out, " ");
            append_upper(out, method->inputs[i].role);
        }
    return true;
}

/* Whether a setting after this one, which is `length` characters long, has the same name: the last one counts. */
static bool is_set_again(const char *setting, size_t length) {
    size_t name = strcspn(setting, "=") + 1;
    for (const char *next = setting + length; *next; next += strcspn(next, ";")) {
        next += strspn(next, ";\n ");
        if (strncmp(setting, next, name) == 0) return true;
    }
    return false;
}

void preset_text(const ImpPreset *preset, char *out, size_t size) {
    int used = snprintf(out, size, "%s", preset->summary);
    const char *before = " (";
    for (const char *setting = preset->settings; *setting;) {
        size_t length = strcspn(setting, ";");
        if (length > 0 && !is_set_again(setting, length) && (size_t)used < size) {
            used += snprintf(out + used, size - (size_t)used, "%s%.*s", before, (int)length, setting);
            before = ", ";
        }
        setting += length + (setting[length] == ';');
    }
    if (*before == ',' && (size_t)used < size) snprintf(out + used, size - (size_t)used, ")");
}
