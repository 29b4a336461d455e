/* torch.save since 1.6: a ZIP archive with one folder, in it "data.pkl" (the object), "data/KEY" (a storage each) and
 * "byteorder". The only file that knows libzip. */
#include "base/error.h"
#include "base/memory.h"
#include "weights/limits.h"
#include "weights/text.h"
#include "weights/torch_tensors.h"
#include "weights/weights.h"
#include <string.h>
#include <zip.h>

enum { MAX_KEY = 255, MAX_PICKLE = 64 << 20 };

typedef struct Archive {
    zip_t *zip;
    const char *name;
    char *folder;          /* with the slash; "" where the entries lie at the top */
    size_t budget;         /* bytes that may still be unpacked */
    unsigned char *loaded; /* the bytes of one storage, kept because tensors that share it come one after the other */
    zip_uint64_t loaded_index;
    ImpError *error;
} Archive;

static ImpStatus zip_failed(const Archive *a, const zip_error_t *reason) {
    zip_error_t copy = *reason;
    int code = zip_error_code_zip(&copy);
    if (code == ZIP_ER_MEMORY) return imp_fail(a->error, IMP_ERROR_MEMORY, "out of memory for %s", a->name);
    if (code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS || code == ZIP_ER_EOF)
        return imp_fail(
            a->error, IMP_ERROR_FORMAT,
            "%s begins like a PyTorch (ZIP) file, but its end is missing or damaged: the file is incomplete; "
            "download or copy it again",
            a->name);
    if (code == ZIP_ER_CRC)
        return imp_fail(a->error, IMP_ERROR_FORMAT, "%s is damaged: a checksum does not fit; download or copy it again",
                        a->name);
    return imp_fail(a->error, IMP_ERROR_FORMAT, "%s cannot be unpacked (libzip's error %d): the file is broken",
                    a->name, code);
}

static ImpStatus open_archive(Archive *a, const unsigned char *data, size_t size) {
    zip_error_t reason;
    zip_error_init(&reason);
    zip_source_t *source = zip_source_buffer_create(data, size, 0, &reason);
    if (source) a->zip = zip_open_from_source(source, ZIP_RDONLY, &reason);
    ImpStatus status = a->zip ? IMP_OK : zip_failed(a, &reason);
    if (source && !a->zip) zip_source_free(source);
    zip_error_fini(&reason);
    return status;
}

/* "FOLDER/data.pkl" or "data.pkl", wherever it is in the archive. */
static const char *find_pickle(const Archive *a) {
    static const char wanted[] = "data.pkl";
    zip_int64_t count = zip_get_num_entries(a->zip, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *entry = zip_get_name(a->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (!entry) continue;
        const char *slash = strchr(entry, '/');
        if (strcmp(slash ? slash + 1 : entry, wanted) == 0) return entry;
    }
    return NULL;
}

static ImpStatus find_folder(Archive *a) {
    const char *pickle = find_pickle(a);
    if (!pickle)
        return imp_fail(a->error, IMP_ERROR_FORMAT,
                        "%s is a ZIP archive, but not one that torch.save wrote (it has no data.pkl)", a->name);
    const char *slash = strchr(pickle, '/');
    a->folder = imp_strndup(pickle, slash ? (size_t)(slash + 1 - pickle) : 0);
    return a->folder ? IMP_OK : imp_fail(a->error, IMP_ERROR_MEMORY, "out of memory for %s", a->name);
}

/* The index of the entry FOLDER/name, negative where there is none. */
static ImpStatus locate(const Archive *a, const char *name, size_t length, zip_int64_t *index) {
    *index = -1;
    char *path = imp_format("%s%.*s", a->folder, (int)length, name);
    if (!path) return imp_fail(a->error, IMP_ERROR_MEMORY, "out of memory for %s", a->name);
    *index = zip_name_locate(a->zip, path, ZIP_FL_ENC_RAW);
    imp_free(path);
    return IMP_OK;
}

static ImpStatus entry_size(const Archive *a, zip_int64_t index, size_t *out) {
    zip_stat_t info;
    if (zip_stat_index(a->zip, (zip_uint64_t)index, 0, &info) != 0) return zip_failed(a, zip_get_error(a->zip));
    if (!(info.valid & ZIP_STAT_SIZE) || info.size > SIZE_MAX)
        return imp_fail(a->error, IMP_ERROR_FORMAT, "%s has an entry of unknown size: the file is broken", a->name);
    *out = (size_t)info.size;
    return IMP_OK;
}

/* All `size` bytes of an entry; reading to its end makes libzip check its sum. */
static ImpStatus read_bytes(const Archive *a, zip_int64_t index, unsigned char *to, size_t size) {
    zip_file_t *file = zip_fopen_index(a->zip, (zip_uint64_t)index, 0);
    if (!file) return zip_failed(a, zip_get_error(a->zip));
    ImpStatus status = IMP_OK;
    size_t done = 0;
    while (status == IMP_OK && done <= size) {
        unsigned char beyond;
        zip_int64_t got = done < size ? zip_fread(file, to + done, size - done) : zip_fread(file, &beyond, 1);
        if (got < 0)
            status = zip_failed(a, zip_file_get_error(file));
        else if (got == 0)
            break;
        else
            done += (size_t)got;
    }
    if (status == IMP_OK && done != size)
        status = imp_fail(a->error, IMP_ERROR_FORMAT,
                          "%s has an entry of another size than it says: the file is broken", a->name);
    zip_fclose(file);
    return status;
}

/* An entry in memory of its own, charged to the budget. *out is to be freed with imp_free. */
static ImpStatus read_entry(Archive *a, zip_int64_t index, size_t size, unsigned char **out) {
    *out = NULL;
    if (size > a->budget)
        return imp_fail(a->error, IMP_ERROR_MEMORY,
                        "%s would unpack to far more memory than the file has bytes, which no weights do", a->name);
    a->budget -= size;
    ImpStatus status = IMP_ALLOC(out, size, "bytes of a weight file", a->error);
    if (status == IMP_OK) status = read_bytes(a, index, *out, size);
    if (status == IMP_OK) return IMP_OK;
    imp_free(*out);
    *out = NULL;
    return status;
}

/* TorchScript keeps its program beside the data. */
static ImpStatus check_no_program(const Archive *a) {
    zip_int64_t index;
    ImpStatus status = locate(a, "constants.pkl", sizeof "constants.pkl" - 1, &index);
    if (status != IMP_OK || index < 0) return status;
    return imp_fail(a->error, IMP_ERROR_UNSUPPORTED,
                    "%s is a TorchScript program; save its weights alone with torch.save(model.state_dict(), PATH)",
                    a->name);
}

/* "byteorder" is there since 2.1; before that, files were little-endian in practice. */
static ImpStatus check_byte_order(Archive *a) {
    static const char little[] = "little";
    zip_int64_t index;
    size_t size = 0;
    unsigned char *text = NULL;
    ImpStatus status = locate(a, "byteorder", sizeof "byteorder" - 1, &index);
    if (status != IMP_OK || index < 0) return status;
    status = entry_size(a, index, &size);
    if (status == IMP_OK) status = read_entry(a, index, size, &text);
    if (status == IMP_OK && (size != sizeof little - 1 || memcmp(text, little, size) != 0))
        status = imp_fail(a->error, IMP_ERROR_UNSUPPORTED,
                          "%s was saved on a big-endian machine, which is not supported; load and save it on another",
                          a->name);
    imp_free(text);
    return status;
}

static ImpStatus read_pickle(Archive *a, unsigned char **bytes, ImpPickle *out) {
    zip_int64_t index;
    size_t size = 0;
    ImpStatus status = locate(a, "data.pkl", sizeof "data.pkl" - 1, &index);
    if (status == IMP_OK) status = entry_size(a, index, &size);
    if (status == IMP_OK && size > MAX_PICKLE)
        status = imp_fail(a->error, IMP_ERROR_MEMORY,
                          "%s describes its tensors in more than 64 MiB, which no weights need", a->name);
    if (status == IMP_OK) status = read_entry(a, index, size, bytes);
    if (status == IMP_OK)
        status = imp_pickle_parse(*bytes, size, a->name, imp_torch_globals, imp_n_torch_globals, out, a->error);
    return status;
}

static ImpStatus locate_storage(const Archive *a, const ImpTorchStorage *storage, zip_int64_t *index, ImpError *error) {
    char path[MAX_KEY + 8] = "data/";
    bool possible = storage->key_length <= MAX_KEY && !memchr(storage->key, 0, storage->key_length);
    *index = -1;
    if (possible) {
        memcpy(path + 5, storage->key, storage->key_length);
        ImpStatus status = locate(a, path, 5 + storage->key_length, index);
        if (status != IMP_OK) return status;
    }
    if (*index >= 0) return IMP_OK;
    ImpQuoted key = imp_quote(storage->key, storage->key_length);
    return imp_fail(error, IMP_ERROR_FORMAT, "%s lacks the storage data/%s of a tensor: the file is broken", a->name,
                    key.text);
}

static ImpStatus load(void *context, const ImpTorchStorage *storage, const unsigned char **bytes, ImpError *error) {
    Archive *a = context;
    zip_int64_t index;
    size_t size = 0, needed = storage->count * imp_dtype_size(storage->dtype);
    ImpStatus status = locate_storage(a, storage, &index, error);
    if (status == IMP_OK) status = entry_size(a, index, &size);
    if (status == IMP_OK && size != needed)
        status = imp_fail(error, IMP_ERROR_FORMAT,
                          "%s: the storage of a tensor has %zu bytes where %zu are needed: the file is broken", a->name,
                          size, needed);
    if (status == IMP_OK && !(a->loaded && a->loaded_index == (zip_uint64_t)index)) {
        imp_free(a->loaded);
        a->loaded_index = (zip_uint64_t)index;
        status = read_entry(a, index, size, &a->loaded);
    }
    *bytes = a->loaded;
    return status;
}

ImpStatus imp_torch_zip_parse(const unsigned char *data, size_t size, const char *name, ImpBundle **out,
                              ImpError *error) {
    *out = NULL;
    Archive archive = {.name = name, .budget = imp_weights_budget(size), .error = error};
    ImpTorchSource source = {.name = name, .budget = archive.budget, .load = load, .context = &archive};
    unsigned char *bytes = NULL;
    ImpPickle pickle = {0};
    ImpStatus status = open_archive(&archive, data, size);
    if (status == IMP_OK) status = find_folder(&archive);
    if (status == IMP_OK) status = check_no_program(&archive);
    if (status == IMP_OK) status = check_byte_order(&archive);
    if (status == IMP_OK) status = read_pickle(&archive, &bytes, &pickle);
    if (status == IMP_OK) status = imp_torch_collect(&pickle, &source, out, error);
    imp_pickle_free(&pickle);
    imp_free(bytes);
    imp_free(archive.loaded);
    imp_free(archive.folder);
    if (archive.zip) zip_discard(archive.zip);
    return status;
}
