#include "weights/weights.h"

#include <string.h>

const char *imp_weights_format_name(ImpWeightFormat format) {
    static const char *const names[] = {
        [IMP_WEIGHTS_UNKNOWN] = "unknown",
        [IMP_WEIGHTS_SAFETENSORS] = "safetensors",
        [IMP_WEIGHTS_TORCH_ZIP] = "PyTorch zip",
        [IMP_WEIGHTS_TORCH_LEGACY] = "PyTorch legacy",
    };
    return (size_t)format < sizeof names / sizeof *names ? names[format] : names[IMP_WEIGHTS_UNKNOWN];
}

static bool is_at(const unsigned char *data, size_t size, size_t at, const char *bytes, size_t count) {
    return size >= at && size - at >= count && memcmp(data + at, bytes, count) == 0;
}
#define IS_AT(data, size, at, literal) is_at(data, size, at, literal, sizeof(literal) - 1)

/* The header's first byte is '{'. A text's ninth byte may be that too, but the top byte of a length is no letter. */
static bool looks_like_safetensors(const unsigned char *data, size_t size) {
    return IS_AT(data, size, 8, "{") && (data[7] < 0x20 || data[7] > 0x7e);
}

/* A pickle of the magic number; protocol 4 puts a frame (9 bytes) before it. */
static bool looks_like_torch_legacy(const unsigned char *data, size_t size) {
    static const char magic[] = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    return IS_AT(data, size, 0, "\x80") && (is_at(data, size, 2, magic, 13) || is_at(data, size, 11, magic, 13));
}

ImpWeightFormat imp_weights_recognise(const unsigned char *data, size_t size) {
    if (IS_AT(data, size, 0, "PK\3\4")) return IMP_WEIGHTS_TORCH_ZIP;
    if (looks_like_torch_legacy(data, size)) return IMP_WEIGHTS_TORCH_LEGACY;
    if (looks_like_safetensors(data, size)) return IMP_WEIGHTS_SAFETENSORS;
    return IMP_WEIGHTS_UNKNOWN;
}

/* ---- what else people put where weights belong ---- */

static unsigned char lower(unsigned char c) {
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

static bool is_tag_at(const unsigned char *data, size_t size, size_t at, const char *tag) {
    for (size_t i = 0; tag[i]; i++)
        if (at + i >= size || lower(data[at + i]) != (unsigned char)tag[i]) return false;
    return true;
}

static bool is_html(const unsigned char *data, size_t size) {
    size_t at = IS_AT(data, size, 0, "\xef\xbb\xbf") ? 3 : 0;
    while (at < size && at < 4096 && strchr(" \t\r\n", data[at]) && data[at]) at++;
    return is_tag_at(data, size, at, "<!doctype html") || is_tag_at(data, size, at, "<html") ||
           is_tag_at(data, size, at, "<head") || is_tag_at(data, size, at, "<?xml");
}

static bool is_text(const unsigned char *data, size_t size) {
    size_t checked = size < 4096 ? size : 4096;
    for (size_t i = 0; i < checked; i++)
        if (data[i] == 0x7f || (data[i] < 0x20 && (data[i] == 0 || !strchr("\t\r\n\f", data[i])))) return false;
    return size > 0;
}

/* ModelProto: field 1 (IR version) a small number, then text of field 2 (producer) or field 3, or the graph, field 7.
 */
static bool is_onnx(const unsigned char *data, size_t size) {
    return size > 8 && data[0] == 0x08 && data[1] >= 1 && data[1] < 0x20 &&
           (data[2] == 0x12 || data[2] == 0x1a || data[2] == 0x3a || data[2] == 0x42);
}

/* NetParameter: field 1 (name) a short text, then a layer: field 2 (before 2014) or field 100, or an input: field 3. */
static bool is_caffe(const unsigned char *data, size_t size) {
    if (size < 8 || data[0] != 0x0a || data[1] >= 0x80) return false;
    size_t next = 2 + (size_t)data[1];
    if (next >= size) return false;
    return is_text(data + 2, data[1]) &&
           (IS_AT(data, size, next, "\x12") || IS_AT(data, size, next, "\x1a") || IS_AT(data, size, next, "\xa2\x06"));
}

static bool is_zeros(const unsigned char *data, size_t size) {
    size_t checked = size < 4096 ? size : 4096;
    for (size_t i = 0; i < checked; i++)
        if (data[i]) return false;
    return true;
}

const char *imp_weights_describe_unknown(const unsigned char *data, size_t size) {
    static const struct {
        size_t at;
        const char *bytes;
        size_t count;
        const char *sentence;
    } signatures[] = {
#define SIGNATURE(at, literal, sentence) {at, literal, sizeof(literal) - 1, sentence}
        SIGNATURE(0, "version https://git-lfs",
                  "is a Git LFS pointer, not the file itself: run \"git lfs pull\" or download it"),
        SIGNATURE(0, "\x89HDF\r\n", "is an HDF5 (Keras) file: convert it to safetensors"),
        SIGNATURE(0, "\x93NUMPY", "is a NumPy array: convert it to safetensors"),
        SIGNATURE(0, "GGUF", "is a GGUF file: convert it to safetensors"),
        SIGNATURE(0, "MATLAB 5.0", "is a MATLAB file: convert it to safetensors"),
        SIGNATURE(0, "\x04\0\0\0\1\0\0\0", "is a Torch7 (.t7) file: convert it to safetensors"),
        SIGNATURE(0, "\x1f\x8b", "is compressed with gzip: unpack it first"),
        SIGNATURE(0, "BZh", "is compressed with bzip2: unpack it first"),
        SIGNATURE(0,
                  "\xfd"
                  "7zXZ",
                  "is compressed with xz: unpack it first"),
        SIGNATURE(0, "7z\xbc\xaf", "is a 7-Zip archive: unpack it first"),
        SIGNATURE(0, "Rar!", "is a RAR archive: unpack it first"),
        SIGNATURE(0, "PK\5\6", "is an empty ZIP archive"),
        SIGNATURE(257, "ustar", "is a tar archive: unpack it first"),
        SIGNATURE(0, "\x89PNG", "is a PNG picture: give a file of weights"),
        SIGNATURE(0, "\xff\xd8\xff", "is a JPEG picture: give a file of weights"),
        SIGNATURE(0, "%PDF", "is a PDF document: give a file of weights"),
        SIGNATURE(4, "TFL3", "is a TensorFlow Lite model: convert it to safetensors"),
        SIGNATURE(0, "\x80\2", "is a Python pickle, but not one that torch.save wrote: convert it to safetensors"),
        SIGNATURE(0, "\x80\3", "is a Python pickle, but not one that torch.save wrote: convert it to safetensors"),
        SIGNATURE(0, "\x80\4", "is a Python pickle, but not one that torch.save wrote: convert it to safetensors"),
#undef SIGNATURE
    };
    if (size == 0) return "is empty: the download or copy went wrong";
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (is_at(data, size, signatures[i].at, signatures[i].bytes, signatures[i].count))
            return signatures[i].sentence;
    if (is_zeros(data, size)) return "begins with nothing but zeros: the download or copy went wrong";
    if (is_html(data, size))
        return "is an HTML page, not weights: the download went wrong, perhaps for want of a login";
    if (is_onnx(data, size)) return "is an ONNX model: convert it to safetensors";
    if (is_caffe(data, size)) return "is a Caffe model: convert it to safetensors";
    if (is_text(data, size)) return "is a text, not weights: give a safetensors or PyTorch file";
    return "is neither a safetensors nor a PyTorch file";
}
