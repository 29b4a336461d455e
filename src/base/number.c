#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t skip_digits(const char *text, size_t length, size_t at) {
    while (at < length && text[at] >= '0' && text[at] <= '9') at++;
    return at;
}

static size_t skip_sign(const char *text, size_t length, size_t at) {
    return at < length && (text[at] == '+' || text[at] == '-') ? at + 1 : at;
}

/* strtod alone would also take blanks, hexadecimal, "inf" and "nan(...)". */
static bool is_decimal(const char *text, size_t length) {
    size_t at = skip_sign(text, length, 0), start = at;
    at = skip_digits(text, length, at);
    size_t digits = at - start;
    if (at < length && text[at] == '.') {
        start = at + 1;
        at = skip_digits(text, length, start);
        digits += at - start;
    }
    if (digits == 0) return false;
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        start = skip_sign(text, length, at + 1);
        at = skip_digits(text, length, start);
        if (at == start) return false;
    }
    return at == length;
}

/* strtod and printf follow the thread's locale; this is how they are made to use a '.'. */
typedef struct PlainLocale {
    locale_t plain, former;
} PlainLocale;

static bool enter_plain_locale(PlainLocale *locale) {
    locale->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!locale->plain) return false;
    locale->former = uselocale(locale->plain);
    return true;
}

static void leave_plain_locale(PlainLocale *locale) {
    uselocale(locale->former);
    freelocale(locale->plain);
}

bool imp_parse_real(const char *text, size_t length, double *out) {
    char copy[512]; /* far beyond the digits that can change a double */
    if (length >= sizeof copy || !is_decimal(text, length)) return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    PlainLocale locale;
    if (!enter_plain_locale(&locale)) return false;
    double value = strtod(copy, NULL);
    leave_plain_locale(&locale);
    if (!isfinite(value)) return false;
    *out = value;
    return true;
}

bool imp_parse_integer(const char *text, size_t length, int64_t *out) {
    size_t at = skip_sign(text, length, 0);
    if (at == length || skip_digits(text, length, at) != length) return false;
    bool negative = text[0] == '-';
    int64_t value = 0; /* collected as a negative number, which has one more value */
    for (; at < length; at++) {
        int digit = text[at] - '0';
        if (value < (INT64_MIN + digit) / 10) return false;
        value = value * 10 - digit;
    }
    if (!negative && value == INT64_MIN) return false;
    *out = negative ? value : -value;
    return true;
}

void imp_format_real(double value, char out[IMP_NUMBER_TEXT]) {
    PlainLocale locale;
    bool entered = enter_plain_locale(&locale);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, IMP_NUMBER_TEXT, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    if (entered) leave_plain_locale(&locale);
}
