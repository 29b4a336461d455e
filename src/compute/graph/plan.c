#include "compute/graph/node.h"

/* Largest first, each at the lowest free place (first fit, decreasing): within a few per cent of the peak of live bytes
 * on these graphs. The count is tens, so the simple cubic search is fine. */

static bool meet_in_time(const ImpInterval *a, const ImpInterval *b) {
    return a->first <= b->last && b->first <= a->last;
}

static bool overlap_in_place(const ImpInterval *a, size_t offset, const ImpInterval *placed) {
    return offset < placed->offset + placed->floats && placed->offset < offset + a->floats;
}

static const size_t unplaced = (size_t)-1;

/* The lowest offset at which `interval` meets no placed one. */
static size_t lowest_offset(const ImpInterval *intervals, size_t count, const ImpInterval *interval) {
    size_t offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < count; i++) {
            const ImpInterval *other = &intervals[i];
            if (other->offset == unplaced || !meet_in_time(interval, other)) continue;
            if (!overlap_in_place(interval, offset, other)) continue;
            offset = other->offset + other->floats;
            moved = true;
        }
    }
    return offset;
}

static ImpInterval *largest_unplaced(ImpInterval *intervals, size_t count) {
    ImpInterval *largest = NULL;
    for (size_t i = 0; i < count; i++)
        if (intervals[i].offset == unplaced && (!largest || intervals[i].floats > largest->floats))
            largest = &intervals[i];
    return largest;
}

size_t imp_plan_offsets(ImpInterval *intervals, size_t count) {
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        intervals[i].offset = unplaced;
        intervals[i].floats = (intervals[i].floats + 15) / 16 * 16;
    }
    for (ImpInterval *next; (next = largest_unplaced(intervals, count)) != NULL;) {
        next->offset = lowest_offset(intervals, count, next);
        if (next->offset + next->floats > end) end = next->offset + next->floats;
    }
    return end;
}
