#include "house.h"

#define FLOOR 2.95f // height of a storey in metres

static float chance(const House *h, uint32_t what) {
    return hash_unit(hash2((int)h->seed, (int)what, 131));
}

static Vec3 plaster(const House *h, float x, float y) {
    static const uint32_t tint[] = {0xe3bf7d, 0xd99a78, 0xe9dcc0, 0xb9c3a4, 0xa9b6c4,
                                    0xcf7f5f, 0xe6cfa0, 0xc9a3a0, 0xd8c9b6, 0xe0ad5f};
    Vec3 colour = rgb(tint[(h->seed * 7 + (uint32_t)(chance(h, 1) * 3.0f)) % 10]);
    float stain = fbm2(x * 0.5f, y * 0.35f, 4, h->seed + 40) + 0.6f * fbm2(x * 2.2f, y * 0.28f, 4, h->seed + 41);
    float grit = fbm2(x * 9.0f, y * 9.0f, 3, h->seed + 42);
    float damp = smooth(1.6f, 0.0f, y - h->base + 0.8f * stain);
    return v3_scale(colour, (0.80f + 0.28f * stain + 0.12f * grit) * (1.0f - 0.35f * damp));
}

// ---- windows ----

typedef struct {
    float x, y; // of the place, from the middle of the window's foot
    float width, height;
    uint32_t id;
    float arch; // 1 for a round head
} Window;

static Vec3 lamp_light(uint32_t id, float up) {
    Vec3 warm = v3_mix(v3(2.3f, 0.98f, 0.25f), v3(2.0f, 1.22f, 0.52f), hash_unit(id * 69069u + 1u));
    return v3_scale(warm, (0.40f + 0.75f * hash_unit(id * 1664525u + 9u)) * (0.55f + 0.6f * up));
}

// Panes behind a painted cross; some are lit, with curtains to the sides, the rest mirror the evening.
static void window_panes(const Window *w, int lit, Surface *out) {
    float half = 0.5f * w->width, up = w->y / w->height, side = fabsf(w->x) / half;
    float bars = fminf(fabsf(w->x), fabsf(w->y - 0.66f * w->height));
    *out = (Surface){v3(0.025f, 0.03f, 0.04f), {0, 0, 0}, -0.14f, 0.85f};
    if (bars < 0.030f || side > 0.90f || up < 0.045f || up > 0.955f) {
        *out = (Surface){v3(0.55f, 0.52f, 0.47f), {0, 0, 0}, -0.06f, 0.0f};
        return;
    }
    if (!lit) return;
    float curtain = smooth(0.35f, 0.55f, side + 0.10f * sinf(w->y * 2.5f) + 0.25f * (hash_unit(w->id) - 0.5f));
    float fold = 0.75f + 0.25f * sinf(w->x * 62.0f + (float)(w->id & 15));
    Vec3 light = lamp_light(w->id, up);
    float room = 0.75f + 0.5f * noise2(w->x * 2.3f + (float)(w->id & 63), w->y * 2.0f, 61);
    out->glow = v3_scale(light, mixf(room, 0.62f * fold, curtain));
    out->gloss = 0.15f;
}

static int in_window(const Window *w, float grow) {
    float half = 0.5f * w->width + grow, y = w->y;
    if (fabsf(w->x) > half || y < -grow) return 0;
    float spring = w->height - w->arch * half;
    return y < spring || (w->arch > 0.5f ? hypotf(w->x, y - spring) < half : y < w->height + grow);
}

// One window with its surround, sill and shutters; returns 0 on the bare wall between windows.
static int window_at(const House *h, const Window *w, int lit, int shutters, Surface *out) {
    static const uint32_t paint[] = {0x3e5a4a, 0x5a3a30, 0x3f5568, 0x6b4a35, 0x7a7f74};
    if (in_window(w, 0.0f)) {
        window_panes(w, lit, out);
        return 1;
    }
    if (fabsf(w->x) < 0.5f * w->width + 0.16f && w->y < 0.0f && w->y > -0.13f) {
        *out = (Surface){v3(0.42f, 0.39f, 0.35f), {0, 0, 0}, 0.13f, 0.0f};
        return 1;
    }
    float leaf = fabsf(w->x) - 0.5f * w->width - 0.05f;
    if (shutters && leaf > 0.0f && leaf < 0.46f && w->y > -0.02f && w->y < w->height + 0.02f) {
        float slat = sinf(w->y * 58.0f) * (leaf > 0.05f && leaf < 0.41f);
        Vec3 colour = v3_scale(rgb(paint[h->seed % 5]), 0.85f + 0.20f * slat);
        *out = (Surface){colour, {0, 0, 0}, 0.07f + 0.010f * slat, 0.0f};
        return 1;
    }
    if (!shutters && in_window(w, 0.11f)) {
        *out = (Surface){v3(0.50f, 0.46f, 0.40f), {0, 0, 0}, 0.045f, 0.0f};
        return 1;
    }
    return 0;
}

// ---- walls ----

// Dark oak: sills and posts at every storey and bay, braces in some.
static int timber(const House *h, float u, float v, float bay) {
    float storey = floorf(v / FLOOR), in = v - storey * FLOOR, across = u - floorf(u / bay) * bay;
    uint32_t id = hash2((int)floorf(u / bay), (int)storey, h->seed);
    if (storey < 1.0f) return 0;
    if (in < 0.20f || in > FLOOR - 0.10f || fabsf(in - 0.80f) < 0.06f) return 1;
    if (across < 0.09f || across > bay - 0.09f) return 1;
    float brace = in / FLOOR * bay, way = id & 1 ? brace : bay - brace;
    return (id >> 1) % 3 == 0 && fabsf(across - way) < 0.12f;
}

static void ground_floor(const House *h, float u, float v, Surface *out) {
    int bays = (int)(h->width / 2.6f);
    float bay = h->width / (float)bays, cell = floorf(u / bay);
    uint32_t id = hash2((int)cell, 77, h->seed);
    int door = (int)cell == (int)(chance(h, 3) * (float)bays), shop = chance(h, 4) < 0.6f;
    Window w = {u - (cell + 0.5f) * bay,
                v - (door ? 0.0f : 0.55f),
                door ? 1.25f : shop ? 1.75f : 1.05f,
                door ? 2.3f : 1.75f,
                id,
                chance(h, 5) < 0.5f};
    if (door && in_window(&w, 0.0f) && v < 1.8f) {
        float panel = smooth(0.0f, 0.05f, fabsf(fabsf(w.x) - 0.32f) - 0.2f);
        *out = (Surface){v3_scale(v3(0.14f, 0.075f, 0.045f), 0.7f + 0.5f * panel), {0, 0, 0}, -0.18f, 0.1f};
        return;
    }
    if (window_at(h, &w, door || (shop && id % 5 != 0) || id % 3 == 0, 0, out)) return;
    float course = fabsf(v - 2.55f);
    if (course < 0.12f) *out = (Surface){v3(0.46f, 0.42f, 0.37f), {0, 0, 0}, 0.12f, 0.0f};
}

static void wall(const House *h, float x, float y, Surface *out) {
    float u = x - h->left, v = y - h->base, storey = floorf(v / FLOOR);
    int bays = (int)(h->width / 1.95f), framed = chance(h, 6) < 0.36f;
    float bay = h->width / (float)bays, cell = floorf(u / bay);
    *out = (Surface){plaster(h, x, y), {0, 0, 0}, 0.012f * fbm2(x * 3.0f, y * 3.0f, 3, h->seed), 0.0f};
    if (framed && timber(h, u, v, bay))
        *out = (Surface){
            v3_scale(v3(0.085f, 0.055f, 0.038f), 0.8f + 0.5f * noise2(x * 3.0f, y * 3.0f, 62)), {0, 0, 0}, 0.05f, 0.0f};
    if (storey < 1.0f) {
        ground_floor(h, u, v, out);
        return;
    }
    uint32_t id = hash2((int)cell, (int)storey, h->seed + 9);
    float top = h->gable ? h->eaves + (h->ridge - h->eaves) *
                                          (1.0f - fabsf((cell + 0.5f) * bay - 0.5f * h->width) / (0.5f * h->width))
                         : h->eaves;
    if ((storey + 1.0f) * FLOOR > top + 0.25f) return; // no room under the roof
    Window w = {u - (cell + 0.5f) * bay, v - storey * FLOOR - 0.85f, framed ? 0.88f : 0.98f, 1.50f, id, 0.0f};
    window_at(h, &w, (float)(id & 255) < 92.0f, !framed && chance(h, 8) < 0.6f, out);
}

// ---- roofs ----

static Vec3 tiles(const House *h, float x, float y, float *relief) {
    float row = floorf(y / 0.21f), in = y / 0.21f - row;
    float column = x / 0.24f + 0.5f * (float)((int)row & 1), cell = floorf(column);
    float tone = hash_unit(hash2((int)cell, (int)row, h->seed + 3)), moss = fbm2(x * 0.7f, y * 0.7f, 4, h->seed + 4);
    Vec3 clay = v3_mix(v3(0.20f, 0.078f, 0.050f), v3(0.31f, 0.14f, 0.085f), tone);
    if (chance(h, 9) < 0.3f) clay = v3_mix(v3(0.075f, 0.075f, 0.085f), v3(0.13f, 0.125f, 0.13f), tone);
    *relief = 0.035f * (1.0f - in) + 0.012f * fabsf(sinf(PI * column));
    clay = v3_mix(clay, v3(0.10f, 0.105f, 0.06f), smooth(0.05f, 0.45f, moss));
    return v3_scale(clay, 0.75f + 0.35f * in + 0.3f * moss);
}

static int dormer(const House *h, float u, float v, Surface *out) {
    int count = (int)(h->width / 3.3f);
    if (count < 1 || chance(h, 11) < 0.25f) return 0;
    float bay = h->width / (float)count, cell = floorf(u / bay);
    float x = u - (cell + 0.5f) * bay, y = v - h->eaves - 0.55f;
    if (y < 0.0f || fabsf(x) > 0.95f || y > 1.5f + 0.9f * (0.95f - fabsf(x))) return 0;
    if (y > 1.38f + 0.9f * (0.82f - fabsf(x))) {
        float relief;
        *out = (Surface){tiles(h, x, y, &relief), {0, 0, 0}, 0.5f, 0.0f};
        return 1;
    }
    if (fabsf(x) > 0.78f) return 0;
    *out = (Surface){v3_scale(plaster(h, x, y + h->base), 0.85f), {0, 0, 0}, 0.35f, 0.0f};
    Window w = {x, y - 0.25f, 0.86f, 1.15f, hash2((int)cell, 31, h->seed), 0.0f};
    window_at(h, &w, w.id % 5 < 2, 0, out);
    return 1;
}

static int chimney(const House *h, float u, float v, Surface *out) {
    float at = h->width * (0.25f + 0.5f * chance(h, 12)), top = h->ridge + 0.9f;
    float foot = h->gable ? h->eaves : h->ridge - 0.3f;
    if (fabsf(u - at) > 0.42f || v < foot || v > top) return 0;
    float brick = (fabsf(v * 9.0f - floorf(v * 9.0f) - 0.5f) > 0.40f) ? 0.7f : 1.0f;
    *out =
        (Surface){v3_scale(v3(0.21f, 0.115f, 0.085f), brick * (v > top - 0.2f ? 0.6f : 1.0f)), {0, 0, 0}, 0.0f, 0.0f};
    return 1;
}

int house_at(const House *h, float x, float y, Surface *out) {
    float u = x - h->left, v = y - h->base;
    if (v < 0.0f || v > h->ridge + 1.0f || u < -0.3f || u > h->width + 0.3f) return 0;
    float slope = (h->ridge - h->eaves) / (0.5f * h->width);
    float edge = h->eaves + slope * (0.5f * h->width - fabsf(u - 0.5f * h->width)); // of a gable
    float top = h->gable ? edge : u > 0.0f && u < h->width ? h->ridge : 0.0f;
    if (v > top) return u > 0.0f && u < h->width ? chimney(h, u, v, out) : 0;
    if (h->gable && v > edge - 0.42f && v > h->eaves - 0.4f) { // the ends of the tiles, and the board under them
        *out =
            (Surface){v > edge - 0.20f ? v3(0.17f, 0.075f, 0.05f) : v3(0.12f, 0.085f, 0.06f), {0, 0, 0}, 0.35f, 0.0f};
        return 1;
    }
    if (u < 0.0f || u > h->width) return 0;
    if (h->gable || v < h->eaves) {
        wall(h, x, y, out);
        if (!h->gable && v > h->eaves - 0.28f)
            *out = (Surface){v3(0.32f, 0.29f, 0.26f), {0, 0, 0}, 0.25f, 0.0f}; // cornice
        float under = h->gable ? edge - v : h->eaves - v;                      // shade below the overhang
        float corner = smooth(-0.1f, 0.5f, fminf(u, h->width - u));
        out->albedo = v3_scale(out->albedo, mixf(0.42f, 1.0f, smooth(0.1f, 1.2f, under)) * mixf(0.70f, 1.0f, corner));
        return 1;
    }
    if (dormer(h, u, v, out)) return 1;
    *out = (Surface){{0, 0, 0}, {0, 0, 0}, 0.0f, 0.0f};
    out->albedo = tiles(h, x, y, &out->relief);
    return 1;
}
