#include "text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NARROWEST = 40, USUAL = 80, WIDEST = 100 };

int text_width(FILE *stream) {
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    long width = columns ? strtol(columns, NULL, 10) : 0;
    if (width <= 0 && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0) width = size.ws_col;
    if (width <= 0) width = USUAL;
    return width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : (int)width;
}

/* Columns that `length` bytes of UTF-8 take, wide characters aside. */
static int columns_of(const char *text, size_t length) {
    int columns = 0;
    for (size_t i = 0; i < length; i++) columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

static int count_newlines(const char *text, size_t length) {
    int count = 0;
    for (size_t i = 0; i < length; i++) count += text[i] == '\n';
    return count;
}

void text_wrap(FILE *stream, const char *text, int column, int indent, int width) {
    for (int words = 0; *text; words++) {
        size_t blank = strspn(text, " \n");
        bool paragraph = words > 0 && count_newlines(text, blank) > 1;
        text += blank;
        size_t length = strcspn(text, " \n");
        if (length == 0) break;
        int needed = columns_of(text, length);
        if (paragraph) fputc('\n', stream);
        if (paragraph || (words > 0 && column + 1 + needed > width)) {
            fprintf(stream, "\n%*s", indent, "");
            column = indent;
        } else if (words > 0) {
            fputc(' ', stream);
            column++;
        }
        fwrite(text, 1, length, stream);
        column += needed;
        text += length;
    }
    fputc('\n', stream);
}
