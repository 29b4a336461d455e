#include "method/texture/grow.h"

#include "base/memory.h"
#include "method/texture/query.h"
#include "method/texture/settings.h"
#include <math.h>
#include <string.h>

static const double window_per_deviation = 6.4; /* of the Gaussian, as in the paper */
static const double error_growth = 1.1;

enum { TELL_EVERY = 128 }; /* pixels */

typedef struct Grow {
    const ImpTextureGrowth *g;
    int half;
    float *gauss; /* (window,window) */
    ImpTextureQuery query;
    double weight; /* of what is known in the query */
    double max_error;
    /* The empty pixels beside what is there: those of this pass in the order they are filled, and those of the next. */
    int32_t *pass, *next;
    int *known; /* neighbours of those of this pass */
    size_t n_pass, n_next;
    bool *listed; /* (height,width) of the canvas: in one of the two */
} Grow;

/* --- windows ------------------------------------------------------------------------------------------------------ */

ImpStatus imp_texture_fit_window(const ImpTextureSample *sample, int wanted, int *window, ImpTextureSearch **out,
                                 ImpError *error) {
    int side = sample->width < sample->height ? sample->width : sample->height;
    *window = wanted <= side ? wanted : side - (side % 2 == 0);
    for (;; *window -= 2) {
        ImpStatus status = imp_texture_search_new(sample, *window, *window, out, error);
        if (status != IMP_OK || imp_texture_search_count(*out) > 0 || *window == 1) return status;
        imp_texture_search_free(out);
    }
}

/* Whether there is a pixel at (x,y), wherever that is, that can be compared. */
static bool is_there(const Grow *grow, int x, int y) {
    const ImpTextureCanvas *canvas = grow->g->canvas;
    if (x < 0 || x >= canvas->width || y < 0 || y >= canvas->height) return false;
    int32_t source = canvas->source[(size_t)y * (size_t)canvas->width + (size_t)x];
    return source >= 0 && imp_texture_known(grow->g->sample, source);
}

static int count_known(const Grow *grow, int32_t place) {
    int x0 = place % grow->g->canvas->width, y0 = place / grow->g->canvas->width, count = 0;
    for (int y = y0 - grow->half; y <= y0 + grow->half; y++)
        for (int x = x0 - grow->half; x <= x0 + grow->half; x++) count += is_there(grow, x, y);
    return count;
}

/* Row `j` of the window around (x0,y0), from the first pixel to the last that is there. */
static void ask_row(Grow *grow, int x0, int y0, int j) {
    int y = y0 - grow->half + j, left = x0 - grow->half, first = grow->g->window, last = -1;
    for (int i = 0; i < grow->g->window; i++)
        if (is_there(grow, left + i, y)) {
            if (last < 0) first = i;
            last = i;
        }
    if (last < 0) return;
    size_t offset = 3 * ((size_t)j * (size_t)grow->g->sample->width + (size_t)first);
    size_t at = imp_texture_query_add(&grow->query, offset, 3 * (size_t)(last - first + 1));
    for (int i = first; i <= last; i++, at += 3) {
        if (!is_there(grow, left + i, y)) continue;
        const float *numbers =
            imp_texture_numbers(grow->g->canvas, grow->g->sample, y * grow->g->canvas->width + left + i);
        float weight = grow->gauss[j * grow->g->window + i];
        for (size_t c = 0; c < 3; c++) {
            grow->query.values[at + c] = numbers[c];
            grow->query.weights[at + c] = weight;
        }
        grow->weight += 3 * (double)weight;
    }
}

/* The rows near the middle first: they weigh most. */
static void ask(Grow *grow, int x, int y) {
    imp_texture_query_begin(&grow->query);
    grow->weight = 0;
    ask_row(grow, x, y, grow->half);
    for (int away = 1; away <= grow->half; away++) {
        ask_row(grow, x, y, grow->half - away);
        ask_row(grow, x, y, grow->half + away);
    }
}

/* The least distance among the windows that would go on with what a neighbour shows: seldom far from the best. */
static float guess(const Grow *grow, int x0, int y0) {
    const ImpTextureCanvas *canvas = grow->g->canvas;
    int width = grow->g->sample->width;
    float least = INFINITY;
    for (int y = y0 - 1; y <= y0 + 1; y++)
        for (int x = x0 - 1; x <= x0 + 1; x++) {
            if (!is_there(grow, x, y)) continue;
            int32_t source = canvas->source[(size_t)y * (size_t)canvas->width + (size_t)x];
            int left = source % width + (x0 - x) - grow->half, top = source / width + (y0 - y) - grow->half;
            if (!imp_texture_search_has(grow->g->search, left, top)) continue;
            float distance = imp_texture_search_distance(grow->g->search, &grow->query.window, top * width + left);
            if (distance < least) least = distance;
        }
    return least;
}

/* False when nothing in the sample is near enough. */
static bool fill(Grow *grow, int32_t place) {
    int x = place % grow->g->canvas->width, y = place / grow->g->canvas->width;
    float distance;
    ask(grow, x, y);
    int corner = imp_texture_search_nearest(grow->g->search, &grow->query.window, grow->g->epsilon, guess(grow, x, y),
                                            grow->g->random, &distance);
    if (grow->weight > 0 && (double)distance >= grow->max_error * grow->weight) return false;
    grow->g->canvas->source[place] = corner + grow->half * (grow->g->sample->width + 1);
    return true;
}

/* --- the order ---------------------------------------------------------------------------------------------------- */

static void list_next(Grow *grow, int32_t place) {
    if (grow->listed[place]) return;
    grow->listed[place] = true;
    grow->next[grow->n_next++] = place;
}

/* Lists the empty pixels around `place`. */
static void list_around(Grow *grow, int32_t place) {
    const ImpTextureCanvas *canvas = grow->g->canvas;
    int x0 = place % canvas->width, y0 = place / canvas->width;
    for (int y = y0 > 0 ? y0 - 1 : 0; y <= y0 + 1 && y < canvas->height; y++)
        for (int x = x0 > 0 ? x0 - 1 : 0; x <= x0 + 1 && x < canvas->width; x++)
            if (canvas->source[(size_t)y * (size_t)canvas->width + (size_t)x] < 0)
                list_next(grow, y * canvas->width + x);
}

static void list_first(Grow *grow) {
    const ImpTextureCanvas *canvas = grow->g->canvas;
    for (int y = 0; y < canvas->height; y++)
        for (int x = 0; x < canvas->width; x++)
            if (is_there(grow, x, y)) list_around(grow, y * canvas->width + x);
}

/* Those that are walled off from all that is there come last, as they are. */
static void list_rest(Grow *grow) {
    int32_t places = grow->g->canvas->width * grow->g->canvas->height;
    for (int32_t i = 0; i < places; i++)
        if (grow->g->canvas->source[i] < 0) list_next(grow, i);
}

/* Makes the listed pixels a pass: shuffled, and then sorted by how many neighbours they know. */
static void order(Grow *grow) {
    size_t starts[IMP_TEXTURE_MAX_WINDOW * IMP_TEXTURE_MAX_WINDOW + 2] = {0};
    int most = grow->g->window * grow->g->window;
    for (size_t i = grow->n_next; i > 1; i--) {
        size_t j = imp_random_below(grow->g->random, i);
        int32_t swap = grow->next[i - 1];
        grow->next[i - 1] = grow->next[j];
        grow->next[j] = swap;
    }
    for (size_t i = 0; i < grow->n_next; i++) {
        grow->known[i] = count_known(grow, grow->next[i]);
        starts[most - grow->known[i] + 1]++;
    }
    for (int k = 0; k < most; k++) starts[k + 1] += starts[k];
    for (size_t i = 0; i < grow->n_next; i++) grow->pass[starts[most - grow->known[i]]++] = grow->next[i];
    grow->n_pass = grow->n_next;
    grow->n_next = 0;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static ImpStatus prepare(Grow *grow, ImpError *error) {
    size_t places = (size_t)grow->g->canvas->width * (size_t)grow->g->canvas->height;
    size_t window = (size_t)grow->g->window;
    ImpStatus status = IMP_ALLOC(&grow->gauss, window * window, "window", error);
    if (status == IMP_OK) status = imp_texture_query_new(window, 3 * window, &grow->query, error);
    if (status == IMP_OK) status = IMP_ALLOC(&grow->pass, places, "list of pixels", error);
    if (status == IMP_OK) status = IMP_ALLOC(&grow->next, places, "list of pixels", error);
    if (status == IMP_OK) status = IMP_ALLOC(&grow->known, places, "list of pixels", error);
    if (status == IMP_OK) status = IMP_ALLOC(&grow->listed, places, "list of pixels", error);
    if (status != IMP_OK) return status;
    double deviation = (double)window / window_per_deviation;
    for (int j = 0; j < grow->g->window; j++)
        for (int i = 0; i < grow->g->window; i++) {
            int x = i - grow->half, y = j - grow->half;
            grow->gauss[j * grow->g->window + i] = (float)exp(-(x * x + y * y) / (2 * deviation * deviation));
        }
    return IMP_OK;
}

static void clear(Grow *grow) {
    imp_texture_query_clear(&grow->query);
    imp_free(grow->gauss);
    imp_free(grow->pass);
    imp_free(grow->next);
    imp_free(grow->known);
    imp_free(grow->listed);
}

/* Fills what it can of a pass, and lists what is to be filled next. */
static ImpStatus run_pass(Grow *grow, ImpError *error) {
    ImpTextureStage *stage = grow->g->stage;
    bool any = false;
    for (size_t i = 0; i < grow->n_pass; i++) {
        int32_t place = grow->pass[i];
        if (!fill(grow, place)) {
            grow->next[grow->n_next++] = place;
            continue;
        }
        any = true;
        list_around(grow, place);
        stage->step++;
        if (stage->step % TELL_EVERY != 0 && stage->step != stage->steps) continue;
        ImpStatus status = imp_texture_watch_step(grow->g->watch, stage, error);
        if (status != IMP_OK || grow->g->watch->stop) return status;
    }
    if (!any) grow->max_error *= error_growth;
    return IMP_OK;
}

ImpStatus imp_texture_grow(const ImpTextureGrowth *growth, ImpError *error) {
    Grow grow = {.g = growth, .half = growth->window / 2, .max_error = growth->max_error};
    ImpStatus status = prepare(&grow, error);
    if (status == IMP_OK) list_first(&grow);
    for (bool rest = false; status == IMP_OK && !growth->watch->stop;) {
        if (grow.n_next == 0 && !rest) {
            rest = true;
            list_rest(&grow);
        }
        if (grow.n_next == 0) break;
        order(&grow);
        status = run_pass(&grow, error);
    }
    clear(&grow);
    return status;
}
