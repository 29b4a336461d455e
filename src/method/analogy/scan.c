#include "method/analogy/scan.h"

#include "base/memory.h"
#include "base/threads.h"
#include "method/analogy/search.h"
#include <math.h>
#include <string.h>

enum { BLOCK = 16 }; /* pixels of a row that are made one after the other: more than half the largest window */

float imp_analogy_preference(const ImpAnalogySettings *settings, int index) {
    return (float)(1 + ldexp(settings->kappa, -index));
}

int32_t imp_analogy_go_on(const ImpAnalogyLevel *level, int32_t from, int i, int j) {
    int x = from % level->source.width - i, y = from / level->source.width - j;
    if (x < 0 || x >= level->source.width || y < 0 || y >= level->source.height) return -1;
    return y * level->source.width + x;
}

typedef struct Scan {
    ImpAnalogyLevel *level;
    const ImpAnalogyShape *shape;
    const ImpAnalogySearch *search;
    float preference;
    int blocks; /* in a row */
    int wave;
    int64_t *coherent; /* (rows) pixels of each that go on with a neighbour */
} Scan;

/* The best place that goes on with a neighbour which is made already and is nearer than *distance, or -1. */
static int32_t find_coherent(const Scan *scan, const ImpAnalogyQuery *query, int x, int y, float *distance) {
    const ImpAnalogyLevel *level = scan->level;
    int half = scan->shape->half, width = level->target.width;
    int32_t best = -1, last = -1;
    for (int j = -half; j <= 0; j++)
        for (int i = -half; i <= (j < 0 ? half : -1); i++) {
            if (y + j < 0 || x + i < 0 || x + i >= width) continue;
            int32_t place =
                imp_analogy_go_on(level, level->from[(size_t)(y + j) * (size_t)width + (size_t)(x + i)], i, j);
            if (place < 0 || place == last || place == best) continue;
            last = place;
            float other = imp_analogy_distance(scan->shape, query, place, *distance);
            if (other > *distance || (best >= 0 && other == *distance)) continue;
            *distance = other;
            best = place;
        }
    return best;
}

static void make_pixel(const Scan *scan, int x, int y) {
    ImpAnalogyLevel *level = scan->level;
    ImpAnalogyQuery query;
    float distance;
    imp_analogy_ask(scan->shape, x, y, &query);
    int32_t found = imp_analogy_search_nearest(scan->search, &query, &distance);
    distance *= scan->preference;
    int32_t coherent = find_coherent(scan, &query, x, y, &distance);
    if (coherent >= 0) {
        found = coherent;
        scan->coherent[y]++;
    }
    level->from[(size_t)y * (size_t)level->target.width + (size_t)x] = found;
    memcpy(imp_analogy_at(&level->result, x, y), imp_analogy_shown(level, found),
           (size_t)level->result.channels * sizeof(float));
}

/* The row of a wave's block, or -1: there is none. */
static int row_of(const Scan *scan, int block) {
    int twice = scan->wave - block;
    return twice >= 0 && twice % 2 == 0 && twice / 2 < scan->level->target.height ? twice / 2 : -1;
}

static int block_pixels(const Scan *scan, int block) {
    int left = scan->level->target.width - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

static void make_block(void *context, size_t index) {
    const Scan *scan = context;
    int block = (int)index, y = row_of(scan, block);
    if (y < 0) return;
    for (int x = block * BLOCK; x < block * BLOCK + block_pixels(scan, block); x++) make_pixel(scan, x, y);
}

/* A pixel needs those before it in its row and those up to half a window further in the rows above: blocks b of rows y
 * with the same b + 2y need nothing of each other and are made at the same time, wave by wave. */
static ImpStatus make_waves(Scan *scan, ImpAnalogyWatch *watch, ImpError *error) {
    int waves = scan->blocks + 2 * (scan->level->target.height - 1);
    ImpStatus status = IMP_OK;
    for (scan->wave = 0; scan->wave < waves && status == IMP_OK && !watch->stop; scan->wave++) {
        int64_t pixels = 0;
        imp_parallel((size_t)scan->blocks, make_block, scan);
        for (int b = 0; b < scan->blocks; b++) pixels += row_of(scan, b) < 0 ? 0 : block_pixels(scan, b);
        if (pixels > 0) status = imp_analogy_watch_step(watch, pixels, error);
    }
    return status;
}

ImpStatus imp_analogy_scan(ImpAnalogyJob *job, int index, ImpError *error) {
    ImpAnalogyLevel *level = &job->pyramid->levels[index];
    ImpAnalogyShape shape;
    ImpAnalogySearch *search = NULL;
    imp_analogy_shape(job->pyramid, index, job->settings, true, &shape);
    Scan scan = {.level = level,
                 .shape = &shape,
                 .preference = imp_analogy_preference(job->settings, index),
                 .blocks = (level->target.width + BLOCK - 1) / BLOCK};
    ImpStatus status = IMP_ALLOC(&scan.coherent, (size_t)level->target.height, "scan", error);
    if (status == IMP_OK) status = imp_analogy_search_new(&shape, job->settings->exact, job->random, &search, error);
    scan.search = search;
    if (status == IMP_OK) status = make_waves(&scan, job->watch, error);
    imp_analogy_plane_spread(&level->result);
    job->coherent = 0;
    for (int y = 0; y < level->target.height && scan.coherent; y++) job->coherent += scan.coherent[y];
    imp_analogy_search_free(&search);
    imp_free(scan.coherent);
    return status;
}
