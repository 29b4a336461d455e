#include "base/memory.h"
#include "base/threads.h"
#include "loss/loss_private.h"
#include <assert.h>
#include <math.h>

/* Style as local patches: sum over the patches i of the activation of weight_i |Psi_i(F) - Psi_NN(i)|^2, times
 * `of_sum`, or Q / S of the weighted differences. The nearest patches are found anew at each value, and are constant
 * for the gradient: 2 of_sum sum of weight_i (F - number of the nearest patch) over the patches that cover a place.
 *
 * Both passes go place by place, so that each is written by one thread; blocks' padding lanes are 0 on both sides. */

enum { LANES = 8 }; /* of a piece of a block */

typedef struct PatchLoss {
    ImpPatchSet *set;
    ImpPatchSearch search;
    float *weights; /* (rows,columns) of patches; NULL: 1 */
    double *sums;   /* (H) */
    double of_sum;
    bool scaled;
    ImpScaledError error; /* at the activation seen last */
} PatchLoss;

/* A patch that covers a place: the place's number in the nearest patch. */
typedef struct Cover {
    const float *number; /* of the first block */
    size_t block;        /* floats to the next block */
    float weight;
} Cover;

typedef struct Pass {
    const PatchLoss *its;
    const ImpTensor *activation;
    float *gradient;
    bool magnitudes; /* are summed, in place of squares */
    float linear, constant;
} Pass;

/* The patches from first to end - 1 that cover place `at` of an axis. */
typedef struct Span {
    int first, end;
} Span;

static Span span_at(int at, int side, int stride, int count) {
    Span span = {.first = at < side ? 0 : (at - side) / stride + 1, .end = at / stride + 1};
    if (span.end > count) span.end = count;
    return span;
}

/* Fills covers with the patches that cover place (y,x); returns how many. */
static size_t covers_of(const PatchLoss *its, int block, int y, int x, Cover *covers) {
    const ImpPatchSearch *search = &its->search;
    Span rows = span_at(y, search->tall, search->stride, search->rows);
    Span columns = span_at(x, search->wide, search->stride, search->columns);
    size_t count = 0;
    for (int i = rows.first; i < rows.end; i++)
        for (int j = columns.first; j < columns.end; j++) {
            size_t at = (size_t)i * (size_t)search->columns + (size_t)j;
            const ImpPatch *patch = &search->found[at];
            covers[count++] = (Cover){.number = patch->corner + (size_t)(y - i * search->stride) * patch->row +
                                                (size_t)(x - j * search->stride) * (size_t)block,
                                      .block = patch->block,
                                      .weight = its->weights ? its->weights[at] : 1};
        }
    return count;
}

/* sums (LANES) += weighted squares of own - other. */
static void add_squares(const float *own, const float *other, float weight, float *sums) {
    for (size_t lane = 0; lane < LANES; lane++) {
        float difference = own[lane] - other[lane];
        sums[lane] += weight * difference * difference;
    }
}

static void add_magnitudes(const float *own, const float *other, float weight, float *sums) {
    for (size_t lane = 0; lane < LANES; lane++) sums[lane] += weight * fabsf(own[lane] - other[lane]);
}

static void add_differences(const float *own, const float *other, float weight, float *sums) {
    for (size_t lane = 0; lane < LANES; lane++) sums[lane] += weight * (own[lane] - other[lane]);
}

static void add_signs(const float *own, const float *other, float weight, float *sums) {
    for (size_t lane = 0; lane < LANES; lane++)
        sums[lane] += own[lane] > other[lane] ? weight : own[lane] < other[lane] ? -weight : 0;
}

/* sums (LANES) += what `add` makes of a piece of a block, at one place, and of the patches that cover it. */
static inline void add_covers(void (*add)(const float *, const float *, float, float *), const float *own,
                              const Cover *covers, size_t count, size_t block, size_t part, float *sums) {
    for (size_t i = 0; i < count; i++)
        add(own, covers[i].number + block * covers[i].block + part, covers[i].weight, sums);
}

/* A piece of a block: its errors into sums, or its gradient. */
static void visit_piece(const Pass *pass, const Cover *covers, size_t count, size_t block, size_t part, size_t at,
                        float *sums) {
    const float *own = pass->activation->data + at;
    if (!pass->gradient && pass->magnitudes) {
        add_covers(add_magnitudes, own, covers, count, block, part, sums);
    } else if (!pass->gradient) {
        add_covers(add_squares, own, covers, count, block, part, sums);
    } else {
        float slopes[LANES] = {0}, signs[LANES] = {0};
        add_covers(add_differences, own, covers, count, block, part, slopes);
        if (pass->constant != 0) add_covers(add_signs, own, covers, count, block, part, signs);
        for (size_t lane = 0; lane < LANES; lane++)
            pass->gradient[at + lane] += pass->linear * slopes[lane] + pass->constant * signs[lane];
    }
}

/* Rows first to end - 1: their sum, in float within a place and in double from place to place, or their gradient. */
static double visit_rows(const void *context, size_t first, size_t end) {
    const Pass *pass = context;
    const ImpTensor *activation = pass->activation;
    size_t width = (size_t)activation->shape.width, plane = imp_shape_places(activation->shape);
    size_t block = (size_t)activation->block, blocks = ((size_t)activation->shape.channels + block - 1) / block;
    Cover covers[IMP_PATCH_MOST * IMP_PATCH_MOST];
    double sum = 0;
    for (size_t place = first * width; place < end * width; place++) {
        size_t count = covers_of(pass->its, activation->block, (int)(place / width), (int)(place % width), covers);
        float sums[LANES] = {0};
        for (size_t b = 0; b < blocks; b++)
            for (size_t part = 0; part < block; part += LANES)
                visit_piece(pass, covers, count, b, part, (b * plane + place) * block + part, sums);
        for (size_t lane = 0; lane < LANES; lane++) sum += (double)sums[lane];
    }
    return sum;
}

static double visit(const Pass *pass) {
    return imp_loss_sum((size_t)pass->activation->shape.height, 1, visit_rows, pass, pass->its->sums);
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    PatchLoss *its = loss->state;
    imp_patch_search_run(&its->search, activation);
    Pass pass = {.its = its, .activation = activation};
    double sum = visit(&pass);
    if (its->scaled) {
        pass.magnitudes = true;
        its->error = imp_scaled_error(sum, visit(&pass));
    }
    *out = loss->weight * (its->scaled ? its->error.value : its->of_sum * sum);
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    PatchLoss *its = loss->state;
    Pass pass = {.its = its, .activation = activation, .gradient = gradient->data};
    pass.linear = (float)(loss->weight * (its->scaled ? its->error.linear : 2 * its->of_sum));
    pass.constant = its->scaled ? (float)(loss->weight * its->error.constant) : 0;
    visit(&pass);
}

static void release(ImpLoss *loss) {
    PatchLoss *its = loss->state;
    imp_patch_search_free(&its->search);
    imp_patch_set_free(&its->set);
    imp_free(its->weights);
    imp_free(its->sums);
}

static const ImpLossType patch_type = {.name = "patch", .value = value, .add_gradient = add_gradient, .free = release};

static double factor_of(const PatchLoss *its, ImpNormalisation normalisation, int channels) {
    const ImpPatchSearch *search = &its->search;
    double patches = 0;
    for (size_t i = 0; i < (size_t)search->rows * (size_t)search->columns; i++)
        patches += its->weights ? (double)its->weights[i] : 1;
    if (patches == 0) return 1;
    if (normalisation == IMP_NORMALISE_MEAN) return 1 / (patches * search->tall * search->wide * channels);
    if (normalisation == IMP_NORMALISE_RELATIVE)
        return search->mean_square > 0 ? 1 / (patches * search->mean_square) : 1;
    return 1;
}

/* Each patch counts as the place at its centre does. */
static ImpStatus take_weights(PatchLoss *its, const float *places, int width, ImpError *error) {
    const ImpPatchSearch *search = &its->search;
    if (!places) return IMP_OK;
    size_t rows = (size_t)search->rows, columns = (size_t)search->columns, stride = (size_t)search->stride;
    ImpStatus status = IMP_ALLOC(&its->weights, rows * columns, "patch weights", error);
    for (size_t k = 0; k < rows * columns && status == IMP_OK; k++) {
        size_t y = k / columns * stride + (size_t)search->tall / 2, x = k % columns * stride + (size_t)search->wide / 2;
        its->weights[k] = places[y * (size_t)width + x];
    }
    return status;
}

ImpStatus imp_patch_loss_new(size_t tap, double weight, ImpNormalisation normalisation, ImpPatchSet **set,
                             const ImpPatchOptions *options, ImpShape shape, int channels, const float *places,
                             ImpLoss **out, ImpError *error) {
    ImpStatus status = imp_loss_new(&patch_type, tap, weight, shape, sizeof(PatchLoss), out, error);
    if (status != IMP_OK) return status;
    PatchLoss *its = (*out)->state;
    status = imp_patch_search_new(*set, options, shape, &its->search, error);
    if (status == IMP_OK) status = take_weights(its, places, shape.width, error);
    if (status == IMP_OK) status = IMP_ALLOC(&its->sums, (size_t)shape.height, "patch loss", error);
    if (status != IMP_OK) {
        imp_loss_free(out);
        return status;
    }
    its->of_sum = factor_of(its, normalisation, channels);
    its->scaled = normalisation == IMP_NORMALISE_SCALED;
    /* Sums of magnitudes grow as the root of how many numbers share the same squares. */
    if (its->scaled) (*out)->weight *= sqrt((double)shape.channels / channels);
    its->set = *set;
    *set = NULL;
    return IMP_OK;
}
