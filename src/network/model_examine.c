#include "network/model_examine.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
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

/* *known: whether it is one; else the problem is set where it is more of a style network than of anything else. */
static ImpStatus examine_style(const ImpBundle *bundle, ImpModelInfo *info, bool *known, ImpError *error) {
    ImpTransformNet *net;
    ImpError problem = {0};
    ImpStatus status = imp_transform_from_bundle(bundle, info->path, &net, &problem);
    *known = status == IMP_OK;
    if (*known) describe_style(net, info);
    imp_transform_free(&net);
    if (status == IMP_ERROR_MEMORY) return no_memory(error);
    if (*known) return info->architecture ? IMP_OK : no_memory(error);
    if (!imp_transform_seems(bundle)) return IMP_OK;
    info->problem = imp_strdup(problem.message);
    return info->problem ? IMP_OK : no_memory(error);
}

static ImpStatus examine_vgg(const ImpBundle *bundle, ImpInputConvention wanted, ImpModelInfo *info, ImpError *error) {
    ImpVggWeights *weights;
    ImpError problem = {0};
    ImpStatus status = imp_vgg_weights_from_bundle(bundle, info->path, wanted, &weights, &problem);
    if (status == IMP_ERROR_MEMORY) return imp_fail(error, status, "%s", problem.message);
    if (status == IMP_OK)
        describe_vgg(weights, info);
    else
        info->problem = imp_strdup(problem.message);
    imp_vgg_weights_free(&weights);
    return info->problem || info->architecture ? IMP_OK : no_memory(error);
}

ImpStatus imp_model_examine(const ImpBundle *bundle, ImpInputConvention wanted, ImpModelInfo *info, ImpError *error) {
    bool known;
    ImpStatus status = examine_style(bundle, info, &known, error);
    if (status != IMP_OK || known || info->problem) return status;
    return examine_vgg(bundle, wanted, info, error);
}

/* --- in a list ---------------------------------------------------------------------------------------------------- */

static char *phrase(const ImpModelInfo *info, const ImpBundle *bundle) {
    const char *steps = imp_bundle_metadata(bundle, "steps"); /* a stranger's */
    if (steps && (strlen(steps) > 12 || steps[strspn(steps, "0123456789")])) steps = NULL;
    if (info->kind == IMP_MODEL_VGG) return imp_format("VGG-%s up to %s", info->architecture + 3, info->deepest);
    if (info->kind != IMP_MODEL_STYLE) return imp_strdup("no network that is known");
    return imp_format("style network, %d-%d-%d channels%s%s%s", info->channels[0], info->channels[1], info->channels[2],
                      steps ? ", trained in " : "", steps ? steps : "", steps ? " steps" : "");
}

ImpStatus imp_model_summary(const char *path, char **out, ImpError *error) {
    ImpFileView view;
    ImpBundle *bundle = NULL;
    ImpModelInfo info = {.path = (char *)path};
    ImpError ignored;
    *out = NULL;
    ImpStatus status = imp_file_map(path, &view, &ignored);
    if (status == IMP_OK && view.size > LARGEST_IN_LIST)
        *out = imp_strdup("");
    else if (status == IMP_OK)
        status = imp_weights_parse(view.data, view.size, path, &bundle, &ignored);
    if (bundle) status = imp_model_examine(bundle, IMP_INPUT_AUTO, &info, &ignored);
    if (status == IMP_OK && bundle) *out = phrase(&info, bundle);
    if (status != IMP_OK && status != IMP_ERROR_MEMORY) *out = imp_strdup("no weights that can be read");
    imp_file_unmap(&view);
    imp_bundle_free(&bundle);
    imp_free(info.architecture);
    imp_free(info.problem);
    return *out ? IMP_OK : no_memory(error);
}
