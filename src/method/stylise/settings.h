/* The options of `stylize` as a plain struct, checked against each other. */
#ifndef IMP_METHOD_STYLISE_SETTINGS_H
#define IMP_METHOD_STYLISE_SETTINGS_H

#include "compute/graph/graph.h"
#include "image/colour.h"
#include "impasto/method.h"
#include "loss/loss.h"
#include "method/descent_settings.h"
#include "network/model_input.h"
#include "network/vgg.h"

/* The order of these is that of the choices in parameters.c. */
typedef enum ImpStyliseInit {
    IMP_INIT_CONTENT,
    IMP_INIT_NOISE,
    IMP_INIT_STYLE,
    IMP_INIT_ADAIN, /* the content with the styles in one pass */
    IMP_INIT_FILE   /* init_path */
} ImpStyliseInit;
typedef enum ImpStyliseNoise { IMP_NOISE_WHITE, IMP_NOISE_GREY } ImpStyliseNoise;

/* Layers whose weight is 0 are left out. */
typedef struct ImpStyliseLayers {
    ImpLayerWeight list[IMP_VGG_MAX_TAPS];
    size_t count;
} ImpStyliseLayers;

/* Texts and lists belong to the ImpParams that the settings were read from. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of the options; there is one of it */
typedef struct ImpStyliseSettings {
    const char *model;
    ImpInputConvention model_input;
    bool max_pooling;
    ImpPadding padding;

    double content_weight, style_weight, tv_weight;
    ImpStyliseLayers content_layers, style_layers;
    ImpNormalisation normalisation;
    bool normalise_gradients, normalise_weights;
    ImpTvKind tv_kind;

    double style_scale;
    int style_size; /* 0: follow the picture */
    const double *blend_weights;
    size_t n_blend_weights; /* 0: all alike */
    bool match_colours, original_colours;
    ImpColourMatch match_mode;

    ImpStyliseInit init;
    const char *init_path;
    const char *decoder; /* with IMP_INIT_ADAIN */
    ImpStyliseNoise noise;
    uint64_t seed;

    int width, height;          /* of the result */
    bool shrunk;                /* the content is larger than the limit that holds without a size */
    ImpDescentSettings descent; /* its last scale is the result's size, or somewhat larger for tiny results */
    int threads;
} ImpStyliseSettings;

/* Without a size, larger contents are shrunk to this long side. */
enum { IMP_STYLISE_SIZE_LIMIT = 1024 };
/* Results with a shorter long side are worked at in this one, and shrunk at the end. */
enum { IMP_STYLISE_LEAST_SIDE = 16 };

/* Reads the options for a content of width x height pixels and this number of styles. Options that contradict each
 * other or the pictures are IMP_ERROR_ARGUMENT. */
ImpStatus imp_stylise_settings_read(const ImpParams *params, int width, int height, size_t n_styles,
                                    ImpStyliseSettings *out, ImpError *error);

/* Plans the scales of `settings`, whose size is known; evaluations come from the options too. In scales.c. */
ImpStatus imp_stylise_scales_plan(const ImpParams *params, int content_width, int content_height,
                                  ImpStyliseSettings *settings, ImpError *error);

#endif
