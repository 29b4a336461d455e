#include "image/png_text.h"

#include "base/error.h"
#include "base/memory.h"
#include "image/png_chunk.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER = IMP_PNG_SIGNATURE + IMP_PNG_AROUND + 13, /* bytes up to the end of IHDR */
    MAX_KEY = 79,
    MAX_TEXT = 64 << 20 /* bytes; longer values are refused */
};

static bool key_fits(const char *key) {
    size_t length = strlen(key);
    if (length < 1 || length > MAX_KEY || key[0] == ' ' || key[length - 1] == ' ') return false;
    for (const char *c = key; *c; c++)
        if (*c < 0x20 || *c > 0x7e) return false;
    return true;
}

ImpStatus imp_png_check_texts(const ImpImageText *texts, size_t count, ImpError *error) {
    for (size_t i = 0; i < count; i++) {
        if (!key_fits(texts[i].key))
            return imp_fail(error, IMP_ERROR_ARGUMENT,
                            "PNG cannot hold a text called \"%.100s\"; use 1 to %d printable ASCII characters",
                            texts[i].key, MAX_KEY);
        if (strlen(texts[i].value) > MAX_TEXT)
            return imp_fail(error, IMP_ERROR_ARGUMENT, "the PNG text \"%s\" is over %d MiB; shorten it", texts[i].key,
                            MAX_TEXT >> 20);
    }
    return IMP_OK;
}

/* Bytes of an iTXt chunk's data: key, NUL, "not compressed" twice, no language, no translated key, value. */
static size_t text_bytes(const ImpImageText *text) {
    return strlen(text->key) + 5 + strlen(text->value);
}

/* Writes one chunk and returns what follows it. */
static unsigned char *write_text(const ImpImageText *text, unsigned char *at) {
    size_t size = text_bytes(text);
    imp_png_write_u32(at, (uint32_t)size);
    memcpy(at + 4, "iTXt", 4);
    memset(at + 8, 0, size);
    memcpy(at + 8, text->key, strlen(text->key));
    memcpy(at + 8 + strlen(text->key) + 5, text->value, strlen(text->value));
    imp_png_write_u32(at + 8 + size, imp_png_crc(at + 4, size + 4));
    return at + IMP_PNG_AROUND + size;
}

ImpStatus imp_png_add_texts(const unsigned char *data, size_t size, const ImpImageText *texts, size_t count,
                            unsigned char **out, size_t *out_size, ImpError *error) {
    *out = NULL;
    *out_size = size;
    for (size_t i = 0; i < count; i++) *out_size += IMP_PNG_AROUND + text_bytes(&texts[i]);
    ImpStatus status = IMP_ALLOC(out, *out_size, "PNG file", error);
    if (status != IMP_OK) return status;
    memcpy(*out, data, HEADER);
    unsigned char *at = *out + HEADER;
    for (size_t i = 0; i < count; i++) at = write_text(&texts[i], at);
    memcpy(at, data + HEADER, size - HEADER);
    return IMP_OK;
}

/* The value within a chunk if that is a plain text with this key, else NULL. */
static const unsigned char *value_in_chunk(const ImpPngChunk *chunk, const char *key) {
    const unsigned char *data = chunk->data, *end = data + chunk->size;
    size_t length = strlen(key);
    bool international = imp_png_is(chunk, "iTXt");
    if (!international && !imp_png_is(chunk, "tEXt")) return NULL;
    if (chunk->size <= length || memcmp(data, key, length + 1) != 0) return NULL;
    data += length + 1;
    if (!international) return data;
    if (end - data < 2 || data[0] != 0) return NULL; /* compressed: nothing of ours */
    data += 2;
    for (int skipped = 0; skipped < 2; skipped++) { /* language, translated key */
        const unsigned char *zero = memchr(data, 0, (size_t)(end - data));
        if (!zero) return NULL;
        data = zero + 1;
    }
    return data;
}

/* NUL-terminated UTF-8 from `size` bytes, which are Latin-1 unless utf8. */
static char *copy_value(const unsigned char *value, size_t size, bool utf8) {
    char *copy = malloc(2 * size + 1); /* the caller frees it with free() */
    if (!copy) return NULL;
    size_t n = 0;
    for (size_t i = 0; i < size && value[i]; i++) {
        if (utf8 || value[i] < 0x80) {
            copy[n++] = (char)value[i];
        } else {
            copy[n++] = (char)(0xc0 | value[i] >> 6);
            copy[n++] = (char)(0x80 | (value[i] & 0x3f));
        }
    }
    copy[n] = 0;
    return copy;
}

ImpStatus imp_png_find_text(const unsigned char *data, size_t size, const char *key, const char *name, char **out,
                            ImpError *error) {
    *out = NULL;
    size_t at = IMP_PNG_SIGNATURE;
    ImpPngChunk chunk;
    while (imp_png_next(data, size, &at, &chunk)) {
        const unsigned char *value = value_in_chunk(&chunk, key);
        if (!value || chunk.size > MAX_TEXT) continue;
        if (!imp_png_intact(&chunk))
            return imp_fail(error, IMP_ERROR_FORMAT, "the text \"%s\" in %s is damaged (its checksum is wrong)", key,
                            name);
        *out = copy_value(value, (size_t)(chunk.data + chunk.size - value), imp_png_is(&chunk, "iTXt"));
        return *out ? IMP_OK : imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
    }
    if (at < size) return imp_fail(error, IMP_ERROR_FORMAT, "%s is cut short; get an undamaged copy of the file", name);
    return IMP_OK;
}
