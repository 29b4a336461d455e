#include "network/model_input.h"

#include "base/error.h"
#include "base/number.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const float imagenet_mean[3] = {0.485f, 0.456f, 0.406f};      /* RGB, [0,1] */
static const float imagenet_deviation[3] = {0.229f, 0.224f, 0.225f}; /* RGB, [0,1] */
static const float oxford_mean[3] = {103.939f, 116.779f, 123.68f};   /* BGR, 0-255 */
static const char *const convention_names[] = {"auto", "torchvision", "caffe", "other"};

const char *imp_input_convention_name(ImpInputConvention convention) {
    return convention_names[convention];
}

const char *imp_input_evidence_name(ImpInputEvidence evidence) {
    static const char *const names[] = {"given", "the file's metadata", "recognised first-layer weights",
                                        "the style of the arrays' names"};
    return names[evidence];
}

ImpStatus imp_input_convention_parse(const char *text, ImpInputConvention *out, ImpError *error) {
    for (int i = IMP_INPUT_AUTO; i <= IMP_INPUT_CAFFE; i++)
        if (strcmp(text, convention_names[i]) == 0) {
            *out = (ImpInputConvention)i;
            return IMP_OK;
        }
    return imp_fail(error, IMP_ERROR_ARGUMENT, "the model input \"%.60s\" is not known; use auto, torchvision or caffe",
                    text);
}

/* BGR or RGB, 0-255 minus the mean that the Oxford networks were trained with. */
static ImpModelInput oxford_input(bool bgr, ImpInputEvidence evidence) {
    ImpModelInput input = {.convention = bgr ? IMP_INPUT_CAFFE : IMP_INPUT_OTHER, .evidence = evidence};
    for (int c = 0; c < 3; c++) {
        input.source[c] = bgr ? 2 - c : c;
        input.scale[c] = 255.0f;
        input.offset[c] = -oxford_mean[bgr ? c : 2 - c];
    }
    return input;
}

static ImpModelInput imagenet_input(bool bgr, ImpInputEvidence evidence) {
    ImpModelInput input = {.convention = bgr ? IMP_INPUT_OTHER : IMP_INPUT_TORCHVISION, .evidence = evidence};
    for (int c = 0; c < 3; c++) {
        int from = bgr ? 2 - c : c;
        input.source[c] = from;
        input.scale[c] = 1.0f / imagenet_deviation[from];
        input.offset[c] = -imagenet_mean[from] / imagenet_deviation[from];
    }
    return input;
}

ImpModelInput imp_model_input_of(ImpInputConvention convention, ImpInputEvidence evidence) {
    return convention == IMP_INPUT_CAFFE ? oxford_input(true, evidence) : imagenet_input(false, evidence);
}

/* ---- What the file's metadata says ---- */

/* One number for all three channels, or three with commas. */
static bool parse_three(const char *text, double out[3]) {
    int count = 0;
    for (const char *at = text; at; count++) {
        const char *comma = strchr(at, ',');
        size_t length = comma ? (size_t)(comma - at) : strlen(at);
        if (count == 3 || !imp_parse_real(at, length, &out[count])) return false;
        at = comma ? comma + 1 : NULL;
    }
    if (count == 1) out[1] = out[2] = out[0];
    return count == 1 || count == 3;
}

static ImpStatus read_three(const ImpBundle *bundle, const char *name, const char *key, const char *fallback,
                            bool positive, double out[3], ImpError *error) {
    const char *text = imp_bundle_metadata(bundle, key);
    if (!text) text = fallback;
    bool good = text && parse_three(text, out);
    for (int c = 0; good && c < 3; c++) good = fabs(out[c]) < 1e6 && (!positive || out[c] > 1e-6);
    if (good) return IMP_OK;
    return imp_fail(error, IMP_ERROR_FORMAT,
                    "%s: the metadata has %s \"%.60s\" where %s numbers are needed; name the model input instead "
                    "(torchvision or caffe)",
                    name, key, text ? text : "", positive ? "one or three positive" : "one or three");
}

static bool close_to(const ImpModelInput *a, const ImpModelInput *b) {
    for (int c = 0; c < 3; c++)
        if (a->source[c] != b->source[c] || fabsf(a->scale[c] - b->scale[c]) > 1e-3f * b->scale[c] ||
            fabsf(a->offset[c] - b->offset[c]) > 2e-3f * fabsf(b->offset[c]))
            return false;
    return true;
}

static ImpStatus read_metadata(const ImpBundle *bundle, const char *name, const char *order, ImpModelInput *out,
                               ImpError *error) {
    bool bgr = strcmp(order, "BGR") == 0;
    if (!bgr && strcmp(order, "RGB") != 0)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "%s: the metadata has input_order \"%.60s\" where RGB or BGR is needed; name the model input "
                        "instead (torchvision or caffe)",
                        name, order);
    double scale[3], mean[3], deviation[3];
    ImpStatus status = read_three(bundle, name, "input_scale", NULL, true, scale, error);
    if (status == IMP_OK) status = read_three(bundle, name, "input_mean", NULL, false, mean, error);
    if (status == IMP_OK) status = read_three(bundle, name, "input_std", "1", true, deviation, error);
    if (status != IMP_OK) return status;
    *out = (ImpModelInput){.convention = IMP_INPUT_OTHER, .evidence = IMP_INPUT_BY_METADATA};
    for (int c = 0; c < 3; c++) {
        out->source[c] = bgr ? 2 - c : c;
        out->scale[c] = (float)(scale[c] / deviation[c]);
        out->offset[c] = (float)(-mean[c] / deviation[c]);
    }
    for (int i = IMP_INPUT_TORCHVISION; i <= IMP_INPUT_CAFFE; i++) {
        ImpModelInput known = imp_model_input_of((ImpInputConvention)i, IMP_INPUT_BY_METADATA);
        if (close_to(out, &known)) *out = known;
    }
    return IMP_OK;
}

/* ---- What the first layer shows ----
 *
 * Files called features.N come in two kinds that nothing but the numbers tells apart: torchvision's own training, and
 * the Oxford networks renamed (the popular conversions keep BGR 0-255). Magnitudes do not help: both first layers have
 * weights up to 0.7 and biases around 0.5. But the Oxford networks are few and known, and VGG-16 and VGG-19 share their
 * first biases and filters nearly exactly. So: does the file's first layer correlate with Oxford's? If it does, the
 * sign of the filters' red-minus-blue tells the channel order, and the ratio of biases to filters tells what the pixels
 * were divided by, since rescaling the input rescales only the filters and rescaling the features rescales both.
 *
 * Measured (correlation of biases): Oxford VGG-19 1.000, torchvision VGG-16 -0.03, the largest of 100,000 random layers
 * 0.55; the limit is 0.9. Red minus blue: +1.000 in BGR, -1.000 in RGB; the limit is 0.9 either way. Pixel range: 255
 * for Oxford's own, 4.4 for conversions to torchvision's input; the limits are a factor of 2 around each. */
enum { FIRST_CHANNELS = 64 };
static const float oxford_bias[FIRST_CHANNELS] = {
    0.730f, 0.065f, 0.034f, 0.826f, 0.258f, 0.549f, -0.012f, 0.348f, 0.551f, 0.063f, 0.607f, 0.267f, 0.649f,
    0.171f, 0.477f, 0.383f, 0.464f, 0.215f, 0.469f, 0.238f,  0.475f, 0.706f, 0.270f, 0.686f, 0.032f, 0.603f,
    0.350f, 0.447f, 0.773f, 0.582f, 0.391f, 1.752f, 0.661f,  0.302f, 0.531f, 0.677f, 0.333f, 0.491f, 0.265f,
    0.188f, 0.074f, 1.108f, 0.282f, 0.868f, 0.194f, 0.810f,  0.361f, 0.507f, 0.425f, 0.496f, 0.151f, 0.795f,
    0.335f, 0.473f, 0.416f, 0.085f, 0.379f, 0.601f, 0.472f,  0.813f, 0.455f, 1.089f, 0.478f, 0.407f};
static const float oxford_red_minus_blue[FIRST_CHANNELS] = {
    -0.019f, -1.820f, -0.586f, 0.156f,  0.493f,  -2.410f, -0.298f, 1.013f,  0.157f,  -1.648f, 0.005f,  -0.206f, -0.268f,
    -1.428f, 0.139f,  0.107f,  2.167f,  0.390f,  -0.626f, 1.768f,  -1.547f, 0.235f,  -2.977f, -0.757f, -0.543f, -2.849f,
    0.015f,  2.092f,  0.040f,  2.977f,  -0.200f, 0.043f,  1.156f,  0.400f,  -0.009f, 0.027f,  -1.885f, 0.262f,  -0.523f,
    -1.554f, 0.058f,  -0.538f, -0.016f, -0.003f, -0.137f, -0.028f, 0.814f,  -0.031f, 0.926f,  -1.618f, -1.543f, -0.023f,
    0.940f,  1.118f,  -0.582f, -0.688f, -0.046f, -0.535f, 0.038f,  2.810f,  -0.034f, 0.089f,  0.008f,  0.356f};

/* Least-squares slope of y over x about their means, and the correlation; all 0 where y is constant. */
static void fit(const float *x, const double *y, double *slope, double *correlation) {
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
    for (int i = 0; i < FIRST_CHANNELS; i++) {
        mean_x += x[i] / (double)FIRST_CHANNELS;
        mean_y += y[i] / FIRST_CHANNELS;
    }
    for (int i = 0; i < FIRST_CHANNELS; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    *slope = xy / xx;
    *correlation = yy > 0 ? xy / sqrt(xx * yy) : 0;
}

static double channel_sum(const float *kernel /* (3,3) */) {
    double sum = 0;
    for (int i = 0; i < 9; i++) sum += kernel[i];
    return sum;
}

/* Whether the layer is Oxford's; then *bgr and *range (what pixels in [0,1] are multiplied by) are set. */
static bool recognise_oxford(const float *weight, const float *bias, bool *bgr, double *range) {
    double biases[FIRST_CHANNELS], colours[FIRST_CHANNELS];
    for (size_t i = 0; i < FIRST_CHANNELS; i++) {
        biases[i] = bias[i];
        colours[i] = channel_sum(weight + 27 * i + 18) - channel_sum(weight + 27 * i);
    }
    double bias_slope, colour_slope, bias_fit, colour_fit;
    fit(oxford_bias, biases, &bias_slope, &bias_fit);
    fit(oxford_red_minus_blue, colours, &colour_slope, &colour_fit);
    if (bias_fit < 0.9 || fabs(colour_fit) < 0.9) return false;
    *bgr = colour_fit > 0;
    *range = 255.0 * bias_slope / fabs(colour_slope);
    return true;
}

ImpStatus imp_model_input_decide(const ImpBundle *bundle, const char *name, int channels, const float *weight,
                                 const float *bias, ImpInputConvention names, ImpInputConvention wanted,
                                 ImpModelInput *out, ImpError *error) {
    if (wanted != IMP_INPUT_AUTO) {
        *out = imp_model_input_of(wanted, IMP_INPUT_BY_USER);
        return IMP_OK;
    }
    const char *order = imp_bundle_metadata(bundle, "input_order");
    if (order) return read_metadata(bundle, name, order, out, error);
    bool bgr;
    double range;
    if (channels != FIRST_CHANNELS || !recognise_oxford(weight, bias, &bgr, &range)) {
        *out = imp_model_input_of(names, IMP_INPUT_BY_NAMES);
        return IMP_OK;
    }
    bool bytes = range > 255.0 / 2 && range<255.0 * 2, normalised = range> 4.4 / 2 && range < 4.4 * 2;
    if (!bytes && !normalised)
        return imp_fail(
            error, IMP_ERROR_UNSUPPORTED,
            "%s: the first layer is Oxford's, but made for pixels multiplied by %.3g, which is neither 255 nor "
            "1/0.225; add input_order, input_scale, input_mean and input_std to the file's metadata",
            name, range);
    *out = bytes ? oxford_input(bgr, IMP_INPUT_BY_WEIGHTS) : imagenet_input(bgr, IMP_INPUT_BY_WEIGHTS);
    return IMP_OK;
}

/* The value with the 7 digits that a float has. */
static double float_digits(double value) {
    if (value == 0) return 0;
    double unit = pow(10, floor(log10(fabs(value))) - 6);
    return unit < 1 ? round(value / unit) / round(1 / unit) : round(value / unit) * unit;
}

static ImpStatus set_three(ImpBundle *bundle, const char *key, const double values[3], ImpError *error) {
    char text[3][IMP_NUMBER_TEXT], joined[3 * IMP_NUMBER_TEXT];
    for (int c = 0; c < 3; c++) imp_format_real(float_digits(values[c]), text[c]);
    snprintf(joined, sizeof joined, "%s,%s,%s", text[0], text[1], text[2]);
    return imp_bundle_set_metadata(bundle, key, joined, error);
}

ImpStatus imp_model_input_describe(const ImpModelInput *input, ImpBundle *bundle, ImpError *error) {
    /* (rgb*scale - mean)/std has one number more than rgb*scale + offset: pixels are meant to be 0-255 or [0,1]. */
    double scale = input->scale[0] > 32.0f ? 255.0 : 1.0, mean[3], deviation[3];
    for (int c = 0; c < 3; c++) {
        deviation[c] = scale / (double)input->scale[c];
        mean[c] = -(double)input->offset[c] * deviation[c];
    }
    ImpStatus status = imp_bundle_set_metadata(bundle, "input_order", input->source[0] == 2 ? "BGR" : "RGB", error);
    if (status == IMP_OK) status = imp_bundle_set_metadata(bundle, "input_scale", scale > 1 ? "255" : "1", error);
    if (status == IMP_OK) status = set_three(bundle, "input_mean", mean, error);
    if (status == IMP_OK) status = set_three(bundle, "input_std", deviation, error);
    return status;
}
