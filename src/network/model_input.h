/* How a picture becomes a network's input. Networks were trained on differently prepared pictures; the weights do not
 * say which way on their face, and the wrong way silently gives poor results. */
#ifndef IMP_NETWORK_MODEL_INPUT_H
#define IMP_NETWORK_MODEL_INPUT_H

#include "base/bundle.h"
#include "impasto/status.h"

typedef enum ImpInputConvention {
    IMP_INPUT_AUTO = 0,    /* the file's metadata, else what its weights or its names show */
    IMP_INPUT_TORCHVISION, /* RGB in [0,1], minus ImageNet's mean, divided by its standard deviation */
    IMP_INPUT_CAFFE,       /* BGR in 0-255, minus 103.939, 116.779, 123.68 */
    IMP_INPUT_OTHER        /* anything else the metadata describes; never asked for */
} ImpInputConvention;

/* Why the input is what it is. */
typedef enum ImpInputEvidence {
    IMP_INPUT_BY_USER,     /* the caller named the convention */
    IMP_INPUT_BY_METADATA, /* the file says so */
    IMP_INPUT_BY_WEIGHTS,  /* the first layer is that of the published Oxford networks */
    IMP_INPUT_BY_NAMES     /* a guess from the style of the arrays' names */
} ImpInputEvidence;

typedef struct ImpModelInput {
    ImpInputConvention convention;
    ImpInputEvidence evidence;
    int source[3]; /* channel c of the network = rgb[source[c]] * scale[c] + offset[c], rgb in [0,1], 0 is red */
    float scale[3], offset[3];
} ImpModelInput;

const char *imp_input_convention_name(ImpInputConvention convention); /* "auto", "torchvision", "caffe", "other" */
const char *imp_input_evidence_name(ImpInputEvidence evidence);       /* a phrase: "the file's metadata" ... */
/* From "auto", "torchvision" or "caffe"; anything else is IMP_ERROR_ARGUMENT. */
ImpStatus imp_input_convention_parse(const char *text, ImpInputConvention *out, ImpError *error);

/* One of the two known conventions. */
ImpModelInput imp_model_input_of(ImpInputConvention convention, ImpInputEvidence evidence);

/* Decides for a VGG network. `weight` is its first convolution (channels,3,3,3) and `bias` (channels); `names` is the
 * convention that the style of the arrays' names suggests. `wanted` other than IMP_INPUT_AUTO wins; then the metadata
 * keys input_order ("RGB" or "BGR"), input_scale, input_mean and input_std (comma-separated, in the network's channel
 * order, input = (rgb * scale - mean) / std); then the weights; then the names. Metadata that is there but malformed is
 * IMP_ERROR_FORMAT; messages begin with `name`. */
ImpStatus imp_model_input_decide(const ImpBundle *bundle, const char *name, int channels, const float *weight,
                                 const float *bias, ImpInputConvention names, ImpInputConvention wanted,
                                 ImpModelInput *out, ImpError *error);

/* Writes the four metadata keys that imp_model_input_decide reads. */
ImpStatus imp_model_input_describe(const ImpModelInput *input, ImpBundle *bundle, ImpError *error);

#endif
