#include "image/format.h"

#include "impasto/image.h"
#include <string.h>
#include <strings.h>

static const ImpFormat formats[] = {
    {IMP_FORMAT_PNG, "PNG", "png", "pngload_source", "pngsave_buffer", IMP_IMAGE_MAX_SIDE, true, true},
    {IMP_FORMAT_JPEG, "JPEG", "jpg|jpeg|jpe|jfif", "jpegload_source", "jpegsave_buffer", 65500, false, false},
    {IMP_FORMAT_WEBP, "WebP", "webp", "webpload_source", "webpsave_buffer", 16383, false, true},
    {IMP_FORMAT_TIFF, "TIFF", "tif|tiff", "tiffload_source", "tiffsave_buffer", IMP_IMAGE_MAX_SIDE, true, true},
    {IMP_FORMAT_AVIF, "AVIF", "avif", "heifload_source", "heifsave_buffer", 16384, true, true},
    {IMP_FORMAT_HEIC, "HEIC", "heic|heif", "heifload_source", "heifsave_buffer", 16384, false, true},
    {IMP_FORMAT_GIF, "GIF", "gif", "gifload_source", "gifsave_buffer", 65535, false, true},
};

enum { N_FORMATS = sizeof formats / sizeof *formats };

static bool holds(const unsigned char *data, size_t size, size_t offset, const char *bytes, size_t count) {
    return size >= offset + count && memcmp(data + offset, bytes, count) == 0;
}

static bool is_tiff(const unsigned char *data, size_t size) {
    return holds(data, size, 0, "II*\0", 4) || holds(data, size, 0, "MM\0*", 4) || holds(data, size, 0, "II+\0", 4) ||
           holds(data, size, 0, "MM\0+", 4);
}

/* HEIF says in its first box which family of codecs it belongs to (ISO/IEC 23008-12, annex B). */
static const ImpFormat *heif_format(const unsigned char *data, size_t size) {
    if (!holds(data, size, 4, "ftyp", 4)) return NULL;
    static const char brands[][5] = {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"};
    if (holds(data, size, 8, "avif", 4) || holds(data, size, 8, "avis", 4)) return &formats[IMP_FORMAT_AVIF];
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
        if (holds(data, size, 8, brands[i], 4)) return &formats[IMP_FORMAT_HEIC];
    return NULL;
}

static bool is_text(const unsigned char *data, size_t size) {
    size_t looked = size < 256 ? size : 256;
    for (size_t i = 0; i < looked; i++)
        if (data[i] < 0x20 && !strchr("\t\n\r\f", data[i])) return false;
    return true;
}

static const char *guess_of(const unsigned char *data, size_t size) {
    if (holds(data, size, 0, "%PDF", 4)) return "a PDF document";
    if (holds(data, size, 0, "8BPS", 4)) return "a Photoshop document";
    if (holds(data, size, 0, "BM", 2)) return "a Windows bitmap";
    if (holds(data, size, 0, "qoif", 4)) return "a QOI picture";
    if (holds(data, size, 0, "\x76\x2f\x31\x01", 4)) return "an OpenEXR picture";
    if (holds(data, size, 0, "\xff\x0a", 2) || holds(data, size, 4, "JXL ", 4)) return "a JPEG XL picture";
    if (holds(data, size, 4, "jP  ", 4)) return "a JPEG 2000 picture";
    if (holds(data, size, 4, "ftyp", 4)) return "a video";
    if (holds(data, size, 0, "PK\3\4", 4)) return "a ZIP archive";
    if (holds(data, size, 0, "<svg", 4)) return "an SVG drawing";
    if (is_text(data, size)) return "text";
    return "in no format that is known here";
}

const ImpFormat *imp_format_of_data(const unsigned char *data, size_t size, const char **guess) {
    *guess = "";
    if (holds(data, size, 0, "\x89PNG\r\n\x1a\n", 8)) return &formats[IMP_FORMAT_PNG];
    if (holds(data, size, 0, "\xff\xd8\xff", 3)) return &formats[IMP_FORMAT_JPEG];
    if (holds(data, size, 0, "RIFF", 4) && holds(data, size, 8, "WEBP", 4)) return &formats[IMP_FORMAT_WEBP];
    if (is_tiff(data, size)) return &formats[IMP_FORMAT_TIFF];
    if (holds(data, size, 0, "GIF87a", 6) || holds(data, size, 0, "GIF89a", 6)) return &formats[IMP_FORMAT_GIF];
    const ImpFormat *heif = heif_format(data, size);
    if (!heif) *guess = guess_of(data, size);
    return heif;
}

/* Whether `name` is one of the words of "a|b|c". */
static bool in_list(const char *list, const char *name) {
    size_t length = strlen(name);
    for (const char *word = list; length > 0 && word;) {
        size_t n = strcspn(word, "|");
        if (n == length && strncasecmp(word, name, n) == 0) return true;
        word = word[n] ? word + n + 1 : NULL;
    }
    return false;
}

const ImpFormat *imp_format_of_name(const char *name) {
    for (size_t i = 0; i < N_FORMATS; i++)
        if (in_list(formats[i].extensions, name)) return &formats[i];
    return NULL;
}

const ImpFormat *imp_format_of_path(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    return dot ? imp_format_of_name(dot + 1) : NULL;
}

const char *imp_format_extension(const ImpFormat *format) {
    static const char *const extensions[] = {
        [IMP_FORMAT_PNG] = "png",   [IMP_FORMAT_JPEG] = "jpg",  [IMP_FORMAT_WEBP] = "webp", [IMP_FORMAT_TIFF] = "tif",
        [IMP_FORMAT_AVIF] = "avif", [IMP_FORMAT_HEIC] = "heic", [IMP_FORMAT_GIF] = "gif",
    };
    return extensions[format->kind];
}

/* The configuration record of the first coded item stands within the first boxes. */
static const unsigned char *find_box(const unsigned char *data, size_t size, const char *type, size_t needed) {
    size_t looked = size < 65536 ? size : 65536;
    for (size_t i = 0; i + 4 + needed <= looked; i++)
        if (memcmp(data + i, type, 4) == 0) return data + i + 4;
    return NULL;
}

int imp_format_heif_depth(const unsigned char *data, size_t size) {
    const unsigned char *av1 = find_box(data, size, "av1C", 3);
    if (av1) return av1[2] & 0x40 ? (av1[2] & 0x20 ? 12 : 10) : 8;
    const unsigned char *hevc = find_box(data, size, "hvcC", 18);
    return hevc ? 8 + (hevc[17] & 7) : 8;
}
