#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "compute/graph/op/channels.h"
#include "compute/tensor/eigen.h"
#include <assert.h>
#include <math.h>
#include <string.h>

/* y = M (x - mean) + offset, M = strength S W + (1 - strength) I, where W = (K + epsilon)^(-1/2) whitens with the
 * content's covariance K = E diag(l) E^T, and S colours: the square root of the style's covariance.
 *
 * Backwards, with G the gradient of M: dW = strength S^T G; dK = E (F * (E^T sym(dW) E)) E^T with the divided
 * differences F_ij = (f(l_i) - f(l_j)) / (l_i - l_j) of f(l) = (l + epsilon)^(-1/2), which are -1 / (r_i r_j (r_i +
 * r_j)) for r = sqrt(l + epsilon) (Daleckii, Krein); and d(x - mean) = M^T dy + 2 / (n - 1) dK (x - mean). */

static const double epsilon = 1e-5;

typedef struct Wct {
    double strength;
    float *lanes; /* mean, variance, ones, minus mean, style mean: (planes,B) each */
    float *mean, *variance, *ones, *minus_mean, *style_mean;
    double *colouring;               /* (N,C,C) */
    double *vectors, *roots;         /* (N,C,C) rows, (N,C): E and r */
    double *a, *b;                   /* (C,C) each */
    double *work;                    /* of the eigenvalues */
    float *matrix, *matrix_gradient; /* (N,C,C): M; (C,C) */
    size_t centred;                  /* floats of scratch before the rest: one image, centred */
} Wct;

/* --- small matrices ----------------------------------------------------------------------------------------------- */

typedef struct Product {
    size_t n;
    const double *a, *b;
    double *out;
    bool turn_a, turn_b;
} Product;

static void product_row(void *context, size_t i) {
    const Product *p = context;
    double *row = p->out + i * p->n;
    memset(row, 0, p->n * sizeof *row);
    for (size_t k = 0; k < p->n; k++) {
        double left = p->turn_a ? p->a[k * p->n + i] : p->a[i * p->n + k];
        if (p->turn_b)
            for (size_t j = 0; j < p->n; j++) row[j] += left * p->b[j * p->n + k];
        else
            for (size_t j = 0; j < p->n; j++) row[j] += left * p->b[k * p->n + j];
    }
}

/* out = a b, each (n,n), either turned (transposed) first. */
static void multiply(size_t n, const double *a, bool turn_a, const double *b, bool turn_b, double *out) {
    imp_parallel(n, product_row, &(Product){.n = n, .a = a, .b = b, .out = out, .turn_a = turn_a, .turn_b = turn_b});
}

/* out = V^T diag(scale) V for vectors in rows; `scaled` (n,n) is spoilt. */
static void compose(size_t n, const double *vectors, const double *scale, double *scaled, double *out) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) scaled[i * n + j] = vectors[i * n + j] * scale[i];
    multiply(n, vectors, true, scaled, false, out);
}

/* --- covariance --------------------------------------------------------------------------------------------------- */

static double divisor_of(size_t places) {
    return places > 1 ? (double)(places - 1) : 1;
}

static void covariance(const ImpKernels *kernels, int channels, size_t places, const float *centred, double *out,
                       float *scratch) {
    kernels->gram(channels, places, centred, out, scratch);
    for (size_t i = 0; i < (size_t)channels * (size_t)channels; i++) out[i] /= divisor_of(places);
}

/* One image's features without its means, at the start of scratch. */
static void centre(const ImpNode *node, size_t n, float *scratch) {
    const Wct *wct = node->state;
    size_t planes = imp_node_planes(node) / imp_shape_images(node->shape);
    size_t lane = imp_channel_at(node, n, 0);
    imp_graph_kernels(node->graph)
        ->affine(&(ImpAffine){.planes = planes,
                              .places = imp_shape_places(node->shape),
                              .a = node->source->value + n * wct->centred,
                              .scale = wct->ones,
                              .offset = wct->minus_mean + lane,
                              .target = scratch});
}

/* --- forward ------------------------------------------------------------------------------------------------------ */

/* E, r and M of image n, from its covariance in wct->a. */
static bool find_matrix(const ImpNode *node, size_t n) {
    Wct *wct = node->state;
    size_t c = (size_t)node->shape.channels;
    double *vectors = wct->vectors + n * c * c, *roots = wct->roots + n * c;
    memcpy(vectors, wct->a, c * c * sizeof *vectors);
    if (!imp_eigen(c, vectors, roots, wct->work)) return false;
    double *inverse = wct->work;
    for (size_t i = 0; i < c; i++) {
        roots[i] = sqrt((roots[i] > 0 ? roots[i] : 0) + epsilon);
        inverse[i] = 1 / roots[i];
    }
    compose(c, vectors, inverse, wct->b, wct->a);
    multiply(c, wct->colouring + n * c * c, false, wct->a, false, wct->b);
    float *matrix = wct->matrix + n * c * c;
    for (size_t i = 0; i < c * c; i++)
        matrix[i] = (float)(wct->strength * wct->b[i] + (i / c == i % c ? 1 - wct->strength : 0));
    return true;
}

/* Kernels' mix reads a matrix (in,out). */
static void mix(const ImpNode *node, const float *matrix, bool turn, const float *source, float *target, bool add,
                float *scratch) {
    int channels = node->shape.channels;
    size_t c = (size_t)channels;
    float *turned = scratch;
    for (size_t i = 0; turn && i < c * c; i++) turned[i] = matrix[i % c * c + i / c];
    imp_graph_kernels(node->graph)
        ->mix(channels, channels, imp_shape_places(node->shape), turn ? turned : matrix, source, target, add,
              scratch + (c * c + 15) / 16 * 16);
}

static void fill_offset(const ImpNode *node, size_t n, float *target) {
    const Wct *wct = node->state;
    size_t block = (size_t)imp_graph_kernels(node->graph)->block, places = imp_shape_places(node->shape);
    float strength = (float)wct->strength;
    for (size_t i = 0; i < wct->centred; i++) {
        size_t lane = imp_channel_at(node, n, i / block / places * block + i % block);
        target[i] = strength * wct->style_mean[lane] + (1 - strength) * wct->mean[lane];
    }
}

static bool forward(ImpNode *node, float *scratch) {
    Wct *wct = node->state;
    size_t c = (size_t)node->shape.channels, lanes = imp_channel_at(node, imp_shape_images(node->shape), 0);
    imp_channel_moments(node, wct->mean, wct->variance, scratch);
    for (size_t i = 0; i < lanes; i++) wct->minus_mean[i] = -wct->mean[i];
    float *rest = scratch + wct->centred;
    for (size_t n = 0; n < imp_shape_images(node->shape); n++) {
        float *target = node->value + n * wct->centred;
        centre(node, n, scratch);
        covariance(imp_graph_kernels(node->graph), node->shape.channels, imp_shape_places(node->shape), scratch, wct->a,
                   rest);
        if (!find_matrix(node, n)) return false;
        fill_offset(node, n, target);
        mix(node, wct->matrix + n * c * c, true, scratch, target, true, rest);
    }
    return true;
}

/* --- backward ----------------------------------------------------------------------------------------------------- */

/* 2 / (n - 1) dK of image n into matrix_gradient, which holds the gradient of M. */
static void gradient_of_covariance(const ImpNode *node, size_t n) {
    Wct *wct = node->state;
    size_t c = (size_t)node->shape.channels;
    const double *vectors = wct->vectors + n * c * c, *roots = wct->roots + n * c;
    for (size_t i = 0; i < c * c; i++) wct->a[i] = (double)wct->matrix_gradient[i];
    multiply(c, wct->colouring + n * c * c, true, wct->a, false, wct->b);
    for (size_t i = 0; i < c * c; i++) wct->a[i] = wct->strength * (wct->b[i] + wct->b[i % c * c + i / c]) / 2;
    multiply(c, vectors, false, wct->a, false, wct->b);
    multiply(c, wct->b, false, vectors, true, wct->a);
    for (size_t i = 0; i < c; i++)
        for (size_t j = 0; j < c; j++) wct->a[i * c + j] /= -roots[i] * roots[j] * (roots[i] + roots[j]);
    multiply(c, vectors, true, wct->a, false, wct->b);
    multiply(c, wct->b, false, vectors, false, wct->a);
    double factor = 2 / divisor_of(imp_shape_places(node->shape));
    for (size_t i = 0; i < c * c; i++) wct->matrix_gradient[i] = (float)(factor * wct->a[i]);
}

static ImpWeightGradient matrix_job(const ImpNode *node) {
    ImpShape s = node->shape;
    return (ImpWeightGradient){.images = 1,
                               .in_channels = s.channels,
                               .out_channels = s.channels,
                               .kernel = 1,
                               .stride = 1,
                               .in_height = s.height,
                               .in_width = s.width,
                               .out_height = s.height,
                               .out_width = s.width};
}

/* target (+)= slope - its mean + (1 - strength) mean of gradient, a channel. */
static void put_slope(const ImpNode *node, const float *slope, const float *gradient, float *target, bool add,
                      float *scratch) {
    const Wct *wct = node->state;
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    size_t planes = imp_node_planes(node) / imp_shape_images(node->shape), block = (size_t)kernels->block;
    double places = (double)imp_shape_places(node->shape);
    float *offset = wct->variance; /* no longer needed */
    ImpAffine job = {.planes = planes, .places = imp_shape_places(node->shape), .a = slope};
    for (int pass = 0; pass < 2; pass++) {
        const double *sums = imp_channel_products(node, &job, scratch);
        for (size_t i = 0; i < planes * block; i++) {
            double mean = sums[i / block * 2 * block + i % block] / places;
            offset[i] = pass == 0 ? (float)-mean : offset[i] + (float)((1 - wct->strength) * mean);
        }
        job.a = gradient;
    }
    job = (ImpAffine){.planes = planes,
                      .places = imp_shape_places(node->shape),
                      .a = slope,
                      .scale = wct->ones,
                      .offset = offset,
                      .target = target,
                      .accumulate = add};
    kernels->affine(&job);
}

static bool backward(ImpNode *node, float *scratch, const ImpInto into[2]) {
    Wct *wct = node->state;
    if (into[0] == IMP_INTO_NOTHING) return true;
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    size_t c = (size_t)node->shape.channels;
    float *slope = scratch + wct->centred, *rest = slope + wct->centred;
    for (size_t n = 0; n < imp_shape_images(node->shape); n++) {
        const float *gradient = node->gradient + n * wct->centred;
        ImpWeightGradient job = matrix_job(node);
        centre(node, n, scratch);
        memset(wct->matrix_gradient, 0, c * c * sizeof *wct->matrix_gradient);
        job.source = scratch;
        job.gradient = gradient;
        job.weights = wct->matrix_gradient;
        job.scratch = rest;
        kernels->weight_gradient(&job);
        mix(node, wct->matrix + n * c * c, false, gradient, slope, false, rest);
        gradient_of_covariance(node, n);
        mix(node, wct->matrix_gradient, true, scratch, slope, true, rest);
        put_slope(node, slope, gradient, node->source->gradient + n * wct->centred, into[0] == IMP_ADD, rest);
    }
    return true;
}

/* --- the operation ------------------------------------------------------------------------------------------------ */

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static ImpStatus allocate(ImpNode *node, size_t lanes, ImpError *error) {
    Wct *wct = node->state;
    size_t c = (size_t)node->shape.channels, images = imp_shape_images(node->shape);
    struct {
        double **out;
        size_t count;
    } doubles[] = {{&wct->colouring, images * c * c},
                   {&wct->vectors, images * c * c},
                   {&wct->roots, images * c},
                   {&wct->a, c * c},
                   {&wct->b, c * c},
                   {&wct->work, imp_eigen_work(c)}};
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles && status == IMP_OK; i++)
        status = IMP_ALLOC(doubles[i].out, doubles[i].count, "whitening", error);
    if (status == IMP_OK) status = IMP_ALLOC(&wct->lanes, 5 * lanes, "whitening", error);
    if (status == IMP_OK) status = IMP_ALLOC(&wct->matrix, images * c * c, "whitening", error);
    if (status == IMP_OK) status = IMP_ALLOC(&wct->matrix_gradient, c * c, "whitening", error);
    return status;
}

static ImpStatus prepare(ImpNode *node, ImpError *error) {
    Wct *wct = node->state;
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    size_t c = (size_t)node->shape.channels, images = imp_shape_images(node->shape);
    size_t lanes = imp_node_planes(node) * (size_t)kernels->block;
    ImpWeightGradient job = matrix_job(node);
    size_t mixing = (c * c + 15) / 16 * 16 + kernels->mix_scratch(node->shape.channels, node->shape.channels);
    size_t sums = larger(kernels->gram_scratch(node->shape.channels, imp_shape_places(node->shape)),
                         larger(kernels->weight_gradient_scratch(&job), imp_channel_scratch(node)));
    wct->centred = imp_node_floats(node) / images;
    node->scratch_floats = 2 * wct->centred + larger(mixing, sums);
    ImpStatus status = allocate(node, lanes, error);
    if (status != IMP_OK) return status;
    float **arrays[] = {&wct->mean, &wct->variance, &wct->ones, &wct->minus_mean, &wct->style_mean};
    for (size_t i = 0; i < 5; i++) *arrays[i] = wct->lanes + i * lanes;
    for (size_t i = 0; i < lanes; i++) wct->ones[i] = 1;
    return IMP_OK;
}

static void release(ImpNode *node) {
    Wct *wct = node->state;
    void *blocks[] = {wct->lanes, wct->colouring, wct->vectors, wct->roots,          wct->a,
                      wct->b,     wct->work,      wct->matrix,  wct->matrix_gradient};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) imp_free(blocks[i]);
}

static const ImpOp wct_op = {.name = "whitening and colouring",
                             .prepare = prepare,
                             .forward = forward,
                             .backward = backward,
                             .release = release};

ImpStatus imp_graph_wct(ImpGraph *graph, ImpNode *source, ImpNode **out, ImpError *error) {
    assert(source->layout == IMP_LAYOUT_BLOCKED);
    ImpStatus status = imp_graph_add(graph, &wct_op, source, source->shape, source->layout, sizeof(Wct), out, error);
    if (status == IMP_OK) (*out)->backward_reads_source = true;
    return status;
}

void imp_graph_set_colouring(ImpNode *node, const float *mean, const double *colouring, float strength) {
    Wct *wct = node->state;
    size_t c = (size_t)node->shape.channels;
    assert(node->op == &wct_op && wct->lanes);
    wct->strength = (double)strength;
    imp_channel_from_plain(node, mean, wct->style_mean);
    memcpy(wct->colouring, colouring, imp_shape_images(node->shape) * c * c * sizeof *colouring);
}

/* The Gram matrix of centred features, and its root. */
static ImpStatus find_colouring(const ImpTensor *style, float *centred, float *mean, double *colouring, double *work,
                                float *scratch, ImpError *error) {
    size_t c = (size_t)style->shape.channels, places = imp_shape_places(style->shape), b = (size_t)style->block;
    for (size_t channel = 0; channel < c; channel++) {
        const float *from = style->data + channel / b * places * b + channel % b;
        float *to = centred + channel / b * places * b + channel % b;
        double sum = 0;
        for (size_t i = 0; i < places; i++) sum += (double)from[i * b];
        mean[channel] = (float)(sum / (double)places);
        for (size_t i = 0; i < places; i++) to[i * b] = from[i * b] - mean[channel];
    }
    double *values = work, *vectors = values + c, *scaled = vectors + c * c;
    covariance(imp_kernels(), (int)c, places, centred, vectors, scratch);
    if (!imp_eigen(c, vectors, values, scaled))
        return imp_fail(error, IMP_ERROR_NUMBER, "the style's features have no covariance: they are not finite");
    for (size_t i = 0; i < c; i++) values[i] = values[i] > 0 ? sqrt(values[i]) : 0;
    compose(c, vectors, values, scaled, colouring);
    return IMP_OK;
}

ImpStatus imp_wct_colouring(const ImpTensor *style, float *mean, double *colouring, ImpError *error) {
    assert(style->layout == IMP_LAYOUT_BLOCKED && imp_shape_images(style->shape) == 1);
    size_t c = (size_t)style->shape.channels;
    float *centred = NULL, *scratch = NULL;
    double *work = NULL;
    ImpStatus status =
        IMP_ALLOC(&centred, imp_tensor_floats(style->shape, style->layout, style->block), "style", error);
    if (status == IMP_OK)
        status =
            IMP_ALLOC(&scratch, imp_kernels()->gram_scratch((int)c, imp_shape_places(style->shape)), "style", error);
    if (status == IMP_OK) status = IMP_ALLOC(&work, c + c * c + imp_eigen_work(c), "style", error);
    if (status == IMP_OK) status = find_colouring(style, centred, mean, colouring, work, scratch, error);
    imp_free(centred);
    imp_free(scratch);
    imp_free(work);
    return status;
}
