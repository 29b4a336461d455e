#include "feature/restyle.h"

#include "base/error.h"
#include "base/memory.h"
#include <assert.h>

struct ImpRestyle {
    ImpVggWeights *encoder;
    ImpDecoder *decoder;
    ImpStatistics styles[IMP_RESTYLE_MAX_STYLES];
    double weights[IMP_RESTYLE_MAX_STYLES];
    size_t n_styles;
};

static size_t channels_of(const ImpRestyle *restyle) {
    return (size_t)restyle->decoder->layers[0].in;
}

ImpStatus imp_restyle_new(const char *encoder, const char *decoder, ImpRestyle **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "networks", error);
    if (status != IMP_OK) return status;
    status = imp_vgg_weights_read(encoder, IMP_INPUT_AUTO, &(*out)->encoder, error);
    if (status == IMP_OK) status = imp_decoder_read(decoder, &(*out)->decoder, error);
    if (status == IMP_OK) status = imp_decoder_check((*out)->decoder, (*out)->encoder, error);
    if (status != IMP_OK) imp_restyle_free(out);
    return status;
}

void imp_restyle_free(ImpRestyle **restyle) {
    ImpRestyle *r = *restyle;
    if (!r) return;
    for (size_t i = 0; i < r->n_styles; i++) imp_statistics_free(&r->styles[i]);
    imp_vgg_weights_free(&r->encoder);
    imp_decoder_free(&r->decoder);
    imp_free(r);
    *restyle = NULL;
}

ImpStatus imp_restyle_add(ImpRestyle *restyle, const float *rgb, int width, int height, double weight, size_t memory,
                          ImpError *error) {
    if (restyle->n_styles == IMP_RESTYLE_MAX_STYLES)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "there are more than %d paintings; give fewer",
                        IMP_RESTYLE_MAX_STYLES);
    ImpStatistics *style = &restyle->styles[restyle->n_styles];
    ImpStatus status = imp_statistics_new(channels_of(restyle), style, error);
    if (status != IMP_OK) return status;
    restyle->weights[restyle->n_styles++] = weight;
    ImpCodeRun run = {.encoder = restyle->encoder,
                      .decoder = restyle->decoder,
                      .rgb = rgb,
                      .width = width,
                      .height = height,
                      .memory = memory};
    return imp_code_statistics(&run, style->mean, style->covariance, error);
}

/* matrix (C,C) and bias (C) for a picture with these statistics. */
static ImpStatus make_map(const ImpRestyle *restyle, const ImpRestyleOptions *options, const ImpStatistics *content,
                          float *matrix, float *bias, ImpError *error) {
    double shares[IMP_RESTYLE_MAX_STYLES], sum = 0;
    for (size_t i = 0; i < restyle->n_styles; i++) sum += restyle->weights[i];
    assert(sum > 0);
    for (size_t i = 0; i < restyle->n_styles; i++) shares[i] = restyle->weights[i] / sum;
    return imp_style_map(options->transform, content, restyle->styles, shares, restyle->n_styles, options->strength,
                         matrix, bias, error);
}

ImpStatus imp_restyle_run(const ImpRestyle *restyle, const ImpRestyleOptions *options, ImpCodeRun *run, float *out,
                          ImpError *error) {
    size_t channels = channels_of(restyle);
    ImpStatistics content;
    float *matrix = NULL, *bias = NULL;
    run->encoder = restyle->encoder;
    run->decoder = restyle->decoder;
    ImpStatus status = imp_statistics_new(channels, &content, error);
    if (status == IMP_OK) status = IMP_ALLOC(&matrix, channels * channels, "style", error);
    if (status == IMP_OK) status = IMP_ALLOC(&bias, channels, "style", error);
    if (status == IMP_OK) status = imp_code_statistics(run, content.mean, content.covariance, error);
    if (status == IMP_OK) status = make_map(restyle, options, &content, matrix, bias, error);
    if (status == IMP_OK) status = imp_code_repaint(run, matrix, bias, out, error);
    imp_statistics_free(&content);
    imp_free(matrix);
    imp_free(bias);
    return status;
}
