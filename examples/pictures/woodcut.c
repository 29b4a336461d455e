// A two-block woodcut: a red sun over the sea, seen past a pine.
//
// Nothing in it is grey. Form and light come from the carved lines alone: each thing has a phase that counts its lines,
// and a tone that says how thick they are. Lengths are in units of the picture's height; y runs down.
#include "canvas.h"

#define SAMPLES 3

typedef enum { NOTHING = -1, PAPER, BLACK, RED } Ink; // NOTHING: look at what lies behind

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static const Vec2 sun = {0.335f, 0.330f};
#define SUN_RADIUS 0.165f
#define SEA        0.575f
#define RIGHT      0.8125f // edge of the picture

// One line out of many: black where the place between two lines is less than tone. A chisel never keeps its depth, so
// the width wanders along the line and now and then the line ends.
static Ink carve(float phase, float along, float tone) {
    float line = floorf(phase), off = fabsf(phase - line - 0.5f) * 2.0f;
    float width = tone + 0.16f * noise2(along * 9.0f, line * 7.7f, 3) + 0.10f * noise2(along * 31.0f, line * 3.3f, 4);
    if (tone < 0.75f) width -= 0.9f * smooth(0.42f, 0.75f, noise2(along * 4.0f, line * 5.9f + 40.0f, 5));
    return off < width ? BLACK : PAPER;
}

// ---- sky ----

typedef struct {
    float x, y, half, thick;
} Bank;

// Below zero inside a bank of cloud: a row of round ends on a flat line.
static float bank_shape(Vec2 p, Bank b) {
    float shape = 1.0f;
    for (int k = 0; k < 4; k++) {
        float half = b.half * (1.0f - 0.22f * (float)k), y = b.y - b.thick * 1.15f * (float)k;
        float x = b.x + b.half * 0.30f * sinf(2.4f * (float)k + b.x * 9.0f);
        float out = fmaxf(fabsf(p.x - x) - half, 0.0f);
        shape = fminf(shape, hypotf(out, p.y - y) - b.thick * (1.0f - 0.10f * (float)k));
    }
    return shape;
}

static Ink clouds(Vec2 p) {
    static const Bank bank[] = {{0.10f, 0.445f, 0.15f, 0.0145f},
                                {0.56f, 0.475f, 0.14f, 0.013f},
                                {0.47f, 0.235f, 0.10f, 0.0105f},
                                {0.12f, 0.175f, 0.085f, 0.0105f},
                                {0.36f, 0.520f, 0.11f, 0.0095f}};
    for (int i = 0; i < COUNT(bank); i++) {
        float d = bank_shape(p, bank[i]);
        if (d > 0.0f) continue;
        if (d > -0.0030f) return BLACK;
        float low = (p.y - bank[i].y) / bank[i].thick;
        float shade = 0.42f * smooth(-2.5f, 1.0f, low) * smooth(-0.006f, -0.012f, d);
        return shade > 0.04f ? carve(p.y / 0.0062f, p.x * 1.5f, shade) : PAPER;
    }
    return NOTHING;
}

static Ink sky(Vec2 p) {
    Vec2 from = v2_sub(p, sun);
    if (from.y > 0.25f || v2_dot(from, from) > 1.2f) return NOTHING;
    float r = v2_len(from), angle = atan2f(from.y, from.x);
    if (r < SUN_RADIUS) return RED;
    if (r < SUN_RADIUS + 0.011f) return PAPER;
    float wave = 0.0040f * sinf(angle * 24.0f + r * 30.0f) + 0.02f * fbm2(p.x * 5.0f, p.y * 5.0f, 2, 7);
    float tone = 0.16f + 0.75f * smooth(0.20f, 0.62f, r) + 0.22f * fbm2(p.x * 4.0f, p.y * 7.0f, 2, 8);
    return carve((r + wave) / 0.0112f, angle * r * 2.2f, clampf(tone, 0.10f, 0.86f));
}

static Ink birds(Vec2 p) {
    static const float bird[][3] = {
        {0.520f, 0.130f, 0.030f}, {0.575f, 0.165f, 0.022f}, {0.475f, 0.170f, 0.018f}, {0.60f, 0.115f, 0.016f}};
    for (int i = 0; i < COUNT(bird); i++) {
        float x = (p.x - bird[i][0]) / bird[i][2], y = (p.y - bird[i][1]) / bird[i][2];
        float wing = 0.55f * fabsf(x) * (1.35f - fabsf(x)) * 1.3f;
        if (fabsf(x) < 1.0f && fabsf(y + wing) < 0.13f * (1.05f - fabsf(x))) return BLACK;
        if (fabsf(x) < 1.1f && fabsf(y + wing) < 0.13f * (1.05f - fabsf(x)) + 0.12f) return PAPER;
    }
    return NOTHING;
}

// ---- mountains: lines fall from the summit ----

typedef struct {
    Vec2 top;
    float steep, dark;
    uint32_t seed;
} Peak;

static Ink mountains(Vec2 p) {
    static const Peak peak[] = {{{0.115f, 0.500f}, 0.52f, 0.88f, 30},
                                {{0.640f, 0.445f}, 0.62f, 0.84f, 40},
                                {{0.435f, 0.360f}, 0.95f, 0.64f, 50}};
    for (int i = 0; i < COUNT(peak); i++) {
        const Peak *m = &peak[i];
        float x = p.x - m->top.x, jag = 0.022f * fbm2(p.x * 13.0f, 0.7f, 4, m->seed);
        float depth = p.y - (m->top.y + m->steep * powf(fabsf(x), 1.12f) * (1.0f + 0.5f * fabsf(x)) + jag);
        if (depth < 0.0f) continue;
        if (depth < 0.0045f) return BLACK;
        float fan = x / (p.y - m->top.y + 0.075f);
        fan += 0.16f * fbm2(p.x * 8.0f, p.y * 8.0f, 3, m->seed + 1);
        float rib = noise2(fan * 9.0f, depth * 4.0f, m->seed + 2);
        float tone = m->dark + 0.95f * rib + 0.25f * smooth(0.0f, 0.3f, x);
        float snow = smooth(0.10f, 0.02f, depth + 0.10f * rib);
        tone = tone * (1.0f - 0.95f * snow) * smooth(0.28f, 0.12f, depth - 0.1f * m->dark);
        if (p.y > SEA - 0.022f) tone -= 0.6f * smooth(SEA - 0.022f, SEA, p.y); // mist on the water
        return tone > 0.05f ? carve(fan * 34.0f, depth * 2.0f, clampf(tone, 0.0f, 0.93f)) : PAPER;
    }
    return NOTHING;
}

// ---- sea ----

static Ink far_sea(Vec2 p) {
    float near = (p.y - SEA) / 0.1f, gap = 0.0052f + 0.006f * near;
    float swell = 0.0022f * (1.0f + near) * sinf(p.x * 70.0f / (1.0f + near) + 40.0f * p.y);
    float phase = 4.0f * logf(1.0f + (p.y - SEA + swell) / 0.02f) / 0.35f;
    float path = smooth(0.15f, 0.02f, fabsf(p.x - sun.x + 0.02f * noise2(p.y * 60.0f, 1.0f, 9)));
    float tone = 0.60f + 0.35f * noise2(p.x * 6.0f, p.y * 30.0f, 10) - 0.30f * path;
    Ink ink = carve(phase, p.x * 1.2f + gap, tone);
    return ink == PAPER && path > 0.35f + 0.3f * noise2(p.x * 20.0f, floorf(phase) * 3.1f, 11) ? RED : ink;
}

static float wave_line(float x, int i) {
    float size = (float)i, length = 0.105f + 0.046f * size, height = 0.010f + 0.0085f * size;
    float u = TAU * x / length + 2.3f * size * size + 0.7f * sinf(5.0f * x + size);
    u += 0.55f * sinf(u + 1.1f); // leans the crests over
    float crest = powf(0.5f + 0.5f * cosf(u), 1.7f) * (0.75f + 0.5f * sinf(3.1f * x + 2.0f * size));
    float ripple = 0.05f * sinf(u * 5.0f) + 0.18f * sinf(x * 14.0f + size * 2.0f);
    return SEA + 0.052f + 0.040f * size + 0.0085f * size * size - height * (2.1f * crest - 0.8f + ripple);
}

// The nearest wave that reaches p hides the rest. Foam along the crest ends in fingers.
static Ink waves(Vec2 p) {
    for (int i = 6; i >= 0; i--) {
        float size = (float)i, d = p.y - wave_line(p.x, i);
        if (d < 0.0f) continue;
        float unit = 0.0042f + 0.0012f * size;
        if (d < 0.35f * unit) return BLACK;
        float finger = fabsf(sinf(p.x * (150.0f - 14.0f * size) + 3.0f * sinf(p.x * 31.0f + size)));
        float slope = (wave_line(p.x + 0.004f, i) - wave_line(p.x - 0.004f, i)) / 0.008f;
        float foam = unit * (1.2f + 2.6f * finger * finger * (0.5f + 0.5f * smooth(-0.5f, 0.9f, slope)));
        if (d < foam) return PAPER;
        if (d < foam + 0.45f * unit) return BLACK;
        float tone = 0.50f + 0.42f * smooth(1.0f, -0.8f, slope) + 0.25f * smooth(0.02f, 0.10f, d) - 0.12f;
        return carve((d + 0.006f * fbm2(p.x * 9.0f, p.y * 9.0f, 2, 60)) / (unit * 1.75f), p.x * 1.4f + size,
                     clampf(tone, 0.25f, 0.84f));
    }
    return NOTHING;
}

static Ink boat(Vec2 p) {
    Vec2 q = v2_scale(v2_sub(p, v2(0.215f, 0.640f)), 1.0f / 0.055f);
    float hull = 0.34f - 0.22f * q.x * q.x;
    if (fabsf(q.x) < 1.0f && q.y > -0.06f - 0.20f * q.x * q.x && q.y < hull - 0.2f) return BLACK;
    if (fabsf(q.x - 0.03f) < 0.030f && q.y > -2.05f && q.y < 0.0f) return BLACK;
    float up = (-0.16f - q.y) / 1.75f, lee = 0.10f + 0.74f * (1.0f - up) * (0.82f + 0.35f * sinf(PI * up)),
          luff = -0.70f * (1.0f - up);
    if (up > 0.0f && up < 1.0f) {
        float edge = fminf(fabsf(q.x - lee), fabsf(q.x - luff));
        if (q.x > luff - 0.05f && q.x < lee + 0.05f && edge < 0.05f) return BLACK;
        if (q.x > luff && q.x < lee)
            return fabsf(up * 6.0f - floorf(up * 6.0f) - 0.5f) < 0.055f ? BLACK
                   : q.x < 0.03f && q.x > -0.06f                        ? PAPER
                                                                        : RED;
    }
    return NOTHING;
}

// ---- the pine on its rock ----

static float trunk_middle(float y) {
    return 0.735f + 0.030f * sinf(y * 9.0f + 0.4f) + 0.05f * (y - 0.5f);
}

static float to_curve(Vec2 p, Vec2 a, Vec2 bend, Vec2 b, float *t_out) {
    float best = 9.0f;
    for (int i = 0; i <= 24; i++) {
        float t = (float)i / 24.0f;
        Vec2 q = v2_add(v2_add(v2_scale(a, (1 - t) * (1 - t)), v2_scale(bend, 2 * t * (1 - t))), v2_scale(b, t * t));
        float d = v2_len(v2_sub(p, q));
        if (d < best) {
            best = d;
            *t_out = t;
        }
    }
    return best;
}

typedef struct {
    Vec2 root, bend, tip;
} Bough;

static const Bough boughs[] = {
    {{0.757f, 0.46f}, {0.66f, 0.40f}, {0.575f, 0.425f}},  {{0.748f, 0.34f}, {0.70f, 0.26f}, {0.60f, 0.275f}},
    {{0.765f, 0.24f}, {0.74f, 0.17f}, {0.655f, 0.150f}},  {{0.77f, 0.30f}, {0.80f, 0.22f}, {0.84f, 0.235f}},
    {{0.765f, 0.17f}, {0.765f, 0.10f}, {0.745f, 0.055f}}, {{0.755f, 0.52f}, {0.79f, 0.49f}, {0.83f, 0.50f}},
};

// A pad of needles: a half disc of spikes that fan out from its foot, lit from the sun's side.
static Ink needles(Vec2 p, Vec2 foot, float size, uint32_t seed) {
    Vec2 from = v2((p.x - foot.x) / size, (p.y - foot.y) / (0.62f * size));
    if (from.y > 0.25f || v2_dot(from, from) > 1.2f) return NOTHING;
    float r = v2_len(from), angle = atan2f(-from.y, from.x),
          spike = angle * 8.5f + 1.2f * noise2(angle * 3.0f, 1.0f, seed);
    if (from.y > 0.16f + 0.06f * sinf(from.x * 30.0f)) return NOTHING;
    float saw = fabsf(spike - floorf(spike) - 0.5f) * 2.0f;
    float rim = 0.98f - 0.24f * saw;
    if (r > rim + 0.07f) return NOTHING;
    if (r > rim) return PAPER; // a line of bare paper parts the pads
    float light = 0.16f + 0.34f * smooth(0.2f, 1.0f, r) * smooth(1.6f, 3.0f, angle) + 0.10f * smooth(0.4f, 1.0f, r);
    return r > 0.22f && saw > 1.0f - light ? PAPER : BLACK;
}

static Ink foliage(Vec2 p) {
    for (int i = 0; i < COUNT(boughs); i++)
        for (int k = 4; k >= 0; k--) {
            uint32_t h = hash2(i, k, 70);
            float t = 0.48f + 0.15f * (float)k;
            Vec2 foot = v2_add(v2_scale(boughs[i].root, 1.0f - t), v2_scale(boughs[i].tip, t));
            foot.y -= 0.022f + 0.045f * t * (1.0f - t) - 0.020f * (hash_unit(h) - 0.3f);
            float size = 0.036f + 0.016f * hash_unit(h * 747796405u);
            Ink ink = needles(p, foot, size, h);
            if (ink != NOTHING) return ink;
        }
    return NOTHING;
}

static Ink pine(Vec2 p) {
    if (p.x < 0.48f) return NOTHING;
    Ink ink = foliage(p);
    if (ink != NOTHING) return ink;
    float half = 0.008f + 0.028f * smooth(0.05f, 0.95f, p.y), off = p.x - trunk_middle(p.y);
    if (p.y > 0.10f && p.y < 0.90f && fabsf(off) < half) {
        float round = off / half,
              scale = p.y * 62.0f + 0.9f * round * round + 1.5f * noise2(p.x * 40.0f, p.y * 14.0f, 71);
        float light = smooth(0.55f, -0.9f, round);
        return fabsf(round) < 0.93f && carve(scale, round * 0.5f, 0.88f - 0.52f * light) == PAPER ? PAPER : BLACK;
    }
    if (p.y > 0.10f && p.y < 0.90f && fabsf(off) < half + 0.0045f) return PAPER;
    for (int i = 0; i < COUNT(boughs); i++) {
        float t = 0.0f, d = to_curve(p, boughs[i].root, boughs[i].bend, boughs[i].tip, &t);
        if (d < 0.0085f - 0.006f * t) return BLACK;
        if (d < 0.0120f - 0.006f * t) return PAPER;
    }
    return NOTHING;
}

static Ink rock(Vec2 p) {
    float x = RIGHT - p.x, step = 0.020f * floorf(x * 18.0f + 1.2f * noise2(x * 9.0f, 3.0f, 80));
    float top = 0.815f + 1.6f * x * x + 0.6f * step + 0.020f * fbm2(p.x * 20.0f, 1.0f, 3, 81);
    if (p.y < top - 0.004f) return NOTHING;
    if (p.y < top) return PAPER;
    float facet = noise2(p.x * 13.0f + p.y * 4.0f, p.y * 9.0f, 82);
    float lean = facet > 0.0f ? 0.5f : -0.9f;
    float tone = facet > 0.12f ? 0.66f : facet > -0.1f ? 0.97f : 0.88f;
    return p.y < top + 0.006f
               ? BLACK
               : carve((p.x + lean * p.y + 0.01f * noise2(p.x * 20.0f, p.y * 20.0f, 83)) / 0.0085f, p.y * 3.0f, tone);
}

// ---- printing ----

static Ink image(Vec2 p) {
    static Ink (*const layer[])(Vec2) = {pine, rock, waves, boat, birds, clouds};
    if (p.x < 0.0f || p.y < 0.0f || p.x > RIGHT || p.y > 1.0f) return PAPER;
    for (int i = 0; i < COUNT(layer); i++) {
        if (i == 2) { // the boat rides before the far waves and behind the near ones
            Ink ink = p.y > wave_line(p.x, 2) ? NOTHING : boat(p);
            if (ink != NOTHING) return ink;
        }
        Ink ink = i == 3 ? NOTHING : layer[i](p);
        if (ink != NOTHING) return ink;
    }
    if (p.y > SEA) return far_sea(p);
    Ink ink = mountains(p);
    return ink != NOTHING ? ink : sky(p);
}

// How much ink the block leaves: it starves along the grain of the wood and in specks of dust.
static float coverage(Vec2 p, uint32_t seed, float starved) {
    float rings = fbm2(p.x * 5.0f + 0.4f * noise2(p.x * 3.0f, p.y * 3.0f, seed), p.y * 130.0f, 3, seed + 1);
    float patch = fbm2(p.x * 6.0f, p.y * 6.0f, 3, seed + 2), speck = noise2(p.x * 620.0f, p.y * 620.0f, seed + 3);
    float dust = smooth(0.62f, 0.80f, speck + 0.5f * patch);
    return clampf(1.0f - starved * smooth(0.05f, 0.55f, rings + 0.8f * patch) - 0.55f * dust, 0.0f, 1.0f);
}

static Vec3 paper_at(Vec2 p) {
    float fibre = fbm2(p.x * 30.0f, p.y * 300.0f, 3, 90) + fbm2(p.x * 260.0f, p.y * 40.0f, 3, 91);
    return v3_scale(rgb(0xf1e4c6), 1.0f + 0.05f * fibre + 0.05f * fbm2(p.x * 3.0f, p.y * 3.0f, 3, 92));
}

static Vec3 print_at(Vec2 p) {
    // The knife shakes, and the blocks never meet exactly.
    Vec2 shake = v2(0.0005f * noise2(p.x * 190.0f, p.y * 190.0f, 93), 0.0005f * noise2(p.x * 190.0f, p.y * 190.0f, 94));
    Vec2 inside = v2_add(v2((p.x - 0.031f) * RIGHT / (RIGHT - 0.062f), (p.y - 0.031f) / 0.938f), shake);
    Vec3 colour = paper_at(p);
    float frame = fminf(fminf(inside.x, RIGHT - inside.x), fminf(inside.y, 1.0f - inside.y));
    if (image(inside) == BLACK || fabsf(frame + 0.0045f) < 0.0035f)
        return v3_mix(colour, rgb(0x0b0908), 0.99f * coverage(p, 110, 0.05f));
    if (image(v2_add(inside, v2(0.0018f, -0.0012f))) == RED)
        return v3_mix(colour, rgb(0xc3261c), 0.96f * coverage(p, 100, 0.30f));
    return colour;
}

static void print_row(int y, void *context) {
    Canvas *canvas = context;
    float unit = (float)canvas->height;
    for (int x = 0; x < canvas->width; x++) {
        Vec3 sum = {0, 0, 0};
        for (int k = 0; k < SAMPLES * SAMPLES; k++) {
            float sx = ((float)(k % SAMPLES) + 0.5f) / SAMPLES, sy = ((float)(k / SAMPLES) + 0.5f) / SAMPLES;
            sum = v3_add(sum, print_at(v2(((float)x + sx) / unit, ((float)y + sy) / unit)));
        }
        *canvas_at(canvas, x, y) = v3_scale(sum, 1.0f / (SAMPLES * SAMPLES));
    }
}

static void draw(Canvas *canvas) {
    parallel_for(canvas->height, print_row, canvas);
}

int main(int argc, char **argv) {
    return picture_main(argc, argv, 832, 1024, draw);
}
