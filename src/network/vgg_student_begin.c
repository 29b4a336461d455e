#include "base/error.h"
#include "base/memory.h"
#include "compute/tensor/eigen.h"
#include "network/vgg_student.h"
#include <math.h>
#include <string.h>

/* What is known about a layer while the one behind it begins. */
typedef struct Chosen {
    size_t *channels; /* (c) of the teacher */
    double *map;      /* (C,c): the teacher's activations from the student's, before either is divided by its size */
    size_t wide, narrow;
} Chosen;

static void drop(Chosen *chosen) {
    imp_free(chosen->channels);
    imp_free(chosen->map);
    *chosen = (Chosen){0};
}

/* --- which channels ----------------------------------------------------------------------------------------------- */

/* How much of all channels' energy is told by channel j: |column j|^2 / its own energy. */
static double gain(const double *gram, size_t n, size_t j) {
    const double *column = gram + j * n;
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += column[i] * column[i];
    return column[j] > 0 ? sum / column[j] : 0;
}

/* Takes out of gram (n,n) what channel j tells: one step of Cholesky's factorisation with a pivot. */
static void take_out(double *gram, size_t n, size_t j, double *column) {
    double pivot = gram[j * n + j];
    memcpy(column, gram + j * n, n * sizeof *column);
    for (size_t a = 0; a < n; a++) {
        double factor = column[a] / pivot;
        for (size_t b = 0; b < n; b++) gram[a * n + b] -= factor * column[b];
    }
    for (size_t a = 0; a < n; a++) gram[a * n + j] = gram[j * n + a] = 0;
}

/* Channels that are always silent tell nothing; then any do. gram is used up. */
static void choose(double *gram, size_t n, size_t count, size_t *channels, bool *used, double *column) {
    for (size_t k = 0; k < count; k++) {
        size_t best = n;
        double most = -1;
        for (size_t j = 0; j < n; j++) {
            double its = used[j] ? -1 : gain(gram, n, j);
            if (its > most) most = its, best = j;
        }
        channels[k] = best;
        used[best] = true;
        if (most > 0) take_out(gram, n, best, column);
    }
}

/* --- what they tell ----------------------------------------------------------------------------------------------- */

/* map (C,c) = G[:,S] (G[S,S] + a little)^-1, by least squares; the rows of the map are the columns of the solution. */
static bool fit(const double *gram, const Chosen *chosen, double *small) {
    size_t n = chosen->wide, c = chosen->narrow;
    double trace = 0;
    for (size_t i = 0; i < n; i++) trace += gram[i * n + i];
    for (size_t i = 0; i < c; i++)
        for (size_t j = 0; j < c; j++) small[i * c + j] = gram[chosen->channels[i] * n + chosen->channels[j]];
    for (size_t i = 0; i < c; i++) small[i * c + i] += 1e-4 * trace / (double)n + 1e-30;
    for (size_t row = 0; row < n; row++)
        for (size_t j = 0; j < c; j++) chosen->map[row * c + j] = gram[row * n + chosen->channels[j]];
    return imp_solve(c, n, small, chosen->map);
}

static ImpStatus choose_and_fit(const ImpVggConv *student, double *gram, Chosen *out, ImpError *error) {
    size_t n = (size_t)student->projected, c = (size_t)student->out_channels;
    double *copy = NULL, *work = NULL;
    bool *used = NULL;
    *out = (Chosen){.wide = n, .narrow = c};
    ImpStatus status = IMP_ALLOC(&out->channels, c, "choice of channels", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->map, n * c, "choice of channels", error);
    if (status == IMP_OK) status = IMP_ALLOC(&copy, n * n, "choice of channels", error);
    if (status == IMP_OK) status = IMP_ALLOC(&work, n + c * c, "choice of channels", error);
    if (status == IMP_OK) status = IMP_ALLOC(&used, n, "choice of channels", error);
    if (status == IMP_OK) {
        memcpy(copy, gram, n * n * sizeof *copy);
        choose(copy, n, c, out->channels, used, work);
        if (!fit(gram, out, work))
            status = imp_fail(error, IMP_ERROR_NUMBER, "the teacher's activations at relu%d_%d are not finite",
                              student->block, student->index);
    }
    imp_free(copy);
    imp_free(work);
    imp_free(used);
    if (status != IMP_OK) drop(out);
    return status;
}

/* --- the convolutions --------------------------------------------------------------------------------------------- */

/* The first convolution: the teacher's filters for the student's input, which is torchvision's. The teacher's channel t
 * is rgb[source] scale + offset, the student's (rgb - mean) / deviation. */
static void begin_first(ImpVggStudent *student, const ImpVggWeights *teacher, const Chosen *chosen, double size) {
    const ImpModelInput *to = &student->weights.input, *from = &teacher->input;
    ImpVggConv *conv = &student->weights.convs[0];
    const ImpVggConv *wide = &teacher->convs[0];
    for (size_t o = 0; o < chosen->narrow; o++) {
        double bias = (double)wide->bias[chosen->channels[o]];
        for (size_t t = 0; t < 3; t++) {
            size_t s = (size_t)from->source[t];
            double scale = (double)from->scale[t] / (double)to->scale[s];
            double constant = (double)from->offset[t] - scale * (double)to->offset[s];
            const float *filter = wide->weight + (chosen->channels[o] * 3 + t) * 9;
            for (size_t k = 0; k < 9; k++) {
                conv->weight[(o * 3 + s) * 9 + k] = (float)((double)filter[k] * scale / size);
                bias += (double)filter[k] * constant;
            }
        }
        conv->bias[o] = (float)(bias / size);
    }
}

static void begin_other(ImpVggConv *conv, const ImpVggConv *wide, const Chosen *before, const Chosen *chosen,
                        double size_before, double size) {
    for (size_t o = 0; o < chosen->narrow; o++) {
        const float *filters = wide->weight + chosen->channels[o] * before->wide * 9;
        for (size_t i = 0; i < before->narrow; i++)
            for (size_t k = 0; k < 9; k++) {
                double sum = 0;
                for (size_t w = 0; w < before->wide; w++)
                    sum += (double)filters[w * 9 + k] * before->map[w * before->narrow + i];
                conv->weight[(o * before->narrow + i) * 9 + k] = (float)(sum * size_before / size);
            }
        conv->bias[o] = (float)((double)wide->bias[chosen->channels[o]] / size);
    }
}

ImpStatus imp_vgg_student_begin(ImpVggStudent *student, const ImpVggWeights *teacher, double *const *grams,
                                const double *sizes, ImpError *error) {
    Chosen before = {0};
    ImpStatus status = IMP_OK;
    for (int i = 0; i < student->weights.n_convs && status == IMP_OK; i++) {
        ImpVggConv *conv = &student->weights.convs[i];
        Chosen chosen;
        status = choose_and_fit(conv, grams[i], &chosen, error);
        if (status != IMP_OK) break;
        if (i == 0)
            begin_first(student, teacher, &chosen, sizes[0]);
        else
            begin_other(conv, &teacher->convs[i], &before, &chosen, sizes[i - 1], sizes[i]);
        for (size_t k = 0; k < chosen.wide * chosen.narrow; k++) conv->projection[k] = (float)chosen.map[k];
        drop(&before);
        before = chosen;
    }
    drop(&before);
    return status;
}
