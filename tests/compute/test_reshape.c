/* Operations that move numbers: padding, enlargement, sums of nodes. */
#include "compute/op_check.h"

typedef struct Case {
    ImpShape shape;
    bool plain;
    ImpPadding padding;
    int width;
} Case;

static double at(const ImpShape *s, const double *plane, int y, int x) {
    return plane[y * s->width + x];
}

/* --- padding ------------------------------------------------------------------------------------------------------ */

static ImpStatus build_pad(const void *context, ImpGraph *graph, ImpNode *source, const ImpParameter *parameters,
                           ImpNode **out, ImpError *error) {
    (void)parameters;
    const Case *c = context;
    return imp_graph_pad(graph, source, c->padding, c->width, out, error);
}

/* Walks from the border inwards, turning round at each end. */
static int walk(ImpPadding padding, int i, int side) {
    if (padding == IMP_PADDING_REPLICATE) return i < 0 ? 0 : i >= side ? side - 1 : i;
    if (padding == IMP_PADDING_CIRCULAR) {
        while (i < 0) i += side;
        while (i >= side) i -= side;
        return i;
    }
    while (side > 1 && (i < 0 || i >= side)) i = i < 0 ? -i : 2 * (side - 1) - i;
    return side == 1 ? 0 : i;
}

static void reference_pad(const void *context, double *const *parameters, const double *source, double *result) {
    (void)parameters;
    const Case *c = context;
    const ImpShape *s = &c->shape;
    for (int plane = 0; plane < s->images * s->channels; plane++, source += s->height * s->width)
        for (int y = -c->width; y < s->height + c->width; y++)
            for (int x = -c->width; x < s->width + c->width; x++) {
                bool inside = y >= 0 && x >= 0 && y < s->height && x < s->width;
                bool zero = c->padding == IMP_PADDING_ZERO && !inside;
                *result++ = zero ? 0 : at(s, source, walk(c->padding, y, s->height), walk(c->padding, x, s->width));
            }
}

static void pads(void) {
    static const ImpShape shapes[] = {{3, 1, 1, 1}, {3, 4, 6, 3}, {19, 3, 5, 2}, {16, 1, 7, 1}, {5, 2, 2, 3}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int padding = IMP_PADDING_ZERO; padding <= IMP_PADDING_CIRCULAR; padding++)
            for (int width = 1; width <= 4; width += 3) {
                Case c = {shapes[s], shapes[s].channels == 3, (ImpPadding)padding, width};
                char what[100];
                snprintf(what, sizeof what, "%s: pad %d by %d, shape %zu", imp_kernels()->name, padding, width, s);
                op_check(&(OpCase){.what = what,
                                   .context = &c,
                                   .input = c.shape,
                                   .plain = c.plain,
                                   .build = build_pad,
                                   .reference = reference_pad});
            }
}

/* --- enlargement -------------------------------------------------------------------------------------------------- */

static ImpStatus build_upsample(const void *context, ImpGraph *graph, ImpNode *source, const ImpParameter *parameters,
                                ImpNode **out, ImpError *error) {
    (void)context, (void)parameters;
    return imp_graph_upsample(graph, source, out, error);
}

static void reference_upsample(const void *context, double *const *parameters, const double *source, double *result) {
    (void)parameters;
    const ImpShape *s = context;
    for (int plane = 0; plane < s->images * s->channels; plane++, source += s->height * s->width)
        for (int y = 0; y < 2 * s->height; y++)
            for (int x = 0; x < 2 * s->width; x++) *result++ = at(s, source, y / 2, x / 2);
}

/* --- sums --------------------------------------------------------------------------------------------------------- */

/* x + 2x2-enlarged pooled x would need even sides; here: the ReLU of x, and x itself. */
static ImpStatus build_sum(const void *context, ImpGraph *graph, ImpNode *source, const ImpParameter *parameters,
                           ImpNode **out, ImpError *error) {
    (void)context, (void)parameters;
    ImpNode *relu;
    ImpStatus status = imp_graph_relu(graph, source, &relu, error);
    if (status == IMP_OK) status = imp_graph_add_nodes(graph, source, relu, out, error);
    return status == IMP_OK ? imp_graph_add_nodes(graph, *out, *out, out, error) : status;
}

static void reference_sum(const void *context, double *const *parameters, const double *source, double *result) {
    (void)parameters;
    for (size_t i = 0; i < imp_shape_count(*(const ImpShape *)context); i++)
        result[i] = 2 * (source[i] + (source[i] > 0 ? source[i] : 0));
}

static void enlargements_and_sums(void) {
    static const ImpShape shapes[] = {{5, 1, 1, 1}, {16, 4, 6, 3}, {19, 3, 5, 2}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        OpCase of = {.what = "upsample",
                     .context = &shapes[s],
                     .input = shapes[s],
                     .build = build_upsample,
                     .reference = reference_upsample};
        op_check(&of);
        of.what = "sum";
        of.build = build_sum;
        of.reference = reference_sum;
        op_check(&of);
    }
}

static void pads_on_every_tier(void **state) {
    (void)state;
    op_for_tiers(pads);
}

static void enlargements_and_sums_on_every_tier(void **state) {
    (void)state;
    op_for_tiers(enlargements_and_sums);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pads_on_every_tier),
        cmocka_unit_test(enlargements_and_sums_on_every_tier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
