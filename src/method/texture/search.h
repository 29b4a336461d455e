/* Exact search for the windows of an exemplar that are nearest to a given one: all within a share of the best. */
#ifndef IMP_METHOD_TEXTURE_SEARCH_H
#define IMP_METHOD_TEXTURE_SEARCH_H

#include "base/random.h"
#include "compute/kernel/window.h"
#include "method/texture/sample.h"

typedef struct ImpTextureSearch ImpTextureSearch;

/* Among all windows of width x height that lie in the exemplar and are known wholly. There are none where the window
 * does not fit. The sample must outlive the search. On success *out is the caller's. */
ImpStatus imp_texture_search_new(const ImpTextureSample *sample, int width, int height, ImpTextureSearch **out,
                                 ImpError *error);
void imp_texture_search_free(ImpTextureSearch **search);
/* How many windows there are. */
size_t imp_texture_search_count(const ImpTextureSearch *search);
/* Whether the window whose corner is (x,y), which may lie anywhere, is among them. */
bool imp_texture_search_has(const ImpTextureSearch *search, int x, int y);
/* The place of the corner of any window, all equally likely. There is at least one. */
int imp_texture_search_any(const ImpTextureSearch *search, ImpRandom *random);

/* The distance from `window` to the window at `corner`. */
float imp_texture_search_distance(const ImpTextureSearch *search, const ImpWindow *window, int corner);
/* One of the windows whose distance is at most (1 + epsilon) times the least, all equally likely: the place of its
 * corner, and its distance. `guess` is the distance of some window, or INFINITY; a small one saves time. The spans'
 * offsets are those of a window in the exemplar: (row * sample->width + column) * 3. */
int imp_texture_search_nearest(ImpTextureSearch *search, const ImpWindow *window, double epsilon, float guess,
                               ImpRandom *random, float *distance);

#endif
