#include "method/feedforward/arbitrary.h"

#include "base/error.h"
#include "base/memory.h"
#include "method/picture.h"
#include "network/catalogue.h"
#include <string.h>
#include <unistd.h>

enum { MOST_STYLES = 16 };

struct ImpArbitrary {
    ImpVggWeights *encoder;
    ImpDecoder *decoder;
    ImpStatistics styles[MOST_STYLES];
    double shares[MOST_STYLES]; /* adding up to 1 */
    size_t n_styles;
    ImpStyleTransform transform;
    double strength;
    float *matrix, *bias; /* (C,C), (C) of the run at hand */
};

static size_t channels_of(const ImpArbitrary *a) {
    return (size_t)a->decoder->layers[0].in;
}

/* --- networks ----------------------------------------------------------------------------------------------------- */

static ImpStatus read_networks(ImpArbitrary *a, const ImpParams *params, ImpError *error) {
    const char *model = imp_params_text(params, "model");
    char *path = NULL;
    ImpStatus status = imp_model_resolve(model ? model : "builtin", &path, error);
    if (status == IMP_OK) status = imp_vgg_weights_read(path, IMP_INPUT_AUTO, &a->encoder, error);
    imp_free(path);
    path = NULL;
    if (status == IMP_OK) status = imp_model_resolve(imp_params_text(params, "decoder"), &path, error);
    if (status == IMP_OK) status = imp_decoder_read(path, &a->decoder, error);
    imp_free(path);
    return status == IMP_OK ? imp_decoder_check(a->decoder, a->encoder, error) : status;
}

/* --- paintings ---------------------------------------------------------------------------------------------------- */

static ImpStatus measure(ImpArbitrary *a, const ImpParams *params, const char *path, ImpError *error) {
    ImpImage *painting = NULL, *prepared = NULL;
    int width, height;
    ImpStatus status = imp_image_read(path, 0, &painting, error);
    if (status != IMP_OK) return status;
    imp_image_fit(painting->width, painting->height, (int)imp_params_integer(params, "style-size"), &width, &height);
    status = imp_picture_prepare(painting, width, height, &prepared, error);
    imp_image_free(&painting);
    if (status == IMP_OK) status = imp_statistics_new(channels_of(a), &a->styles[a->n_styles], error);
    if (status == IMP_OK) {
        ImpStatistics *style = &a->styles[a->n_styles++];
        ImpCodeRun run = {.encoder = a->encoder,
                          .decoder = a->decoder,
                          .rgb = prepared->rgb,
                          .width = width,
                          .height = height,
                          .memory = (size_t)imp_params_integer(params, "memory") << 20};
        status = imp_code_statistics(&run, style->mean, style->covariance, error);
    }
    imp_image_free(&prepared);
    return status;
}

/* Names with commas between them; a file whose name has commas is taken as it is. */
static ImpStatus read_paintings(ImpArbitrary *a, const ImpParams *params, ImpError *error) {
    const char *list = imp_params_text(params, "style");
    char *names = imp_strdup(list), *rest = names;
    ImpStatus status = names ? IMP_OK : imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the paintings' names");
    bool one = access(list, F_OK) == 0;
    while (status == IMP_OK && rest) {
        char *comma = one ? NULL : strchr(rest, ',');
        if (comma) *comma = '\0';
        if (a->n_styles == MOST_STYLES)
            status = imp_fail(error, IMP_ERROR_ARGUMENT, "style names more than %d paintings", MOST_STYLES);
        else
            status = measure(a, params, rest, error);
        rest = comma ? comma + 1 : NULL;
    }
    imp_free(names);
    return status;
}

static ImpStatus read_shares(ImpArbitrary *a, const ImpParams *params, ImpError *error) {
    size_t count = 0;
    double sum = 0;
    const double *weights = imp_params_reals(params, "style-weights", &count);
    if (count > 0 && count != a->n_styles)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "there are %zu style-weights for %zu paintings; give one for each",
                        count, a->n_styles);
    for (size_t i = 0; i < a->n_styles; i++) sum += a->shares[i] = count > 0 ? weights[i] : 1;
    if (!(sum > 0)) return imp_fail(error, IMP_ERROR_ARGUMENT, "the style-weights are all 0; give one that is more");
    for (size_t i = 0; i < a->n_styles; i++) a->shares[i] /= sum;
    return IMP_OK;
}

ImpStatus imp_arbitrary_new(const ImpParams *params, ImpArbitrary **out, ImpError *error) {
    static const ImpStyleTransform transforms[] = {IMP_STYLE_ADAIN, IMP_STYLE_WCT};
    ImpStatus status = IMP_ALLOC(out, 1, "session", error);
    if (status != IMP_OK) return status;
    ImpArbitrary *a = *out;
    a->transform = transforms[imp_params_choice(params, "transform")];
    a->strength = imp_params_real(params, "strength");
    status = read_networks(a, params, error);
    if (status == IMP_OK) status = read_paintings(a, params, error);
    if (status == IMP_OK) status = read_shares(a, params, error);
    if (status == IMP_OK) status = IMP_ALLOC(&a->matrix, channels_of(a) * channels_of(a), "style", error);
    if (status == IMP_OK) status = IMP_ALLOC(&a->bias, channels_of(a), "style", error);
    if (status != IMP_OK) imp_arbitrary_free(out);
    return status;
}

void imp_arbitrary_free(ImpArbitrary **arbitrary) {
    ImpArbitrary *a = *arbitrary;
    if (!a) return;
    for (size_t i = 0; i < a->n_styles; i++) imp_statistics_free(&a->styles[i]);
    imp_vgg_weights_free(&a->encoder);
    imp_decoder_free(&a->decoder);
    imp_free(a->matrix);
    imp_free(a->bias);
    imp_free(a);
    *arbitrary = NULL;
}

ImpStatus imp_arbitrary_run(const ImpArbitrary *a, ImpCodeRun *run, float *out, ImpError *error) {
    ImpStatistics content;
    run->encoder = a->encoder;
    run->decoder = a->decoder;
    ImpStatus status = imp_statistics_new(channels_of(a), &content, error);
    if (status != IMP_OK) return status;
    status = imp_code_statistics(run, content.mean, content.covariance, error);
    if (status == IMP_OK)
        status = imp_style_map(a->transform, &content, a->styles, a->shares, a->n_styles, a->strength, a->matrix,
                               a->bias, error);
    if (status == IMP_OK) status = imp_code_repaint(run, a->matrix, a->bias, out, error);
    imp_statistics_free(&content);
    return status;
}
