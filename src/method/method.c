#include "impasto/method.h"

#include "base/error.h"
#include "base/memory.h"
#include <string.h>

const ImpMethod *imp_method_find(const char *name) {
    size_t count;
    const ImpMethod *const *methods = imp_methods(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(methods[i]->name, name) == 0) return methods[i];
    return NULL;
}

ImpStatus imp_method_open(const ImpMethod *method, const ImpParams *params, void **session, ImpError *error) {
    *session = NULL;
    return method->open ? method->open(params, session, error) : IMP_OK;
}

void imp_method_close(const ImpMethod *method, void **session) {
    if (*session) method->close(*session);
    *session = NULL;
}

static ImpStatus unknown_preset(const ImpMethod *method, const char *name, ImpError *error) {
    if (method->n_presets == 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "%s has no presets, so there is no \"%.100s\"", method->name, name);
    const char **names = imp_alloc(method->n_presets, sizeof *names);
    const char *near = NULL;
    for (size_t i = 0; names && i < method->n_presets; i++) names[i] = method->presets[i].name;
    if (names) near = imp_suggest(name, names, method->n_presets);
    imp_free(names);
    if (near)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "%s has no preset \"%.100s\"; did you mean \"%s\"?", method->name,
                        name, near);
    return imp_fail(error, IMP_ERROR_ARGUMENT, "%s has no preset \"%.100s\"", method->name, name);
}

ImpStatus imp_method_apply_preset(const ImpMethod *method, const char *name, ImpParams *params, ImpError *error) {
    for (size_t i = 0; i < method->n_presets; i++)
        if (strcmp(method->presets[i].name, name) == 0)
            return imp_params_apply_preset(params, method->presets[i].settings, error);
    return unknown_preset(method, name, error);
}
