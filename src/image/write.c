#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "image/encode.h"
#include "image/format.h"
#include "image/png_text.h"
#include "impasto/image.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_QUALITY = 92 };

static const char known_formats[] = "png, jpg, webp, tif, avif, heic or gif";

static bool is_stdout(const char *path) {
    return strcmp(path, "-") == 0;
}

static const char *name_of(const char *path) {
    return is_stdout(path) ? "standard output" : path;
}

static ImpStatus choose_format(const char *path, const char *name, const ImpFormat **out, ImpError *error) {
    *out = name ? imp_format_of_name(name) : imp_format_of_path(path);
    if (*out) return IMP_OK;
    if (name)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "\"%.100s\" is no picture format that can be written; use %s", name,
                        known_formats);
    if (is_stdout(path))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "standard output has no extension to go by; name the format: %s",
                        known_formats);
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "cannot tell the format of %s; end its name in .png, .jpg, .webp, .tif, "
                    ".avif, .heic or .gif",
                    path);
}

const char *imp_image_format(const char *path) {
    const ImpFormat *format = imp_format_of_path(path);
    return format ? imp_format_extension(format) : NULL;
}

/* Turns options (may be NULL) into an encoding for a picture of `image_depth` bits, or says what is wrong with them. */
static ImpStatus plan(const char *path, const ImpImageWriteOptions *options, int image_depth, ImpEncoding *out,
                      ImpError *error) {
    ImpImageWriteOptions chosen = options ? *options : (ImpImageWriteOptions){0};
    ImpStatus status = choose_format(path, chosen.format, &out->format, error);
    if (status != IMP_OK) return status;
    if (chosen.bit_depth != 0 && chosen.bit_depth != 8 && chosen.bit_depth != 16)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "a picture of %d bits cannot be written; use 8 or 16",
                        chosen.bit_depth);
    if (chosen.bit_depth == 16 && !out->format->deep)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "%s cannot hold 16 bits (%s); use png, tif or avif",
                        out->format->name, name_of(path));
    if (chosen.quality < 0 || chosen.quality > 100)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "a quality of %d is impossible; use 1 to 100", chosen.quality);
    out->bit_depth = chosen.bit_depth ? chosen.bit_depth : image_depth == 16 && out->format->deep ? 16 : 8;
    out->quality = chosen.quality ? chosen.quality : DEFAULT_QUALITY;
    return imp_png_check_texts(chosen.texts, chosen.n_texts, error);
}

static ImpStatus write_stdout(const unsigned char *data, size_t size, ImpError *error) {
    while (size > 0) {
        ssize_t done = write(STDOUT_FILENO, data, size);
        if (done < 0 && errno != EINTR) return imp_fail_errno(error, errno, "cannot write to standard output");
        if (done > 0) {
            data += done;
            size -= (size_t)done;
        }
    }
    return IMP_OK;
}

static ImpStatus write_bytes(const char *path, const unsigned char *data, size_t size, ImpError *error) {
    if (is_stdout(path)) return write_stdout(data, size, error);
    ImpFileWriter writer;
    ImpStatus status = imp_file_begin(path, &writer, error);
    if (status != IMP_OK) return status;
    fwrite(data, 1, size, writer.stream); /* the commit looks at the stream's error flag */
    return imp_file_commit(&writer, error);
}

ImpStatus imp_image_write(const ImpImage *image, const char *path, const ImpImageWriteOptions *options,
                          ImpError *error) {
    ImpEncoding encoding;
    ImpStatus status = plan(path, options, image->bit_depth, &encoding, error);
    if (status != IMP_OK) return status;
    VipsBlob *blob;
    status = imp_encode(image, &encoding, name_of(path), &blob, error);
    if (status != IMP_OK) return status;
    size_t size;
    const unsigned char *data = vips_blob_get(blob, &size);
    unsigned char *with_texts = NULL;
    if (encoding.format->kind == IMP_FORMAT_PNG && options && options->n_texts > 0) {
        status = imp_png_add_texts(data, size, options->texts, options->n_texts, &with_texts, &size, error);
        data = with_texts;
    }
    if (status == IMP_OK) status = write_bytes(path, data, size, error);
    imp_free(with_texts);
    vips_area_unref((VipsArea *)blob);
    return status;
}

/* Encoders are only known to be there once one has worked. */
static ImpStatus try_encoder(const ImpEncoding *encoding, const char *name, ImpError *error) {
    ImpImage *image;
    VipsBlob *blob = NULL;
    ImpStatus status = imp_image_new(16, 16, &image, error);
    if (status == IMP_OK) status = imp_encode(image, encoding, name, &blob, error);
    if (blob) vips_area_unref((VipsArea *)blob);
    imp_image_free(&image);
    return status;
}

ImpStatus imp_image_check_writable(const char *path, const ImpImageWriteOptions *options, ImpError *error) {
    ImpEncoding encoding;
    ImpStatus status = plan(path, options, 8, &encoding, error);
    if (status == IMP_OK && !is_stdout(path)) status = imp_file_check_writable(path, error);
    if (status == IMP_OK) status = try_encoder(&encoding, name_of(path), error);
    return status;
}
