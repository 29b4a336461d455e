#include "method/feedforward/style_settings.h"

#include "base/error.h"
#include "method/feedforward/train_rows.h"

const ImpParam imp_train_style_rows[] = {
    {.name = "style",
     .type = IMP_PARAM_FILE_IN,
     .group = "Style",
     .help = "the painting whose style the network is to learn",
     .aliases = "style-image"},
    IMP_TRAIN_ROW_PHOTOS,
    IMP_TRAIN_ROW_OUTPUT,

    {.name = "content-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "1e5",
     .minimum = 0,
     .maximum = 1e15,
     .group = "Style",
     .help = "how closely pictures keep to the photograph; more keeps more of it"},
    {.name = "style-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "1e10",
     .minimum = 0,
     .maximum = 1e18,
     .group = "Style",
     .help = "how closely pictures keep to the painting; more is nearer to it"},
    {.name = "tv-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e15,
     .group = "Style",
     .help = "how much differences between neighbouring pixels cost; more is smoother"},
    {.name = "style-size",
     .type = IMP_PARAM_INTEGER,
     .fallback = "512",
     .minimum = 16,
     .maximum = 4096,
     .unit = "pixels",
     .group = "Style",
     .help = "long side of the painting; more makes larger strokes and takes memory once"},

    {.name = "width",
     .type = IMP_PARAM_REAL,
     .fallback = "1",
     .minimum = 0.0625,
     .maximum = 4,
     .group = "Network",
     .help = "channels of every layer relative to the published network; less is faster, smaller and plainer"},
    {.name = "residual-blocks",
     .type = IMP_PARAM_INTEGER,
     .fallback = "5",
     .minimum = 1,
     .maximum = 32,
     .group = "Network",
     .help = "residual blocks; other programs expect 5"},
    IMP_TRAIN_ROW_HALF,
    {.name = "model",
     .letter = 'm',
     .type = IMP_PARAM_TEXT,
     .fallback = "builtin",
     .group = "Network",
     .help = "the network that judges the pictures: the built-in one, or VGG-16 or VGG-19 weights, a file or the name "
             "of a model fetched before"},
    IMP_ROW_MODEL_INPUT,
    {.name = "content-layers",
     .type = IMP_PARAM_LAYERS,
     .fallback = "relu2_2",
     .minimum = 0,
     .maximum = 1e12,
     .group = "Network",
     .help = "layers that hold the content, with weights; deeper keeps less of the detail"},
    {.name = "style-layers",
     .type = IMP_PARAM_LAYERS,
     .fallback = "relu1_2,relu2_2,relu3_3,relu4_3",
     .minimum = 0,
     .maximum = 1e12,
     .group = "Network",
     .help = "layers that hold the style, with weights; deeper means larger forms"},

    IMP_TRAIN_ROWS_STEPS("20000", "4", "256", "1e-3", "constant"),

    IMP_TRAIN_ROWS_RUN,
    IMP_TRAIN_ROWS_SAMPLE,
};

_Static_assert(sizeof imp_train_style_rows == IMP_TRAIN_STYLE_ROWS * sizeof *imp_train_style_rows,
               "the number of rows");

ImpStatus imp_train_style_settings_read(const ImpParams *params, ImpTrainStyleSettings *s, ImpError *error) {
    *s = (ImpTrainStyleSettings){.style = imp_params_text(params, "style"),
                                 .content_weight = imp_params_real(params, "content-weight"),
                                 .style_weight = imp_params_real(params, "style-weight"),
                                 .tv_weight = imp_params_real(params, "tv-weight"),
                                 .style_size = (int)imp_params_integer(params, "style-size"),
                                 .model = imp_params_text(params, "model"),
                                 .model_input = imp_row_model_input(params),
                                 .width = imp_params_real(params, "width"),
                                 .residuals = (int)imp_params_integer(params, "residual-blocks")};
    if (!s->style) return imp_fail(error, IMP_ERROR_ARGUMENT, "there is no painting to learn from: give --style FILE");
    ImpStatus status = imp_train_layers_read(params, "content-layers", s->content_weight, &s->content_layers, error);
    if (status == IMP_OK)
        status = imp_train_layers_read(params, "style-layers", s->style_weight, &s->style_layers, error);
    if (status == IMP_OK && (s->content_layers.count == 0 || s->style_layers.count == 0))
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "a style network needs both content and style: give a layer and a weight above 0 for each");
    return status;
}
