/* Network weights: finding, fetching, examining and converting them.
 *
 * Wherever a model is asked for, the path of a weight file does (safetensors, PyTorch), and so does a name: "vgg19" is
 * vgg19.safetensors (or .pth, .pt, .model) in the user's models folder, $XDG_DATA_HOME/impasto/models or
 * ~/.local/share/impasto/models. imp_model_fetch puts the published models there. Then there are the models that are
 * part of the library, by their names: "builtin", a perceptual network, and those that imp_model_list shows. Where a
 * name fits several, a path goes before the folder, and the folder before what is built in. */
#ifndef IMPASTO_MODEL_H
#define IMPASTO_MODEL_H

#include <impasto/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { IMP_MODEL_PATH_SIZE = 4096, IMP_MODEL_HASH_SIZE = 65 };

/* The file of `model`, a path or a name, into `path`. For a model that is not there the message says how to get it; one
 * that is built in has no file: IMP_ERROR_UNSUPPORTED. */
IMP_API ImpStatus imp_model_find(const char *model, char path[IMP_MODEL_PATH_SIZE], ImpError *error);

/* ---- Which models there are ---- */

typedef struct ImpModelListed {
    char *name;
    char *summary;       /* what it is; for what the user put there, what its weights are, "" where it is very large */
    char *path;          /* NULL when it is not on this machine, or built in */
    bool built_in;       /* part of the library */
    uint64_t size;       /* bytes of that file or of what is built in; 0 when it is not there */
    uint64_t fetch_size; /* bytes that imp_model_fetch transfers; 0 when it is not known by name */
    char *source;        /* official address, or NULL */
    char *licence;       /* or NULL */
} ImpModelListed;

typedef struct ImpModelList {
    char *folder; /* the user's models folder; it may not exist */
    ImpModelListed *models;
    size_t count;
} ImpModelList;

/* The models known by name, then the other weight files in the folder, then what is built in. On success *out is the
 * caller's. */
IMP_API ImpStatus imp_model_list(ImpModelList **out, ImpError *error);
IMP_API void imp_model_list_free(ImpModelList **list);

/* ---- What is in a file ---- */

enum { IMP_MODEL_MAX_RANK = 8 };

typedef struct ImpModelArray {
    char *name;
    const char *dtype; /* "F32", "F16" ..., never freed */
    int rank;
    int64_t dims[IMP_MODEL_MAX_RANK]; /* (rank) */
} ImpModelArray;

typedef enum ImpModelKind {
    IMP_MODEL_UNKNOWN, /* no network that is known */
    IMP_MODEL_VGG,     /* features for losses: VGG-16 and VGG-19 */
    IMP_MODEL_STYLE,   /* restyles in one pass: Johnson et al. 2016, in the layout of pytorch/examples */
    IMP_MODEL_DECODER  /* features of one layer back to a picture */
} ImpModelKind;

typedef struct ImpModelInfo {
    char *name;         /* the path, or the name of what is built in */
    char *path;         /* NULL when it is built in */
    bool built_in;      /* part of the library */
    const char *format; /* "safetensors" ..., never freed */
    uint64_t size;      /* bytes */
    char sha256[IMP_MODEL_HASH_SIZE];
    ImpModelArray *arrays;
    size_t n_arrays;
    char **keys, **values; /* metadata, (n_metadata) each */
    size_t n_metadata;
    ImpModelKind kind;
    char *architecture;         /* "vgg16", "vgg19", "transformer_net", "decoder"; NULL when the network is not known */
    char *problem;              /* the sentence that says why architecture is NULL; else NULL */
    char deepest[16];           /* of a VGG: the deepest convolution, such as "conv5_4"; else "" */
    bool projected;             /* of a VGG: a narrow one with projections, made by 'train perceptual' */
    char decodes[16];           /* of a decoder: the layer, such as "relu3_1"; else "" */
    int channels[5];            /* of a style network: after conv1, conv2, conv3, deconv1, deconv2; of a VGG: of its
                                   blocks, 0 where it ends before; of a decoder 0 */
    int residuals;              /* of a style network: its residual blocks */
    uint64_t parameters;        /* the numbers that were learned, of a network that is known */
    const char *input;          /* "torchvision", "caffe" or "other": how pictures become the network's input; NULL for
                                   a decoder, and where the network is not known */
    const char *input_evidence; /* a phrase: why that is believed */
    int source[3];              /* channel c of the network = rgb[source[c]] * scale[c] + offset[c] with rgb in [0,1] */
    float scale[3], offset[3];
} ImpModelInfo;

/* Examines a model, a path or a name. `input` is "auto", "torchvision", "caffe" or NULL for "auto". A file that can be
 * read but is no known network is not an error. On success *out is the caller's. */
IMP_API ImpStatus imp_model_info(const char *model, const char *input, ImpModelInfo **out, ImpError *error);
IMP_API void imp_model_info_free(ImpModelInfo **info);

/* ---- Fetching and converting ---- */

typedef struct ImpModelProgress {
    const char *source; /* the address in use */
    uint64_t received;  /* bytes, with those of an earlier attempt */
    uint64_t total;     /* 0 while unknown */
    uint64_t resumed;   /* bytes of earlier attempts */
} ImpModelProgress;

typedef struct ImpModelFetchOptions {
    bool half;                  /* keep the weights as 16-bit floats: half the size, differences far below visible */
    bool again;                 /* also when the model is there already */
    const char *const *sources; /* instead of the known addresses; plain http is allowed here */
    size_t n_sources;
    const char
        *sha256; /* expected hash (or its first 8 digits or more) instead of the published file's; "none": any file */
    /* About once a second and at every piece; false stops with IMP_ERROR_STOPPED. May be NULL. */
    bool (*progress)(const ImpModelProgress *progress, void *context);
    void *context;
} ImpModelFetchOptions;

typedef struct ImpModelFetched {
    char path[IMP_MODEL_PATH_SIZE];   /* of the model, ready for use */
    char sha256[IMP_MODEL_HASH_SIZE]; /* of what was downloaded; empty when nothing was */
    bool present;                     /* it was there already */
    bool verified;                    /* the hash was known beforehand and is right */
} ImpModelFetched;

/* Downloads a model known by name, verifies it, keeps its convolutions and puts them into the models folder as
 * NAME.safetensors. An interrupted download is continued by the next call. `options` may be NULL. The published file
 * that lies in the folder already (put there by hand) is taken instead of downloading it. */
IMP_API ImpStatus imp_model_fetch(const char *name, const ImpModelFetchOptions *options, ImpModelFetched *out,
                                  ImpError *error);

/* Writes the convolutions of `model` (a path or a name) to the file `path` as safetensors, under the names
 * conv1_1.weight, conv1_1.bias ..., with metadata that states the architecture and how pictures become its input.
 * `input` as for imp_model_info. half: 16-bit floats. */
IMP_API ImpStatus imp_model_convert(const char *model, const char *path, bool half, const char *input, ImpError *error);

#ifdef __cplusplus
}
#endif

#endif
