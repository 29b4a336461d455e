/* Numbers as text, the same under every locale: a '.' before the fraction, no grouping. */
#ifndef IMP_BASE_NUMBER_H
#define IMP_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMP_NUMBER_TEXT = 32 }; /* characters that any number's text fits into, with the final NUL */

/* The whole of text[0..length) as a decimal number: optional sign, digits, fraction, exponent. No blanks, no
 * hexadecimal, no "inf" or "nan"; what overflows a double is refused. *out is untouched on failure. */
bool imp_parse_real(const char *text, size_t length, double *out);
/* The whole of text[0..length) as a decimal integer with optional sign. */
bool imp_parse_integer(const char *text, size_t length, int64_t *out);

/* The shortest of %.15g, %.16g and %.17g that imp_parse_real takes back to the same finite number. */
void imp_format_real(double value, char out[IMP_NUMBER_TEXT]);

#endif
