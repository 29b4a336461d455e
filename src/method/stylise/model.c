#include "method/stylise/model.h"

#include "base/error.h"
#include "base/memory.h"
#include <string.h>

static ImpStatus check_layers(const ImpVggWeights *weights, const ImpStyliseLayers *layers, ImpError *error) {
    for (size_t i = 0; i < layers->count; i++) {
        const char *name = layers->list[i].layer;
        if (strcmp(name, "image") == 0)
            return imp_fail(error, IMP_ERROR_ARGUMENT, "image is no layer of the network; give layers such as relu1_1");
        ImpStatus status = imp_vgg_check_layer(weights, name, error);
        if (status != IMP_OK) return status;
    }
    return IMP_OK;
}

/* Whether the layer called `name` comes after convolution `conv`, or is it. The name is one that was checked: five or
 * seven characters. */
static bool needs(const char *name, const ImpVggConv *conv) {
    int block = name[4] - '0', index = strlen(name) > 6 ? name[6] - '0' : IMP_VGG_MAX_CONVS;
    return conv->block < block || (conv->block == block && conv->index <= index);
}

static bool is_needed(const ImpStyliseSettings *settings, const ImpVggConv *conv) {
    for (int part = 0; part < IMP_STYLISE_PARTS; part++)
        for (size_t i = 0; i < settings->layers[part].count; i++)
            if (needs(settings->layers[part].list[i].layer, conv)) return true;
    return false;
}

static void let_go(const ImpStyliseSettings *settings, ImpVggWeights *weights) {
    while (weights->n_convs > 1) {
        ImpVggConv *last = &weights->convs[weights->n_convs - 1];
        if (is_needed(settings, last)) return;
        imp_free(last->weight);
        imp_free(last->bias);
        imp_free(last->projection);
        last->weight = last->bias = last->projection = NULL;
        weights->n_convs--;
    }
}

ImpStatus imp_stylise_model_read(const ImpStyliseSettings *settings, ImpVggWeights **out, ImpError *error) {
    ImpStatus status = imp_vgg_weights_read(settings->model, settings->model_input, out, error);
    for (int part = 0; part < IMP_STYLISE_PARTS && status == IMP_OK; part++)
        status = check_layers(*out, &settings->layers[part], error);
    if (status == IMP_OK)
        let_go(settings, *out);
    else
        imp_vgg_weights_free(out);
    return status;
}
