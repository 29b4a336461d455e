#include "impasto/method.h"
#include "method/feedforward/apply.h"
#include "method/reconstruct/reconstruct.h"
#include "method/stylise/stylise.h"

/* One line a method, in the order of the help; the end is NULL. man/meson.build lists them for their manual pages. */
static const ImpMethod *const methods[] = {
    &imp_method_stylize,
    &imp_method_apply,
    &imp_method_reconstruct,
    NULL,
};

const ImpMethod *const *imp_methods(size_t *count) {
    *count = sizeof methods / sizeof methods[0] - 1;
    return methods;
}
