#include "method/texture/cut.h"

#include <stddef.h>

/* The column of the least of sums[at-1], sums[at], sums[at+1]. */
static int least_near(const float *sums, int across, int at) {
    int best = at > 0 ? at - 1 : at;
    for (int j = best + 1; j <= at + 1 && j < across; j++)
        if (sums[j] < sums[best]) best = j;
    return best;
}

void imp_texture_cut(float *error, int along, int across, int *cut) {
    for (int i = 1; i < along; i++) {
        const float *above = error + (size_t)(i - 1) * (size_t)across;
        float *row = error + (size_t)i * (size_t)across;
        for (int j = 0; j < across; j++) row[j] += above[least_near(above, across, j)];
    }
    const float *last = error + (size_t)(along - 1) * (size_t)across;
    cut[along - 1] = 0;
    for (int j = 1; j < across; j++)
        if (last[j] < last[cut[along - 1]]) cut[along - 1] = j;
    for (int i = along - 1; i > 0; i--)
        cut[i - 1] = least_near(error + (size_t)(i - 1) * (size_t)across, across, cut[i]);
}
