/* The options of `reconstruct` as a plain struct, checked against each other. */
#ifndef IMP_METHOD_RECONSTRUCT_SETTINGS_H
#define IMP_METHOD_RECONSTRUCT_SETTINGS_H

#include "compute/graph/graph.h"
#include "method/descent_settings.h"
#include "network/vgg_weights.h"

/* The order is that of the choices of --init. */
typedef enum ImpReconstructInit {
    IMP_RECONSTRUCT_NOISE,
    IMP_RECONSTRUCT_GREY,
    IMP_RECONSTRUCT_CONTENT
} ImpReconstructInit;

/* Names belong to the ImpParams or to the network that the settings were read from. */
typedef struct ImpReconstructSettings {
    char layers[IMP_VGG_MAX_CONVS][32]; /* (n_layers) to be inverted, shallow ones first */
    int n_layers;
    bool sheet; /* all layers on one */

    double alpha_weight, alpha, tv_weight, tv_beta;
    ImpReconstructInit init;
    uint64_t seed;
    bool max_pooling;
    ImpPadding padding;

    int width, height;          /* of the result */
    bool shrunk;                /* the picture is larger than the limit that holds without a size */
    ImpDescentSettings descent; /* with a scale for each layer */
} ImpReconstructSettings;

/* Without a size, larger pictures are optimised at this long side. */
enum { IMP_RECONSTRUCT_SIZE_LIMIT = 1024 };
/* Results with a shorter long side are worked at in this one, and shrunk at the end. */
enum { IMP_RECONSTRUCT_LEAST_SIDE = 16 };

/* What can be said without a picture: whether the layers are there and the options fit together. */
ImpStatus imp_reconstruct_settings_read(const ImpParams *params, const ImpVggWeights *weights,
                                        ImpReconstructSettings *out, ImpError *error);
/* The sizes, for a picture of width x height pixels. */
void imp_reconstruct_settings_fit(const ImpParams *params, int width, int height, ImpReconstructSettings *settings);

#endif
