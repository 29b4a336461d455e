#ifndef IMP_BASE_UTF8_H
#define IMP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the well-formed UTF-8 sequence (RFC 3629: shortest form, no surrogates, at most U+10FFFF) that begins
 * the NUL-terminated `text`; 0 where there is none, and at the final NUL. */
size_t imp_utf8_length(const char *text);
bool imp_utf8_valid(const char *text);

#endif
