#include "method/texture/query.h"

#include "base/memory.h"

static size_t blocks_of(size_t numbers) {
    return (numbers + IMP_WINDOW_LANES - 1) / IMP_WINDOW_LANES;
}

ImpStatus imp_texture_query_new(size_t rows, size_t numbers, ImpTextureQuery *out, ImpError *error) {
    size_t room = rows * blocks_of(numbers) * IMP_WINDOW_LANES;
    *out = (ImpTextureQuery){0};
    ImpStatus status = IMP_ALLOC(&out->spans, rows, "window", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->values, room, "window", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->weights, room, "window", error);
    out->window = (ImpWindow){.spans = out->spans, .values = out->values, .weights = out->weights};
    if (status != IMP_OK) imp_texture_query_clear(out);
    return status;
}

void imp_texture_query_clear(ImpTextureQuery *query) {
    imp_free(query->spans);
    imp_free(query->values);
    imp_free(query->weights);
    *query = (ImpTextureQuery){0};
}

void imp_texture_query_begin(ImpTextureQuery *query) {
    query->window.n_spans = 0;
    query->used = 0;
}

size_t imp_texture_query_add(ImpTextureQuery *query, size_t offset, size_t numbers) {
    size_t first = query->used, blocks = blocks_of(numbers);
    query->spans[query->window.n_spans++] = (ImpWindowSpan){offset, first, blocks};
    query->used += blocks * IMP_WINDOW_LANES;
    for (size_t i = first; i < query->used; i++) query->values[i] = query->weights[i] = 0;
    return first;
}
