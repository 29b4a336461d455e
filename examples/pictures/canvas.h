// What every sample picture needs: vectors, random numbers, noise, float images and scalar fields, PPM output.
//
// Colours are linear light, 1.0 is paper white; canvas_write() applies the sRGB curve (IEC 61966-2-1).
// Nothing here can fail softly: picture_fail() prints one sentence and ends the program, which is all that a program
// of this size needs.
#ifndef PICTURES_CANVAS_H
#define PICTURES_CANVAS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define PI  3.14159265358979f
#define TAU 6.28318530717959f

typedef struct {
    float x, y;
} Vec2;

typedef struct {
    float x, y, z;
} Vec3;

static inline Vec2 v2(float x, float y) {
    return (Vec2){x, y};
}
static inline Vec2 v2_add(Vec2 a, Vec2 b) {
    return v2(a.x + b.x, a.y + b.y);
}
static inline Vec2 v2_sub(Vec2 a, Vec2 b) {
    return v2(a.x - b.x, a.y - b.y);
}
static inline Vec2 v2_scale(Vec2 a, float s) {
    return v2(a.x * s, a.y * s);
}
static inline float v2_dot(Vec2 a, Vec2 b) {
    return a.x * b.x + a.y * b.y;
}
static inline float v2_len(Vec2 a) {
    return sqrtf(v2_dot(a, a));
}
static inline Vec2 v2_turn(float angle) {
    return v2(cosf(angle), sinf(angle));
}

static inline Vec3 v3(float x, float y, float z) {
    return (Vec3){x, y, z};
}
static inline Vec3 v3_add(Vec3 a, Vec3 b) {
    return v3(a.x + b.x, a.y + b.y, a.z + b.z);
}
static inline Vec3 v3_sub(Vec3 a, Vec3 b) {
    return v3(a.x - b.x, a.y - b.y, a.z - b.z);
}
static inline Vec3 v3_mul(Vec3 a, Vec3 b) {
    return v3(a.x * b.x, a.y * b.y, a.z * b.z);
}
static inline Vec3 v3_scale(Vec3 a, float s) {
    return v3(a.x * s, a.y * s, a.z * s);
}
static inline Vec3 v3_mad(Vec3 a, Vec3 b, float s) {
    return v3(a.x + b.x * s, a.y + b.y * s, a.z + b.z * s);
}
static inline float v3_dot(Vec3 a, Vec3 b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
static inline Vec3 v3_cross(Vec3 a, Vec3 b) {
    return v3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}
static inline Vec3 v3_norm(Vec3 a) {
    return v3_scale(a, 1.0f / sqrtf(v3_dot(a, a) + 1e-20f));
}
static inline Vec3 v3_mix(Vec3 a, Vec3 b, float t) {
    return v3(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t, a.z + (b.z - a.z) * t);
}

static inline float clampf(float x, float lo, float hi) {
    return x < lo ? lo : x > hi ? hi : x;
}
static inline float mixf(float a, float b, float t) {
    return a + (b - a) * t;
}
// 0 below lo, 1 above hi, a smooth cubic between. lo > hi gives the falling curve.
static inline float smooth(float lo, float hi, float x) {
    float t = clampf((x - lo) / (hi - lo), 0.0f, 1.0f);
    return t * t * (3.0f - 2.0f * t);
}
static inline float luma(Vec3 c) {
    return 0.2126f * c.x + 0.7152f * c.y + 0.0722f * c.z;
}

// The linear-light colour of an sRGB hex code: rgb(0xff8800).
Vec3 rgb(uint32_t hex);

// ---- random numbers: PCG32 (O'Neill, 2014). The same seed gives the same picture everywhere. ----

typedef struct {
    uint64_t state;
} Rng;

Rng rng_make(uint64_t seed);
uint32_t rng_next(Rng *rng);
float rng_unit(Rng *rng);                      // [0, 1)
float rng_range(Rng *rng, float lo, float hi); // [lo, hi)
float rng_normal(Rng *rng);                    // mean 0, deviation 1

// ---- noise: gradient noise on a hashed lattice (Perlin, 2002), about [-1, 1] ----

uint32_t hash2(int x, int y, uint32_t seed);
float hash_unit(uint32_t hash); // [0, 1) from a hash
float noise2(float x, float y, uint32_t seed);
float noise3(float x, float y, float z, uint32_t seed);
float fbm2(float x, float y, int octaves, uint32_t seed);
float fbm3(float x, float y, float z, int octaves, uint32_t seed);
// Ridged multifractal (Musgrave, 1994): sharp crests, 0 to about 1.
float ridged2(float x, float y, int octaves, uint32_t seed);

// ---- images and fields ----

typedef struct {
    int width, height;
    Vec3 *pixel; // (height, width)
} Canvas;

typedef struct {
    int width, height;
    float *value; // (height, width)
} Field;

static inline Vec3 *canvas_at(const Canvas *canvas, int x, int y) {
    return canvas->pixel + (size_t)y * (size_t)canvas->width + (size_t)x;
}
static inline float *field_at(const Field *field, int x, int y) {
    return field->value + (size_t)y * (size_t)field->width + (size_t)x;
}

Canvas canvas_new(int width, int height); // black; release with canvas_free()
void canvas_free(Canvas *canvas);
Vec3 canvas_sample(const Canvas *canvas, float x, float y); // bilinear, in pixels, edges repeated
// Averages factor x factor blocks of src into dst, which has the smaller size.
void canvas_shrink(const Canvas *src, Canvas *dst, int factor);

Field field_new(int width, int height); // zeros; release with field_free()
void field_free(Field *field);
float field_sample(const Field *field, float x, float y); // bilinear, edges repeated
void field_blur(Field *field, float sigma);               // near-Gaussian: three box blurs

// Runs body(0..count-1) on all cores where OpenMP is on, in order where it is not. Bodies must not share what they
// write.
void parallel_for(int count, void (*body)(int index, void *context), void *context);

// The filmic curve of Narkowicz (2015), a fit of the ACES reference tone map.
Vec3 tone_map(Vec3 light);

_Noreturn void picture_fail(const char *format, ...);

// The main() of every picture: NAME OUTPUT.ppm [SCALE]. Calls draw() on a canvas of width x height times SCALE.
int picture_main(int argc, char **argv, int width, int height, void (*draw)(Canvas *canvas));

#endif
