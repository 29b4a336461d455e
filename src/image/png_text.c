#include "image/png_text.h"

#include "base/error.h"
#include "base/memory.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIGNATURE = 8,            /* bytes before the first chunk */
    AROUND = 12,              /* bytes of a chunk beside its data: length, type, CRC */
    HEADER = 8 + AROUND + 13, /* signature and IHDR */
    MAX_KEY = 79,
    MAX_TEXT = 64 << 20 /* bytes; longer values are refused */
};

static uint32_t read_u32(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_u32(unsigned char *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* CRC-32 (ISO 3309), bit by bit: texts are short. */
static uint32_t crc32_of(const unsigned char *data, size_t size) {
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

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
    write_u32(at, (uint32_t)size);
    memcpy(at + 4, "iTXt", 4);
    memset(at + 8, 0, size);
    memcpy(at + 8, text->key, strlen(text->key));
    memcpy(at + 8 + strlen(text->key) + 5, text->value, strlen(text->value));
    write_u32(at + 8 + size, crc32_of(at + 4, size + 4));
    return at + AROUND + size;
}

ImpStatus imp_png_add_texts(const unsigned char *data, size_t size, const ImpImageText *texts, size_t count,
                            unsigned char **out, size_t *out_size, ImpError *error) {
    *out = NULL;
    *out_size = size;
    for (size_t i = 0; i < count; i++) *out_size += AROUND + text_bytes(&texts[i]);
    ImpStatus status = IMP_ALLOC(out, *out_size, "PNG file", error);
    if (status != IMP_OK) return status;
    memcpy(*out, data, HEADER);
    unsigned char *at = *out + HEADER;
    for (size_t i = 0; i < count; i++) at = write_text(&texts[i], at);
    memcpy(at, data + HEADER, size - HEADER);
    return IMP_OK;
}

/* The value within a chunk's data if the chunk is a plain text with this key, else NULL. */
static const unsigned char *value_in_chunk(const unsigned char *chunk, size_t size, const char *key, bool *utf8) {
    const unsigned char *data = chunk + 8, *end = data + size;
    size_t length = strlen(key);
    bool international = memcmp(chunk + 4, "iTXt", 4) == 0;
    if (!international && memcmp(chunk + 4, "tEXt", 4) != 0) return NULL;
    if (size <= length || memcmp(data, key, length + 1) != 0) return NULL;
    *utf8 = international;
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
    size_t at = SIGNATURE;
    while (size - at >= AROUND) {
        const unsigned char *chunk = data + at;
        size_t length = read_u32(chunk);
        if (length > size - at - AROUND)
            return imp_fail(error, IMP_ERROR_FORMAT, "%s is cut short; get an undamaged copy of the file", name);
        bool utf8 = false;
        const unsigned char *value = value_in_chunk(chunk, length, key, &utf8);
        if (value && length <= MAX_TEXT) {
            if (read_u32(chunk + 8 + length) != crc32_of(chunk + 4, length + 4))
                return imp_fail(error, IMP_ERROR_FORMAT, "the text \"%s\" in %s is damaged (its checksum is wrong)",
                                key, name);
            *out = copy_value(value, (size_t)(chunk + 8 + length - value), utf8);
            return *out ? IMP_OK : imp_fail(error, IMP_ERROR_MEMORY, "out of memory");
        }
        at += AROUND + length;
    }
    return IMP_OK;
}
