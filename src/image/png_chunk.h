/* The chunks of a PNG file (W3C PNG specification), for what libvips does not tell. */
#ifndef IMP_IMAGE_PNG_CHUNK_H
#define IMP_IMAGE_PNG_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IMP_PNG_SIGNATURE = 8, /* bytes before the first chunk */
    IMP_PNG_AROUND = 12    /* bytes of a chunk beside its data: length, type, CRC */
};

typedef struct ImpPngChunk {
    const unsigned char *type; /* (4) */
    const unsigned char *data; /* (size) */
    size_t size;
} ImpPngChunk;

/* The chunk at *at (at first IMP_PNG_SIGNATURE), and *at moves on. False at the end of the file, and when the chunk
 * goes beyond it: then *at is still below `size`. */
bool imp_png_next(const unsigned char *file, size_t size, size_t *at, ImpPngChunk *out);
bool imp_png_is(const ImpPngChunk *chunk, const char *type);
/* The CRC of a chunk's type and data is what stands behind them. */
bool imp_png_intact(const ImpPngChunk *chunk);

uint32_t imp_png_read_u32(const unsigned char *at);
void imp_png_write_u32(unsigned char *at, uint32_t value);
/* CRC-32 (ISO 3309). */
uint32_t imp_png_crc(const unsigned char *data, size_t size);

/* What a PNG file says about how to show it and libvips does not heed. */
typedef struct ImpPngHints {
    int orientation; /* EXIF, from an eXIf chunk; 1 where there is none */
    double gamma;    /* encoded = light^gamma, from a gAMA chunk; 0 where there is none that counts */
} ImpPngHints;

ImpPngHints imp_png_hints(const unsigned char *file, size_t size);

#endif
