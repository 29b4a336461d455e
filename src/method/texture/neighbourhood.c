#include "method/texture/neighbourhood.h"

#include "base/memory.h"
#include "base/threads.h"
#include "image/projection.h"
#include "image/tree.h"
#include <math.h>
#include <string.h>

enum {
    MOST_POINTS = 1 << 20,    /* in the tree: of more places, some are left out */
    MOST_VECTORS = 2048,      /* that the projection is made from */
    VECTOR_NUMBERS = 1 << 22, /* in all of them */
    PIECE = 256,              /* places of one piece of threaded work */
    LEAVES = 24,              /* of the tree that are searched */
    FROM_TREE = 8,            /* places that it proposes */
    REACH = 2,                /* neighbours this near propose places */
    MOST_PROPOSED = FROM_TREE + (2 * REACH + 1) * (2 * REACH + 1)
};

/* A window as spans, in one of the two levels. */
typedef struct Part {
    const ImpTextureSample *sample; /* NULL: there is none */
    int window;
    bool causal, whole; /* whole: with its middle */
    ImpTextureQuery query;
} Part;

struct ImpNeighbourhoods {
    Part fine, coarse;
    bool exact;
    const ImpWindowKernels *kernels;
    bool *possible; /* (height,width) of the fine sample */
    int32_t *places;
    size_t count; /* of those listed in places */
    size_t numbers;
    ImpProjection projection;
    ImpTree *tree;
    float preference; /* 1 or more: what a distance of proposals that are not coherent counts */
    float *vector;    /* (numbers) */
    float *points;    /* (count,IMP_TREE_DIMENSIONS), while it is built */
    /* Of the exact search that is on: the best of each piece. */
    float *piece_distance;
    int32_t *piece_place;
};

/* --- windows ------------------------------------------------------------------------------------------------------ */

static int row_numbers(const Part *part, int j) {
    int half = part->window / 2;
    if (!part->causal) return 3 * part->window;
    return j < half ? 3 * part->window : j == half ? 3 * half : 0;
}

/* Lays out the spans; what is filled in later is at the same places. */
static ImpStatus make_part(const ImpTextureSample *sample, int window, bool causal, bool whole, Part *part,
                           ImpError *error) {
    *part = (Part){.sample = sample, .window = window, .causal = causal, .whole = whole};
    if (!sample) return IMP_OK;
    ImpStatus status = imp_texture_query_new((size_t)window, 3 * (size_t)window, &part->query, error);
    if (status != IMP_OK) return status;
    imp_texture_query_begin(&part->query);
    for (int j = 0; j < window; j++) {
        int numbers = row_numbers(part, j);
        if (numbers > 0) imp_texture_query_add(&part->query, 3 * (size_t)j * (size_t)sample->width, (size_t)numbers);
    }
    return IMP_OK;
}

static int corner_of(const Part *part, int x, int y) {
    return (y - part->window / 2) * part->sample->width + x - part->window / 2;
}

static int wrapped(int at, int side) {
    at %= side;
    return at < 0 ? at + side : at;
}

static int clamped(int at, int side) {
    return at < 0 ? 0 : at >= side ? side - 1 : at;
}

/* Fills in what the canvas shows around (x,y). Beyond a rim stands the nearest pixel, for the tree, with no weight. */
static void ask(Part *part, const ImpTextureCanvas *canvas, bool wraps, int x, int y) {
    int half = part->window / 2;
    size_t span = 0;
    for (int j = 0; j < part->window; j++) {
        int n = row_numbers(part, j) / 3, v = y - half + j;
        if (n == 0) continue;
        int row = wraps ? wrapped(v, canvas->height) : clamped(v, canvas->height);
        size_t at = part->query.spans[span++].first;
        for (int i = 0; i < n; i++, at += 3) {
            int u = x - half + i, column = wraps ? wrapped(u, canvas->width) : clamped(u, canvas->width);
            const float *numbers = imp_texture_numbers(canvas, part->sample, row * canvas->width + column);
            bool middle = !part->whole && j == half && i == half;
            float weight = middle || (!wraps && (row != v || column != u)) ? 0 : 1;
            for (size_t c = 0; c < 3; c++) {
                part->query.values[at + c] = middle ? 0 : numbers[c];
                part->query.weights[at + c] = weight;
            }
        }
    }
}

/* The numbers of the exemplar's neighbourhood of (x,y), in the order of a query's values. */
static void take(const Part *part, int x, int y, float *out) {
    int half = part->window / 2;
    size_t span = 0;
    memset(out, 0, part->query.used * sizeof *out);
    for (int j = 0; j < part->window; j++) {
        int numbers = row_numbers(part, j);
        if (numbers == 0) continue;
        const ImpWindowSpan *to = &part->query.spans[span++];
        memcpy(out + to->first, part->sample->numbers + 3 * (size_t)corner_of(part, x, y) + to->offset,
               (size_t)numbers * sizeof *out);
        if (!part->whole && j == half && !part->causal)
            for (size_t c = 0; c < 3; c++) out[to->first + 3 * (size_t)half + c] = 0;
    }
}

static float part_distance(const ImpNeighbourhoods *n, const Part *part, int x, int y, float bound) {
    float distance;
    n->kernels->distances(&part->query.window, part->sample->numbers + 3 * (size_t)corner_of(part, x, y), 3, 1, bound,
                          &distance);
    return distance;
}

/* The distance at this place of the exemplar; beyond `bound`, any number beyond it. */
static float distance_at(const ImpNeighbourhoods *n, int32_t place, float bound) {
    int x = place % n->fine.sample->width, y = place / n->fine.sample->width;
    float distance = part_distance(n, &n->fine, x, y, bound);
    if (distance > bound || !n->coarse.sample) return distance;
    return distance + part_distance(n, &n->coarse, x / 2, y / 2, INFINITY);
}

/* --- places ------------------------------------------------------------------------------------------------------- */

static int coarse_window(const ImpNeighbourhoodShape *shape) {
    return (shape->window / 2 + 1) | 1;
}

/* Whether the window around (x,y) lies in the sample and is known. */
static bool is_whole(const ImpTextureSample *sample, int window, int x, int y) {
    int half = window / 2;
    if (x < half || y < half || x + half >= sample->width || y + half >= sample->height) return false;
    if (!sample->known) return true;
    for (int v = y - half; v <= y + half; v++)
        for (int u = x - half; u <= x + half; u++)
            if (!sample->known[v * sample->width + u]) return false;
    return true;
}

static bool is_possible(const ImpNeighbourhoodShape *shape, int x, int y) {
    return is_whole(shape->fine, shape->window, x, y) &&
           (!shape->coarse || is_whole(shape->coarse, coarse_window(shape), x / 2, y / 2));
}

size_t imp_neighbourhoods_possible(const ImpNeighbourhoodShape *shape) {
    size_t count = 0;
    for (int y = 0; y < shape->fine->height; y++)
        for (int x = 0; x < shape->fine->width; x++) count += is_possible(shape, x, y);
    return count;
}

/* Lists them, or every so many of them where there are too many for a tree. */
static ImpStatus list_places(ImpNeighbourhoods *n, const ImpNeighbourhoodShape *shape, ImpError *error) {
    int width = shape->fine->width, height = shape->fine->height;
    size_t places = (size_t)width * (size_t)height, all = 0, seen = 0;
    ImpStatus status = IMP_ALLOC(&n->possible, places, "neighbourhoods", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < places; i++) {
        n->possible[i] = is_possible(shape, (int)(i % (size_t)width), (int)(i / (size_t)width));
        all += n->possible[i];
    }
    size_t every = n->exact ? 1 : all / (MOST_POINTS + 1) + 1;
    status = IMP_ALLOC(&n->places, (all + every - 1) / every, "neighbourhoods", error);
    for (size_t i = 0; i < places && status == IMP_OK; i++)
        if (n->possible[i] && seen++ % every == 0) n->places[n->count++] = (int32_t)i;
    return status;
}

/* --- the tree ----------------------------------------------------------------------------------------------------- */

static void take_both(const ImpNeighbourhoods *n, int32_t place, float *out) {
    int x = place % n->fine.sample->width, y = place / n->fine.sample->width;
    take(&n->fine, x, y, out);
    if (n->coarse.sample) take(&n->coarse, x / 2, y / 2, out + n->fine.query.used);
}

static ImpStatus make_projection(ImpNeighbourhoods *n, ImpRandom *random, ImpError *error) {
    size_t most = VECTOR_NUMBERS / (n->numbers + 1), count = n->count < MOST_VECTORS ? n->count : MOST_VECTORS;
    if (count > most) count = most;
    float *vectors;
    ImpStatus status = IMP_ALLOC(&vectors, count * n->numbers, "neighbourhoods", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < count; i++) take_both(n, n->places[i * n->count / count], vectors + i * n->numbers);
    status = imp_projection_new(vectors, count, n->numbers, random, &n->projection, error);
    imp_free(vectors);
    return status;
}

typedef struct Project {
    ImpNeighbourhoods *n;
    float *vectors; /* (threads,numbers) */
} Project;

static void project_piece(void *context, size_t index) {
    const Project *project = context;
    ImpNeighbourhoods *n = project->n;
    float *vector = project->vectors + (size_t)imp_thread_index() * n->numbers;
    for (size_t i = index * PIECE; i < n->count && i < (index + 1) * PIECE; i++) {
        take_both(n, n->places[i], vector);
        imp_projection_apply(&n->projection, vector, n->points + i * IMP_TREE_DIMENSIONS);
    }
}

static ImpStatus make_tree(ImpNeighbourhoods *n, ImpRandom *random, ImpError *error) {
    Project project = {.n = n};
    ImpStatus status = make_projection(n, random, error);
    if (status == IMP_OK)
        status = IMP_ALLOC(&project.vectors, (size_t)imp_threads_get() * n->numbers, "neighbourhoods", error);
    if (status == IMP_OK) status = IMP_ALLOC(&n->points, n->count * IMP_TREE_DIMENSIONS, "neighbourhoods", error);
    if (status == IMP_OK) {
        imp_parallel((n->count + PIECE - 1) / PIECE, project_piece, &project);
        status = imp_tree_new(n->points, n->count, &n->tree, error);
    }
    imp_free(project.vectors);
    imp_free(n->points);
    n->points = NULL;
    return status;
}

ImpStatus imp_neighbourhoods_new(const ImpNeighbourhoodShape *shape, double coherence, bool exact, ImpRandom *random,
                                 ImpNeighbourhoods **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "neighbourhoods", error);
    if (status != IMP_OK) return status;
    ImpNeighbourhoods *n = *out;
    *n = (ImpNeighbourhoods){
        .exact = exact, .preference = (float)(1 + coherence), .kernels = imp_window_kernels(imp_cpu_level())};
    status = make_part(shape->fine, shape->window, shape->causal, false, &n->fine, error);
    if (status == IMP_OK) status = make_part(shape->coarse, coarse_window(shape), false, true, &n->coarse, error);
    if (status == IMP_OK) status = list_places(n, shape, error);
    n->numbers = n->fine.query.used + n->coarse.query.used;
    size_t pieces = (n->count + PIECE - 1) / PIECE;
    if (status == IMP_OK) status = IMP_ALLOC(&n->vector, n->numbers, "neighbourhoods", error);
    if (status == IMP_OK && exact) status = IMP_ALLOC(&n->piece_distance, pieces, "neighbourhoods", error);
    if (status == IMP_OK && exact) status = IMP_ALLOC(&n->piece_place, pieces, "neighbourhoods", error);
    if (status == IMP_OK && !exact) status = make_tree(n, random, error);
    if (status != IMP_OK) imp_neighbourhoods_free(out);
    return status;
}

void imp_neighbourhoods_free(ImpNeighbourhoods **neighbourhoods) {
    ImpNeighbourhoods *n = *neighbourhoods;
    if (!n) return;
    imp_texture_query_clear(&n->fine.query);
    imp_texture_query_clear(&n->coarse.query);
    imp_projection_clear(&n->projection);
    imp_tree_free(&n->tree);
    imp_free(n->possible);
    imp_free(n->places);
    imp_free(n->vector);
    imp_free(n->piece_distance);
    imp_free(n->piece_place);
    imp_free(n);
    *neighbourhoods = NULL;
}

/* --- the search --------------------------------------------------------------------------------------------------- */

static void search_piece(void *context, size_t index) {
    ImpNeighbourhoods *n = context;
    float best = INFINITY;
    int32_t at = n->places[index * PIECE];
    for (size_t i = index * PIECE; i < n->count && i < (index + 1) * PIECE; i++) {
        float distance = distance_at(n, n->places[i], best);
        if (!(distance < best)) continue;
        best = distance;
        at = n->places[i];
    }
    n->piece_distance[index] = best;
    n->piece_place[index] = at;
}

static int32_t search_all(ImpNeighbourhoods *n) {
    size_t pieces = (n->count + PIECE - 1) / PIECE, best = 0;
    imp_parallel(pieces, search_piece, n);
    for (size_t i = 1; i < pieces; i++)
        if (n->piece_distance[i] < n->piece_distance[best]) best = i;
    return n->piece_place[best];
}

static int propose(const ImpNeighbourhoods *n, int x, int y, int32_t *out, int count) {
    const ImpTextureSample *sample = n->fine.sample;
    if (x < 0 || x >= sample->width || y < 0 || y >= sample->height) return count;
    int32_t place = y * sample->width + x;
    if (!n->possible[place]) return count;
    for (int i = 0; i < count; i++)
        if (out[i] == place) return count;
    out[count] = place;
    return count + 1;
}

/* What neighbours that are done with show goes on at these places. */
static int propose_coherent(const ImpNeighbourhoods *n, const ImpNeighbourhoodPlace *place, int32_t *out, int count) {
    const ImpTextureCanvas *canvas = place->fine;
    int width = n->fine.sample->width;
    for (int j = -REACH; j <= (n->fine.causal ? 0 : REACH); j++)
        for (int i = -REACH; i <= REACH && !(n->fine.causal && j == 0 && i >= 0); i++) {
            int x = place->x + i, y = place->y + j;
            bool inside = x >= 0 && x < canvas->width && y >= 0 && y < canvas->height;
            if (!inside && !place->wraps) continue;
            int32_t source = canvas->source[(size_t)wrapped(y, canvas->height) * (size_t)canvas->width +
                                            (size_t)wrapped(x, canvas->width)];
            count = propose(n, source % width - i, source / width - j, out, count);
        }
    return count;
}

static int propose_from_tree(ImpNeighbourhoods *n, int32_t *out) {
    float point[IMP_TREE_DIMENSIONS];
    memcpy(n->vector, n->fine.query.values, n->fine.query.used * sizeof *n->vector);
    if (n->coarse.sample)
        memcpy(n->vector + n->fine.query.used, n->coarse.query.values, n->coarse.query.used * sizeof *n->vector);
    imp_projection_apply(&n->projection, n->vector, point);
    int count = imp_tree_nearest(n->tree, point, LEAVES, FROM_TREE, out);
    for (int i = 0; i < count; i++) out[i] = n->places[out[i]];
    return count;
}

/* The nearest of proposals first .. count-1, or -1: none is nearer than *distance, which becomes its distance. */
static int choose(const ImpNeighbourhoods *n, const int32_t *proposed, int first, int count, float *distance) {
    int best = -1;
    for (int i = first; i < count; i++) {
        float other = distance_at(n, proposed[i], *distance);
        if (!(other < *distance)) continue;
        *distance = other;
        best = i;
    }
    return best;
}

int32_t imp_neighbourhoods_nearest(ImpNeighbourhoods *n, const ImpNeighbourhoodPlace *place, float *distance) {
    int32_t proposed[MOST_PROPOSED];
    ask(&n->fine, place->fine, place->wraps, place->x, place->y);
    if (n->coarse.sample) ask(&n->coarse, place->coarse, place->wraps, place->x / 2, place->y / 2);
    int from_search = 1;
    *distance = INFINITY;
    if (n->exact)
        proposed[0] = search_all(n);
    else
        from_search = propose_from_tree(n, proposed);
    int best = choose(n, proposed, 0, from_search, distance);
    int count = propose_coherent(n, place, proposed, from_search);
    float coherent_distance = *distance * n->preference;
    int coherent = choose(n, proposed, from_search, count, &coherent_distance);
    if (coherent < 0) return proposed[best];
    *distance = coherent_distance;
    return proposed[coherent];
}
