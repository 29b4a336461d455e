#include "method/feedforward/arbitrary.h"

#include "base/error.h"
#include "method/file_names.h"
#include "method/picture.h"

static ImpStatus add_painting(ImpRestyle *restyle, const ImpParams *params, const char *path, double weight,
                              ImpError *error) {
    ImpImage *painting = NULL, *prepared = NULL;
    int width, height;
    ImpStatus status = imp_image_read(path, 0, &painting, error);
    if (status != IMP_OK) return status;
    imp_image_fit(painting->width, painting->height, (int)imp_params_integer(params, "style-size"), &width, &height);
    status = imp_picture_prepare(painting, width, height, &prepared, error);
    imp_image_free(&painting);
    if (status == IMP_OK)
        status = imp_restyle_add(restyle, prepared->rgb, width, height, weight,
                                 (size_t)imp_params_integer(params, "memory") << 20, error);
    imp_image_free(&prepared);
    return status;
}

static ImpStatus check_weights(const double *weights, size_t n_weights, const ImpFileNames *names, ImpError *error) {
    double sum = 0;
    if (n_weights == 0) return IMP_OK;
    if (n_weights != names->count)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "there are %zu style-weights for %zu paintings; give one for each",
                        n_weights, names->count);
    for (size_t i = 0; i < n_weights; i++) sum += weights[i];
    return sum > 0 ? IMP_OK : imp_fail(error, IMP_ERROR_ARGUMENT, "the style-weights are all 0; give one that is more");
}

ImpStatus imp_arbitrary_new(const ImpParams *params, ImpRestyle **out, ImpError *error) {
    const char *model = imp_params_text(params, "model");
    size_t n_weights = 0;
    const double *weights = NULL;
    ImpFileNames names;
    if (imp_params_has(params, "style-weights")) weights = imp_params_reals(params, "style-weights", &n_weights);
    *out = NULL;
    ImpStatus status =
        imp_file_names_split("style", imp_params_text(params, "style"), IMP_RESTYLE_MAX_STYLES, &names, error);
    if (status == IMP_OK) status = check_weights(weights, n_weights, &names, error);
    if (status == IMP_OK)
        status = imp_restyle_new(model ? model : "builtin", imp_params_text(params, "decoder"), out, error);
    for (size_t i = 0; i < names.count && status == IMP_OK; i++)
        status = add_painting(*out, params, names.list[i], n_weights ? weights[i] : 1, error);
    imp_file_names_end(&names);
    if (status != IMP_OK) imp_restyle_free(out);
    return status;
}

ImpRestyleOptions imp_arbitrary_options(const ImpParams *params) {
    static const ImpStyleTransform transforms[] = {IMP_STYLE_ADAIN, IMP_STYLE_WCT};
    return (ImpRestyleOptions){.transform = transforms[imp_params_choice(params, "transform")],
                               .strength = imp_params_real(params, "strength")};
}
