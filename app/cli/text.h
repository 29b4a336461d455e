/* Paragraphs for a terminal. */
#ifndef IMP_CLI_TEXT_H
#define IMP_CLI_TEXT_H

#include <stdio.h>

/* Columns of the terminal that `stream` is: $COLUMNS, what the terminal says, or 80; within 40..100 for reading. */
int text_width(FILE *stream);
/* Prints the words of `text` from column `column` (where the cursor is) on, broken before `width`, each new line
 * indented by `indent` spaces, with a final newline. Blank lines in `text` separate paragraphs and are kept. */
void text_wrap(FILE *stream, const char *text, int column, int indent, int width);

#endif
