#include "method/descent_settings.h"

#include "base/error.h"

static ImpStatus read_checkpoints(const ImpParams *params, ImpDescentSettings *s, ImpError *error) {
    s->checkpoint = imp_params_text(params, "checkpoint");
    s->resume = imp_params_text(params, "resume");
    s->checkpoint_every = imp_params_integer(params, "checkpoint-every");
    if (s->checkpoint_every > 0 && !s->checkpoint)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "checkpoint-every needs checkpoint, the file to write to");
    return IMP_OK;
}

static bool has_row(const ImpParams *params, const char *name) {
    return imp_param_find(imp_params_table(params), name) != NULL;
}

ImpStatus imp_descent_settings_read(const ImpParams *params, ImpDescentSettings *s, ImpError *error) {
    s->adam = imp_params_choice(params, "optimizer") == 1;
    s->strong_wolfe = imp_params_choice(params, "line-search") == 1;
    s->clamp = !has_row(params, "clamp") || imp_params_choice(params, "clamp") == 0;
    s->bytes = has_row(params, "variable") && imp_params_choice(params, "variable") == 1;
    s->history = (int)imp_params_integer(params, "history");
    s->tolerance_gradient = imp_params_real(params, "tolerance-gradient");
    s->tolerance_change = imp_params_real(params, "tolerance-change");
    s->average_decay = has_row(params, "average-decay") ? imp_params_real(params, "average-decay") : 0;
    s->learning_rate = s->adam ? (s->bytes ? 0.02 * 255 : 0.02) : 1;
    if (imp_params_has(params, "learning-rate")) s->learning_rate = imp_params_real(params, "learning-rate");
    if (s->adam && s->strong_wolfe)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "line-search strong-wolfe goes with optimizer lbfgs only; leave one of the two out");
    return read_checkpoints(params, s, error);
}
