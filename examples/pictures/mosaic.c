// A late antique floor: a sun over the sea, laid in some nine thousand tesserae.
//
// The design is a function from a place to its colour, the way its tiles run, and which part of the design it is.
// The tiles come from Hausner, "Simulating decorative mosaics" (2001): a centroidal Voronoi diagram whose metric is
// a square turned along the design, so that cells become squares in rows. Places are in units of the picture's side.
#include "canvas.h"

#include <stdlib.h>

#define SAMPLES 2
#define ROWS    93                   // tiles along a side, were they all upright
#define TILE    (1.0f / (float)ROWS) // side of a tile with its share of mortar

typedef struct {
    Vec3 colour;
    float angle; // the way the tiles run
    int part;    // tiles do not cross from one part to another
    int gold;    // glass over gold leaf
} Patch;

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

// ---- the design ----

static const Vec2 sun = {0.5f, 0.395f};
#define SUN_RADIUS 0.158f

static Patch border(Vec2 p, float edge) {
    int upright = fminf(p.x, 1.0f - p.x) < fminf(p.y, 1.0f - p.y);
    float along = upright ? p.y : p.x, turn = upright ? 0.5f * PI : 0.0f;
    if (edge < 0.013f || edge > 0.086f) return (Patch){rgb(0x431519), turn, 1, 0};
    if (edge < 0.024f || edge > 0.075f) return (Patch){rgb(0xe0a93b), turn, 2, 1};
    // Two strands plait: at each crossing the one that rises lies on top, then the other.
    float across = (edge - 0.0495f) / 0.0255f, wave = TAU * along * 10.0f;
    float rise = 0.60f * sinf(wave), slope = 0.60f * cosf(wave) * 1.6f;
    int first = cosf(0.5f * wave) * cosf(wave) > 0.0f;
    for (int k = 0; k < 2; k++) {
        int strand = k ^ first;
        float off = across - (strand ? -rise : rise);
        if (fabsf(off) > 0.44f) continue;
        static const uint32_t tint[2][3] = {{0xf3e2b8, 0xc9542d, 0x7c2320}, {0xf3e2b8, 0x2f8586, 0x17474f}};
        int band = off < -0.16f ? 0 : off < 0.16f ? 1 : 2;
        return (Patch){rgb(tint[strand][band]), turn + atanf(strand ? -slope : slope), 10 + strand * 4 + band, 0};
    }
    return (Patch){rgb(0x2a1016), turn, 3, 0};
}

// How far p is from the middle of a fish drawn nose to the right, length 1, bent like a leap.
static int fish_patch(Vec2 q, float turn, int mirrored, Patch *out) {
    q.y += 0.55f * q.x * q.x - 0.06f;
    float body = 0.185f * powf(fmaxf(0.0f, 1.0f - 4.0f * q.x * q.x), 0.75f) * (1.0f + 0.5f * q.x);
    float tail = q.x < -0.40f && q.x > -0.72f ? 0.05f + 0.72f * (-0.40f - q.x) : 0.0f;
    float fin = q.y < 0.0f && q.x > -0.22f && q.x < 0.2f ? body + 0.11f * (1.0f - fabsf(q.x) * 4.0f) : 0.0f;
    float angle = turn + atanf(-1.1f * q.x) * (mirrored ? -1.0f : 1.0f);
    if (fabsf(q.y) > fmaxf(fmaxf(body + 0.016f * (body > 0.0f), tail), fin)) return 0;
    *out = (Patch){rgb(0xd9722c), angle, 30, 0};
    if (q.x > -0.42f && fabsf(q.y) > body - 0.022f && fabsf(q.y) < body + 0.016f) {
        *out = (Patch){rgb(0x35121a), angle, 29, 0};
    } else if (fabsf(q.y) > body) {
        int stripe = (int)(q.x * 40.0f + 60.0f) & 1;
        *out = (Patch){rgb(stripe ? 0xb8352b : 0xeec04e), angle, 31, 0};
    } else if (v2_len(v2_sub(q, v2(0.345f, -0.035f))) < 0.052f) {
        *out = (Patch){rgb(v2_len(v2_sub(q, v2(0.35f, -0.035f))) < 0.030f ? 0x1a1014 : 0xfaf0d2), angle, 32, 0};
    } else if (q.x > 0.22f) {
        *out = (Patch){rgb(fabsf(q.y - 0.06f) < 0.018f ? 0xf2e3b4 : 0x1f7479), angle, 33, 0};
    } else if (q.y > 0.45f * body) {
        *out = (Patch){rgb(0xf6e6bf), angle, 34, 0};
    } else {
        int scale = (int)floorf(q.x * 15.0f - 5.0f * fabsf(q.y)) & 1;
        *out = (Patch){rgb(scale ? 0xa92b28 : 0xe0702b), angle, 35 + scale, 0};
    }
    return 1;
}

static int any_fish(Vec2 p, Patch *out) {
    static const float place[][4] = {{0.256f, 0.655f, 0.27f, -0.62f}, {0.744f, 0.655f, 0.27f, -0.62f}};
    for (int i = 0; i < COUNT(place); i++) {
        Vec2 from = v2_sub(p, v2(place[i][0], place[i][1]));
        int mirrored = i == 1;
        if (mirrored) from.x = -from.x;
        float c = cosf(place[i][3]), s = sinf(place[i][3]);
        Vec2 q = v2_scale(v2(c * from.x + s * from.y, c * from.y - s * from.x), 1.0f / place[i][2]);
        if (fish_patch(q, mirrored ? -place[i][3] : place[i][3], mirrored, out)) return 1;
    }
    return 0;
}

// Overlapping round scales in rows, each row in front of the one above it.
static Patch sea(Vec2 p) {
    const float radius = 0.0535f, rise = 0.034f;
    static const uint32_t band[] = {0xf2e3b4, 0x2f8d8c, 0x17606b, 0xe9c56c, 0x2a7f86, 0x0f3a4c};
    static const float limit[] = {0.20f, 0.42f, 0.58f, 0.70f, 0.88f, 1.0f};
    for (int row = (int)ceilf((p.y + radius - 0.70f) / rise); row > -6; row--) {
        float y = 0.70f + (float)row * rise;
        float shift = row & 1 ? radius : 0.0f;
        float x = floorf((p.x - 0.5f - shift) / (2.0f * radius) + 0.5f) * 2.0f * radius + 0.5f + shift;
        Vec2 from = v2(p.x - x, p.y - y);
        float d = v2_len(from) / radius;
        if (d >= 1.0f) continue;
        int k = 0;
        while (d >= limit[k]) k++;
        float depth = 1.12f - 1.3f * (p.y - 0.66f);
        return (Patch){v3_scale(rgb(band[k]), depth), atan2f(from.y, from.x), 40 + 6 * (row & 3) + k, k == 3};
    }
    return (Patch){rgb(0x0f3a4c), 0.0f, 40, 0};
}

static float arc(Vec2 p, Vec2 centre, float radius, float lo, float hi) {
    Vec2 from = v2_sub(p, centre);
    float angle = atan2f(from.y, from.x);
    return angle > lo && angle < hi ? fabsf(v2_len(from) - radius) : 1.0f;
}

// A face in the manner of a Roman Sol: brows that run into the nose, almond eyes, a small mouth. q is in sun radii.
static int face_line(Vec2 q) {
    Vec2 m = v2(fabsf(q.x), q.y);
    float brow = arc(m, v2(0.36f, 0.06f), 0.33f, -PI, -0.35f);
    float nose = m.y > 0.02f && m.y < 0.30f ? fabsf(m.x - 0.045f - 0.06f * smooth(0.12f, 0.30f, m.y)) : 1.0f;
    float nostrils = arc(m, v2(0.0f, 0.25f), 0.115f, 0.5f, 2.7f);
    float chin = arc(m, v2(0.0f, 0.50f), 0.18f, 0.9f, 2.3f);
    return fminf(fminf(brow, nose), fminf(nostrils, chin)) < 0.030f;
}

static Patch sun_disc(Vec2 from, float r) {
    Vec2 q = v2_scale(from, 1.0f / SUN_RADIUS);
    float angle = atan2f(from.y, from.x), d = r / SUN_RADIUS;
    Vec2 m = v2(fabsf(q.x), q.y);
    if (d > 0.93f) return (Patch){rgb(0x7a1f1c), angle, 60, 0};
    if (d > 0.80f) return (Patch){rgb(0xf0b73a), angle, 61, 1};
    float almond = fmaxf(v2_len(v2_sub(m, v2(0.34f, 0.20f))), v2_len(v2_sub(m, v2(0.34f, -0.16f))));
    if (v2_len(v2_sub(m, v2(0.34f, 0.02f))) < 0.070f) return (Patch){rgb(0x23131a), angle, 62, 0};
    if (almond < 0.255f) return (Patch){rgb(0xfbf3da), 0.0f, 63, 0};
    if (almond < 0.300f) return (Patch){rgb(0x5b1d1c), 0.0f, 64, 0};
    if (face_line(q)) return (Patch){rgb(0x8c3322), angle, 65, 0};
    if (fabsf(q.y - 0.50f + 0.30f * q.x * q.x) < 0.055f - 0.26f * q.x * q.x) return (Patch){rgb(0xb3271f), 0.0f, 66, 0};
    float cheek = v2_len(v2_sub(m, v2(0.44f, 0.33f)));
    if (cheek < 0.15f) return (Patch){rgb(0xe58a45), atan2f(q.y - 0.33f, m.x - 0.44f), 67, 0};
    Vec3 skin = v3_mix(rgb(0xfbe3a2), rgb(0xefb95a), smooth(0.25f, 0.8f, d + 0.25f * q.x));
    return (Patch){skin, angle, 68, 0};
}

static Patch sky(Vec2 from, float r) {
    static const uint32_t ring[] = {0xf9e7b4, 0xf6d083, 0xf0b35c, 0xe6934a, 0xd9743c, 0xc65a35,
                                    0xad4331, 0x93332d, 0x7b282a, 0x661f27, 0x541a25, 0x451621};
    float angle = atan2f(from.y, from.x), span = TAU / 32.0f;
    float place = angle / span + 0.5f, cell = floorf(place), side = place - cell - 0.5f;
    int long_ray = ((int)cell & 1) == 0;
    float reach = long_ray ? 0.345f : 0.275f, out = (r - SUN_RADIUS - 0.006f) / (reach - SUN_RADIUS);
    if (!long_ray) side += 0.20f * sinf(out * 10.0f) * out;
    if (out < 1.0f && fabsf(side) < 0.53f * (1.0f - out)) {
        uint32_t tint = long_ray ? side < 0.0f ? 0xf7cf56 : 0xd98a26 : side < 0.0f ? 0xd8452c : 0x8f211f;
        return (Patch){rgb(tint), angle, 80 + 2 * long_ray + (side < 0.0f), long_ray};
    }
    int k = (int)((r - SUN_RADIUS) / 0.036f);
    k = k < 0 ? 0 : k >= COUNT(ring) ? COUNT(ring) - 1 : k;
    return (Patch){rgb(ring[k]), angle, 90 + k, 0};
}

static Patch patch_at(Vec2 p) {
    Patch patch;
    float edge = fminf(fminf(p.x, 1.0f - p.x), fminf(p.y, 1.0f - p.y));
    if (edge < 0.097f) return border(p, edge);
    if (any_fish(p, &patch)) return patch;
    Vec2 from = v2_sub(p, sun);
    float r = v2_len(from);
    if (r < SUN_RADIUS) return sun_disc(from, r);
    if (p.y > 0.665f + 0.022f * sinf(p.x * TAU * 4.67f + 1.55f)) return sea(p);
    return sky(from, r);
}

// ---- the tiles ----

typedef struct {
    Vec2 at;
    Patch patch;
} Tile;

typedef struct {
    int size; // of the square grid, in cells
    int *owner;
    float *nearest, *second; // distances to the two closest tiles, in tile sides
    short *part;             // of the design at each cell
} Cells;

static Cells cells_new(int size) {
    size_t count = (size_t)size * (size_t)size;
    Cells c = {size, malloc(count * sizeof *c.owner), malloc(count * sizeof *c.nearest),
               malloc(count * sizeof *c.second), malloc(count * sizeof *c.part)};
    if (!c.owner || !c.nearest || !c.second || !c.part) picture_fail("out of memory for a mosaic of %d cells", size);
    for (size_t i = 0; i < count; i++) {
        Vec2 p = v2(((float)(i % (size_t)size) + 0.5f) / (float)size, ((float)(i / (size_t)size) + 0.5f) / (float)size);
        c.part[i] = (short)patch_at(p).part;
    }
    return c;
}

static void cells_free(Cells *cells) {
    free(cells->owner);
    free(cells->nearest);
    free(cells->second);
    free(cells->part);
}

static void claim(Cells *cells, const Tile *tile, int id) {
    float unit = (float)cells->size, reach = 1.9f * TILE * unit;
    float c = cosf(tile->patch.angle) / TILE, s = sinf(tile->patch.angle) / TILE;
    int cx = (int)(tile->at.x * unit), cy = (int)(tile->at.y * unit), r = (int)reach;
    for (int y = cy - r < 0 ? 0 : cy - r; y <= cy + r && y < cells->size; y++)
        for (int x = cx - r < 0 ? 0 : cx - r; x <= cx + r && x < cells->size; x++) {
            float dx = ((float)x + 0.5f) / unit - tile->at.x, dy = ((float)y + 0.5f) / unit - tile->at.y;
            float away = fmaxf(fabsf(c * dx + s * dy), fabsf(c * dy - s * dx));
            size_t at = (size_t)y * (size_t)cells->size + (size_t)x;
            // Other parts of the design are as if farther away: tiles then end where a part ends.
            if (cells->part[at] != tile->patch.part) away += 0.55f;
            if (away < cells->nearest[at]) {
                cells->second[at] = cells->nearest[at];
                cells->nearest[at] = away;
                cells->owner[at] = id;
            } else if (away < cells->second[at]) {
                cells->second[at] = away;
            }
        }
}

static void claim_all(Cells *cells, const Tile *tile, int count) {
    for (size_t i = 0; i < (size_t)cells->size * (size_t)cells->size; i++) {
        cells->owner[i] = -1;
        cells->nearest[i] = cells->second[i] = 9.0f;
    }
    for (int i = 0; i < count; i++) claim(cells, &tile[i], i);
}

// Lloyd's step: every tile moves to the middle of what it owns, and looks up the design there.
static void settle(const Cells *cells, Tile *tile, int count) {
    Vec3 *sum = calloc((size_t)count, sizeof *sum);
    if (!sum) picture_fail("out of memory for %d tiles", count);
    for (size_t i = 0; i < (size_t)cells->size * (size_t)cells->size; i++)
        if (cells->owner[i] >= 0) {
            Vec3 *s = &sum[cells->owner[i]];
            *s = v3_add(*s, v3((float)(i % (size_t)cells->size) + 0.5f, (float)(i / (size_t)cells->size) + 0.5f, 1.0f));
        }
    for (int i = 0; i < count; i++) {
        if (sum[i].z > 0.0f) tile[i].at = v2_scale(v2(sum[i].x, sum[i].y), 1.0f / (sum[i].z * (float)cells->size));
        tile[i].patch = patch_at(tile[i].at);
    }
    free(sum);
}

// ---- light ----

static Vec3 mortar(Vec2 p) {
    float grit = fbm2(p.x * 420.0f, p.y * 420.0f, 3, 15) + 0.5f * fbm2(p.x * 9.0f, p.y * 9.0f, 3, 16);
    return v3_scale(rgb(0x8d7d68), 0.60f + 0.5f * grit);
}

// Glass and stone: every tile leans a little its own way, is cut a little uneven, and is not quite its neighbour's hue.
static Vec3 tile_colour(const Tile *tile, int id, Vec2 p, float rim, Vec2 slope) {
    uint32_t h = hash2(id, 1, 21);
    float tone = hash_unit(h), hue = hash_unit(h * 747796405u + 7u), lean = hash_unit(h * 2891336453u + 3u) * TAU;
    float uneven = fbm2(p.x * 190.0f + (float)(id & 63), p.y * 190.0f, 3, 22);
    float vein = fbm2(p.x * 70.0f, p.y * 260.0f + (float)(id & 31), 3, 23);
    float tilt = tile->patch.gold ? 0.20f : 0.10f;
    Vec3 normal = v3_norm(v3(tilt * cosf(lean) + 0.14f * uneven + 0.75f * slope.x * (1.0f - rim),
                             tilt * sinf(lean) + 0.14f * vein + 0.75f * slope.y * (1.0f - rim), 1.0f));
    Vec3 lamp = v3_norm(v3(-0.5f, -0.6f, 0.75f)), half = v3_norm(v3_add(lamp, v3(0, 0, 1)));
    float shade = clampf(v3_dot(normal, lamp) / lamp.z, 0.0f, 1.6f);
    float gleam = powf(clampf(v3_dot(normal, half), 0.0f, 1.0f), 60.0f);
    Vec3 colour = v3_scale(tile->patch.colour, (0.74f + 0.52f * tone) * (1.0f + 0.25f * vein));
    colour = v3_mul(colour, v3(1.0f + 0.16f * (hue - 0.5f), 1.0f, 1.0f - 0.30f * (hue - 0.5f)));
    Vec3 shine = tile->patch.gold ? v3(1.0f, 0.78f, 0.36f) : v3(0.30f, 0.29f, 0.27f);
    return v3_mad(v3_scale(colour, 0.25f + 0.75f * shade), shine, 0.55f * gleam);
}

typedef struct {
    const Cells *cells;
    const Tile *tile;
    Canvas *canvas;
} Floor;

// How far inside its tile a cell is, in tile sides; below zero is mortar.
static float inset(const Cells *c, int x, int y) {
    x = x < 0 ? 0 : x >= c->size ? c->size - 1 : x;
    y = y < 0 ? 0 : y >= c->size ? c->size - 1 : y;
    size_t at = (size_t)y * (size_t)c->size + (size_t)x;
    float chip = 0.05f * noise2((float)x * 0.11f, (float)y * 0.11f, 24);
    return fminf(0.5f * (c->second[at] - c->nearest[at]), 0.60f - c->nearest[at]) - 0.062f + chip;
}

static void light_row(int y, void *context) {
    Floor *f = context;
    for (int x = 0; x < f->cells->size; x++) {
        float unit = (float)f->cells->size, in = inset(f->cells, x, y);
        Vec2 p = v2((float)x / unit, (float)y / unit);
        Vec2 slope = v2(inset(f->cells, x - 2, y) - inset(f->cells, x + 2, y),
                        inset(f->cells, x, y - 2) - inset(f->cells, x, y + 2));
        slope = v2_scale(slope, 0.25f * TILE * unit);
        int id = f->cells->owner[(size_t)y * (size_t)f->cells->size + (size_t)x];
        Vec3 ground = v3_scale(mortar(p), 0.75f + 0.25f * smooth(-0.02f, -0.10f, in));
        Vec3 top = id < 0 ? ground : tile_colour(&f->tile[id], id, p, smooth(0.0f, 0.11f, in), slope);
        *canvas_at(f->canvas, x, y) = v3_mix(ground, top, smooth(-0.02f, 0.02f, in));
    }
}

static void draw(Canvas *canvas) {
    enum { TILES = ROWS * ROWS };
    static Tile tile[TILES];
    Rng rng = rng_make(330);
    for (int i = 0; i < TILES; i++) {
        tile[i].at =
            v2(((float)(i % ROWS) + rng_unit(&rng)) / (float)ROWS, ((float)(i / ROWS) + rng_unit(&rng)) / (float)ROWS);
        tile[i].patch = patch_at(tile[i].at);
    }
    Cells coarse = cells_new(canvas->width);
    for (int step = 0; step < 28; step++) {
        claim_all(&coarse, tile, TILES);
        settle(&coarse, tile, TILES);
    }
    cells_free(&coarse);
    Cells fine = cells_new(canvas->width * SAMPLES);
    Canvas large = canvas_new(fine.size, fine.size);
    Floor floor_plan = {&fine, tile, &large};
    claim_all(&fine, tile, TILES);
    parallel_for(fine.size, light_row, &floor_plan);
    canvas_shrink(&large, canvas, SAMPLES);
    canvas_free(&large);
    cells_free(&fine);
}

int main(int argc, char **argv) {
    return picture_main(argc, argv, 960, 960, draw);
}
