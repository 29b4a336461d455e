#include "image/bytes.h"
#include "image/format.h"
#include "image/png_text.h"
#include "impasto/image.h"

ImpStatus imp_image_read_text(const char *path, const char *key, char **out, ImpError *error) {
    *out = NULL;
    ImpBytes bytes;
    ImpStatus status = imp_bytes_read(path, &bytes, error);
    if (status != IMP_OK) return status;
    const char *guess;
    const ImpFormat *format = imp_format_of_data(bytes.data, bytes.size, &guess);
    if (format && format->kind == IMP_FORMAT_PNG)
        status = imp_png_find_text(bytes.data, bytes.size, key, imp_bytes_name(path), out, error);
    imp_bytes_free(&bytes);
    return status;
}
