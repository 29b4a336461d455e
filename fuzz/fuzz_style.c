/* Style networks, from the bytes of a weight file of any format to the network. */
#include "check.h"
#include "network/transform_net.h"
#include "weights/weights.h"
#include <math.h>
#include <stdlib.h>

static void require(int condition) {
    if (!condition) abort();
}

/* The layers lie one after the other, within the values, in channels that fit together. */
static void check_net(const ImpTransformNet *net) {
    size_t end = 0;
    require(net->n_layers == 6 + 2 * net->shape.residuals && net->n_layers <= IMP_TRANSFORM_MAX_LAYERS);
    for (int i = 0; i < net->n_layers; i++) {
        const ImpTransformLayer *layer = &net->layers[i];
        require(layer->in == (i ? net->layers[i - 1].out : 3) && layer->out >= 1);
        require(layer->out <= IMP_TRANSFORM_MAX_CHANNELS && layer->weight == end && layer->bias > layer->weight);
        require(layer->scale > layer->bias && layer->shift >= layer->scale);
        end = layer->shift + (layer->shift - layer->scale);
    }
    require(end == net->count && net->layers[net->n_layers - 1].out == 3);
    for (size_t i = 0; i < net->count; i++) require(isfinite(net->values[i]));
}

static void check_style(const ImpBundle *bundle) {
    ImpTransformNet *net;
    ImpError error = {0};
    ImpStatus status = imp_transform_from_bundle(bundle, "input", &net, &error);
    require((status == IMP_OK) == (net != NULL));
    if (net) {
        require(imp_transform_seems(bundle));
        check_net(net);
    } else {
        check_message(status, &error);
    }
    imp_transform_free(&net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ImpBundle *bundle;
    ImpError error = {0};
    ImpStatus status = imp_weights_parse(data, size, "input", &bundle, &error);
    if (status == IMP_OK)
        check_style(bundle);
    else
        check_message(status, &error);
    imp_bundle_free(&bundle);
    return 0;
}
