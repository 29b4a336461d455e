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

/* Layers that one option may name: no network has more. */
enum { IMP_STYLISE_MAX_LAYERS = 40 };

/* The order of these is that of the choices in parameters.c. */
typedef enum ImpStyliseInit {
    IMP_INIT_CONTENT,
    IMP_INIT_NOISE,
    IMP_INIT_STYLE,
    IMP_INIT_ADAIN, /* the content with the styles in one pass */
    IMP_INIT_FILE   /* init_path */
} ImpStyliseInit;
typedef enum ImpStyliseNoise { IMP_NOISE_WHITE, IMP_NOISE_GREY } ImpStyliseNoise;

/* What the total is the sum of. All but the last two look at layers. */
typedef enum ImpStylisePart {
    IMP_PART_CONTENT,
    IMP_PART_STYLE,       /* Gram matrices */
    IMP_PART_HISTOGRAM,   /* histograms of channels */
    IMP_PART_MOMENTS,     /* means and deviations of channels */
    IMP_PART_WASSERSTEIN, /* means and covariances */
    IMP_PART_MRF,         /* local patches */
    IMP_PART_LAPLACIAN,   /* edges of the content, in the picture */
    IMP_PART_TV,          /* total variation of the picture */
    IMP_STYLISE_PARTS
} ImpStylisePart;

/* Layers whose weight is 0 are left out, and all of them where the part's weight is 0. */
typedef struct ImpStyliseLayers {
    ImpLayerWeight list[IMP_STYLISE_MAX_LAYERS];
    size_t count;
} ImpStyliseLayers;

/* Texts and lists belong to the ImpParams that the settings were read from. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of the options; there is one of it */
typedef struct ImpStyliseSettings {
    const char *model;
    ImpInputConvention model_input;
    bool max_pooling;
    ImpPadding padding;

    double weights[IMP_STYLISE_PARTS];
    ImpStyliseLayers layers[IMP_STYLISE_PARTS];    /* of the parts that look at layers */
    const char *part_names[IMP_STYLISE_PARTS + 1]; /* those that are reported, and the gradient's norm */
    size_t reported[IMP_STYLISE_PARTS];            /* where; of those that are not in use, anything */
    ImpNormalisation normalisation;
    bool normalise_gradients[IMP_STYLISE_PARTS], normalise_weights;
    ImpGradientNorm gradient_norm;
    ImpTvKind tv_kind;
    const int64_t *laplacian_pools;  /* (n_pools) pixels */
    const double *laplacian_weights; /* (n_pools) */
    size_t n_pools;

    ImpPatchOptions patches;    /* without guidance */
    const double *patch_angles; /* (n_angles) degrees: the style's patches are taken from all of these ... */
    const double *patch_scales; /* (n_patch_scales) ... at all of these sizes */
    size_t n_angles, n_patch_scales;
    double map_weight; /* of regions, where patches are compared */

    double style_scale;
    int style_size; /* 0: follow the picture */
    const double *blend_weights;
    size_t n_blend_weights;          /* 0: all alike */
    bool match_styles, match_result; /* who gets the content's colours, by match_mode */
    bool original_colours, luminance_only;
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
    int64_t memory; /* MiB that the run may take; 0: by what there is */
    int band_rows;  /* in which the network sees pictures, one band after the other; 0: by the memory */
} ImpStyliseSettings;

/* Whether the part compares with styles, at layers; and what it is called in reports. */
bool imp_stylise_is_style(ImpStylisePart part);
const char *imp_stylise_part_name(ImpStylisePart part);

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
