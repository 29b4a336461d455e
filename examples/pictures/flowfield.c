// A night sky in thick oil paint: strokes follow a field of whirls, stars and hills.
//
// The scene is three functions of a place: which thing is there, which way it flows, and what colour it has. Strokes
// trace the flow inside one thing and are laid coarse to fine (Hertzmann, "Painterly rendering with curved brush
// strokes of multiple sizes", 1998). Lengths are in units of the picture's height; y runs down.
#include "brush.h"

#define SAMPLES 2 // in each direction of a pixel

typedef enum { SKY, MOON, FAR_HILL, NEAR_HILL, FIELD, RIVER, TREE, HOUSE, ROOF, WINDOW } Thing;

typedef struct {
    Vec2 at;
    float radius, strength; // strength below zero turns the other way
} Whirl;

static const Whirl whirls[] = {
    {{0.70f, 0.36f}, 0.205f, 1.5f}, {{0.965f, 0.27f}, 0.14f, -1.3f}, {{0.47f, 0.50f}, 0.10f, 1.0f},
    {{0.08f, 0.52f}, 0.11f, -0.9f}, {{1.20f, 0.49f}, 0.10f, 0.9f},
};

// Stars and the moon are whirls of light.
static const Whirl lights[] = {
    {{0.245f, 0.205f}, 0.118f, 1.0f}, {{0.50f, 0.115f}, 0.052f, -1.0f},  {{0.80f, 0.095f}, 0.060f, 1.0f},
    {{1.13f, 0.105f}, 0.072f, -1.0f}, {{0.055f, 0.335f}, 0.040f, 1.0f},  {{0.40f, 0.335f}, 0.036f, -1.0f},
    {{0.975f, 0.44f}, 0.034f, 1.0f},  {{0.065f, 0.065f}, 0.038f, -1.0f}, {{1.235f, 0.33f}, 0.034f, 1.0f},
    {{0.655f, 0.045f}, 0.026f, 1.0f}, {{0.30f, 0.455f}, 0.026f, 1.0f},
};

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

// ---- what is where ----

static float far_ridge(float x) {
    return 0.635f - 0.055f * sinf(x * 3.1f + 0.5f) - 0.030f * sinf(x * 7.3f + 1.0f) - 0.012f * sinf(x * 17.0f);
}

static float near_ridge(float x) {
    return 0.755f + 0.045f * sinf(x * 3.7f + 2.6f) + 0.012f * sinf(x * 11.0f);
}

static float river_middle(float y) {
    float t = (y - 0.74f) / 0.26f;
    return 0.66f + 0.17f * sinf(t * 4.2f + 0.4f) * (0.25f + 0.75f * t) - 0.05f * t;
}

// Poplars lean like flames: below zero inside.
static float tree_shape(Vec2 p, float foot, float base, float height, float width) {
    float t = (base - p.y) / height;
    if (t < 0.0f || t > 1.0f) return 1.0f;
    float sway = 0.018f * sinf(t * 8.0f + foot * 30.0f) + 0.03f * t * t;
    float half =
        width * powf(t + 0.02f, 0.35f) * powf(1.0f - t, 0.75f) * (1.0f + 0.13f * sinf(t * 31.0f + foot * 50.0f));
    return fabsf(p.x - foot - sway) - half;
}

static int in_tree(Vec2 p) {
    return tree_shape(p, 1.085f, 1.01f, 0.80f, 0.082f) < 0.0f || tree_shape(p, 1.195f, 1.01f, 0.56f, 0.066f) < 0.0f ||
           tree_shape(p, 0.985f, 1.01f, 0.36f, 0.050f) < 0.0f;
}

typedef struct {
    float x, y, width, height; // x, y: the middle of the foot
} House;

static const House houses[] = {
    {0.160f, 0.790f, 0.058f, 0.034f}, {0.235f, 0.800f, 0.046f, 0.030f}, {0.295f, 0.785f, 0.030f, 0.050f},
    {0.350f, 0.802f, 0.056f, 0.032f}, {0.425f, 0.806f, 0.046f, 0.028f}, {0.105f, 0.818f, 0.044f, 0.028f},
    {0.505f, 0.800f, 0.040f, 0.026f}, {0.200f, 0.832f, 0.060f, 0.036f}, {0.395f, 0.838f, 0.056f, 0.034f},
    {0.315f, 0.846f, 0.052f, 0.034f}, {0.265f, 0.822f, 0.040f, 0.026f},
};

static Thing house_at(Vec2 p, Thing otherwise) {
    for (int i = COUNT(houses) - 1; i >= 0; i--) {
        House h = houses[i];
        float dx = fabsf(p.x - h.x) / (0.5f * h.width), up = (h.y - p.y) / h.height;
        float steep = h.height > h.width ? 1.9f : 0.8f; // the church has a spire
        if (up > 0.0f && up < 1.0f && dx < 1.0f)
            return dx > 0.18f && dx < 0.70f && up > 0.20f && up < 0.75f ? WINDOW : HOUSE;
        if (up >= 1.0f && up < 1.0f + steep * (1.0f - dx / 1.15f)) return ROOF;
    }
    return otherwise;
}

// The crescent: a disc that another disc covers in part.
static int in_moon(Vec2 p) {
    Vec2 from = v2_sub(p, lights[0].at);
    float radius = 0.58f * lights[0].radius;
    return v2_len(from) < radius && v2_len(v2_sub(from, v2(0.45f * radius, -0.22f * radius))) > 0.80f * radius;
}

static Thing thing_at(Vec2 p) {
    if (in_tree(p)) return TREE;
    Thing land = p.y > near_ridge(p.x) + 0.035f ? FIELD
                 : p.y > near_ridge(p.x)        ? NEAR_HILL
                 : p.y > far_ridge(p.x)         ? FAR_HILL
                                                : SKY;
    if (land == FIELD) {
        float half = 0.012f + 0.10f * smooth(0.76f, 1.05f, p.y);
        if (fabsf(p.x - river_middle(p.y)) < half) land = RIVER;
    }
    return land == SKY && in_moon(p) ? MOON : house_at(p, land);
}

// ---- which way it flows ----

static Vec2 around_whirl(Vec2 p, Whirl whirl, float reach) {
    Vec2 from = v2_sub(p, whirl.at);
    float d = v2_len(from) / (whirl.radius * reach) + 1e-5f;
    float pull = whirl.strength * expf(-d * d) / (d * whirl.radius * reach);
    return v2_scale(v2(-from.y, from.x), 1.6f * pull);
}

static Vec2 sky_flow(Vec2 p) {
    float wave = 0.55f * sinf(p.x * 5.0f + 2.0f * p.y) + 0.8f * fbm2(p.x * 2.2f, p.y * 2.6f, 2, 5);
    Vec2 flow = v2_scale(v2_turn(wave), 0.55f);
    for (int i = 0; i < COUNT(whirls); i++) flow = v2_add(flow, around_whirl(p, whirls[i], 1.05f));
    for (int i = 0; i < COUNT(lights); i++) flow = v2_add(flow, v2_scale(around_whirl(p, lights[i], 1.15f), 1.7f));
    return flow;
}

static Vec2 along_ridge(float (*ridge)(float), float x, float tilt) {
    return v2(0.02f, ridge(x + 0.01f) - ridge(x - 0.01f) + tilt * 0.02f);
}

static Vec2 flow_at(Vec2 p, Thing thing) {
    float wobble = fbm2(p.x * 6.0f, p.y * 6.0f, 2, 6);
    switch (thing) {
    case SKY:
    case MOON:
        return sky_flow(p);
    case FAR_HILL:
        return along_ridge(far_ridge, p.x, 1.1f * wobble + 2.2f * (p.y - far_ridge(p.x)));
    case NEAR_HILL:
        return along_ridge(near_ridge, p.x, wobble);
    case FIELD:
        return v2(p.x < river_middle(p.y) ? 1.0f : -1.0f, 0.30f + 1.7f * (p.y - 0.78f) + 1.3f * wobble);
    case RIVER:
        return v2(1.0f, 0.18f * sinf(p.x * 60.0f + p.y * 40.0f));
    case TREE:
        return v2(0.35f * sinf(p.y * 26.0f + p.x * 22.0f) + 0.5f * wobble, -1.0f);
    case ROOF:
        return v2(1.0f, 0.55f);
    default:
        return v2(0.15f, 1.0f);
    }
}

// ---- which colour it has ----

// Walks a list of colours, t from 0 to 1.
static Vec3 ramp(const uint32_t *colour, int count, float t) {
    float at = clampf(t, 0.0f, 0.9999f) * (float)(count - 1);
    int i = (int)at;
    return v3_mix(rgb(colour[i]), rgb(colour[i + 1]), at - (float)i);
}

// Bands of light wind into the whirls: their phase turns once while the logarithm of the distance runs on.
static float spiral(Vec2 p) {
    float light = 0.0f;
    for (int i = 0; i < COUNT(whirls); i++) {
        Vec2 from = v2_sub(p, whirls[i].at);
        float d = v2_len(from) / whirls[i].radius;
        float turn = atan2f(from.y, from.x) * (whirls[i].strength > 0.0f ? -1.0f : 1.0f);
        float band = 0.5f + 0.5f * sinf(2.0f * turn + 6.5f * logf(d + 0.05f));
        light += band * expf(-d * d * 0.75f) * 1.1f + 0.5f * expf(-d * d * 14.0f);
    }
    return light;
}

static float star_light(Vec2 p, int *moon) {
    float best = 0.0f;
    for (int i = 0; i < COUNT(lights); i++) {
        Vec2 from = v2_sub(p, lights[i].at);
        float d = v2_len(from) / lights[i].radius;
        float rings = 0.13f * sinf(d * (i == 0 ? 17.0f : 10.0f));
        float glow = 1.12f * expf(-1.25f * d * d) + rings * expf(-0.8f * d * d);
        if (i == 0) glow *= 0.82f; // leaves the brightest paint to the crescent
        if (glow > best) {
            best = glow;
            *moon = i == 0;
        }
    }
    return best;
}

static Vec3 sky_paint(Vec2 p, Rng *rng) {
    static const uint32_t night[] = {0x0d1640, 0x162a6e, 0x1f45a0, 0x2f6bbf, 0x5c9fd0, 0x9cc9cf, 0xdfe5c0};
    static const uint32_t fire[] = {0x2f6bbf, 0x5f9fae, 0xb9c48c, 0xf0d45c, 0xf6b62e, 0xfbe9a0, 0xfffbe2};
    int moon = 0;
    float star = star_light(p, &moon);
    float tone = 0.26f + 0.42f * fbm2(p.x * 3.0f, p.y * 5.0f, 3, 8) + 0.42f * spiral(p) - 0.18f * (0.45f - p.y);
    Vec3 colour = ramp(night, COUNT(night), tone + 0.13f * rng_normal(rng));
    float heat = star * (moon ? 0.95f : 0.86f) + 0.06f * rng_normal(rng);
    return star > 0.20f + 0.08f * rng_unit(rng) ? ramp(fire, COUNT(fire), heat) : colour;
}

static Vec3 land_paint(Vec2 p, Thing thing, Rng *rng) {
    static const uint32_t far_hill[] = {0x14235c, 0x1d3f86, 0x2a6499, 0x4b8fa6, 0x83b7a5};
    static const uint32_t near_hill[] = {0x10263f, 0x164a54, 0x2a6f5f, 0x5b9460};
    static const uint32_t field[] = {0x1c4a44, 0x41713f, 0x8c8f34, 0xd0a02f, 0xeec350};
    static const uint32_t tree[] = {0x070b14, 0x0f1f22, 0x17352b, 0x35502a, 0x6a6128};
    float chance = 0.16f * rng_normal(rng), patch = fbm2(p.x * 7.0f, p.y * 11.0f, 3, 9);
    switch (thing) {
    case FAR_HILL:
        return ramp(far_hill, COUNT(far_hill), 0.75f - 4.2f * (p.y - far_ridge(p.x)) + 0.4f * patch + chance);
    case NEAR_HILL:
        return ramp(near_hill, COUNT(near_hill), 0.6f + 0.7f * patch + chance);
    case FIELD:
        return ramp(field, COUNT(field), 0.30f + 1.1f * (p.y - 0.78f) + 0.85f * patch + chance);
    case TREE:
        return ramp(tree, COUNT(tree), 0.32f + 0.35f * sinf(p.x * 70.0f + 9.0f * sinf(p.y * 18.0f)) + chance);
    case MOON:
        return v3_mix(rgb(0xfff9dc), rgb(0xffe28a), 0.3f + 2.0f * chance);
    case HOUSE:
        return v3_mix(rgb(0x2b3c66), rgb(0x6d7fa0), 0.5f + chance);
    case ROOF:
        return v3_mix(rgb(0x57243a), rgb(0xb04c34), 0.4f + 1.4f * chance);
    default:
        return v3_mix(rgb(0xf7a823), rgb(0xfff0a8), 0.4f + chance);
    }
}

// The river repeats the sky upside down, broken by its strokes.
static Vec3 paint_at(Vec2 p, Thing thing, Rng *rng) {
    if (thing == SKY) return sky_paint(p, rng);
    if (thing != RIVER) return land_paint(p, thing, rng);
    Vec2 above = v2(p.x - 0.42f * (p.x - 0.25f), 0.30f - 1.1f * (p.y - 0.80f) + 0.03f * rng_normal(rng));
    return v3_scale(sky_paint(above, rng), 0.92f);
}

// ---- painting ----

enum { MOST_POINTS = 40 };

// Follows the flow from p while it stays in the same thing; returns the number of points.
static int trace(Vec2 p, Thing thing, float step, int most, Vec2 *path) {
    int count = 0;
    while (count < most && thing_at(p) == thing) {
        path[count++] = p;
        Vec2 flow = flow_at(p, thing);
        float length = v2_len(flow);
        if (length < 1e-4f) break;
        p = v2_add(p, v2_scale(flow, step / length));
    }
    return count;
}

static int is_small(Thing thing) {
    return thing == HOUSE || thing == ROOF || thing == WINDOW;
}

static void stroke_at(Painting *painting, Vec2 p, float width, float length, Rng *rng) {
    Vec2 path[MOST_POINTS];
    float unit = (float)painting->colour.height;
    Thing thing = thing_at(p);
    if (is_small(thing)) {
        if (width > 0.012f) return;
        width *= 0.8f;
        length *= 0.35f;
    }
    float step = length / (float)(MOST_POINTS - 1);
    int count = trace(p, thing, step, MOST_POINTS, path);
    Vec2 middle = path[count / 2];
    Brush brush = {.hair = 0.0035f * unit,
                   .width = width * unit * rng_range(rng, 0.75f, 1.2f),
                   .body = rng_range(rng, 0.7f, 1.15f)};
    brush.paint[0] = paint_at(middle, thing, rng);
    brush.paint[1] = v3_mix(brush.paint[0], paint_at(middle, thing, rng), 0.85f);
    brush.dryness = rng_range(rng, 0.1f, 0.6f);
    brush.seed = rng_next(rng);
    if (count < 3) return;
    for (int i = 0; i < count; i++) path[i] = v2_scale(path[i], unit);
    painting_stroke(painting, path, count, &brush);
}

// Strokes begin on a jittered grid whose cells are visited in a shuffled order, so that no raster shows.
static void paint_layer(Painting *painting, float width, float length, float spacing, Rng *rng) {
    float across = (float)painting->colour.width / (float)painting->colour.height;
    int columns = (int)(across / spacing) + 2, rows = (int)(1.0f / spacing) + 2, total = columns * rows;
    int stride = 7919; // prime, so that it visits every cell as long as it does not divide the total
    while (total % stride == 0) stride += 2;
    for (int i = 0; i < total; i++) {
        int cell = (int)((long)i * stride % total);
        float x = ((float)(cell % columns) + rng_unit(rng) - 0.5f) * spacing;
        float y = ((float)(cell / columns) + rng_unit(rng) - 0.5f) * spacing;
        stroke_at(painting, v2(x, y), width, length * rng_range(rng, 0.6f, 1.2f), rng);
    }
}

static void draw(Canvas *canvas) {
    Rng rng = rng_make(1889);
    Painting painting = painting_new(canvas->width * SAMPLES, canvas->height * SAMPLES, rgb(0x1a2440));
    paint_layer(&painting, 0.036f, 0.20f, 0.016f, &rng);
    paint_layer(&painting, 0.019f, 0.13f, 0.0105f, &rng);
    paint_layer(&painting, 0.0105f, 0.085f, 0.0085f, &rng);
    painting_light(&painting, 0.7f * SAMPLES, 0.22f);
    canvas_shrink(&painting.colour, canvas, SAMPLES);
    painting_free(&painting);
}

int main(int argc, char **argv) {
    return picture_main(argc, argv, 1024, 800, draw);
}
