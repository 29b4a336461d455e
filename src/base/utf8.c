#include "base/utf8.h"

size_t imp_utf8_length(const char *text) {
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] == 0) return 0;
    if (byte[0] < 0x80) return 1;
    size_t length = byte[0] >= 0xc2 && byte[0] <= 0xdf   ? 2
                    : byte[0] >= 0xe0 && byte[0] <= 0xef ? 3
                    : byte[0] >= 0xf0 && byte[0] <= 0xf4 ? 4
                                                         : 0;
    for (size_t i = 1; i < length; i++)
        if ((byte[i] & 0xc0) != 0x80) return 0;
    if (byte[0] == 0xe0 && byte[1] < 0xa0) return 0; /* longer than needed */
    if (byte[0] == 0xed && byte[1] > 0x9f) return 0; /* surrogates */
    if (byte[0] == 0xf0 && byte[1] < 0x90) return 0; /* longer than needed */
    if (byte[0] == 0xf4 && byte[1] > 0x8f) return 0; /* past U+10FFFF */
    return length;
}

bool imp_utf8_valid(const char *text) {
    while (*text) {
        size_t length = imp_utf8_length(text);
        if (length == 0) return false;
        text += length;
    }
    return true;
}
