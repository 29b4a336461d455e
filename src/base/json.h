/* The one door to jansson: other folders include this header. Reading refuses duplicate keys and, as jansson does,
 * nesting deeper than 2048. */
#ifndef IMP_BASE_JSON_H
#define IMP_BASE_JSON_H

#include "impasto/status.h"
#include <jansson.h>
#include <stddef.h>

/* Parses `size` bytes whose root is an object. The message says where in `name` the text is wrong. On success *out is
 * the caller's, to be released with json_decref. */
ImpStatus imp_json_parse(const char *text, size_t size, const char *name, json_t **out, ImpError *error);

#endif
