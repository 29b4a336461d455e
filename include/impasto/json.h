/* Writing JSON (RFC 8259), for reports and recipes.
 *
 * Values are written in order between begin and end calls. A value inside an object has a key; inside an array and at
 * the root the key is NULL. Faults (no memory, too deep) are kept and reported once, by imp_json_writer_finish. */
#ifndef IMPASTO_JSON_H
#define IMPASTO_JSON_H

#include <impasto/status.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { IMP_JSON_MAX_DEPTH = 64 }; /* objects and arrays within each other */

typedef struct ImpJsonWriter ImpJsonWriter;

/* `indent` spaces a level on lines of their own; 0 writes everything on one line. On success *out is the caller's. */
IMP_API ImpStatus imp_json_writer_new(int indent, ImpJsonWriter **out, ImpError *error);
IMP_API void imp_json_writer_free(ImpJsonWriter **writer);

IMP_API void imp_json_begin_object(ImpJsonWriter *writer, const char *key);
IMP_API void imp_json_begin_array(ImpJsonWriter *writer, const char *key);
/* Ends the innermost object or array. */
IMP_API void imp_json_end(ImpJsonWriter *writer);

/* Bytes that are no UTF-8 become U+FFFD; NULL becomes null. */
IMP_API void imp_json_string(ImpJsonWriter *writer, const char *key, const char *value);
/* The shortest text that reads back as the same number, under any locale; what is not finite becomes null. */
IMP_API void imp_json_real(ImpJsonWriter *writer, const char *key, double value);
IMP_API void imp_json_integer(ImpJsonWriter *writer, const char *key, int64_t value);
IMP_API void imp_json_bool(ImpJsonWriter *writer, const char *key, bool value);

/* The text, NUL-terminated, without a final newline; to be freed with free(). */
IMP_API ImpStatus imp_json_writer_finish(ImpJsonWriter *writer, char **out, ImpError *error);

#ifdef __cplusplus
}
#endif

#endif
