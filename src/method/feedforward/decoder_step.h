/* What trainings of decoders share: features to a picture, the picture seen by the encoder again, and back. */
#ifndef IMP_METHOD_FEEDFORWARD_DECODER_STEP_H
#define IMP_METHOD_FEEDFORWARD_DECODER_STEP_H

#include "method/feedforward/train_task.h"
#include "network/decoder.h"
#include "network/vgg.h"

typedef struct ImpDecoderStep {
    ImpTrainTask *task;
    ImpVggWeights *encoder;
    ImpDecoder *decoder;
    ImpGraph *decode; /* from features; its last node, tapped */
    ImpNode *result;
    ImpGraph *look; /* at the picture made; with the taps asked for */
    ImpNode *taps[IMP_VGG_MAX_TAPS];
    const float *slope; /* gradient at the picture made, while it goes back */
} ImpDecoderStep;

/* Reads the encoder of the row "model", makes a decoder for its `layer`, and fills the task's values. The losses are
 * at `taps` (n, as ImpVggSpec.taps): projected features, and "image", the picture made. What is half made is freed by
 * imp_decoder_step_close. */
ImpStatus imp_decoder_step_open(ImpDecoderStep *step, ImpTrainTask *task, const ImpParams *params, const char *layer,
                                const char *const *taps, size_t n, ImpError *error);
void imp_decoder_step_close(ImpDecoderStep *step);

/* A graph from a batch of pictures to the encoder's activations: at `layer`, not projected; planned for running forward
 * unless the caller still adds to it (plan false). */
ImpStatus imp_decoder_step_encode(const ImpDecoderStep *step, const char *layer, bool plan, ImpNode **out,
                                  ImpGraph **graph, ImpError *error);

/* A planned graph from a batch of pictures to what losses compare: nodes[i] is that of taps[i] (n), projected where the
 * encoder has projections. *graph is NULL on failure. */
ImpStatus imp_decoder_step_see(const ImpDecoderStep *step, const char *const *taps, size_t n, bool backward,
                               ImpNode **nodes, ImpGraph **graph, ImpError *error);

/* The picture made of `code`, in the decoder's input layout; then the taps' gradients from `gradient_at`, called with
 * `context`, back to the decoder's values. */
ImpStatus imp_decoder_step_forward(ImpDecoderStep *step, const ImpTensor *code, ImpError *error);
ImpStatus imp_decoder_step_back(ImpDecoderStep *step, ImpGradientAt gradient_at, void *context, ImpError *error);

#endif
