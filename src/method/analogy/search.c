#include "method/analogy/search.h"

#include "base/memory.h"
#include "base/threads.h"
#include "image/projection.h"
#include "image/tree.h"
#include <math.h>

enum {
    MOST_POINTS = 1 << 20,    /* in the tree: of more places, some are left out */
    MOST_VECTORS = 2048,      /* that the projection is made from */
    VECTOR_NUMBERS = 1 << 22, /* in all of them */
    PIECE = 256,              /* places of one piece of threaded work */
    LEAVES = 24,              /* of the tree that are searched */
    FROM_TREE = 8             /* places that it proposes */
};

struct ImpAnalogySearch {
    const ImpAnalogyShape *shape;
    size_t places, every, count; /* every so many of the places is in the tree, count in all */
    ImpProjection projection;
    ImpTree *tree; /* NULL: exact */
    float *points; /* (count,IMP_TREE_DIMENSIONS), while it is built */
};

static ImpStatus make_projection(ImpAnalogySearch *s, ImpRandom *random, ImpError *error) {
    size_t numbers = s->shape->numbers, most = VECTOR_NUMBERS / numbers;
    size_t count = s->places < MOST_VECTORS ? s->places : MOST_VECTORS;
    if (count > most) count = most;
    float *vectors;
    ImpStatus status = IMP_ALLOC(&vectors, count * numbers, "neighbourhoods", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < count; i++)
        imp_analogy_take(s->shape, (int32_t)(i * s->places / count), vectors + i * numbers);
    status = imp_projection_new(vectors, count, numbers, random, &s->projection, error);
    imp_free(vectors);
    return status;
}

static void project_piece(void *context, size_t index) {
    ImpAnalogySearch *s = context;
    float vector[IMP_ANALOGY_MOST_NUMBERS];
    for (size_t i = index * PIECE; i < s->count && i < (index + 1) * PIECE; i++) {
        imp_analogy_take(s->shape, (int32_t)(i * s->every), vector);
        imp_projection_apply(&s->projection, vector, s->points + i * IMP_TREE_DIMENSIONS);
    }
}

static ImpStatus make_tree(ImpAnalogySearch *s, ImpRandom *random, ImpError *error) {
    ImpStatus status = make_projection(s, random, error);
    if (status == IMP_OK) status = IMP_ALLOC(&s->points, s->count * IMP_TREE_DIMENSIONS, "neighbourhoods", error);
    if (status == IMP_OK) {
        imp_parallel((s->count + PIECE - 1) / PIECE, project_piece, s);
        status = imp_tree_new(s->points, s->count, &s->tree, error);
    }
    imp_free(s->points);
    s->points = NULL;
    return status;
}

ImpStatus imp_analogy_search_new(const ImpAnalogyShape *shape, bool exact, ImpRandom *random, ImpAnalogySearch **out,
                                 ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "search", error);
    if (status != IMP_OK) return status;
    size_t places = (size_t)shape->fine->source.width * (size_t)shape->fine->source.height;
    size_t every = (places - 1) / MOST_POINTS + 1;
    **out = (ImpAnalogySearch){.shape = shape, .places = places, .every = every, .count = (places - 1) / every + 1};
    if (!exact) status = make_tree(*out, random, error);
    if (status != IMP_OK) imp_analogy_search_free(out);
    return status;
}

void imp_analogy_search_free(ImpAnalogySearch **search) {
    if (!*search) return;
    imp_projection_clear(&(*search)->projection);
    imp_tree_free(&(*search)->tree);
    imp_free(*search);
    *search = NULL;
}

static int32_t nearest_of_all(const ImpAnalogySearch *s, const ImpAnalogyQuery *query, float *distance) {
    int32_t best = 0;
    *distance = INFINITY;
    for (size_t i = 0; i < s->places; i++) {
        float other = imp_analogy_distance(s->shape, query, (int32_t)i, *distance);
        if (!(other < *distance)) continue;
        *distance = other;
        best = (int32_t)i;
    }
    return best;
}

int32_t imp_analogy_search_nearest(const ImpAnalogySearch *s, const ImpAnalogyQuery *query, float *distance) {
    if (!s->tree) return nearest_of_all(s, query, distance);
    float vector[IMP_ANALOGY_MOST_NUMBERS], point[IMP_TREE_DIMENSIONS];
    int32_t proposed[IMP_TREE_MOST], best = 0;
    imp_analogy_scale(s->shape, query, vector);
    imp_projection_apply(&s->projection, vector, point);
    int count = imp_tree_nearest(s->tree, point, LEAVES, FROM_TREE, proposed);
    *distance = INFINITY;
    for (int i = 0; i < count; i++) {
        int32_t place = (int32_t)((size_t)proposed[i] * s->every);
        float other = imp_analogy_distance(s->shape, query, place, *distance);
        if (!(other < *distance)) continue;
        *distance = other;
        best = place;
    }
    return best;
}
