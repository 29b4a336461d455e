#include "optimiser/vector.h"

#include "base/memory.h"
#include "base/threads.h"

ImpStatus imp_vector_space_new(size_t n, ImpVectorSpace *out, ImpError *error) {
    *out = (ImpVectorSpace){.n = n, .pieces = (n - 1) / IMP_PIECE + 1, .kernels = imp_vector_kernels(imp_cpu_level())};
    ImpStatus status = IMP_ALLOC(&out->dots, out->pieces, "sums of the pieces of a vector", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->others, out->pieces, "sums of the pieces of a vector", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->mosts, out->pieces, "sums of the pieces of a vector", error);
    return status;
}

void imp_vector_space_free(ImpVectorSpace *space) {
    imp_free(space->dots);
    imp_free(space->others);
    imp_free(space->mosts);
    *space = (ImpVectorSpace){0};
}

/* The arguments of one pass; a pass uses those that its kernel takes. */
typedef struct Pass {
    ImpVectorSpace *space;
    const float *a, *b, *c;
    float *p, *q, *r, *u;
    float s, t;
    const ImpAdamDecay *decay;
    const ImpAdamStep *adam;
} Pass;

/* Where piece i begins and how many elements it has. */
static size_t piece(const Pass *pass, size_t i, size_t *count) {
    size_t start = i * IMP_PIECE, left = pass->space->n - start;
    *count = left < IMP_PIECE ? left : IMP_PIECE;
    return start;
}

static void keep(const Pass *pass, size_t i, const ImpVectorSums *sums) {
    pass->space->dots[i] = sums->dot;
    pass->space->others[i] = sums->other;
    pass->space->mosts[i] = sums->most;
}

/* Runs the body over all pieces and adds up their sums. */
static ImpVectorSums run(Pass *pass, void (*body)(void *pass, size_t i)) {
    ImpVectorSpace *space = pass->space;
    imp_parallel(space->pieces, body, pass);
    ImpVectorSums sums = {.dot = imp_sum_in_order(space->dots, space->pieces),
                          .other = imp_sum_in_order(space->others, space->pieces)};
    for (size_t i = 0; i < space->pieces; i++) sums.most = space->mosts[i] > sums.most ? space->mosts[i] : sums.most;
    return sums;
}

/* Defines the body NAME_piece of a pass: `call` is the kernel's call over `count` elements from `at`. */
#define PIECE_BODY(name, call)                                                                                         \
    static void name##_piece(void *context, size_t i) {                                                                \
        const Pass *pass = context;                                                                                    \
        const ImpVectorKernels *kernels = pass->space->kernels;                                                        \
        ImpVectorSums sums = {0};                                                                                      \
        size_t count, at = piece(pass, i, &count);                                                                     \
        kernels->call;                                                                                                 \
        keep(pass, i, &sums);                                                                                          \
    }

PIECE_BODY(dot, dot(pass->a + at, pass->b + at, count, &sums))
PIECE_BODY(norms, norms(pass->a + at, count, &sums))
PIECE_BODY(curvature, curvature(pass->a + at, pass->b + at, pass->c + at, pass->t, count, &sums))
PIECE_BODY(pair, pair(pass->a + at, pass->b + at, pass->t, pass->p + at, pass->q + at, pass->r + at, count, &sums))
PIECE_BODY(negate_dot, negate_dot(pass->q + at, pass->a + at, pass->b + at, count, &sums))
PIECE_BODY(axpy_dot, axpy_dot(pass->q + at, pass->s, pass->a + at, pass->b + at, count, &sums))
PIECE_BODY(axpy_scale_dot, axpy_scale_dot(pass->q + at, pass->s, pass->a + at, pass->t, count, &sums))
PIECE_BODY(axpy_norms, axpy_norms(pass->q + at, pass->s, pass->a + at, pass->b + at, count, &sums))
PIECE_BODY(step, step(pass->q + at, pass->a + at, pass->t, pass->b + at, count))

/* Decay within one range, cut to the `count` elements from `at`; g and x are whole vectors. */
static void decay_range(const ImpAdamDecay *decay, ImpRange range, size_t at, size_t count, float *g, float *x) {
    size_t begin = range.begin > at ? range.begin : at;
    size_t end = range.end < at + count ? range.end : at + count;
    if (decay->couple != 0)
        for (size_t i = begin; i < end; i++) g[i] += decay->couple * x[i];
    if (decay->keep != 1)
        for (size_t i = begin; i < end; i++) x[i] *= decay->keep;
}

/* A piece stays in the cache from the decay to the step. */
static void adam_piece(void *context, size_t i) {
    const Pass *pass = context;
    const ImpAdamDecay *decay = pass->decay;
    size_t count, at = piece(pass, i, &count);
    float *g = pass->u + at;
    if (decay->scale != 1)
        for (size_t j = 0; j < count; j++) g[j] *= decay->scale;
    if (decay->couple != 0 || decay->keep != 1)
        for (size_t j = 0; j < decay->n_ranges; j++) decay_range(decay, decay->ranges[j], at, count, pass->u, pass->p);
    pass->space->kernels->adam(pass->p + at, pass->q + at, pass->r + at, g, pass->adam, count);
}

static void average_piece(void *context, size_t i) {
    const Pass *pass = context;
    size_t count, at = piece(pass, i, &count);
    float *a = pass->q + at;
    const float *x = pass->a + at;
    for (size_t j = 0; j < count; j++) a[j] += pass->s * (x[j] - a[j]);
}

double imp_vector_dot(ImpVectorSpace *space, const float *a, const float *b) {
    return run(&(Pass){.space = space, .a = a, .b = b}, dot_piece).dot;
}

ImpVectorSums imp_vector_norms(ImpVectorSpace *space, const float *a) {
    return run(&(Pass){.space = space, .a = a}, norms_piece);
}

ImpVectorSums imp_vector_curvature(ImpVectorSpace *space, const float *g, const float *h, const float *d, float t) {
    return run(&(Pass){.space = space, .a = g, .b = h, .c = d, .t = t}, curvature_piece);
}

double imp_vector_pair(ImpVectorSpace *space, const float *g, const float *h, float t, float *y, float *s, float *d) {
    return run(&(Pass){.space = space, .a = g, .b = h, .t = t, .p = y, .q = s, .r = d}, pair_piece).dot;
}

double imp_vector_negate_dot(ImpVectorSpace *space, float *q, const float *g, const float *a) {
    return run(&(Pass){.space = space, .q = q, .a = g, .b = a}, negate_dot_piece).dot;
}

double imp_vector_axpy_dot(ImpVectorSpace *space, float *q, float a, const float *y, const float *z) {
    return run(&(Pass){.space = space, .q = q, .s = a, .a = y, .b = z}, axpy_dot_piece).dot;
}

double imp_vector_axpy_scale_dot(ImpVectorSpace *space, float *q, float a, const float *y, float h) {
    return run(&(Pass){.space = space, .q = q, .s = a, .a = y, .t = h}, axpy_scale_dot_piece).dot;
}

ImpVectorSums imp_vector_axpy_norms(ImpVectorSpace *space, float *q, float a, const float *y, const float *z) {
    return run(&(Pass){.space = space, .q = q, .s = a, .a = y, .b = z}, axpy_norms_piece);
}

void imp_vector_step(ImpVectorSpace *space, float *x, const float *x0, float t, const float *d) {
    run(&(Pass){.space = space, .q = x, .a = x0, .t = t, .b = d}, step_piece);
}

void imp_vector_adam(ImpVectorSpace *space, float *x, float *m, float *v, float *g, const ImpAdamDecay *decay,
                     const ImpAdamStep *step) {
    imp_parallel(space->pieces, adam_piece,
                 &(Pass){.space = space, .p = x, .q = m, .r = v, .u = g, .decay = decay, .adam = step});
}

void imp_vector_average(ImpVectorSpace *space, float *a, float w, const float *x) {
    imp_parallel(space->pieces, average_piece, &(Pass){.space = space, .q = a, .s = w, .a = x});
}
