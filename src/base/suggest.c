#include "impasto/parameter.h"
#include <string.h>

enum { LONGEST = 64 }; /* names beyond this get no suggestion */

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap neighbours) that make a of b: optimal string alignment. */
static size_t edit_distance(const char *a, size_t n, const char *b, size_t m) {
    size_t rows[3][LONGEST + 1]; /* the last three rows of the table, row i in rows[i % 3] */
    for (size_t j = 0; j <= m; j++) rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3], *up = rows[(i - 1) % 3], *two_up = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = smaller(smaller(up[j], now[j - 1]) + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = smaller(now[j], two_up[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *imp_suggest(const char *name, const char *const *candidates, size_t count) {
    size_t length = strlen(name);
    if (length == 0 || length > LONGEST) return NULL;
    const char *best = NULL;
    size_t least = 0;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        if (other > LONGEST) continue;
        bool begins = length >= 3 && strncmp(candidates[i], name, length) == 0;
        size_t distance = begins ? 1 : edit_distance(name, length, candidates[i], other);
        size_t allowed = length < 4 ? 1 : 1 + length / 4;
        if (distance > allowed || (best && distance >= least)) continue;
        best = candidates[i];
        least = distance;
    }
    return best;
}
