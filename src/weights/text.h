/* Names that come out of hostile files: checked before they become array names, quoted before they go into a message.
 */
#ifndef IMP_WEIGHTS_TEXT_H
#define IMP_WEIGHTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { IMP_QUOTED_SIZE = 112 };

/* Text of a message: `length` bytes at `text`, with anything but printable ASCII as '?' and a long middle left out. */
typedef struct ImpQuoted {
    char text[IMP_QUOTED_SIZE];
} ImpQuoted;

ImpQuoted imp_quote(const char *text, size_t length);

/* Whether the bytes can name an array: UTF-8 without control characters, at most IMP_WEIGHTS_MAX_NAME bytes. */
bool imp_is_array_name(const char *text, size_t length);

#endif
