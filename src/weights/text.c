#include "weights/text.h"

#include "weights/limits.h"
#include <string.h>

static char printable(char c) {
    return c >= 0x20 && c < 0x7f ? c : '?';
}

ImpQuoted imp_quote(const char *text, size_t length) {
    enum { HALF = (IMP_QUOTED_SIZE - 4) / 2 };
    ImpQuoted quoted = {{0}};
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if (length > (size_t)2 * HALF && i == HALF) {
            memcpy(quoted.text + used, "...", 3);
            used += 3;
            i = length - HALF;
        }
        quoted.text[used++] = printable(text[i]);
    }
    return quoted;
}

/* The length of the UTF-8 sequence at `text`, 0 where there is none: RFC 3629, without overlong forms, surrogates and
 * numbers past U+10FFFF. */
static size_t utf8_sequence(const unsigned char *text, size_t left) {
    unsigned char first = text[0];
    if (first < 0x80) return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > left) return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f)) return 0;
    if ((first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f)) return 0;
    return length;
}

bool imp_is_array_name(const char *text, size_t length) {
    if (length > IMP_WEIGHTS_MAX_NAME) return false;
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0, step; i < length; i += step) {
        if (bytes[i] < 0x20 || bytes[i] == 0x7f) return false;
        step = utf8_sequence(bytes + i, length - i);
        if (step == 0) return false;
    }
    return true;
}
