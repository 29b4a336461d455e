#include "method/texture/search.h"

#include "base/memory.h"
#include "base/threads.h"
#include <math.h>

enum { PIECE = 512, STRETCH = 32 }; /* windows of one piece of threaded work; and between looks at the bound */

/* Windows side by side in a row of the exemplar. */
typedef struct Run {
    int corner; /* place of the first one's */
    int count;  /* at most PIECE */
} Run;

typedef struct Piece {
    size_t first_run, n_runs, first; /* first: window */
    float least;
} Piece;

struct ImpTextureSearch {
    const ImpTextureSample *sample;
    const ImpWindowKernels *kernels;
    int width, height;
    bool *fits; /* (height,width) of the sample: whether there is a window with this corner */
    Run *runs;
    Piece *pieces;
    size_t count, n_runs, n_pieces;
    float *distances; /* (count) */
    /* The search that is on. */
    const ImpWindow *window;
    double epsilon;
    float bound;
};

/* --- the windows there are ---------------------------------------------------------------------------------------- */

/* known_below[x] pixels of column x that are known in a row from y on, as far as that goes. */
static void mark_windows(ImpTextureSearch *s, int *known_below) {
    int width = s->sample->width, height = s->sample->height;
    for (int y = height - 1; y >= 0; y--) {
        int along = 0; /* columns from x on that are known for the height of a window */
        for (int x = width - 1; x >= 0; x--) {
            known_below[x] = imp_texture_known(s->sample, y * width + x) ? known_below[x] + 1 : 0;
            along = known_below[x] >= s->height ? along + 1 : 0;
            s->fits[(size_t)y * (size_t)width + (size_t)x] = along >= s->width;
        }
    }
}

/* Visits the runs, which are stored where there is room for them. */
static size_t list_runs(ImpTextureSearch *s, Run *runs) {
    int width = s->sample->width, height = s->sample->height;
    size_t n = 0;
    s->count = 0;
    for (int y = 0; y < height; y++) {
        int length = 0; /* of the run that ends before x */
        for (int x = 0; x <= width; x++) {
            bool fits = x < width && s->fits[(size_t)y * (size_t)width + (size_t)x];
            if (length > 0 && (!fits || length == PIECE)) {
                if (runs) runs[n] = (Run){y * width + x - length, length};
                n++;
                length = 0;
            }
            length += fits;
            s->count += fits;
        }
    }
    return n;
}

/* Cut by the numbers of windows alone. */
static size_t list_pieces(const ImpTextureSearch *s, Piece *pieces) {
    size_t n = 0, in_piece = PIECE, first = 0;
    for (size_t r = 0; r < s->n_runs; r++) {
        if (in_piece >= PIECE) {
            if (pieces) pieces[n] = (Piece){.first_run = r, .first = first};
            n++;
            in_piece = 0;
        }
        if (pieces) pieces[n - 1].n_runs++;
        in_piece += (size_t)s->runs[r].count;
        first += (size_t)s->runs[r].count;
    }
    return n;
}

ImpStatus imp_texture_search_new(const ImpTextureSample *sample, int width, int height, ImpTextureSearch **out,
                                 ImpError *error) {
    ImpTextureSearch *s;
    int *known_below = NULL;
    ImpStatus status = IMP_ALLOC(out, 1, "search", error);
    if (status != IMP_OK) return status;
    s = *out;
    *s = (ImpTextureSearch){
        .sample = sample, .kernels = imp_window_kernels(imp_cpu_level()), .width = width, .height = height};
    status = IMP_ALLOC(&s->fits, (size_t)sample->width * (size_t)sample->height, "search", error);
    if (status == IMP_OK) status = IMP_ALLOC(&known_below, (size_t)sample->width, "search", error);
    if (status == IMP_OK) {
        mark_windows(s, known_below);
        s->n_runs = list_runs(s, NULL);
        status = IMP_ALLOC(&s->runs, s->n_runs, "search", error);
    }
    if (status == IMP_OK) {
        list_runs(s, s->runs);
        s->n_pieces = list_pieces(s, NULL);
        status = IMP_ALLOC(&s->pieces, s->n_pieces, "search", error);
    }
    if (status == IMP_OK) {
        list_pieces(s, s->pieces);
        status = IMP_ALLOC(&s->distances, s->count, "search", error);
    }
    imp_free(known_below);
    if (status != IMP_OK) imp_texture_search_free(out);
    return status;
}

void imp_texture_search_free(ImpTextureSearch **search) {
    if (!*search) return;
    imp_free((*search)->fits);
    imp_free((*search)->runs);
    imp_free((*search)->pieces);
    imp_free((*search)->distances);
    imp_free(*search);
    *search = NULL;
}

size_t imp_texture_search_count(const ImpTextureSearch *search) {
    return search->count;
}

bool imp_texture_search_has(const ImpTextureSearch *search, int x, int y) {
    int width = search->sample->width;
    return x >= 0 && x < width && y >= 0 && y < search->sample->height &&
           search->fits[(size_t)y * (size_t)width + (size_t)x];
}

/* The place of the corner of window `index`, which is in this piece. */
static int corner_in(const ImpTextureSearch *s, const Piece *piece, size_t index) {
    const Run *run = s->runs + piece->first_run;
    for (index -= piece->first; index >= (size_t)run->count; run++) index -= (size_t)run->count;
    return run->corner + (int)index;
}

int imp_texture_search_any(const ImpTextureSearch *search, ImpRandom *random) {
    size_t index = imp_random_below(random, search->count), low = 0, high = search->n_pieces;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (search->pieces[middle].first <= index)
            low = middle;
        else
            high = middle;
    }
    return corner_in(search, &search->pieces[low], index);
}

/* --- the search --------------------------------------------------------------------------------------------------- */

float imp_texture_search_distance(const ImpTextureSearch *search, const ImpWindow *window, int corner) {
    float distance;
    search->kernels->distances(window, search->sample->numbers + 3 * (size_t)corner, 3, 1, INFINITY, &distance);
    return distance;
}

/* The most that is near enough, where `least` is the best. It grows with it, so that a bound from any window passes
 * over none that is near enough. */
static float limit_of(const ImpTextureSearch *s, float least) {
    return (float)((1 + s->epsilon) * (double)least);
}

/* Windows beyond the bound get some number beyond it. */
static void search_piece(void *context, size_t index) {
    ImpTextureSearch *s = context;
    Piece *piece = &s->pieces[index];
    float *out = s->distances + piece->first, bound = s->bound;
    piece->least = INFINITY;
    for (size_t r = piece->first_run; r < piece->first_run + piece->n_runs; r++) {
        const Run *run = &s->runs[r];
        const float *numbers = s->sample->numbers + 3 * (size_t)run->corner;
        for (int at = 0; at < run->count; at += STRETCH) {
            int count = run->count - at < STRETCH ? run->count - at : STRETCH;
            s->kernels->distances(s->window, numbers + 3 * (size_t)at, 3, (size_t)count, bound, out);
            for (int i = 0; i < count; i++)
                if (out[i] < piece->least) piece->least = out[i];
            if (limit_of(s, piece->least) < bound) bound = limit_of(s, piece->least);
            out += count;
        }
    }
}

static size_t piece_end(const ImpTextureSearch *s, size_t index) {
    return index + 1 < s->n_pieces ? s->pieces[index + 1].first : s->count;
}

/* How many windows of the piece are within the limit, up to `most`; *index is the last of these. */
static size_t count_within(const ImpTextureSearch *s, size_t piece, float limit, size_t most, size_t *index) {
    size_t n = 0, end = piece_end(s, piece);
    for (size_t i = s->pieces[piece].first; i < end && n < most; i++)
        if (s->distances[i] <= limit) {
            *index = i;
            n++;
        }
    return n;
}

int imp_texture_search_nearest(ImpTextureSearch *search, const ImpWindow *window, double epsilon, float guess,
                               ImpRandom *random, float *distance) {
    search->window = window;
    search->epsilon = epsilon;
    search->bound = limit_of(search, guess);
    imp_parallel(search->n_pieces, search_piece, search);
    float least = INFINITY;
    for (size_t p = 0; p < search->n_pieces; p++)
        if (search->pieces[p].least < least) least = search->pieces[p].least;
    float limit = limit_of(search, least);
    size_t total = 0, index = 0, chosen;
    for (size_t p = 0; p < search->n_pieces; p++)
        if (search->pieces[p].least <= limit) total += count_within(search, p, limit, SIZE_MAX, &index);
    chosen = imp_random_below(random, total) + 1;
    for (size_t p = 0; p < search->n_pieces; p++) {
        if (search->pieces[p].least > limit) continue;
        size_t n = count_within(search, p, limit, chosen, &index);
        if (n == chosen) {
            *distance = search->distances[index];
            return corner_in(search, &search->pieces[p], index);
        }
        chosen -= n;
    }
    return -1; /* cannot be: there are `total` of them */
}
