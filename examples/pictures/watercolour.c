// Garden flowers in watercolour: some four hundred translucent washes on rough paper.
//
// A wash is a shape and two pigments that run into each other. Light passes a layer of pigment twice, so layers
// multiply (Beer and Lambert); what makes them look wet follows Curtis et al., "Computer-generated watercolor" (1997):
// pigment gathers at drying edges, settles in the hollows of the paper, and water that runs back leaves blooms.
// Lengths are in units of the picture's height; y runs down.
#include "canvas.h"

typedef struct {
    Vec2 root, axis; // a petal from root to root + axis; the axis is as long as the petal
    float width;     // half, at the widest place
    float belly;     // where along the petal it is widest: 0.5 is an ellipse
    float bend;      // to the side, as a part of the length
    float ruffle;    // of the outline, as a part of the width
    float wet;       // 0 dries with a hard edge all around, 1 bleeds away everywhere
    float strength;  // of the pigment
    uint32_t pigment[2];
    float grain; // how much the pigment settles in the paper
} Wash;

typedef struct {
    Canvas *canvas;
    Field paper; // heights, about -1 to 1
    Rng rng;
} Sheet;

// ---- one wash ----

// How far inside the outline a place is, in units of the half width: 1 on the axis, 0 on the outline.
static float inside(const Wash *w, Vec2 p, uint32_t seed) {
    float length = v2_len(w->axis) + 1e-6f;
    Vec2 axis = v2_scale(w->axis, 1.0f / length), from = v2_sub(p, w->root);
    float big = w->ruffle * w->width, scale = 1.0f / (w->width + 0.25f * length);
    from.x += big * fbm2(p.x * scale * 1.7f, p.y * scale * 1.7f, 3, seed) +
              0.0022f * fbm2(p.x * 90.0f, p.y * 90.0f, 3, seed + 3);
    from.y += big * fbm2(p.x * scale * 1.7f + 7.0f, p.y * scale * 1.7f, 3, seed + 1) +
              0.0022f * fbm2(p.x * 90.0f, p.y * 90.0f + 5.0f, 3, seed + 3);
    float u = v2_dot(from, axis) / length, v = axis.x * from.y - axis.y * from.x;
    v -= w->bend * length * u * u;
    if (u < 0.0f || u > 1.0f) return -0.5f - fmaxf(-u, u - 1.0f) * length / w->width;
    float skew = powf(u, logf(0.5f) / logf(w->belly));
    float half = w->width * powf(4.0f * skew * (1.0f - skew), 0.62f);
    return (half - fabsf(v)) / w->width;
}

// Pigment at a place that lies depth inside (in half widths). Also mixes the two pigments.
static float density(const Wash *w, Vec2 p, float depth, float paper, uint32_t seed, float *blend) {
    float pixels = depth * w->width; // lengths from here on
    float loose =
        smooth(0.10f - 0.75f * w->wet, 0.62f - 0.75f * w->wet, noise2(p.x * 9.0f, p.y * 9.0f, seed + 5) * 0.8f);
    float soft = mixf(0.0008f, 0.0010f + 0.55f * w->width * (0.25f + w->wet), loose);
    float cover = smooth(-0.35f * soft, soft, pixels);
    if (cover <= 0.0f) return 0.0f;
    float rim = expf(-pixels * pixels / (0.0026f * 0.0026f)) + 0.45f * expf(-fmaxf(pixels, 0.0f) / 0.012f);
    float flow = fbm2(p.x * 11.0f, p.y * 11.0f, 4, seed + 6), cloud = fbm2(p.x * 26.0f, p.y * 26.0f, 4, seed + 7);
    float run = fbm2(p.x * 7.0f + 0.6f * flow, p.y * 7.0f + 0.6f * cloud, 4, seed + 8) - 0.08f;
    float bloom = expf(-run * run / 0.0010f) * 0.5f - 0.42f * smooth(0.0f, 0.14f, run);
    float amount = 0.62f + 1.05f * flow + 0.40f * cloud + 0.75f * rim * (1.0f - loose) + bloom * (0.5f + w->wet);
    amount *= 1.0f - w->grain * 0.65f * paper;
    *blend = smooth(-0.30f, 0.30f, fbm2(p.x * 8.0f, p.y * 8.0f, 3, seed + 9) + 0.5f * (0.4f - depth));
    return cover * fmaxf(amount, 0.06f) * w->strength;
}

// The light that a layer lets through; a pigment's colour is that of a layer of amount 1 on white.
static Vec3 through(Vec3 pigment, float amount) {
    return v3(powf(pigment.x + 0.002f, amount), powf(pigment.y + 0.002f, amount), powf(pigment.z + 0.002f, amount));
}

static void lay(Sheet *s, Wash w) {
    float unit = (float)s->canvas->height, reach = w.width * (1.4f + w.ruffle) + 0.02f;
    uint32_t seed = rng_next(&s->rng);
    Vec2 tip = v2_add(w.root, w.axis);
    float sway = fabsf(w.bend) * v2_len(w.axis);
    int left = (int)fmaxf((fminf(w.root.x, tip.x) - reach - sway) * unit, 0.0f);
    int top = (int)fmaxf((fminf(w.root.y, tip.y) - reach - sway) * unit, 0.0f);
    int right = (int)fminf((fmaxf(w.root.x, tip.x) + reach + sway) * unit, (float)s->canvas->width);
    int bottom = (int)fminf((fmaxf(w.root.y, tip.y) + reach + sway) * unit, (float)s->canvas->height);
    Vec3 first = rgb(w.pigment[0]), second = rgb(w.pigment[1]);
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++) {
            Vec2 p = v2(((float)x + 0.5f) / unit, ((float)y + 0.5f) / unit);
            float depth = inside(&w, p, seed), blend = 0.0f;
            if (depth < -0.6f) continue;
            float amount = density(&w, p, depth, *field_at(&s->paper, x, y), seed, &blend);
            if (amount <= 0.0f) continue;
            Vec3 *c = canvas_at(s->canvas, x, y);
            *c = v3_mul(*c, through(v3_mix(first, second, blend), amount));
        }
}

// ---- things made of washes ----

static Wash petal(Vec2 root, float angle, float length, float width, uint32_t from, uint32_t to) {
    return (Wash){.root = root,
                  .axis = v2_scale(v2_turn(angle), length),
                  .width = width,
                  .belly = 0.62f,
                  .ruffle = 0.55f,
                  .wet = 0.22f,
                  .strength = 0.85f,
                  .pigment = {from, to},
                  .grain = 0.5f};
}

static Wash dab(Sheet *s, Vec2 at, float size, uint32_t from, uint32_t to) {
    float angle = rng_range(&s->rng, 0.0f, TAU);
    Wash w = petal(v2_sub(at, v2_scale(v2_turn(angle), size)), angle, 2.0f * size, 0.8f * size, from, to);
    w.belly = 0.5f;
    return w;
}

static void stamens(Sheet *s, Vec2 at, float radius, int count, uint32_t from, uint32_t to) {
    for (int i = 0; i < count; i++) {
        Vec2 out = v2_scale(v2_turn(rng_range(&s->rng, 0.0f, TAU)), radius * sqrtf(rng_unit(&s->rng)));
        Wash w = dab(s, v2_add(at, out), rng_range(&s->rng, 0.0022f, 0.0055f), from, to);
        w.strength = 1.5f;
        w.wet = 0.0f;
        lay(s, w);
    }
}

// Wipes wet paint off again with a sponge, so that what comes next does not sink into the leaves.
static void lift(Sheet *s, Vec2 at, float radius) {
    float unit = (float)s->canvas->height;
    for (int y = 0; y < s->canvas->height; y++)
        for (int x = 0; x < s->canvas->width; x++) {
            Vec2 p = v2((float)x / unit, (float)y / unit);
            float r = v2_len(v2_sub(p, at)) / radius + 0.25f * fbm2(p.x * 14.0f, p.y * 14.0f, 3, 301);
            Vec3 *c = canvas_at(s->canvas, x, y);
            *c = v3_mix(*c, rgb(0xfcf6ea), 0.86f * smooth(1.0f, 0.72f, r));
        }
}

typedef struct {
    Vec2 at;
    float radius;
    int petals, rings;
    float plump; // half width of a petal as a part of its length
    uint32_t pigment[3];
    uint32_t heart[2];
} Flower;

static void flower(Sheet *s, const Flower *f) {
    float start = rng_range(&s->rng, 0.0f, TAU);
    lift(s, f->at, 1.12f * f->radius);
    Wash glow = dab(s, v2_add(f->at, v2(rng_range(&s->rng, -0.3f, 0.3f) * f->radius, 0.2f * f->radius)),
                    f->radius * 1.25f, f->pigment[0], f->pigment[1]);
    glow.wet = 1.0f;
    glow.strength = 0.16f;
    lay(s, glow);
    for (int ring = 0; ring < f->rings; ring++) {
        float size = f->radius * (1.0f - 0.30f * (float)ring);
        for (int i = 0; i < f->petals; i++) {
            float angle =
                start + TAU * ((float)i + 0.5f * (float)ring) / (float)f->petals + 0.16f * rng_normal(&s->rng);
            float length =
                size * rng_range(&s->rng, 0.85f, 1.12f) * (1.0f - 0.16f * sinf(angle)); // seen a little from below
            Vec2 root = v2_add(f->at, v2_scale(v2_turn(angle), 0.06f * f->radius));
            int k = (int)(rng_unit(&s->rng) * 3.0f);
            Wash w = petal(root, angle, length, f->plump * length * rng_range(&s->rng, 0.85f, 1.15f), f->pigment[k],
                           f->pigment[(k + 1) % 3]);
            w.bend = 0.10f * rng_normal(&s->rng);
            w.strength = rng_range(&s->rng, 0.55f, 0.95f);
            lay(s, w);
            // A second, smaller touch while the first is damp deepens the throat of the petal.
            w.axis = v2_scale(w.axis, 0.52f);
            w.width *= 0.55f;
            w.wet = 0.75f;
            w.strength *= 0.8f;
            lay(s, w);
        }
    }
    Wash heart = dab(s, f->at, 0.20f * f->radius, f->heart[0], f->heart[1]);
    heart.wet = 0.5f;
    heart.strength = 1.2f;
    lay(s, heart);
    stamens(s, f->at, 0.34f * f->radius, 34, f->heart[0], f->heart[1]);
}

static void leaf(Sheet *s, Vec2 root, float angle, float length) {
    static const uint32_t green[] = {0x7fa64a, 0x3f7d4c, 0x2f6f6c, 0xa8b04a, 0x4d7f8c, 0x5d7a35};
    int k = (int)(rng_unit(&s->rng) * 6.0f);
    Wash w = petal(root, angle, length, length * rng_range(&s->rng, 0.10f, 0.17f), green[k], green[(k + 1) % 6]);
    w.belly = 0.42f;
    w.ruffle = 0.30f;
    w.bend = 0.22f * rng_normal(&s->rng);
    w.strength = rng_range(&s->rng, 0.40f, 0.90f);
    w.grain = 0.8f;
    lay(s, w);
    w.width *= 0.40f; // the shaded half
    w.root = v2_add(w.root, v2_scale(v2_turn(angle + 0.5f * PI), 0.35f * w.width));
    w.strength *= 0.7f;
    lay(s, w);
}

// A stem is a chain of short narrow washes; leaves leave it to both sides.
static void stem(Sheet *s, Vec2 top, Vec2 foot, float bend, int leaves) {
    enum { PARTS = 7 };
    Vec2 run = v2_sub(foot, top), side = v2(-run.y, run.x);
    Vec2 last = top;
    for (int i = 1; i <= PARTS; i++) {
        float t = (float)i / PARTS;
        Vec2 at = v2_add(v2_add(top, v2_scale(run, t)), v2_scale(side, bend * sinf(PI * t)));
        Vec2 step = v2_sub(at, last);
        Wash w = petal(last, 0.0f, 1.0f, 0.0042f, 0x6d9444, 0x3a7262);
        w.axis = v2_scale(step, 1.12f);
        w.belly = 0.5f;
        w.ruffle = 0.3f;
        lay(s, w);
        last = at;
        if (i > PARTS - leaves) {
            float along = atan2f(step.y, step.x) + PI, way = i & 1 ? 1.0f : -1.0f;
            leaf(s, at, along + way * rng_range(&s->rng, 0.4f, 1.0f), rng_range(&s->rng, 0.10f, 0.20f));
        }
    }
}

// Small bells or berries along an arching spray.
static void spray(Sheet *s, Vec2 root, float angle, float length, uint32_t from, uint32_t to) {
    Vec2 axis = v2_scale(v2_turn(angle), length), side = v2(-axis.y, axis.x);
    float bend = rng_range(&s->rng, -0.4f, 0.4f);
    Wash w = petal(root, angle, length, 0.0028f, 0x7a9a52, 0x4c7a5c);
    w.bend = bend;
    lay(s, w);
    for (int i = 2; i < 15; i++) {
        float t = (float)i / 15.0f, way = i & 1 ? 1.0f : -1.0f;
        Vec2 at = v2_add(root, v2_add(v2_scale(axis, t), v2_scale(side, bend * t * t)));
        at = v2_add(at, v2_scale(v2_turn(angle + 1.2f * way), 0.017f * (1.2f - t)));
        w = dab(s, at, 0.0135f * (1.15f - 0.7f * t), from, to);
        w.strength = rng_range(&s->rng, 0.5f, 1.2f);
        lay(s, w);
    }
}

// ---- the picture ----

static void backdrop(Sheet *s) {
    static const uint32_t tint[][2] = {{0xa9cfe6, 0xc7b8e2}, {0xf6d9a0, 0xf3bfae}, {0xbfe0b4, 0xa6d6d2},
                                       {0xe7b9d4, 0xbfb4e6}, {0x9fc4e8, 0xb5e0d8}, {0xf9e7a8, 0xcfe3a4}};
    for (int i = 0; i < 17; i++) {
        Vec2 at = v2(rng_range(&s->rng, 0.06f, 0.76f), rng_range(&s->rng, 0.06f, 0.92f));
        const uint32_t *pair = tint[i % 6];
        Wash w = dab(s, at, rng_range(&s->rng, 0.10f, 0.21f), pair[0], pair[1]);
        w.wet = 0.82f;
        w.ruffle = 0.9f;
        w.strength = rng_range(&s->rng, 0.5f, 1.0f);
        lay(s, w);
    }
}

static void spatter(Sheet *s) {
    static const uint32_t drop[] = {0xd8434e, 0x7a4fae, 0x3f78b8, 0xe8a33c, 0x4f8d58, 0xc23b84};
    for (int i = 0; i < 110; i++) {
        float spread = rng_unit(&s->rng);
        Vec2 at = v2(0.40f + 0.24f * rng_normal(&s->rng), 0.42f + 0.28f * rng_normal(&s->rng));
        Wash w = dab(s, at, 0.0012f + 0.0065f * spread * spread * spread, drop[i % 6], drop[(i + 1) % 6]);
        w.wet = 0.0f;
        w.strength = rng_range(&s->rng, 0.4f, 1.0f);
        lay(s, w);
    }
}

static void make_paper(Sheet *s) {
    float fine = 1024.0f / (float)s->canvas->height;
    for (int y = 0; y < s->canvas->height; y++)
        for (int x = 0; x < s->canvas->width; x++) {
            float px = (float)x * fine, py = (float)y * fine;
            float tooth = fbm2(px / 5.2f, py / 5.2f, 3, 201) * 1.5f + 0.5f * fbm2(px / 17.0f, py / 17.0f, 2, 202);
            *field_at(&s->paper, x, y) = clampf(tooth, -1.0f, 1.0f);
            *canvas_at(s->canvas, x, y) = rgb(0xfcf8ee);
        }
}

// Raking light on the tooth of the paper, last of all since it lies over pigment too.
static void light_paper(Sheet *s) {
    for (int y = 0; y < s->canvas->height; y++)
        for (int x = 0; x < s->canvas->width; x++) {
            float px = (float)x, py = (float)y;
            float slope = field_sample(&s->paper, px - 1.0f, py - 1.0f) - field_sample(&s->paper, px + 1.0f, py + 1.0f);
            Vec3 *c = canvas_at(s->canvas, x, y);
            *c = v3_scale(*c, 1.0f - 0.055f * slope);
        }
}

#define FLOWERS 5

static const Flower flowers[FLOWERS] = {
    {{0.245f, 0.255f}, 0.100f, 9, 2, 0.30f, {0xf4b63a, 0xf7d95c, 0xee8b3a}, {0x8a4a22, 0x5a2f1c}},
    {{0.635f, 0.205f}, 0.092f, 6, 1, 0.50f, {0x5a7fd0, 0x7a62c4, 0x86b4e2}, {0x2a2f66, 0x1d2340}},
    {{0.625f, 0.545f}, 0.128f, 7, 2, 0.44f, {0x8c57bd, 0xb26fc8, 0x5f63c2}, {0xe7b13c, 0x7c3a1e}},
    {{0.185f, 0.560f}, 0.125f, 8, 3, 0.46f, {0xe0548f, 0xf08aa8, 0xc13a86}, {0xf0b84a, 0x8a2448}},
    {{0.430f, 0.395f}, 0.178f, 6, 2, 0.58f, {0xe2402f, 0xf2703a, 0xd62a4c}, {0x2b1f3c, 0x161422}},
};

static void draw(Canvas *canvas) {
    Sheet s = {canvas, field_new(canvas->width, canvas->height), rng_make(1777)};
    make_paper(&s);
    backdrop(&s);
    for (int i = 0; i < FLOWERS; i++) {
        float foot = 0.40f + 0.030f * (float)(i - 2);
        stem(&s, flowers[i].at, v2(foot, 0.99f), 0.22f * (flowers[i].at.x - 0.42f), 3);
    }
    for (int i = 0; i < 9; i++) {
        Vec2 root = v2(0.40f + 0.02f * rng_normal(&s.rng), rng_range(&s.rng, 0.80f, 0.92f));
        leaf(&s, root, -0.5f * PI + ((float)i - 4.0f) * 0.36f, rng_range(&s.rng, 0.16f, 0.31f));
    }
    spray(&s, v2(0.50f, 0.27f), -1.25f, 0.22f, 0x4f7fc6, 0x7fa8de);
    spray(&s, v2(0.33f, 0.24f), -1.75f, 0.19f, 0xc8568e, 0x8a5ac0);
    spray(&s, v2(0.66f, 0.36f), -0.55f, 0.16f, 0xe89a3c, 0xd9553f);
    spray(&s, v2(0.13f, 0.42f), -2.35f, 0.14f, 0x4a8fb0, 0x5aa59a);
    spray(&s, v2(0.63f, 0.74f), 0.05f, 0.17f, 0x9a5fc0, 0x5f7fd0);
    spray(&s, v2(0.20f, 0.74f), 2.9f, 0.16f, 0xe0a23c, 0xd4693c);
    for (int i = 0; i < FLOWERS; i++) flower(&s, &flowers[i]);
    spatter(&s);
    light_paper(&s);
    field_free(&s.paper);
}

int main(int argc, char **argv) {
    return picture_main(argc, argv, 820, 1024, draw);
}
