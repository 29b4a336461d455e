#include "network/vgg_student.h"

#include "base/error.h"
#include "base/memory.h"
#include "compute/tensor/eigen.h"
#include <math.h>
#include <string.h>

static size_t weights_of(const ImpVggConv *conv) {
    return (size_t)conv->out_channels * (size_t)conv->in_channels * 9;
}

static size_t map_of(const ImpVggConv *conv) {
    return (size_t)conv->projected * (size_t)conv->out_channels;
}

/* Copies the teacher's layers with other numbers of channels; returns how many values they have. */
static size_t lay_out(const ImpVggWeights *teacher, const int channels[IMP_VGG_BLOCKS], ImpVggWeights *weights) {
    size_t count = 0;
    int in = 3;
    *weights = (ImpVggWeights){.depth = teacher->depth, .n_convs = teacher->n_convs};
    weights->input = imp_model_input_of(IMP_INPUT_TORCHVISION, IMP_INPUT_BY_METADATA);
    for (int i = 0; i < teacher->n_convs; i++) {
        const ImpVggConv *wide = &teacher->convs[i];
        ImpVggConv *conv = &weights->convs[i];
        int wanted = channels[wide->block - 1];
        *conv = (ImpVggConv){.block = wide->block,
                             .index = wide->index,
                             .in_channels = in,
                             .out_channels = wanted < wide->out_channels ? wanted : wide->out_channels,
                             .projected = wide->out_channels};
        in = conv->out_channels;
        count += weights_of(conv) + (size_t)conv->out_channels + map_of(conv);
    }
    return count;
}

/* Gives the layers their places in the values. */
static void place(ImpVggStudent *student) {
    float *next = student->values;
    student->weights.values = student->values;
    for (int i = 0; i < student->weights.n_convs; i++) {
        ImpVggConv *conv = &student->weights.convs[i];
        conv->weight = next;
        conv->bias = conv->weight + weights_of(conv);
        conv->projection = conv->bias + conv->out_channels;
        next = conv->projection + map_of(conv);
    }
}

ImpStatus imp_vgg_student_new(const ImpVggWeights *teacher, const int channels[IMP_VGG_BLOCKS], ImpVggStudent **out,
                              ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "network", error);
    if (status != IMP_OK) return status;
    ImpVggStudent *student = *out;
    student->count = lay_out(teacher, channels, &student->weights);
    status = IMP_ALLOC(&student->values, student->count, "weights of the network", error);
    if (status == IMP_OK)
        place(student);
    else
        imp_vgg_student_free(out);
    return status;
}

void imp_vgg_student_free(ImpVggStudent **student) {
    if (!*student) return;
    imp_free((*student)->values);
    imp_free(*student);
    *student = NULL;
}

/* --- projections -------------------------------------------------------------------------------------------------- */

/* gram (c,c) = M^T M of map (C,c). */
static void square(const float *map, size_t rows, size_t columns, double *gram) {
    memset(gram, 0, columns * columns * sizeof *gram);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < columns; i++)
            for (size_t j = 0; j < columns; j++)
                gram[i * columns + j] += (double)map[r * columns + i] * (double)map[r * columns + j];
}

/* out (c,c) = scale sum_k sqrt(values[k]) v_k v_k^T, the symmetric root; vectors (c,c) has v_k in row k. */
static void root(const double *vectors, const double *values, size_t c, double scale, float *out) {
    for (size_t i = 0; i < c; i++)
        for (size_t j = 0; j < c; j++) {
            double sum = 0;
            for (size_t k = 0; k < c; k++) sum += sqrt(fmax(values[k], 0)) * vectors[k * c + i] * vectors[k * c + j];
            out[i * c + j] = (float)(scale * sum);
        }
}

static ImpStatus project(const ImpVggConv *student, double scale, ImpVggConv *out, ImpError *error) {
    size_t c = (size_t)student->out_channels;
    double *gram = NULL, *values = NULL, *work = NULL;
    out->projected = student->out_channels;
    out->projection = NULL;
    ImpStatus status = IMP_ALLOC(&gram, c * c, "projection", error);
    if (status == IMP_OK) status = IMP_ALLOC(&values, c, "projection", error);
    if (status == IMP_OK) status = IMP_ALLOC(&work, imp_eigen_work(c), "projection", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->projection, c * c, "projection", error);
    if (status == IMP_OK) {
        square(student->projection, (size_t)student->projected, c, gram);
        if (imp_eigen(c, gram, values, work))
            root(gram, values, c, scale, out->projection);
        else
            status = imp_fail(error, IMP_ERROR_NUMBER, "the map at relu%d_%d left the finite numbers", student->block,
                              student->index);
    }
    imp_free(gram);
    imp_free(values);
    imp_free(work);
    return status;
}

ImpStatus imp_vgg_student_project(const ImpVggStudent *student, const double *scales, ImpVggWeights *out,
                                  ImpError *error) {
    ImpStatus status = IMP_OK;
    *out = student->weights;
    for (int i = 0; i < out->n_convs; i++) out->convs[i].projection = NULL;
    for (int i = 0; i < out->n_convs && status == IMP_OK; i++)
        if (scales[i] > 0) status = project(&student->weights.convs[i], scales[i], &out->convs[i], error);
    if (status != IMP_OK) imp_vgg_student_drop(out);
    return status;
}

void imp_vgg_student_drop(ImpVggWeights *projected) {
    for (int i = 0; i < projected->n_convs; i++) {
        imp_free(projected->convs[i].projection);
        projected->convs[i].projection = NULL;
    }
}
