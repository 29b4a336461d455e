#include "base/error.h"
#include "base/file.h"
#include "weights/limits.h"
#include "weights/weights.h"
#include <stdint.h>

size_t imp_weights_budget(size_t file_size) {
    enum { FACTOR = 8, SLACK = 1 << 20 };
    return file_size < (SIZE_MAX - SLACK) / FACTOR ? FACTOR * file_size + SLACK : SIZE_MAX;
}

ImpStatus imp_weights_parse(const unsigned char *data, size_t size, const char *name, ImpBundle **out,
                            ImpError *error) {
    *out = NULL;
    switch (imp_weights_recognise(data, size)) {
    case IMP_WEIGHTS_SAFETENSORS:
        return imp_safetensors_parse(data, size, name, out, error);
    case IMP_WEIGHTS_TORCH_ZIP:
        return imp_torch_zip_parse(data, size, name, out, error);
    case IMP_WEIGHTS_TORCH_LEGACY:
        return imp_torch_legacy_parse(data, size, name, out, error);
    case IMP_WEIGHTS_UNKNOWN:
        break;
    }
    return imp_fail(error, IMP_ERROR_FORMAT, "%s %s", name, imp_weights_describe_unknown(data, size));
}

ImpStatus imp_weights_read(const char *path, ImpBundle **out, ImpError *error) {
    *out = NULL;
    ImpFileView view;
    ImpStatus status = imp_file_map(path, &view, error);
    if (status != IMP_OK) return status;
    status = imp_weights_parse(view.data, view.size, path, out, error);
    imp_file_unmap(&view);
    return status;
}
