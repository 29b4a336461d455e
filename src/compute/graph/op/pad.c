#include "base/threads.h"
#include "compute/graph/node.h"

#include <string.h>

/* More pixels on each side, of plain or blocked tensors: `lanes` numbers a pixel. */

typedef struct Pad {
    ImpPadding padding;
    int width;
} Pad;

typedef struct PadRun {
    Pad pad;
    ImpShape from, to;
    size_t lanes;
    float *source, *target;
    ImpInto into;
} PadRun;

/* Where the pixel at `i` beyond or within 0..side-1 comes from; -1 for a zero. */
static int source_of(ImpPadding padding, int i, int side) {
    if (i >= 0 && i < side) return i;
    if (padding == IMP_PADDING_ZERO) return -1;
    if (padding == IMP_PADDING_REFLECT) return imp_reflected(i, side);
    if (padding == IMP_PADDING_CIRCULAR) return i < 0 ? side - 1 - (-1 - i) % side : i % side;
    return i < 0 ? 0 : side - 1;
}

static PadRun run_of(const ImpNode *node) {
    bool plain = node->layout == IMP_LAYOUT_PLAIN;
    return (PadRun){.pad = *(const Pad *)node->state,
                    .from = node->source->shape,
                    .to = node->shape,
                    .lanes = plain ? 1 : (size_t)imp_graph_kernels(node->graph)->block};
}

static size_t planes_of(const ImpNode *node) {
    if (node->layout == IMP_LAYOUT_BLOCKED) return imp_node_planes(node);
    return imp_shape_images(node->shape) * (size_t)node->shape.channels;
}

/* Task: one row of the result. */
static void pad_row(void *context, size_t index) {
    const PadRun *run = context;
    size_t plane = index / (size_t)run->to.height, lanes = run->lanes;
    int y = (int)(index % (size_t)run->to.height), pad = run->pad.width;
    int row = source_of(run->pad.padding, y - pad, run->from.height);
    float *target = run->target + index * (size_t)run->to.width * lanes;
    if (row < 0) {
        memset(target, 0, (size_t)run->to.width * lanes * sizeof *target);
        return;
    }
    const float *source =
        run->source + (plane * (size_t)run->from.height + (size_t)row) * (size_t)run->from.width * lanes;
    memcpy(target + (size_t)pad * lanes, source, (size_t)run->from.width * lanes * sizeof *target);
    for (int i = 0; i < 2 * pad; i++) {
        int x = i < pad ? i : run->from.width + i, column = source_of(run->pad.padding, x - pad, run->from.width);
        float *pixel = target + (size_t)x * lanes;
        if (column < 0)
            memset(pixel, 0, lanes * sizeof *pixel);
        else
            memcpy(pixel, source + (size_t)column * lanes, lanes * sizeof *pixel);
    }
}

static bool forward(ImpNode *node, float *scratch) {
    (void)scratch;
    PadRun run = run_of(node);
    run.source = node->source->value;
    run.target = node->value;
    imp_parallel(planes_of(node) * (size_t)run.to.height, pad_row, &run);
    return true;
}

static void map(const ImpNode *node, int *rows, int *columns) {
    const Pad *pad = node->state;
    for (int y = 0; y < node->shape.height; y++)
        rows[y] = source_of(pad->padding, y - pad->width, node->source->shape.height);
    for (int x = 0; x < node->shape.width; x++)
        columns[x] = source_of(pad->padding, x - pad->width, node->source->shape.width);
}

static void add_pixels(float *to, const float *from, size_t count, bool add) {
    if (add)
        for (size_t i = 0; i < count; i++) to[i] += from[i];
    else
        memcpy(to, from, count * sizeof *to);
}

/* Row y of the result's gradient goes to its row of the source's; of the middle columns first, which may overwrite. */
static void unpad_row(const PadRun *run, float *source, const float *target, int y, bool add) {
    int pad = run->pad.width, row = source_of(run->pad.padding, y - pad, run->from.height);
    size_t lanes = run->lanes;
    if (row < 0) return;
    source += (size_t)row * (size_t)run->from.width * lanes;
    target += (size_t)y * (size_t)run->to.width * lanes;
    add_pixels(source, target + (size_t)pad * lanes, (size_t)run->from.width * lanes, add);
    for (int i = 0; i < 2 * pad; i++) {
        int x = i < pad ? i : run->from.width + i, column = source_of(run->pad.padding, x - pad, run->from.width);
        if (column >= 0) add_pixels(source + (size_t)column * lanes, target + (size_t)x * lanes, lanes, true);
    }
}

/* Task: one plane. */
static void unpad_plane(void *context, size_t plane) {
    const PadRun *run = context;
    int pad = run->pad.width, height = run->from.height;
    float *source = run->source + plane * imp_shape_places(run->from) * run->lanes;
    const float *target = run->target + plane * imp_shape_places(run->to) * run->lanes;
    for (int y = 0; y < height; y++) unpad_row(run, source, target, y + pad, run->into == IMP_ADD);
    for (int i = 0; i < 2 * pad; i++) unpad_row(run, source, target, i < pad ? i : height + i, true);
}

static bool backward(ImpNode *node, float *scratch, const ImpInto into[2]) {
    (void)scratch;
    PadRun run = run_of(node);
    run.source = node->source->gradient;
    run.target = node->gradient;
    run.into = into[0];
    if (into[0] != IMP_INTO_NOTHING) imp_parallel(planes_of(node), unpad_plane, &run);
    return true;
}

static const ImpOp pad = {.name = "pad", .forward = forward, .map = map, .backward = backward};
/* Those who read through a map do not expect it to jump. */
static const ImpOp circular_pad = {.name = "pad", .forward = forward, .backward = backward};

ImpStatus imp_graph_pad(ImpGraph *graph, ImpNode *source, ImpPadding padding, int width, ImpNode **out,
                        ImpError *error) {
    ImpShape shape = source->shape;
    shape.height += 2 * width;
    shape.width += 2 * width;
    ImpStatus status = imp_graph_add(graph, padding == IMP_PADDING_CIRCULAR ? &circular_pad : &pad, source, shape,
                                     source->layout, sizeof(Pad), out, error);
    if (status == IMP_OK) *(Pad *)(*out)->state = (Pad){.padding = padding, .width = width};
    return status;
}
