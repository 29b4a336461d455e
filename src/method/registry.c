#include "impasto/method.h"
#include "method/analogy/analogy.h"
#include "method/feedforward/apply.h"
#include "method/reconstruct/reconstruct.h"
#include "method/stylise/stylise.h"
#include "method/texture/texture.h"

/* One line a method, in the order of the help. man/meson.build lists them for their manual pages. */
static const ImpMethod *const methods[] = {
    &imp_method_stylize, &imp_method_apply,   &imp_method_reconstruct,
    &imp_method_texture, &imp_method_analogy, NULL, /* the end */
};

const ImpMethod *const *imp_methods(size_t *count) {
    *count = sizeof methods / sizeof methods[0] - 1;
    return methods;
}
