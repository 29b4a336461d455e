#include "image/png_chunk.h"

#include <string.h>

uint32_t imp_png_read_u32(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void imp_png_write_u32(unsigned char *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* Bit by bit: only short chunks are looked at. */
uint32_t imp_png_crc(const unsigned char *data, size_t size) {
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

bool imp_png_next(const unsigned char *file, size_t size, size_t *at, ImpPngChunk *out) {
    if (*at >= size || size - *at < IMP_PNG_AROUND) return false;
    size_t length = imp_png_read_u32(file + *at);
    if (length > size - *at - IMP_PNG_AROUND) return false;
    *out = (ImpPngChunk){.type = file + *at + 4, .data = file + *at + 8, .size = length};
    *at += IMP_PNG_AROUND + length;
    return true;
}

bool imp_png_is(const ImpPngChunk *chunk, const char *type) {
    return memcmp(chunk->type, type, 4) == 0;
}

bool imp_png_intact(const ImpPngChunk *chunk) {
    return imp_png_read_u32(chunk->data + chunk->size) == imp_png_crc(chunk->type, chunk->size + 4);
}

/* `bytes` (2 or 4) in the byte order of the EXIF block. */
static uint32_t exif_number(const unsigned char *at, int bytes, bool big) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint32_t)at[i] << 8 * (big ? bytes - 1 - i : i);
    return value;
}

/* The orientation tag of the first directory of an EXIF block (TIFF 6.0 layout), or 1. */
static int exif_orientation(const unsigned char *exif, size_t size) {
    if (size < 14 || (memcmp(exif, "II*\0", 4) != 0 && memcmp(exif, "MM\0*", 4) != 0)) return 1;
    bool big = exif[0] == 'M';
    size_t at = exif_number(exif + 4, 4, big);
    if (at > size - 2) return 1;
    size_t entries = exif_number(exif + at, 2, big);
    for (at += 2; entries > 0 && at + 12 <= size; entries--, at += 12) {
        if (exif_number(exif + at, 2, big) != 0x0112) continue;
        uint32_t value = exif_number(exif + at + 8, 2, big);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* Near enough to sRGB's curve (1 / 2.2), it is meant to be sRGB's. */
static double gamma_that_counts(uint32_t stored) {
    double gamma = stored / 100000.0;
    bool usual = gamma * 2.2 > 0.95 && gamma * 2.2 < 1.05;
    return usual || gamma < 0.01 || gamma > 10 ? 0 : gamma;
}

ImpPngHints imp_png_hints(const unsigned char *file, size_t size) {
    ImpPngHints hints = {.orientation = 1};
    bool profile = false;
    size_t at = IMP_PNG_SIGNATURE;
    ImpPngChunk chunk;
    while (imp_png_next(file, size, &at, &chunk)) {
        if (imp_png_is(&chunk, "eXIf") && imp_png_intact(&chunk))
            hints.orientation = exif_orientation(chunk.data, chunk.size);
        if (imp_png_is(&chunk, "gAMA") && chunk.size == 4 && imp_png_intact(&chunk))
            hints.gamma = gamma_that_counts(imp_png_read_u32(chunk.data));
        if (imp_png_is(&chunk, "sRGB") || imp_png_is(&chunk, "iCCP")) profile = true;
    }
    if (profile) hints.gamma = 0; /* they say more than gAMA, which is only for readers that do not know them */
    return hints;
}
