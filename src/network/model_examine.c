#include "network/model_examine.h"

#include "base/error.h"
#include "base/memory.h"
#include "network/decoder.h"
#include "network/transform_net.h"
#include "network/vgg_weights.h"
#include "weights/weights.h"
#include <stdio.h>
#include <string.h>

/* A file larger than this holds more than what can be told in a list without waiting. */
enum { LARGEST_IN_LIST = 96 << 20 };

static ImpStatus no_memory(ImpError *error) {
    return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the description of a model");
}

/* --- the networks ------------------------------------------------------------------------------------------------- */

static void describe_vgg(const ImpVggWeights *weights, ImpModelInfo *info) {
    info->kind = IMP_MODEL_VGG;
    info->architecture = imp_strdup(weights->depth == 16 ? "vgg16" : "vgg19");
    imp_vgg_deepest(weights, info->deepest);
    for (int i = 0; i < weights->n_convs; i++) {
        const ImpVggConv *conv = &weights->convs[i];
        size_t in = (size_t)conv->in_channels, out = (size_t)conv->out_channels;
        info->channels[conv->block - 1] = conv->out_channels;
        info->parameters += out * (in * 9 + 1 + (size_t)conv->projected);
        if (conv->projected > 0) info->projected = true;
    }
    info->input = imp_input_convention_name(weights->input.convention);
    info->input_evidence = imp_input_evidence_name(weights->input.evidence);
    memcpy(info->source, weights->input.source, sizeof info->source);
    memcpy(info->scale, weights->input.scale, sizeof info->scale);
    memcpy(info->offset, weights->input.offset, sizeof info->offset);
}

static void describe_style(const ImpTransformNet *net, ImpModelInfo *info) {
    info->kind = IMP_MODEL_STYLE;
    info->architecture = imp_strdup("transformer_net");
    memcpy(info->channels, net->shape.down, sizeof net->shape.down);
    memcpy(info->channels + 3, net->shape.up, sizeof net->shape.up);
    info->residuals = net->shape.residuals;
    info->parameters = net->count;
    info->input = "other";
    info->input_evidence = "this kind of network";
    for (int c = 0; c < 3; c++) {
        info->source[c] = c;
        info->scale[c] = 255;
    }
}

static void describe_decoder(const ImpDecoder *decoder, ImpModelInfo *info) {
    info->kind = IMP_MODEL_DECODER;
    info->architecture = imp_strdup("decoder");
    snprintf(info->decodes, sizeof info->decodes, "%s", decoder->layer);
    info->parameters = decoder->count;
}

/* *known: whether it is one; else the problem is set where it is more of a style network than of anything else. */
static ImpStatus examine_style(const ImpBundle *bundle, const char *name, ImpModelInfo *info, bool *known,
                               ImpError *error) {
    ImpTransformNet *net;
    ImpError problem = {0};
    ImpStatus status = imp_transform_from_bundle(bundle, name, &net, &problem);
    *known = status == IMP_OK;
    if (*known) describe_style(net, info);
    imp_transform_free(&net);
    if (status == IMP_ERROR_MEMORY) return no_memory(error);
    if (*known) return info->architecture ? IMP_OK : no_memory(error);
    if (!imp_transform_seems(bundle)) return IMP_OK;
    info->problem = imp_strdup(problem.message);
    return info->problem ? IMP_OK : no_memory(error);
}

/* As above, for what says that it is a decoder. */
static ImpStatus examine_decoder(const ImpBundle *bundle, const char *name, ImpModelInfo *info, bool *known,
                                 ImpError *error) {
    ImpDecoder *decoder;
    ImpError problem = {0};
    ImpStatus status = imp_decoder_from_bundle(bundle, name, &decoder, &problem);
    *known = status == IMP_OK;
    if (*known) describe_decoder(decoder, info);
    imp_decoder_free(&decoder);
    if (status == IMP_ERROR_MEMORY) return no_memory(error);
    if (!*known) info->problem = imp_strdup(problem.message);
    return info->problem || info->architecture ? IMP_OK : no_memory(error);
}

static ImpStatus examine_vgg(const ImpBundle *bundle, const char *name, ImpInputConvention wanted, ImpModelInfo *info,
                             ImpError *error) {
    ImpVggWeights *weights;
    ImpError problem = {0};
    ImpStatus status = imp_vgg_weights_from_bundle(bundle, name, wanted, &weights, &problem);
    if (status == IMP_ERROR_MEMORY) return imp_fail(error, status, "%s", problem.message);
    if (status == IMP_OK)
        describe_vgg(weights, info);
    else
        info->problem = imp_strdup(problem.message);
    imp_vgg_weights_free(&weights);
    return info->problem || info->architecture ? IMP_OK : no_memory(error);
}

ImpStatus imp_model_examine(const ImpBundle *bundle, const char *name, ImpInputConvention wanted, ImpModelInfo *info,
                            ImpError *error) {
    bool known = false;
    ImpStatus status = imp_bundle_metadata(bundle, "decodes") ? examine_decoder(bundle, name, info, &known, error)
                                                              : examine_style(bundle, name, info, &known, error);
    if (status != IMP_OK || known || info->problem) return status;
    return examine_vgg(bundle, name, wanted, info, error);
}

/* --- in a list ---------------------------------------------------------------------------------------------------- */

/* "16-32-64-192-192": as far as the network goes. */
static void print_channels(const ImpModelInfo *info, char out[64]) {
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < IMP_VGG_BLOCKS && info->channels[i] > 0; i++)
        used += (size_t)snprintf(out + used, 64 - used, "%s%d", i ? "-" : "", info->channels[i]);
}

static char *phrase(const ImpModelInfo *info, const ImpBundle *bundle) {
    const char *steps = imp_bundle_metadata(bundle, "steps"); /* a stranger's */
    if (steps && (strlen(steps) > 12 || steps[strspn(steps, "0123456789")])) steps = NULL;
    const char *before = steps ? ", trained in " : "", *after = steps ? " steps" : "";
    if (!steps) steps = "";
    char channels[64];
    switch (info->kind) {
    case IMP_MODEL_VGG:
        if (!info->projected) return imp_format("VGG-%s up to %s", info->architecture + 3, info->deepest);
        print_channels(info, channels);
        return imp_format("perceptual network in place of VGG-%s up to %s, %s channels%s%s%s", info->architecture + 3,
                          info->deepest, channels, before, steps, after);
    case IMP_MODEL_STYLE:
        return imp_format("style network, %d-%d-%d channels%s%s%s", info->channels[0], info->channels[1],
                          info->channels[2], before, steps, after);
    case IMP_MODEL_DECODER: /* one that was trained on paintings as well is that of train adain */
        return imp_format("decoder of %s%s%s%s%s", info->decodes,
                          imp_bundle_metadata(bundle, "paintings_fingerprint") ? " for any style" : "", before, steps,
                          after);
    case IMP_MODEL_UNKNOWN:
        break;
    }
    return imp_strdup("no network that is known");
}

ImpStatus imp_model_summary(const ImpModelBytes *model, char **out, ImpError *error) {
    ImpBundle *bundle = NULL;
    ImpModelInfo info = {0};
    ImpError ignored;
    ImpStatus status = IMP_OK;
    *out = NULL;
    if (model->size > LARGEST_IN_LIST)
        *out = imp_strdup("");
    else
        status = imp_weights_parse(model->data, model->size, model->name, &bundle, &ignored);
    if (bundle) status = imp_model_examine(bundle, model->name, IMP_INPUT_AUTO, &info, &ignored);
    if (status == IMP_OK && bundle) *out = phrase(&info, bundle);
    if (status != IMP_OK && status != IMP_ERROR_MEMORY) *out = imp_strdup(IMP_MODEL_UNREADABLE);
    imp_bundle_free(&bundle);
    imp_free(info.architecture);
    imp_free(info.problem);
    return *out ? IMP_OK : no_memory(error);
}
