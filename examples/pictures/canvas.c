#include "canvas.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- colour ----

static float from_srgb(float s) {
    return s <= 0.04045f ? s / 12.92f : powf((s + 0.055f) / 1.055f, 2.4f);
}

static float to_srgb(float linear) {
    float c = clampf(linear, 0.0f, 1.0f);
    return c <= 0.0031308f ? c * 12.92f : 1.055f * powf(c, 1.0f / 2.4f) - 0.055f;
}

Vec3 rgb(uint32_t hex) {
    return v3(from_srgb((float)(hex >> 16 & 255) / 255.0f), from_srgb((float)(hex >> 8 & 255) / 255.0f),
              from_srgb((float)(hex & 255) / 255.0f));
}

static float filmic(float x) {
    return clampf(x * (2.51f * x + 0.03f) / (x * (2.43f * x + 0.59f) + 0.14f), 0.0f, 1.0f);
}

Vec3 tone_map(Vec3 light) {
    return v3(filmic(light.x), filmic(light.y), filmic(light.z));
}

// ---- random numbers ----

uint32_t rng_next(Rng *rng) {
    uint64_t old = rng->state;
    rng->state = old * 6364136223846793005u + 1442695040888963407u;
    uint32_t shifted = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t turn = (uint32_t)(old >> 59);
    return shifted >> turn | shifted << (-turn & 31);
}

Rng rng_make(uint64_t seed) {
    Rng rng = {seed * 2654435769u + 1013904223u};
    rng_next(&rng);
    rng_next(&rng);
    return rng;
}

float rng_unit(Rng *rng) {
    return (float)(rng_next(rng) >> 8) * 0x1p-24f;
}

float rng_range(Rng *rng, float lo, float hi) {
    return lo + (hi - lo) * rng_unit(rng);
}

// Box and Muller (1958); the second value of the pair is thrown away to keep the generator a single word.
float rng_normal(Rng *rng) {
    float radius = sqrtf(-2.0f * logf(1.0f - rng_unit(rng)));
    return radius * cosf(TAU * rng_unit(rng));
}

// ---- noise ----

// The finaliser of MurmurHash3 (Appleby).
static uint32_t scramble(uint32_t h) {
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    return h ^ h >> 16;
}

uint32_t hash2(int x, int y, uint32_t seed) {
    return scramble((uint32_t)x * 0x9e3779b1u ^ (uint32_t)y * 0x85ebca77u ^ seed * 0xc2b2ae3du);
}

float hash_unit(uint32_t hash) {
    return (float)(hash >> 8) * 0x1p-24f;
}

static float fade(float t) {
    return t * t * t * (t * (t * 6.0f - 15.0f) + 10.0f);
}

// Eight gradients, so that noise costs no trigonometry.
static float slope2(int ix, int iy, float x, float y, uint32_t seed) {
    static const float gx[8] = {1, -1, 0, 0, 0.7071f, -0.7071f, 0.7071f, -0.7071f};
    static const float gy[8] = {0, 0, 1, -1, 0.7071f, 0.7071f, -0.7071f, -0.7071f};
    uint32_t h = hash2(ix, iy, seed) & 7;
    return gx[h] * x + gy[h] * y;
}

float noise2(float x, float y, uint32_t seed) {
    float fx = floorf(x), fy = floorf(y);
    int ix = (int)fx, iy = (int)fy;
    x -= fx;
    y -= fy;
    float u = fade(x), v = fade(y);
    float top = mixf(slope2(ix, iy, x, y, seed), slope2(ix + 1, iy, x - 1, y, seed), u);
    float low = mixf(slope2(ix, iy + 1, x, y - 1, seed), slope2(ix + 1, iy + 1, x - 1, y - 1, seed), u);
    return 1.5f * mixf(top, low, v);
}

// The twelve edge directions of a cube (Perlin, 2002), four of them twice.
static float slope3(int ix, int iy, int iz, float x, float y, float z, uint32_t seed) {
    uint32_t h = hash2(ix, iy, seed + (uint32_t)iz * 0x27d4eb2fu) & 15;
    float u = h < 8 ? x : y;
    float v = h < 4 ? y : h == 12 || h == 14 ? x : z;
    return ((h & 1) ? -u : u) + ((h & 2) ? -v : v);
}

float noise3(float x, float y, float z, uint32_t seed) {
    float fx = floorf(x), fy = floorf(y), fz = floorf(z);
    int ix = (int)fx, iy = (int)fy, iz = (int)fz;
    x -= fx;
    y -= fy;
    z -= fz;
    float u = fade(x), v = fade(y), level[2];
    for (int k = 0; k < 2; k++) {
        float top = mixf(slope3(ix, iy, iz + k, x, y, z - (float)k, seed),
                         slope3(ix + 1, iy, iz + k, x - 1, y, z - (float)k, seed), u);
        float low = mixf(slope3(ix, iy + 1, iz + k, x, y - 1, z - (float)k, seed),
                         slope3(ix + 1, iy + 1, iz + k, x - 1, y - 1, z - (float)k, seed), u);
        level[k] = mixf(top, low, v);
    }
    return mixf(level[0], level[1], fade(z));
}

// Each octave is turned by an irrational angle, so that the lattices never line up.
float fbm2(float x, float y, int octaves, uint32_t seed) {
    float sum = 0.0f, gain = 0.5f;
    for (int i = 0; i < octaves; i++) {
        sum += gain * noise2(x, y, seed + (uint32_t)i);
        float turned = 1.62f * x - 1.19f * y;
        y = 1.19f * x + 1.62f * y;
        x = turned;
        gain *= 0.5f;
    }
    return sum;
}

float fbm3(float x, float y, float z, int octaves, uint32_t seed) {
    float sum = 0.0f, gain = 0.5f;
    for (int i = 0; i < octaves; i++) {
        sum += gain * noise3(x, y, z, seed + (uint32_t)i);
        x *= 2.03f;
        y *= 2.03f;
        z *= 2.03f;
        gain *= 0.5f;
    }
    return sum;
}

float ridged2(float x, float y, int octaves, uint32_t seed) {
    float sum = 0.0f, gain = 0.5f, weight = 1.0f;
    for (int i = 0; i < octaves; i++) {
        float crest = 1.0f - fabsf(noise2(x, y, seed + (uint32_t)i));
        crest *= crest * weight;
        weight = clampf(crest * 1.6f, 0.0f, 1.0f);
        sum += gain * crest;
        float turned = 1.68f * x - 1.15f * y;
        y = 1.15f * x + 1.68f * y;
        x = turned;
        gain *= 0.5f;
    }
    return sum;
}

// ---- images and fields ----

static void *allocate(int width, int height, size_t size) {
    if (width < 1 || height < 1) picture_fail("a picture of %d x %d pixels cannot be drawn", width, height);
    void *memory = calloc((size_t)width * (size_t)height, size);
    if (!memory) picture_fail("out of memory for a picture of %d x %d pixels", width, height);
    return memory;
}

Canvas canvas_new(int width, int height) {
    return (Canvas){width, height, allocate(width, height, sizeof(Vec3))};
}

void canvas_free(Canvas *canvas) {
    free(canvas->pixel);
    canvas->pixel = NULL;
}

static int clampi(int i, int count) {
    return i < 0 ? 0 : i >= count ? count - 1 : i;
}

Vec3 canvas_sample(const Canvas *canvas, float x, float y) {
    float fx = floorf(x), fy = floorf(y);
    int x0 = clampi((int)fx, canvas->width), x1 = clampi((int)fx + 1, canvas->width);
    const Vec3 *row0 = canvas_at(canvas, 0, clampi((int)fy, canvas->height));
    const Vec3 *row1 = canvas_at(canvas, 0, clampi((int)fy + 1, canvas->height));
    return v3_mix(v3_mix(row0[x0], row0[x1], x - fx), v3_mix(row1[x0], row1[x1], x - fx), y - fy);
}

void canvas_shrink(const Canvas *src, Canvas *dst, int factor) {
    float share = 1.0f / (float)(factor * factor);
    for (int y = 0; y < dst->height; y++)
        for (int x = 0; x < dst->width; x++) {
            Vec3 sum = {0, 0, 0};
            for (int k = 0; k < factor * factor; k++) {
                sum = v3_add(sum, *canvas_at(src, x * factor + k % factor, y * factor + k / factor));
            }
            *canvas_at(dst, x, y) = v3_scale(sum, share);
        }
}

Field field_new(int width, int height) {
    return (Field){width, height, allocate(width, height, sizeof(float))};
}

void field_free(Field *field) {
    free(field->value);
    field->value = NULL;
}

float field_sample(const Field *field, float x, float y) {
    float fx = floorf(x), fy = floorf(y);
    int x0 = clampi((int)fx, field->width), x1 = clampi((int)fx + 1, field->width);
    const float *row0 = field_at(field, 0, clampi((int)fy, field->height));
    const float *row1 = field_at(field, 0, clampi((int)fy + 1, field->height));
    return mixf(mixf(row0[x0], row0[x1], x - fx), mixf(row1[x0], row1[x1], x - fx), y - fy);
}

// One running-sum box blur along a line of count values that lie stride apart; line is scratch of count values.
static void box_line(float *value, size_t stride, int count, int radius, float *line) {
    float sum = 0.0f, share = 1.0f / (float)(2 * radius + 1);
    for (int i = 0; i < count; i++) line[i] = value[(size_t)i * stride];
    for (int i = -radius; i <= radius; i++) sum += line[clampi(i, count)];
    for (int i = 0; i < count; i++) {
        value[(size_t)i * stride] = sum * share;
        sum += line[clampi(i + radius + 1, count)] - line[clampi(i - radius, count)];
    }
}

void field_blur(Field *field, float sigma) {
    int radius = (int)(sqrtf(4.0f * sigma * sigma + 1.0f) * 0.5f); // three boxes of this radius have about this sigma
    int longest = field->width > field->height ? field->width : field->height;
    if (radius < 1) return;
    float *line = allocate(longest, 1, sizeof(float));
    for (int pass = 0; pass < 3; pass++) {
        for (int y = 0; y < field->height; y++) box_line(field_at(field, 0, y), 1, field->width, radius, line);
        for (int x = 0; x < field->width; x++)
            box_line(field_at(field, x, 0), (size_t)field->width, field->height, radius, line);
    }
    free(line);
}

void parallel_for(int count, void (*body)(int index, void *context), void *context) {
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 4)
#endif
    for (int i = 0; i < count; i++) body(i, context);
}

// ---- the program ----

_Noreturn void picture_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static unsigned char quantise(float linear) {
    return (unsigned char)(to_srgb(linear) * 255.0f + 0.5f);
}

static void canvas_write(const Canvas *canvas, const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file) picture_fail("cannot write %s: %s", path, strerror(errno));
    fprintf(file, "P6\n%d %d\n255\n", canvas->width, canvas->height);
    size_t count = (size_t)canvas->width * (size_t)canvas->height;
    for (size_t i = 0; i < count; i++) {
        Vec3 c = canvas->pixel[i];
        unsigned char bytes[3] = {quantise(c.x), quantise(c.y), quantise(c.z)};
        fwrite(bytes, 1, 3, file);
    }
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) picture_fail("cannot write %s: the disk may be full", path);
}

int picture_main(int argc, char **argv, int width, int height, void (*draw)(Canvas *canvas)) {
    if (argc < 2 || argc > 3) picture_fail("usage: %s OUTPUT.ppm [SCALE]", argc ? argv[0] : "picture");
    float scale = argc > 2 ? strtof(argv[2], NULL) : 1.0f;
    if (!(scale >= 0.05f && scale <= 8.0f)) picture_fail("the scale must be a number from 0.05 to 8, not %s", argv[2]);
    Canvas canvas = canvas_new((int)lroundf((float)width * scale), (int)lroundf((float)height * scale));
    draw(&canvas);
    canvas_write(&canvas, argv[1]);
    canvas_free(&canvas);
    return 0;
}
