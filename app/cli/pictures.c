#include "pictures.h"

#include "option_text.h"
#include "paths.h"
#include <stdlib.h>
#include <string.h>

static int allocate(Pictures *out, size_t count) {
    *out = (Pictures){.count = count};
    out->roles = calloc(count + 1, sizeof *out->roles);
    out->paths = calloc(count + 1, sizeof *out->paths);
    out->list = calloc(count + 1, sizeof *out->list);
    out->images = calloc(count + 1, sizeof *out->images);
    if (out->roles && out->paths && out->list && out->images) return EXIT_GOOD;
    complain("out of memory for the list of pictures");
    return EXIT_FAULT;
}

static int wrong_count(const ImpMethod *method, size_t count, size_t least, size_t most) {
    char form[OPTION_TEXT];
    inputs_form(method, form);
    if (count > most)
        return wrong_usage(method->name,
                           "%s takes at most %zu picture%s (%s), and %zu are given; to restyle many into a folder, "
                           "use -O DIR",
                           method->name, most, most == 1 ? "" : "s", form, count);
    size_t covered = 0;
    for (size_t i = 0; i < method->n_inputs; i++) {
        covered += method->inputs[i].minimum;
        if (covered > count)
            return wrong_usage(method->name, "%s needs %s; the %s picture is missing", method->name, form,
                               method->inputs[i].role);
    }
    return wrong_usage(method->name, "%s needs at least %zu pictures (%s)", method->name, least, form);
}

static int check_standard_input(const ImpMethod *method, const char *const *paths, size_t count) {
    int uses = 0;
    for (size_t i = 0; i < count; i++) uses += is_standard_output(paths[i]);
    if (uses < 2) return EXIT_GOOD;
    return wrong_usage(method->name, "standard input ('-') can be only one of the pictures");
}

int pictures_assign(const ImpMethod *method, const char *const *paths, size_t count, Pictures *out) {
    int result = allocate(out, count);
    if (result != EXIT_GOOD) return result;
    size_t least = 0, most = 0;
    for (size_t i = 0; i < method->n_inputs; i++) {
        least += method->inputs[i].minimum;
        most += method->inputs[i].maximum;
    }
    if (count < least || count > most) return wrong_count(method, count, least, most);
    size_t extra = count - least, next = 0;
    for (size_t i = 0; i < method->n_inputs; i++) {
        const ImpInput *input = &method->inputs[i];
        size_t more = input->maximum - input->minimum < extra ? input->maximum - input->minimum : extra;
        extra -= more;
        for (size_t j = 0; j < input->minimum + more; j++, next++) {
            out->roles[next] = input->role;
            out->paths[next] = paths[next];
        }
    }
    return check_standard_input(method, paths, count);
}

int pictures_from_recipe(const ImpMethod *method, const ImpRecipe *recipe, Pictures *out) {
    int result = allocate(out, recipe->n_inputs);
    if (result != EXIT_GOOD) return result;
    for (size_t i = 0; i < out->count; i++) {
        out->roles[i] = recipe->inputs[i].role;
        out->paths[i] = recipe->inputs[i].path;
    }
    for (size_t i = 0; i < method->n_inputs; i++) {
        const ImpInput *input = &method->inputs[i];
        size_t found = 0;
        for (size_t j = 0; j < out->count; j++) found += strcmp(out->roles[j], input->role) == 0;
        if (found < input->minimum || found > input->maximum)
            return wrong_usage(method->name, "the recipe names %zu %s pictures, which does not fit; give the pictures",
                               found, input->role);
    }
    return check_standard_input(method, out->paths, out->count);
}

ImpStatus pictures_read_one(Pictures *pictures, size_t index, ImpError *error) {
    ImpStatus status = imp_image_read(pictures->paths[index], 0, &pictures->images[index], error);
    pictures->list[index] = (ImpPicture){pictures->roles[index], pictures->paths[index], pictures->images[index]};
    return status;
}

int pictures_read(Pictures *pictures) {
    for (size_t i = 0; i < pictures->count; i++) {
        ImpError error;
        if (pictures_read_one(pictures, i, &error) == IMP_OK) continue;
        bool folder = i == 0 && is_folder(pictures->paths[i]);
        complain("%s%s", error.message, folder ? "; -O DIR restyles the pictures in it" : "");
        return EXIT_FAULT;
    }
    return EXIT_GOOD;
}

void pictures_clear(Pictures *pictures) {
    for (size_t i = 0; i < pictures->count && pictures->images; i++) imp_image_free(&pictures->images[i]);
    free(pictures->roles);
    free(pictures->paths);
    free(pictures->list);
    free(pictures->images);
    *pictures = (Pictures){0};
}
