#include "base/json.h"

#include "base/error.h"

/* jansson quotes the text around a fault; control characters have no place in a message. */
static void clean(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
}

ImpStatus imp_json_parse(const char *text, size_t size, const char *name, json_t **out, ImpError *error) {
    json_error_t where;
    *out = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    if (!*out) {
        clean(where.text);
        return imp_fail(error, IMP_ERROR_FORMAT, "%s is not valid JSON: %s (line %d, column %d)", name, where.text,
                        where.line, where.column);
    }
    if (json_is_object(*out)) return IMP_OK;
    json_decref(*out);
    *out = NULL;
    return imp_fail(error, IMP_ERROR_FORMAT, "%s holds JSON, but no object; it should begin with '{'", name);
}
