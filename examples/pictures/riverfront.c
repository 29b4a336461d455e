// A photograph that was never taken: an old town across a river, in the blue hour.
//
// With a long lens a waterfront is nearly flat, so the town is drawn face on in metres: x to the right, y above the
// water, rows of houses one behind the other. Light comes from the sky, from lamps on the quay and out of windows.
// The river then mirrors the finished town, blurred and pulled down by its ripples as in the landscape.
#include "canvas.h"
#include "house.h"

#define SAMPLES  3
#define VIEW     82.0f  // metres across the picture at the quay
#define WATER    0.650f // of the picture's height, from the top: where the quay meets the river
#define EYE      5.2f   // metres above the water
#define DISTANCE 105.0f
#define QUAY     2.3f
#define MOST     64

typedef struct {
    House house[MOST]; // nearest row first
    int houses, front; // front: how many stand on the quay
    Canvas town;       // sampled above the water only
    float metre;       // samples a metre
} Scene;

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static const float lamps[] = {-37.5f, -28.5f, -19.5f, -10.5f, -1.5f, 7.5f, 16.5f, 25.5f, 34.5f};
#define LAMP_HEIGHT (QUAY + 3.9f)

// ---- building the town ----

static void build_row(Scene *s, float from, float to, float base, float low, float high, uint32_t seed) {
    Rng rng = rng_make(seed);
    float x = from;
    while (x < to && s->houses < MOST) {
        House h = {.left = x, .width = rng_range(&rng, 5.6f, 9.4f), .base = base, .seed = seed + rng_next(&rng) % 9973};
        h.gable = rng_unit(&rng) < 0.55f;
        h.eaves = floorf(rng_range(&rng, low, high)) * 2.95f + 0.35f;
        h.ridge = h.eaves + (h.gable ? 0.62f * h.width : rng_range(&rng, 3.0f, 4.2f));
        s->house[s->houses++] = h;
        x += h.width;
    }
}

static void build_town(Scene *s) {
    build_row(s, -46.0f, 44.0f, QUAY, 3.0f, 4.9f, 1607);
    s->front = s->houses;
    build_row(s, -48.0f, 44.0f, 10.0f, 2.0f, 3.6f, 2411);
    build_row(s, -47.0f, 10.0f, 14.5f, 1.6f, 3.0f, 3119);
}

// ---- sky and hill ----

static Vec3 sky(float x, float y) {
    float up = clampf((y - 14.0f) / 32.0f, 0.0f, 1.0f), west = smooth(-45.0f, 40.0f, x);
    Vec3 rim = v3_mix(v3(0.72f, 0.42f, 0.36f), v3(1.25f, 0.66f, 0.30f), west);
    Vec3 middle = v3_mix(v3(0.36f, 0.33f, 0.48f), v3(0.56f, 0.42f, 0.47f), west);
    Vec3 deep = v3(0.075f, 0.115f, 0.26f);
    Vec3 colour = v3_mix(v3_mix(rim, middle, smooth(0.0f, 0.48f, up)), deep, smooth(0.25f, 1.0f, up));
    // Long clouds, lit from below by a sun that has gone.
    float warp = fbm2(x / 26.0f, y / 13.0f, 3, 11);
    float bank = fbm2(x / 30.0f + 1.2f * warp + 2.0f, y / 5.6f - 0.02f * x + 1.2f * warp, 6, 12);
    float edge = fbm2(x / 30.0f + 1.2f * warp + 2.0f, (y - 1.1f) / 5.6f - 0.02f * x + 1.2f * warp, 6, 12);
    float cover = smooth(-0.02f, 0.34f, bank) * smooth(0.06f, 0.3f, up);
    Vec3 fire = v3_mix(v3(0.95f, 0.36f, 0.27f), v3(1.30f, 0.58f, 0.28f), west), ash = v3(0.20f, 0.185f, 0.29f);
    float lit = clampf(0.45f + 3.2f * (bank - edge), 0.0f, 1.0f) * (1.15f - 0.75f * up);
    return v3_mix(colour, v3_mix(ash, fire, lit), 0.88f * cover);
}

static int hill(float x, float y, Vec3 *out) {
    float top = 24.5f + 5.0f * sinf(x * 0.045f + 1.9f) + 1.3f * fbm2(x * 0.3f, 1.0f, 3, 13) +
                0.9f * fbm2(x * 1.4f, y * 0.8f, 4, 14);
    if (y > top) return 0;
    float clump = fbm2(x * 0.75f, y * 0.95f, 4, 15);
    Vec3 dark = v3_mix(v3(0.030f, 0.042f, 0.045f), v3(0.085f, 0.088f, 0.072f), smooth(-0.3f, 0.4f, clump));
    *out = v3_mix(dark, v3(0.30f, 0.27f, 0.34f), 0.36f);
    return 1;
}

// The church on the slope: a square tower, a belfry with a clock, a spire, and a long nave beside it.
static int church(float x, float y, Surface *out) {
    y = y / 0.80f;
    float u = (x - 17.5f) / 0.80f, stone = 0.85f + 0.4f * fbm2(x * 1.2f, y * 1.6f, 4, 21);
    Vec3 wall = v3_scale(v3(0.44f, 0.40f, 0.35f), stone);
    float spire = 2.55f * (1.0f - (y - 35.5f) / 12.5f);
    if (y >= 35.5f && y < 48.0f && fabsf(u) < spire) {
        *out = (Surface){v3_scale(v3(0.085f, 0.125f, 0.115f), 0.9f + 0.3f * (u < 0.0f)), {0, 0, 0}, 0.0f, 0.1f};
        return 1;
    }
    if (fabsf(u) < (fabsf(y - 35.3f) < 0.35f || fabsf(y - 29.0f) < 0.2f ? 2.75f : 2.4f) && y < 35.6f) {
        *out = (Surface){wall, {0, 0, 0}, 0.02f * stone, 0.0f};
        float clock = hypotf(u, y - 30.9f), bell = fabsf(fabsf(u) - 0.8f);
        if (clock < 1.15f) {
            out->albedo = v3(0.75f, 0.70f, 0.6f);
            out->glow = v3(0.75f, 0.60f, 0.36f);
            if (clock > 0.98f || (fabsf(u) < 0.07f && y > 30.9f) ||
                (u > 0.0f && u < 0.6f && fabsf(y - 30.9f - 0.3f * u) < 0.07f))
                *out = (Surface){v3(0.05f, 0.05f, 0.05f), {0, 0, 0}, 0.0f, 0.0f};
        }
        if (bell < 0.42f && y > 32.5f && y < 34.4f + sqrtf(0.1765f - bell * bell))
            *out = (Surface){v3(0.03f, 0.03f, 0.035f), {0.05f, 0.03f, 0.012f}, -0.3f, 0.0f};
        return 1;
    }
    if (u > 2.4f && u < 17.0f && y < 24.8f) {
        float bay = u - 2.4f - floorf((u - 2.4f) / 2.9f) * 2.9f - 1.45f;
        int window = fabsf(bay) < 0.55f && y > 18.6f && y < 21.6f + 0.9f * (0.55f - fabsf(bay));
        *out = (Surface){y > 22.8f ? v3(0.16f, 0.085f, 0.06f) : wall, {0, 0, 0}, 0.0f, 0.0f};
        if (window) *out = (Surface){v3(0.05f, 0.05f, 0.05f), {0.85f, 0.48f, 0.18f}, -0.2f, 0.3f};
        return 1;
    }
    return 0;
}

// ---- the quay ----

static int quay_wall(float x, float y, Surface *out) {
    if (y > QUAY) return 0;
    float row = floorf(y / 0.46f), shift = 0.37f * row, cell = floorf((x + shift) / 1.05f);
    float fx = (x + shift) / 1.05f - cell, fy = y / 0.46f - row;
    float joint = smooth(0.0f, 0.06f, fminf(fminf(fx, 1.0f - fx) * 2.2f, fminf(fy, 1.0f - fy)));
    float tone = hash_unit(hash2((int)cell, (int)row, 23)), rough = fbm2(x * 2.5f, y * 2.5f, 4, 24);
    float wet = smooth(0.85f, 0.35f, y + 0.25f * rough);
    Vec3 stone = v3_scale(v3(0.30f, 0.275f, 0.245f), 0.65f + 0.45f * tone + 0.45f * rough);
    stone = v3_mix(stone, v3(0.040f, 0.050f, 0.028f), 0.85f * wet);
    if (y > QUAY - 0.24f) stone = v3(0.40f, 0.37f, 0.33f), joint = 1.0f;
    *out = (Surface){v3_scale(stone, 0.5f + 0.5f * joint), {0, 0, 0}, 0.06f * joint + 0.03f * rough, 0.25f * wet};
    return 1;
}

static int boat(float x, float y, float at, float length, uint32_t paint, Surface *out) {
    float u = (x - at) / length, sheer = 0.75f + 1.25f * u * u, keel = 1.25f * powf(fabsf(u), 5.0f) * 8.0f - 0.3f;
    if (fabsf(u - 0.10f) < 0.045f / length && y > 0.3f && y < 1.25f * length) {
        *out = (Surface){v3(0.20f, 0.13f, 0.08f), {0, 0, 0}, 0.1f, 0.1f};
        return 1;
    }
    if (fabsf(u) > 0.52f || y > sheer || y < keel) return 0;
    float plank = sinf((y - 0.8f * u * u) * 22.0f);
    Vec3 colour = y > sheer - 0.12f ? v3(0.34f, 0.22f, 0.12f) : y < 0.22f ? v3(0.10f, 0.05f, 0.04f) : rgb(paint);
    *out = (Surface){v3_scale(colour, 0.9f + 0.08f * plank), {0, 0, 0}, 0.12f * (1.0f - y) + 0.008f * plank, 0.12f};
    return 1;
}

static int boats(float x, float y, Surface *out) {
    static const struct {
        float at, length;
        uint32_t paint;
    } moored[] = {{-25.5f, 6.2f, 0x3a6a8c},
                  {-16.5f, 5.0f, 0xa83f2c},
                  {3.0f, 7.0f, 0xd2ccbe},
                  {12.2f, 4.8f, 0x3f6a55},
                  {31.0f, 6.4f, 0x7c2a2e}};
    for (int i = 0; i < COUNT(moored); i++)
        if (boat(x, y, moored[i].at, moored[i].length, moored[i].paint, out)) return 1;
    return 0;
}

static int lamp_post(float x, float y, Surface *out) {
    for (int i = 0; i < COUNT(lamps); i++) {
        float u = fabsf(x - lamps[i]), v = y - LAMP_HEIGHT;
        if (u < 0.20f + 0.10f * v && fabsf(v) < 0.36f) {
            *out = (Surface){v3(0.6f, 0.5f, 0.4f), {13.0f, 7.6f, 3.0f}, 0.0f, 0.0f};
            return 1;
        }
        if ((u < 0.07f && y < LAMP_HEIGHT && y > QUAY) || (u < 0.26f - 0.5f * (v - 0.36f) && v > 0.36f && v < 0.62f) ||
            (u < 0.16f && y > QUAY && y < QUAY + 0.5f)) {
            *out = (Surface){v3(0.03f, 0.035f, 0.035f), {0, 0, 0}, 0.0f, 0.1f};
            return 1;
        }
    }
    return 0;
}

// Trees on the quay: a crown is clumps of clumps, and holes in it let the houses through.
static int tree(float x, float y, Surface *out) {
    static const float place[][3] = {{-32.2f, 8.8f, 3.3f}, {-6.4f, 8.0f, 2.7f}, {28.6f, 9.4f, 3.7f}};
    for (int i = 0; i < COUNT(place); i++) {
        float dx = x - place[i][0], dy = (y - place[i][1]) * 0.86f, r = hypotf(dx, dy) / place[i][2];
        float trunk = 0.20f + 0.05f * (place[i][1] - y) * 0.3f;
        float clump = fbm2(x * 0.8f, y * 0.8f, 2, 31 + (uint32_t)i), leaf = fbm2(x * 5.0f, y * 5.0f, 3, 41);
        if (r + 0.75f * clump + 0.28f * leaf < 0.86f) {
            float shade = smooth(-0.5f, 0.5f, fbm2(x * 1.6f, y * 1.6f - 0.6f * clump, 3, 51) + 0.5f * leaf);
            *out = (Surface){
                v3_mix(v3(0.022f, 0.034f, 0.016f), v3(0.15f, 0.17f, 0.055f), shade), {0, 0, 0}, 0.4f * shade, 0.0f};
            return 1;
        }
        if (y > QUAY && y < place[i][1] && fabsf(dx + 0.15f * sinf(y)) < trunk) {
            *out = (Surface){v3(0.075f, 0.058f, 0.045f), {0, 0, 0}, 0.1f, 0.0f};
            return 1;
        }
    }
    return 0;
}

// ---- light ----

// The surface at a place, and how far behind the quay it lies in rows of houses; 0 for sky and hill.
static int surface_at(const Scene *s, float x, float y, Surface *out, int *row) {
    *row = 0;
    if (boats(x, y, out) || lamp_post(x, y, out) || tree(x, y, out) || quay_wall(x, y, out)) return 1;
    for (int i = 0; i < s->houses; i++)
        if (house_at(&s->house[i], x, y, out)) {
            *row = i < s->front ? 1 : s->house[i].base < 12.0f ? 2 : 3;
            return 1;
        }
    *row = 3;
    return church(x, y, out);
}

static Vec3 lamp_light(float x, float y, int row) {
    float back = row == 0 ? 1.2f : 2.3f, sum = 0.0f;
    if (row > 1) return v3(0.05f, 0.03f, 0.015f);
    for (int i = 0; i < COUNT(lamps); i++) {
        float dx = x - lamps[i], dy = y - LAMP_HEIGHT;
        sum += back / powf(dx * dx + dy * dy + back * back, 1.5f);
    }
    return v3_scale(v3(1.0f, 0.52f, 0.19f), 14.0f * sum);
}

static Vec3 shade(const Scene *s, const Surface *here, float x, float y, int row) {
    const float e = 0.035f;
    Surface right = *here, above = *here;
    int other;
    if (!surface_at(s, x + e, y, &right, &other)) right.relief = here->relief;
    if (!surface_at(s, x, y + e, &above, &other)) above.relief = here->relief;
    float dx = clampf((right.relief - here->relief) / e, -2.5f, 2.5f),
          dy = clampf((above.relief - here->relief) / e, -2.5f, 2.5f);
    Vec3 normal = v3_norm(v3(-dx, -dy, 1.0f));
    // The glow of the west comes from the right, the cool of the zenith from above.
    float west = clampf(0.5f + 0.75f * normal.x + 0.25f * normal.z, 0.0f, 1.4f),
          zenith = clampf(0.40f + 0.85f * normal.y, 0.0f, 1.3f);
    Vec3 light = v3_add(v3_scale(v3(0.34f, 0.215f, 0.17f), west), v3_scale(v3(0.155f, 0.20f, 0.34f), zenith));
    light =
        v3_mad(light, lamp_light(x, y, row), clampf(0.75f - 0.35f * dy * (y < LAMP_HEIGHT ? -1.0f : 1.0f), 0.3f, 1.3f));
    Vec3 colour = v3_add(v3_mul(here->albedo, light), here->glow);
    Vec3 mirrored = v3_scale(sky(40.0f - 0.6f * x, 16.0f + 0.5f * y + 2.0f * noise2(x * 0.9f, y * 0.9f, 71)), 0.32f);
    return v3_mad(colour, mirrored, here->gloss);
}

static Vec3 town(const Scene *s, float x, float y) {
    Surface surface;
    int row;
    Vec3 colour, air = v3(0.30f, 0.27f, 0.35f);
    if (surface_at(s, x, y, &surface, &row)) {
        colour = shade(s, &surface, x, y, row);
        return v3_mix(colour, air, row == 2 ? 0.08f : row == 3 ? 0.17f : 0.0f);
    }
    return hill(x, y, &colour) ? colour : sky(x, y);
}

static void town_row(int j, void *context) {
    Scene *s = context;
    for (int i = 0; i < s->town.width; i++) {
        float x = ((float)i + 0.5f) / s->metre - 0.5f * VIEW, y = ((float)(s->town.height - j) - 0.5f) / s->metre;
        *canvas_at(&s->town, i, j) = town(s, x, y);
    }
}

// ---- the river ----

static Vec2 ripple(float x, float z, float footprint, Rng *rng) {
    Vec2 tilt = {0, 0};
    float breeze = 0.55f + 1.1f * smooth(-0.2f, 0.35f, fbm2(x / 26.0f, z / 14.0f, 3, 81)), length = 3.4f,
          amount = 0.011f;
    for (uint32_t octave = 0; octave < 5; octave++) {
        float seen = smooth(1.1f * length, 0.25f * length, footprint), jitter = 0.45f * (1.0f - seen);
        tilt.x += amount * (seen * noise2(x / length, z / length * 1.5f, 82 + octave) + jitter * rng_normal(rng));
        tilt.y +=
            amount * (seen * noise2(x / length + 5.1f, z / length * 1.5f, 92 + octave) + jitter * rng_normal(rng));
        length *= 0.52f;
        amount *= 0.80f;
    }
    return v2_scale(tilt, breeze);
}

static Vec3 river(const Scene *s, float side, float slope, Rng *rng) {
    float z = EYE / -slope, pixel = VIEW / DISTANCE / (float)s->town.width;
    Vec2 tilt = ripple(side * z, z, z * z / EYE * pixel, rng);
    float up = fmaxf(-slope + 2.0f * tilt.y, 0.004f), aside = side + 1.2f * tilt.x * -slope;
    // The mirrored ray starts on the water at distance z and meets the town's plane.
    float x = aside * DISTANCE, y = up * (DISTANCE - z);
    if (y > (float)s->town.height / s->metre) y = (float)s->town.height / s->metre;
    Vec3 mirrored =
        canvas_sample(&s->town, (x + 0.5f * VIEW) * s->metre - 0.5f, (float)s->town.height - y * s->metre - 0.5f);
    float reflect = 0.02f + 0.98f * powf(1.0f - up / sqrtf(1.0f + up * up), 5.0f);
    return v3_mad(v3_scale(v3(0.016f, 0.030f, 0.044f), 1.0f - reflect), mirrored, 0.94f * reflect);
}

typedef struct {
    Scene *scene;
    Canvas *canvas;
} Exposure;

static void expose_row(int j, void *context) {
    Exposure *e = context;
    Scene *s = e->scene;
    float water = WATER * (float)e->canvas->height;
    for (int i = 0; i < e->canvas->width; i++) {
        Vec3 sum = {0, 0, 0};
        Rng rng = rng_make(hash2(i, j, 5));
        for (int k = 0; k < SAMPLES * SAMPLES; k++) {
            float px = (float)i * SAMPLES + (float)(k % SAMPLES), py = (float)j * SAMPLES + (float)(k / SAMPLES);
            float below = (py + 0.5f) - water * SAMPLES; // in samples
            float slope = -(EYE + below / s->metre) / DISTANCE,
                  side = ((px + 0.5f) / s->metre - 0.5f * VIEW) / DISTANCE;
            Vec3 colour = below > 0.0f ? river(s, side, slope, &rng)
                                       : canvas_sample(&s->town, px, (float)s->town.height + below - 0.5f);
            sum = v3_add(sum, v3(fminf(colour.x, 6.0f), fminf(colour.y, 6.0f), fminf(colour.z, 6.0f)));
        }
        *canvas_at(e->canvas, i, j) = v3_scale(sum, 1.0f / (SAMPLES * SAMPLES));
    }
}

// ---- the darkroom ----

// Bright light spreads in the lens: what is above white is blurred wide and added back.
static void add_bloom(Canvas *canvas, float sigma, float amount) {
    Field glow[3];
    for (int c = 0; c < 3; c++) {
        glow[c] = field_new(canvas->width, canvas->height);
        for (int j = 0; j < canvas->height; j++)
            for (int i = 0; i < canvas->width; i++) {
                Vec3 p = *canvas_at(canvas, i, j);
                *field_at(&glow[c], i, j) = fmaxf((c == 0 ? p.x : c == 1 ? p.y : p.z) - 0.9f, 0.0f);
            }
        field_blur(&glow[c], sigma);
    }
    for (int j = 0; j < canvas->height; j++)
        for (int i = 0; i < canvas->width; i++) {
            Vec3 light = v3(*field_at(&glow[0], i, j), *field_at(&glow[1], i, j), *field_at(&glow[2], i, j));
            *canvas_at(canvas, i, j) = v3_mad(*canvas_at(canvas, i, j), light, amount);
        }
    for (int c = 0; c < 3; c++) field_free(&glow[c]);
}

static void develop(Canvas *canvas) {
    add_bloom(canvas, 0.0035f * (float)canvas->width, 0.55f);
    add_bloom(canvas, 0.0160f * (float)canvas->width, 0.45f);
    for (int j = 0; j < canvas->height; j++)
        for (int i = 0; i < canvas->width; i++) {
            float x = (float)i / (float)canvas->width - 0.5f, y = (float)j / (float)canvas->height - 0.5f;
            Vec3 *c = canvas_at(canvas, i, j);
            *c = tone_map(v3_scale(*c, 0.95f * (1.0f - 0.7f * (x * x + y * y))));
            float grain = 1.0f + 0.016f * (hash_unit(hash2(i, j, 6)) - 0.5f) / (luma(*c) + 0.2f);
            *c = v3_scale(*c, grain);
        }
}

static void draw(Canvas *canvas) {
    static Scene s;
    int width = canvas->width * SAMPLES;
    s.metre = (float)width / VIEW;
    s.town = canvas_new(width, (int)(WATER * (float)canvas->height * SAMPLES) + 1);
    build_town(&s);
    parallel_for(s.town.height, town_row, &s);
    Exposure exposure = {&s, canvas};
    parallel_for(canvas->height, expose_row, &exposure);
    develop(canvas);
    canvas_free(&s.town);
}

int main(int argc, char **argv) {
    return picture_main(argc, argv, 1152, 864, draw);
}
