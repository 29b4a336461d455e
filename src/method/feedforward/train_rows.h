/* Rows of parameter tables that all trainings have, written down once. Their defaults are arguments. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_ROWS_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_ROWS_H

#include "method/rows.h"
#include <math.h>

/* clang-format off */
#define IMP_TRAIN_ROW_PHOTOS                                                                                           \
    {.name = "photos", .type = IMP_PARAM_FILE_IN, .group = "Files",                                                    \
     .help = "the folder of photographs to learn on, with those below it; hundreds do, thousands are better",          \
     .aliases = "dataset"}

#define IMP_TRAIN_ROW_OUTPUT                                                                                           \
    {.name = "output", .letter = 'o', .type = IMP_PARAM_FILE_OUT, .group = "Files",                                    \
     .help = "write the network to FILE, as safetensors", .aliases = "save-model-dir"}

#define IMP_TRAIN_ROW_HALF                                                                                             \
    {.name = "half", .type = IMP_PARAM_FLAG, .fallback = "false", .group = "Network",                                  \
     .help = "write 16-bit floats: half the size, and pictures that look the same"}

#define IMP_TRAIN_ROW_ENCODER                                                                                          \
    {.name = "model", .letter = 'm', .type = IMP_PARAM_TEXT, .fallback = "builtin", .group = "Network",                \
     .help = "the network whose features are meant: the built-in one, VGG weights or a network made by "               \
             "'train perceptual', as a file or a name"}

/* How the weights are changed: 13 rows. */
#define IMP_TRAIN_ROWS_STEPS(default_steps, default_batch, default_crop, default_rate, default_schedule)               \
    {.name = "start", .type = IMP_PARAM_FILE_IN, .group = "Training",                                                  \
     .help = "begin with the weights of a checkpoint of another training of a network of the same kind and size, or "  \
             "(a style) of a network: far fewer steps do then"},                                                       \
    {.name = "steps", .letter = 'n', .type = IMP_PARAM_INTEGER, .fallback = (default_steps), .minimum = 1,               \
     .maximum = 1e9, .group = "Training", .help = "how often the weights are changed"},                                \
    {.name = "batch", .type = IMP_PARAM_INTEGER, .fallback = (default_batch), .minimum = 1, .maximum = 64,               \
     .unit = "photographs", .group = "Training", .help = "looked at together; more takes more memory",                 \
     .aliases = "batch-size"},                                                                                         \
    {.name = "accumulate", .type = IMP_PARAM_INTEGER, .fallback = "1", .minimum = 1, .maximum = 1024,                  \
     .unit = "batches", .group = "Training",                                                                           \
     .help = "whose gradients are added up for one step: a larger batch without more memory"},                         \
    {.name = "crop", .type = IMP_PARAM_INTEGER, .fallback = (default_crop), .minimum = 32, .maximum = 1024,              \
     .unit = "pixels", .group = "Training", .help = "side of the squares cut out of the photographs",                  \
     .aliases = "image-size"},                                                                                         \
    {.name = "largest", .type = IMP_PARAM_REAL, .fallback = "1.5", .minimum = 1, .maximum = 4, .group = "Training",    \
     .help = "photographs' short side before cutting, at most, in crops; more shows smaller parts of them"},           \
    {.name = "learning-rate", .type = IMP_PARAM_REAL, .fallback = (default_rate), .minimum = 1e-9, .maximum = 1,         \
     .group = "Training", .help = "size of Adam's steps", .aliases = "lr"},                                            \
    {.name = "schedule", .type = IMP_PARAM_CHOICE, .fallback = (default_schedule),                                       \
     .choices = "constant|linear|cosine", .group = "Training",                                                         \
     .help = "how the learning rate falls to nothing over the steps"},                                                 \
    {.name = "warmup", .type = IMP_PARAM_INTEGER, .fallback = "0", .minimum = 0, .maximum = 1e9, .unit = "steps",      \
     .group = "Training", .help = "over which the learning rate first grows"},                                         \
    {.name = "weight-decay", .type = IMP_PARAM_REAL, .fallback = "0", .minimum = 0, .maximum = 1,                      \
     .group = "Training",                                                                                              \
     .help = "share of the weights, times the learning rate, taken off each step (AdamW)"},                            \
    {.name = "clip", .type = IMP_PARAM_REAL, .fallback = "0", .minimum = 0, .maximum = INFINITY, .group = "Training",  \
     .help = "longest gradient; longer ones are shortened to it; 0 is not"},                                           \
    {.name = "average-decay", .type = IMP_PARAM_REAL, .fallback = "0.995", .minimum = 0, .maximum = 0.999999,          \
     .group = "Training",                                                                                              \
     .help = "what is written is a moving average over the steps that keeps this share at each; 0 is the last step"},  \
    {.name = "seed", .type = IMP_PARAM_INTEGER, .fallback = "0", .minimum = 0, .maximum = 9007199254740992.0,          \
     .group = "Training",                                                                                              \
     .help = "of the first weights and of the order of photographs; the same seed gives the same network"}

/* How the run is kept: 4 rows. */
#define IMP_TRAIN_ROWS_RUN                                                                                             \
    IMP_ROW_THREADS,                                                                                                   \
    {.name = "checkpoint", .run_only = true, .type = IMP_PARAM_FILE_OUT, .group = "Run",                               \
     .help = "keep the state of the training in FILE; without it beside the output, as OUTPUT.checkpoint"},            \
    {.name = "checkpoint-every", .run_only = true, .type = IMP_PARAM_INTEGER, .fallback = "500", .minimum = 0,         \
     .maximum = 1e9, .unit = "steps", .group = "Run",                                                                  \
     .help = "time between two checkpoints, each with the network so far; 0 is only at the end and when stopped"},     \
    {.name = "resume", .run_only = true, .type = IMP_PARAM_FILE_IN, .group = "Run",                                    \
     .help = "continue from a checkpoint of the same settings and photographs, to the same network to the bit"}

/* For trainings whose networks make pictures: 2 rows. */
#define IMP_TRAIN_ROWS_SAMPLE                                                                                          \
    {.name = "sample", .run_only = true, .type = IMP_PARAM_FILE_OUT, .group = "Run",                                   \
     .help = "keep a sheet of photographs and what the network makes of them in FILE, a picture"},                     \
    {.name = "sample-every", .run_only = true, .type = IMP_PARAM_INTEGER, .fallback = "500", .minimum = 1,             \
     .maximum = 1e9, .unit = "steps", .group = "Run",                                                                  \
     .help = "time between two sheets; the last step makes one too"}
/* clang-format on */

#endif
