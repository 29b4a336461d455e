#include "impasto/json.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/utf8.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ImpJsonWriter {
    int indent;
    char *text;
    size_t used, capacity;
    char closers[IMP_JSON_MAX_DEPTH]; /* what ends each open level */
    bool filled[IMP_JSON_MAX_DEPTH];  /* whether the level holds a value already */
    int depth;
    ImpStatus status;
};

ImpStatus imp_json_writer_new(int indent, ImpJsonWriter **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "JSON writer", error);
    if (status == IMP_OK) (*out)->indent = indent;
    return status;
}

void imp_json_writer_free(ImpJsonWriter **writer) {
    if (*writer) imp_free((*writer)->text);
    imp_free(*writer);
    *writer = NULL;
}

static void put(ImpJsonWriter *writer, const char *bytes, size_t count) {
    if (writer->status != IMP_OK) return;
    if (writer->capacity - writer->used < count) {
        size_t capacity = 2 * writer->capacity + count + 256;
        char *text = imp_realloc(writer->text, writer->used, capacity, 1);
        if (!text) {
            writer->status = IMP_ERROR_MEMORY;
            return;
        }
        writer->text = text;
        writer->capacity = capacity;
    }
    memcpy(writer->text + writer->used, bytes, count);
    writer->used += count;
}

static void put_text(ImpJsonWriter *writer, const char *text) {
    put(writer, text, strlen(text));
}

static void put_line_break(ImpJsonWriter *writer) {
    if (writer->indent == 0) return;
    put(writer, "\n", 1);
    for (int i = 0; i < writer->depth * writer->indent; i++) put(writer, " ", 1);
}

static void put_quoted(ImpJsonWriter *writer, const char *value) {
    put(writer, "\"", 1);
    while (*value) {
        size_t length = imp_utf8_length(value);
        char escape[8];
        if (length == 0) {
            put_text(writer, "\xef\xbf\xbd");
        } else if (*value == '"' || *value == '\\') {
            snprintf(escape, sizeof escape, "\\%c", *value);
            put_text(writer, escape);
        } else if ((unsigned char)*value < 32 || *value == 127) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)*value);
            put_text(writer, escape);
        } else {
            put(writer, value, length);
        }
        value += length ? length : 1;
    }
    put(writer, "\"", 1);
}

/* The comma, the line break and the key before a value. */
static void begin_value(ImpJsonWriter *writer, const char *key) {
    if (writer->status != IMP_OK) return;
    if (writer->depth > 0) {
        bool *filled = &writer->filled[writer->depth - 1];
        if (*filled) put_text(writer, writer->indent ? "," : ", ");
        *filled = true;
        put_line_break(writer);
        assert((key != NULL) == (writer->closers[writer->depth - 1] == '}'));
    }
    if (!key) return;
    put_quoted(writer, key);
    put_text(writer, ": ");
}

static void begin_level(ImpJsonWriter *writer, const char *key, const char *opener, char closer) {
    begin_value(writer, key);
    put_text(writer, opener);
    if (writer->depth == IMP_JSON_MAX_DEPTH) writer->status = IMP_ERROR_UNSUPPORTED;
    if (writer->status != IMP_OK) return;
    writer->closers[writer->depth] = closer;
    writer->filled[writer->depth++] = false;
}

void imp_json_begin_object(ImpJsonWriter *writer, const char *key) {
    begin_level(writer, key, "{", '}');
}

void imp_json_begin_array(ImpJsonWriter *writer, const char *key) {
    begin_level(writer, key, "[", ']');
}

void imp_json_end(ImpJsonWriter *writer) {
    if (writer->status != IMP_OK) return;
    assert(writer->depth > 0);
    writer->depth--;
    if (writer->filled[writer->depth]) put_line_break(writer);
    put(writer, &writer->closers[writer->depth], 1);
}

void imp_json_string(ImpJsonWriter *writer, const char *key, const char *value) {
    begin_value(writer, key);
    if (value)
        put_quoted(writer, value);
    else
        put_text(writer, "null");
}

void imp_json_real(ImpJsonWriter *writer, const char *key, double value) {
    char text[IMP_NUMBER_TEXT] = "null";
    if (isfinite(value)) imp_format_real(value, text);
    begin_value(writer, key);
    put_text(writer, text);
}

void imp_json_integer(ImpJsonWriter *writer, const char *key, int64_t value) {
    char text[IMP_NUMBER_TEXT];
    snprintf(text, sizeof text, "%lld", (long long)value);
    begin_value(writer, key);
    put_text(writer, text);
}

void imp_json_bool(ImpJsonWriter *writer, const char *key, bool value) {
    begin_value(writer, key);
    put_text(writer, value ? "true" : "false");
}

ImpStatus imp_json_writer_finish(ImpJsonWriter *writer, char **out, ImpError *error) {
    *out = NULL;
    if (writer->status == IMP_ERROR_UNSUPPORTED)
        return imp_fail(error, IMP_ERROR_UNSUPPORTED, "JSON deeper than %d levels cannot be written",
                        IMP_JSON_MAX_DEPTH);
    char *text = writer->status == IMP_OK ? malloc(writer->used + 1) : NULL;
    if (!text) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for JSON text");
    assert(writer->depth == 0);
    if (writer->used) memcpy(text, writer->text, writer->used);
    text[writer->used] = '\0';
    *out = text;
    return IMP_OK;
}
