/* The place of the exemplar whose neighbourhood is nearest. */
#ifndef IMP_METHOD_ANALOGY_SEARCH_H
#define IMP_METHOD_ANALOGY_SEARCH_H

#include "base/random.h"
#include "method/analogy/neighbourhood.h"

typedef struct ImpAnalogySearch ImpAnalogySearch;

/* `exact`: all places are compared; else those that a tree of their principal components proposes. The shape must
 * outlive it. On success *out is the caller's. */
ImpStatus imp_analogy_search_new(const ImpAnalogyShape *shape, bool exact, ImpRandom *random, ImpAnalogySearch **out,
                                 ImpError *error);
void imp_analogy_search_free(ImpAnalogySearch **search);
/* The nearest, about or exactly, and how near. May be called by several threads at once. */
int32_t imp_analogy_search_nearest(const ImpAnalogySearch *search, const ImpAnalogyQuery *query, float *distance);

#endif
