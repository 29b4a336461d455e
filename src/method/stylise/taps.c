#include "method/stylise/taps.h"

#include <string.h>

/* The tap of layer `name` from `first` on, new or shared with another loss. */
static size_t tap_of(ImpStyliseTaps *taps, size_t first, const char *name) {
    for (size_t i = first; i < taps->count; i++)
        if (strcmp(taps->names[i], name) == 0) return i;
    taps->names[taps->count] = name;
    return taps->count++;
}

/* Gram matrices of projections are made from those of bare activations. */
static bool is_bare(ImpStylisePart part) {
    return part == IMP_PART_STYLE;
}

static void add(ImpStyliseTaps *taps, const ImpStyliseSettings *settings, bool only_styles, bool bare) {
    for (int part = 0; part < IMP_STYLISE_PARTS; part++) {
        const ImpStyliseLayers *layers = &settings->layers[part];
        if (is_bare(part) != bare || (only_styles && !imp_stylise_is_style(part))) continue;
        for (size_t i = 0; i < layers->count; i++)
            taps->of[part][i] = tap_of(taps, bare ? 0 : taps->n_bare, layers->list[i].layer);
    }
}

ImpStyliseTaps imp_stylise_taps(const ImpStyliseSettings *settings, bool only_styles) {
    ImpStyliseTaps taps = {.count = 0};
    add(&taps, settings, only_styles, true);
    taps.n_bare = taps.count;
    add(&taps, settings, only_styles, false);
    return taps;
}

ImpVggSpec imp_stylise_network(const ImpStyliseSettings *settings, const ImpStyliseTaps *taps) {
    return (ImpVggSpec){.max_pooling = settings->max_pooling,
                        .padding = settings->padding,
                        .taps = taps->names,
                        .n_taps = taps->count,
                        .n_bare = taps->n_bare};
}
