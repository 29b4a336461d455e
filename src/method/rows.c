#include "method/rows.h"

ImpInputConvention imp_row_model_input(const ImpParams *params) {
    static const ImpInputConvention inputs[] = {IMP_INPUT_AUTO, IMP_INPUT_TORCHVISION, IMP_INPUT_CAFFE};
    return inputs[imp_params_choice(params, "model-input")];
}
