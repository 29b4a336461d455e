/* A window to be searched for, put together span by span. */
#ifndef IMP_METHOD_TEXTURE_QUERY_H
#define IMP_METHOD_TEXTURE_QUERY_H

#include "compute/kernel/window.h"
#include "impasto/status.h"

typedef struct ImpTextureQuery {
    ImpWindow window; /* what has been put together */
    ImpWindowSpan *spans;
    float *values, *weights;
    size_t used; /* of both */
} ImpTextureQuery;

/* Room for `rows` spans of up to `numbers` each. On success it is to be cleared. */
ImpStatus imp_texture_query_new(size_t rows, size_t numbers, ImpTextureQuery *out, ImpError *error);
void imp_texture_query_clear(ImpTextureQuery *query);
/* Nothing is in it. */
void imp_texture_query_begin(ImpTextureQuery *query);
/* Adds a span; its values and weights, all 0, are at the end of query->values and query->weights from the index on that
 * comes back. */
size_t imp_texture_query_add(ImpTextureQuery *query, size_t offset, size_t numbers);

#endif
