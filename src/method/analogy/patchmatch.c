/* The target is cut into strips of rows by its size alone. Within a round each strip is gone over in order by one
 * thread; of other strips it sees what the round before left, so that the result is the same for any number of
 * threads. */
#include "base/memory.h"
#include "base/threads.h"
#include "method/analogy/neighbourhood.h"
#include "method/analogy/scan.h"
#include <math.h>
#include <string.h>

enum { STRIP = 16, REACH = 2 /* neighbours this near propose what goes on with them */ };

typedef struct Round {
    ImpAnalogyLevel *level; /* its result stays while the round lasts */
    const ImpAnalogyShape *shape;
    float preference;
    int32_t *match, *match_before; /* (height,width) the best so far */
    int32_t *from_before;          /* (height,width) what was chosen */
    int direction;                 /* 1: in reading order, -1: against it */
    uint64_t seed;
    int64_t *coherent; /* (strips) pixels that go on with a neighbour */
} Round;

/* A pixel, and the best for it. */
typedef struct Pixel {
    int x, y, first, end; /* first .. end-1 are the rows of its strip */
    ImpAnalogyQuery query;
    int32_t place;
    float distance;
} Pixel;

static size_t at(const Round *round, int x, int y) {
    return (size_t)y * (size_t)round->level->target.width + (size_t)x;
}

static bool is_inside(const Round *round, int x, int y) {
    return x >= 0 && x < round->level->target.width && y >= 0 && y < round->level->target.height;
}

static void try_place(const Round *round, Pixel *pixel, int32_t place) {
    if (place < 0 || place == pixel->place) return;
    float other = imp_analogy_distance(round->shape, &pixel->query, place, pixel->distance);
    if (!(other < pixel->distance)) return;
    pixel->distance = other;
    pixel->place = place;
}

/* What goes on with the best of the pixels beside and above, or below, as far as they are done. */
static void propagate(const Round *round, Pixel *pixel) {
    for (int k = 0; k < 2; k++) {
        int i = k == 0 ? -round->direction : 0, j = k == 0 ? 0 : -round->direction;
        if (!is_inside(round, pixel->x + i, pixel->y + j)) continue;
        bool own = pixel->y + j >= pixel->first && pixel->y + j < pixel->end;
        const int32_t *match = own ? round->match : round->match_before;
        try_place(round, pixel, imp_analogy_go_on(round->level, match[at(round, pixel->x + i, pixel->y + j)], i, j));
    }
}

static int near_by(ImpRandom *random, int middle, int radius, int side) {
    int low = middle - radius < 0 ? 0 : middle - radius, high = middle + radius >= side ? side - 1 : middle + radius;
    return low + (int)imp_random_below(random, (uint64_t)(high - low + 1));
}

/* Around the best, less and less far away. */
static void search_at_random(const Round *round, Pixel *pixel, ImpRandom *random) {
    const ImpAnalogyPlane *exemplar = &round->level->source;
    int radius = exemplar->width > exemplar->height ? exemplar->width : exemplar->height;
    for (; radius > 0; radius /= 2) {
        int x = near_by(random, pixel->place % exemplar->width, radius, exemplar->width);
        int y = near_by(random, pixel->place / exemplar->width, radius, exemplar->height);
        try_place(round, pixel, y * exemplar->width + x);
    }
}

/* The best that goes on with what was chosen for a neighbour that is done, if it is near enough. */
static bool choose_coherent(const Round *round, Pixel *pixel) {
    int32_t best = pixel->place;
    float distance = pixel->distance * round->preference;
    bool found = false;
    for (int j = -REACH; j <= 0; j++)
        for (int i = -REACH; i <= (j < 0 ? REACH : -1); i++) {
            int x = pixel->x + round->direction * i, y = pixel->y + round->direction * j;
            if (!is_inside(round, x, y)) continue;
            const int32_t *from = y >= pixel->first && y < pixel->end ? round->level->from : round->from_before;
            int32_t place =
                imp_analogy_go_on(round->level, from[at(round, x, y)], round->direction * i, round->direction * j);
            if (place < 0 || (found && place == best)) continue;
            float other = imp_analogy_distance(round->shape, &pixel->query, place, distance);
            if (other > distance || (found && other == distance)) continue;
            distance = other;
            best = place;
            found = true;
        }
    pixel->place = best;
    return found;
}

static void make_strip(void *context, size_t index) {
    const Round *round = context;
    const ImpAnalogyPlane *target = &round->level->target;
    int height = target->height, first = (int)index * STRIP, rows = height - first < STRIP ? height - first : STRIP;
    bool forward = round->direction > 0;
    Pixel pixel = {.first = first, .end = first + rows};
    ImpRandom random;
    imp_random_seed(&random, round->seed + index);
    for (int j = 0; j < rows; j++)
        for (int i = 0; i < target->width; i++) {
            pixel.x = forward ? i : target->width - 1 - i;
            pixel.y = forward ? first + j : first + rows - 1 - j;
            size_t place = at(round, pixel.x, pixel.y);
            imp_analogy_ask(round->shape, pixel.x, pixel.y, &pixel.query);
            pixel.place = round->match[place];
            pixel.distance = imp_analogy_distance(round->shape, &pixel.query, pixel.place, INFINITY);
            try_place(round, &pixel, round->level->from[place]);
            propagate(round, &pixel);
            search_at_random(round, &pixel, &random);
            round->match[place] = pixel.place;
            round->coherent[index] += choose_coherent(round, &pixel);
            round->level->from[place] = pixel.place;
        }
}

static void show_chosen(const Round *round) {
    ImpAnalogyLevel *level = round->level;
    size_t pixel = (size_t)level->result.channels * sizeof(float);
    for (int y = 0; y < level->target.height; y++)
        for (int x = 0; x < level->target.width; x++)
            memcpy(imp_analogy_at(&level->result, x, y), imp_analogy_shown(level, level->from[at(round, x, y)]), pixel);
    imp_analogy_plane_spread(&level->result);
}

static ImpStatus make_rounds(ImpAnalogyJob *job, Round *round, size_t places, size_t strips, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (int i = 0; i < job->settings->iterations && status == IMP_OK && !job->watch->stop; i++) {
        memcpy(round->match_before, round->match, places * sizeof *round->match);
        memcpy(round->from_before, round->level->from, places * sizeof *round->match);
        memset(round->coherent, 0, strips * sizeof *round->coherent);
        round->direction = i % 2 == 0 ? 1 : -1;
        round->seed = imp_random_next(job->random);
        imp_parallel(strips, make_strip, round);
        show_chosen(round);
        status = imp_analogy_watch_step(job->watch, (int64_t)places, error);
    }
    job->coherent = 0;
    for (size_t i = 0; i < strips; i++) job->coherent += round->coherent[i];
    return status;
}

ImpStatus imp_analogy_patchmatch(ImpAnalogyJob *job, int index, ImpError *error) {
    ImpAnalogyLevel *level = &job->pyramid->levels[index];
    size_t places = (size_t)level->target.width * (size_t)level->target.height;
    size_t strips = ((size_t)level->target.height + STRIP - 1) / STRIP;
    ImpAnalogyShape shape;
    imp_analogy_shape(job->pyramid, index, job->settings, false, &shape);
    Round round = {.level = level, .shape = &shape, .preference = imp_analogy_preference(job->settings, index)};
    ImpStatus status = IMP_ALLOC(&round.match, places, "matches", error);
    if (status == IMP_OK) status = IMP_ALLOC(&round.match_before, places, "matches", error);
    if (status == IMP_OK) status = IMP_ALLOC(&round.from_before, places, "matches", error);
    if (status == IMP_OK) status = IMP_ALLOC(&round.coherent, strips, "matches", error);
    if (status == IMP_OK) {
        memcpy(round.match, level->from, places * sizeof *round.match);
        status = make_rounds(job, &round, places, strips, error);
    }
    imp_free(round.match);
    imp_free(round.match_before);
    imp_free(round.from_before);
    imp_free(round.coherent);
    return status;
}
