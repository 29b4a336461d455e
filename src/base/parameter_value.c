#include "base/parameter_value.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A part of a text. */
typedef struct Span {
    const char *start;
    size_t length;
} Span;

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n';
}

static Span trim(Span span) {
    while (span.length && is_blank(span.start[0])) span.start++, span.length--;
    while (span.length && is_blank(span.start[span.length - 1])) span.length--;
    return span;
}

/* Cuts the next part off *rest; after the last one rest->start is NULL. */
static Span next_part(Span *rest, char separator) {
    const char *end = rest->length ? memchr(rest->start, separator, rest->length) : NULL;
    Span part = {rest->start, end ? (size_t)(end - rest->start) : rest->length};
    *rest = end ? (Span){end + 1, rest->length - part.length - 1} : (Span){NULL, 0};
    return part;
}

static bool has_range(const ImpParam *row) {
    return row->minimum != 0 || row->maximum != 0;
}

static bool in_range(const ImpParam *row, double value) {
    return !has_range(row) || (value >= row->minimum && value <= row->maximum);
}

/* "from 0 to 1", "of at least 0", "of at most 5" or "": what follows "a number" in a message. */
static void describe_range(const ImpParam *row, char *out, size_t size) {
    char low[IMP_NUMBER_TEXT], high[IMP_NUMBER_TEXT];
    imp_format_real(row->minimum, low);
    imp_format_real(row->maximum, high);
    bool bounded_below = has_range(row) && isfinite(row->minimum);
    bool bounded_above = has_range(row) && isfinite(row->maximum);
    if (bounded_below && bounded_above)
        snprintf(out, size, " from %s to %s", low, high);
    else if (bounded_below)
        snprintf(out, size, " of at least %s", low);
    else if (bounded_above)
        snprintf(out, size, " of at most %s", high);
    else
        *out = '\0';
}

/* `what` is "a number", "whole numbers" ... */
static ImpStatus refuse(const ImpParam *row, const char *what, const char *text, ImpError *error) {
    char range[96];
    describe_range(row, range, sizeof range);
    return imp_fail(error, IMP_ERROR_ARGUMENT, "%s takes %s%s, not \"%.200s\"", row->name, what, range, text);
}

static ImpStatus out_of_memory(const ImpParam *row, ImpError *error) {
    return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the value of %s", row->name);
}

static ImpStatus keep_text(const ImpParam *row, char *text, ImpValue *out, ImpError *error) {
    if (!text) return out_of_memory(row, error);
    out->text = text;
    return IMP_OK;
}

static ImpStatus parse_flag(const ImpParam *row, const char *text, ImpValue *out, ImpError *error) {
    out->flag = strcmp(text, "true") == 0;
    if (!out->flag && strcmp(text, "false") != 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "%s takes \"true\" or \"false\", not \"%.200s\"", row->name, text);
    return keep_text(row, imp_strdup(text), out, error);
}

static ImpStatus parse_integer(const ImpParam *row, const char *text, ImpValue *out, ImpError *error) {
    if (!imp_parse_integer(text, strlen(text), &out->integer) || !in_range(row, (double)out->integer))
        return refuse(row, "a whole number", text, error);
    return keep_text(row, imp_format("%lld", (long long)out->integer), out, error);
}

static ImpStatus parse_real(const ImpParam *row, const char *text, ImpValue *out, ImpError *error) {
    if (!imp_parse_real(text, strlen(text), &out->real) || !in_range(row, out->real))
        return refuse(row, "a number", text, error);
    char canonical[IMP_NUMBER_TEXT];
    imp_format_real(out->real, canonical);
    return keep_text(row, imp_strdup(canonical), out, error);
}

static ImpStatus parse_choice(const ImpParam *row, const char *text, ImpValue *out, ImpError *error) {
    Span rest = {row->choices, strlen(row->choices)};
    for (int i = 0; rest.start; i++) {
        Span choice = next_part(&rest, '|');
        if (choice.length != strlen(text) || strncmp(choice.start, text, choice.length) != 0) continue;
        out->choice = i;
        return keep_text(row, imp_strdup(text), out, error);
    }
    char choices[512] = "";
    rest = (Span){row->choices, strlen(row->choices)};
    while (rest.start) {
        Span choice = next_part(&rest, '|');
        size_t used = strlen(choices);
        snprintf(choices + used, sizeof choices - used, "%s%.*s", used ? ", " : "", (int)choice.length, choice.start);
    }
    return imp_fail(error, IMP_ERROR_ARGUMENT, "%s is one of %s, not \"%.200s\"", row->name, choices, text);
}

static ImpStatus parse_text(const ImpParam *row, const char *text, ImpValue *out, ImpError *error) {
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 32 || *c == 127)
            return imp_fail(error, IMP_ERROR_ARGUMENT, "%s holds a control character; give plain text", row->name);
    return keep_text(row, imp_strdup(text), out, error);
}

static ImpStatus parse_path(const ImpParam *row, const char *text, ImpValue *out, ImpError *error) {
    if (!*text) return imp_fail(error, IMP_ERROR_ARGUMENT, "%s is empty; give the path of a file", row->name);
    return keep_text(row, imp_strdup(text), out, error);
}

/* Fills item `i` of out's list from `part`; false when the part is no such item. */
typedef bool (*ParseItem)(const ImpParam *row, Span part, size_t i, ImpValue *out);
/* Writes item `i` at `at`, at most ITEM_TEXT characters with the final NUL. */
typedef void (*WriteItem)(const ImpValue *value, size_t i, char *at);

enum { ITEM_TEXT = 32 + IMP_NUMBER_TEXT + 1 }; /* "layer:weight" and a comma */

static bool real_item(const ImpParam *row, Span part, size_t i, ImpValue *out) {
    return imp_parse_real(part.start, part.length, &out->reals[i]) && in_range(row, out->reals[i]);
}

static void write_real_item(const ImpValue *value, size_t i, char *at) {
    imp_format_real(value->reals[i], at);
}

static bool integer_item(const ImpParam *row, Span part, size_t i, ImpValue *out) {
    return imp_parse_integer(part.start, part.length, &out->integers[i]) && in_range(row, (double)out->integers[i]);
}

static void write_integer_item(const ImpValue *value, size_t i, char *at) {
    snprintf(at, ITEM_TEXT, "%lld", (long long)value->integers[i]);
}

static bool is_layer_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

static bool layer_item(const ImpParam *row, Span part, size_t i, ImpValue *out) {
    ImpLayerWeight *item = &out->layers[i];
    Span rest = part, name = trim(next_part(&rest, ':'));
    if (name.length == 0 || name.length >= sizeof item->layer) return false;
    for (size_t c = 0; c < name.length; c++)
        if (!is_layer_character(name.start[c])) return false;
    memcpy(item->layer, name.start, name.length);
    for (size_t earlier = 0; earlier < i; earlier++)
        if (strcmp(out->layers[earlier].layer, item->layer) == 0) return false;
    item->weight = 1;
    if (!rest.start) return true;
    rest = trim(rest);
    return imp_parse_real(rest.start, rest.length, &item->weight) && in_range(row, item->weight);
}

static void write_layer_item(const ImpValue *value, size_t i, char *at) {
    const ImpLayerWeight *item = &value->layers[i];
    char weight[IMP_NUMBER_TEXT];
    imp_format_real(item->weight, weight);
    if (item->weight == 1)
        snprintf(at, ITEM_TEXT, "%s", item->layer);
    else
        snprintf(at, ITEM_TEXT, "%s:%s", item->layer, weight);
}

static size_t count_items(const char *text) {
    if (trim((Span){text, strlen(text)}).length == 0) return 0;
    size_t count = 1;
    for (; *text; text++) count += *text == ',';
    return count;
}

static char *join_items(const ImpValue *value, WriteItem write) {
    char *text = imp_alloc(value->count + 1, ITEM_TEXT);
    if (!text) return NULL;
    size_t used = 0;
    for (size_t i = 0; i < value->count; i++) {
        if (i > 0) text[used++] = ',';
        write(value, i, text + used);
        used += strlen(text + used);
    }
    char *fitted = imp_strndup(text, used);
    imp_free(text);
    return fitted;
}

static ImpStatus parse_items(const ImpParam *row, const char *text, const char *what, ParseItem parse, WriteItem write,
                             ImpValue *out, ImpError *error) {
    Span rest = {text, strlen(text)};
    for (size_t i = 0; i < out->count; i++)
        if (!parse(row, trim(next_part(&rest, ',')), i, out)) return refuse(row, what, text, error);
    return keep_text(row, join_items(out, write), out, error);
}

static ImpStatus parse_list(const ImpParam *row, const char *text, ImpValue *out, ImpError *error) {
    out->count = count_items(text);
    if (out->count > IMP_PARAM_MAX_ITEMS)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "%s has %zu values; at most %d are taken", row->name, out->count,
                        IMP_PARAM_MAX_ITEMS);
    switch (row->type) {
    case IMP_PARAM_REALS:
        out->reals = imp_alloc(out->count, sizeof *out->reals);
        if (!out->reals) return out_of_memory(row, error);
        return parse_items(row, text, "numbers separated by commas, each", real_item, write_real_item, out, error);
    case IMP_PARAM_INTEGERS:
        out->integers = imp_alloc(out->count, sizeof *out->integers);
        if (!out->integers) return out_of_memory(row, error);
        return parse_items(row, text, "whole numbers separated by commas, each", integer_item, write_integer_item, out,
                           error);
    default:
        out->layers = imp_alloc(out->count, sizeof *out->layers);
        if (!out->layers) return out_of_memory(row, error);
        return parse_items(row, text, "different layers such as \"relu1_1,relu2_1:0.5\" with weights", layer_item,
                           write_layer_item, out, error);
    }
}

static ImpStatus parse_any(const ImpParam *row, const char *text, ImpValue *out, ImpError *error) {
    if (strlen(text) > IMP_PARAM_MAX_TEXT)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "the value of %s is longer than %d bytes", row->name,
                        IMP_PARAM_MAX_TEXT);
    switch (row->type) {
    case IMP_PARAM_FLAG:
        return parse_flag(row, text, out, error);
    case IMP_PARAM_INTEGER:
        return parse_integer(row, text, out, error);
    case IMP_PARAM_REAL:
        return parse_real(row, text, out, error);
    case IMP_PARAM_CHOICE:
        return parse_choice(row, text, out, error);
    case IMP_PARAM_TEXT:
        return parse_text(row, text, out, error);
    case IMP_PARAM_FILE_IN:
    case IMP_PARAM_FILE_OUT:
        return parse_path(row, text, out, error);
    default:
        return parse_list(row, text, out, error);
    }
}

ImpStatus imp_value_parse(const ImpParam *row, const char *text, ImpValue *out, ImpError *error) {
    *out = (ImpValue){0};
    ImpStatus status = parse_any(row, text, out, error);
    if (status != IMP_OK) imp_value_clear(out);
    return status;
}

void imp_value_clear(ImpValue *value) {
    imp_free(value->text);
    imp_free(value->reals);
    imp_free(value->integers);
    imp_free(value->layers);
    *value = (ImpValue){0};
}
