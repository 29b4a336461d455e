#include "method/analogy/settings.h"

#include "base/error.h"

ImpStatus imp_analogy_settings_read(const ImpParams *params, ImpAnalogySettings *out, ImpError *error) {
    *out = (ImpAnalogySettings){.colour = imp_params_choice(params, "features") == 1,
                                .remap = imp_params_flag(params, "remap"),
                                .gradients = (float)imp_params_real(params, "gradient-weight"),
                                .source_weight = (float)imp_params_real(params, "source-weight"),
                                .window = (int)imp_params_integer(params, "window"),
                                .kappa = imp_params_real(params, "kappa"),
                                .fast = imp_params_flag(params, "fast"),
                                .exact = imp_params_flag(params, "exact"),
                                .iterations = (int)imp_params_integer(params, "iterations"),
                                .seed = (uint64_t)imp_params_integer(params, "seed"),
                                .source_map = imp_params_text(params, "source-map")};
    if (imp_params_has(params, "levels")) out->levels = (int)imp_params_integer(params, "levels");
    if (out->window % 2 == 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "window has a pixel in its middle and so is odd; give %d or %d",
                        out->window - 1, out->window + 1);
    if (out->fast && out->exact)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "fast and exact are two ways to search; leave one of them out");
    if (imp_params_given(params, "iterations") && !out->fast)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "iterations are those of fast; leave them out, or give fast too");
    if (imp_params_given(params, "remap") && out->remap && out->colour)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "remap fits luminance, and features color compare colours as they are; leave one of them out");
    return IMP_OK;
}
