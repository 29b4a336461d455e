// An abstract in the spirit of the early 1920s: discs, beams, chequers and arcs that cross and change each other.
//
// The picture is a list of shapes. Each is a signed distance in its own turned frame, filled with a run from one
// colour to another; where it lies over others it tints or replaces them. Oil is rubbed thin over cloth at the end.
// Lengths are in units of the picture's height; y runs down.
#include "canvas.h"

typedef enum { DISC, RING, HALF, SECTOR, WEDGE, BEAM, PLANE, CHEQUER, STRIPES, SNAKE } Kind;
typedef enum { COVER, TINT, GLOW } Blend; // opaque, multiplied, faded out from the middle

typedef struct {
    Kind kind;
    Blend blend;
    float x, y, angle; // angle in degrees
    float a, b;        // size; what they mean is said at distance()
    uint32_t from, to;
    float alpha;
} Shape;

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

// ---- shapes ----

// Below zero inside. q is the place in the shape's frame.
static float distance(const Shape *s, Vec2 q) {
    float r = v2_len(q);
    switch (s->kind) {
    case DISC:
        return r - s->a;
    case RING:
        return fabsf(r - s->a) - s->b; // radius, half thickness
    case HALF:
        return fmaxf(r - s->a, q.y); // radius
    case SECTOR:
        return fmaxf(r - s->a, r * (fabsf(atan2f(q.y, q.x)) - s->b)); // radius, half angle
    case WEDGE:
        return fmaxf(fmaxf(-q.x, q.x - s->a), fabsf(q.y) - s->b * (1.0f - q.x / s->a)); // length, half base
    case BEAM:
        return fmaxf(fabsf(q.x) - s->a, fabsf(q.y) - s->b * (0.35f + 0.65f * (0.5f + 0.5f * q.x / s->a)));
    case SNAKE:
        return fmaxf(fabsf(q.x) - s->a,
                     0.75f * fabsf(q.y - 1.6f * s->b * sinf(q.x * 26.0f)) - s->b * 0.30f * (1.0f - q.x / s->a));
    default:
        return fmaxf(fabsf(q.x) - s->a, fabsf(q.y) - s->b); // half width, half height
    }
}

// The two-coloured kinds choose here; everything else runs smoothly from one colour to the other.
static Vec3 fill(const Shape *s, Vec2 q) {
    Vec3 from = rgb(s->from), to = rgb(s->to);
    float t = 0.5f + 0.5f * q.x / s->a;
    if (s->kind == CHEQUER) {
        float bulge = 1.0f + 0.35f * (q.x / s->a); // squares grow to one side, as if the board leant
        int dark = ((int)floorf(q.x / (0.027f * bulge) + 50.0f) + (int)floorf(q.y / 0.027f + 50.0f)) & 1;
        return dark ? from : to;
    }
    if (s->kind == STRIPES) return ((int)floorf(q.y / (2.0f * s->b) * 11.0f + 50.0f) & 1) ? from : to;
    if (s->kind == DISC || s->kind == SECTOR) t = v2_len(q) / s->a;
    if (s->kind == RING) t = 0.5f + 0.5f * sinf(atan2f(q.y, q.x));
    return v3_mix(from, to, clampf(t, 0.0f, 1.0f));
}

// Pigment is never even: rubbed thin here, piled up there, dragged along one direction.
static float rub(Vec2 p, uint32_t seed) {
    float turned = 0.6f + 2.2f * hash_unit(hash2((int)seed, 3, 5));
    float u = cosf(turned) * p.x + sinf(turned) * p.y, v = cosf(turned) * p.y - sinf(turned) * p.x;
    return 0.55f * fbm2(u * 9.0f, v * 60.0f, 4, seed) + 0.6f * fbm2(p.x * 8.0f, p.y * 8.0f, 4, seed + 7);
}

static Vec3 paint(Vec3 under, const Shape *s, Vec2 p, float pixel, uint32_t seed) {
    float c = cosf(s->angle * PI / 180.0f), n = sinf(s->angle * PI / 180.0f);
    Vec2 from = v2(p.x - s->x, p.y - s->y), q = v2(c * from.x + n * from.y, c * from.y - n * from.x);
    float reach = 1.5f * (s->a + s->b);
    if (v2_dot(q, q) > reach * reach) return under;
    float d = distance(s, q) + 0.0011f * noise2(p.x * 55.0f, p.y * 55.0f, seed) +
              0.0005f * noise2(p.x * 260.0f, p.y * 260.0f, seed);
    float cover = s->alpha * smooth(0.7f * pixel, -0.7f * pixel, d);
    if (s->blend == GLOW) cover = s->alpha * powf(clampf(1.0f - v2_len(q) / s->a, 0.0f, 1.0f), 1.4f);
    if (cover <= 0.0f) return under;
    float uneven = rub(p, seed);
    Vec3 colour = v3_scale(fill(s, q), 1.0f + 0.46f * uneven);
    if (s->blend == TINT) colour = v3_mul(colour, v3_scale(under, 1.12f));
    // The brush leaves a darker seam just inside an edge, and wears through where the cloth stands up.
    colour = v3_scale(colour, 1.0f - 0.22f * smooth(-0.006f, 0.0f, d) * (s->blend != GLOW));
    return v3_mix(under, colour, clampf(cover * (1.0f + 0.25f * uneven), 0.0f, 1.0f));
}

// ---- the composition ----

static const Shape shapes[] = {
    // light and weight behind everything
    {DISC, GLOW, 0.28f, 0.30f, 0, 0.46f, 0, 0xf08a4b, 0xe9b44c, 0.95f},
    {DISC, GLOW, 0.98f, 0.62f, 0, 0.48f, 0, 0x4f93a8, 0x9fc3b5, 0.85f},
    {DISC, GLOW, 0.62f, 0.92f, 0, 0.40f, 0, 0xc9566b, 0xe3a08c, 0.70f},
    {DISC, GLOW, 1.05f, 0.12f, 0, 0.34f, 0, 0xe8c34d, 0xf3dd94, 0.90f},
    {PLANE, TINT, 0.72f, 0.42f, -24, 0.30f, 0.19f, 0xe9c46a, 0xd98f4e, 0.80f},
    {PLANE, TINT, 0.42f, 0.70f, 31, 0.21f, 0.15f, 0x86b8b1, 0x4b7f9b, 0.85f},
    {WEDGE, TINT, 0.08f, 0.98f, -52, 1.08f, 0.135f, 0x7fa8b8, 0xe7c97c, 0.80f},
    {WEDGE, TINT, 1.22f, 0.95f, -142, 1.12f, 0.120f, 0xd4643f, 0xf0c75e, 0.80f},
    // the great disc
    {DISC, COVER, 0.275f, 0.285f, 0, 0.182f, 0, 0xe2574c, 0xf3b08a, 1.0f},
    {DISC, COVER, 0.275f, 0.285f, 0, 0.146f, 0, 0x24356b, 0x14182c, 1.0f},
    {DISC, COVER, 0.300f, 0.268f, 0, 0.086f, 0, 0x6b3fa0, 0x8e2f6f, 1.0f},
    {DISC, COVER, 0.318f, 0.255f, 0, 0.040f, 0, 0xf6c445, 0xe9792f, 1.0f},
    {RING, COVER, 0.275f, 0.285f, 20, 0.205f, 0.0048f, 0x1b1a26, 0x8c2b2f, 1.0f},
    {RING, COVER, 0.275f, 0.285f, 70, 0.226f, 0.0022f, 0x1b1a26, 0x2f6b8c, 1.0f},
    // targets
    {DISC, COVER, 1.055f, 0.235f, 0, 0.108f, 0, 0xf2e2b6, 0xf0cf7a, 1.0f},
    {DISC, COVER, 1.055f, 0.235f, 0, 0.086f, 0, 0x2c7f86, 0x1f5c78, 1.0f},
    {DISC, COVER, 1.055f, 0.235f, 0, 0.062f, 0, 0xf0b63f, 0xe88c35, 1.0f},
    {DISC, COVER, 1.055f, 0.235f, 0, 0.038f, 0, 0xb8302f, 0x7e1f3a, 1.0f},
    {DISC, COVER, 1.055f, 0.235f, 0, 0.015f, 0, 0x15151f, 0x15151f, 1.0f},
    {DISC, COVER, 0.885f, 0.770f, 0, 0.128f, 0, 0xd9433b, 0x9f2440, 0.96f},
    {DISC, COVER, 0.885f, 0.770f, 0, 0.094f, 0, 0xf4dfae, 0xf1c057, 1.0f},
    {DISC, COVER, 0.885f, 0.770f, 0, 0.060f, 0, 0x22406f, 0x3f86a8, 1.0f},
    {DISC, COVER, 0.885f, 0.770f, 0, 0.026f, 0, 0xf5b942, 0xf08a3a, 1.0f},
    // planes that change what they cross
    {HALF, COVER, 0.640f, 0.300f, -28, 0.118f, 0, 0x2f8f88, 0xbfd9b8, 0.94f},
    {HALF, COVER, 0.652f, 0.322f, 152, 0.118f, 0, 0xc23a38, 0xf0a653, 0.94f},
    {SECTOR, TINT, 0.515f, 0.500f, -38, 0.330f, 0.26f, 0xf0a040, 0xf5e3b0, 0.90f},
    {SECTOR, TINT, 0.515f, 0.500f, 64, 0.290f, 0.21f, 0x7d9fd0, 0xd7dff0, 0.90f},
    {SECTOR, COVER, 0.170f, 0.735f, -64, 0.190f, 0.36f, 0x1d2d5c, 0x4f8fb4, 0.92f},
    {SECTOR, COVER, 0.170f, 0.735f, -18, 0.155f, 0.24f, 0xe3a336, 0xf4dd93, 0.95f},
    {SECTOR, COVER, 0.170f, 0.735f, 16, 0.205f, 0.14f, 0xb23038, 0xe57f56, 0.95f},
    {WEDGE, COVER, 0.790f, 0.560f, -68, 0.300f, 0.074f, 0x2a2748, 0x6f5a9c, 0.94f},
    {WEDGE, COVER, 0.905f, 0.560f, -80, 0.215f, 0.056f, 0xe58a2f, 0xf6d66b, 0.95f},
    {WEDGE, COVER, 1.010f, 0.545f, -96, 0.150f, 0.044f, 0x2d7f6f, 0x9cc7a0, 0.95f},
    {CHEQUER, COVER, 0.455f, 0.835f, -17, 0.122f, 0.081f, 0x1a1a24, 0xf3e6c8, 1.0f},
    {CHEQUER, COVER, 1.140f, 0.480f, 24, 0.081f, 0.054f, 0x8f2436, 0xf2d9a0, 1.0f},
    {STRIPES, COVER, 0.735f, 0.125f, 38, 0.105f, 0.046f, 0x1f2b52, 0xf1dca6, 0.97f},
    {STRIPES, COVER, 0.090f, 0.545f, -62, 0.085f, 0.034f, 0xc4473a, 0xf4e2b8, 0.97f},
    {STRIPES, COVER, 1.120f, 0.885f, 8, 0.080f, 0.040f, 0x2b6f74, 0xf0d48a, 0.97f},
    // arcs and rings
    {RING, COVER, 0.560f, 0.610f, 0, 0.158f, 0.0050f, 0x17161f, 0x6b1f2f, 1.0f},
    {RING, COVER, 0.560f, 0.610f, 40, 0.128f, 0.0110f, 0xd6503a, 0xf2b04a, 0.95f},
    {RING, COVER, 0.560f, 0.610f, 90, 0.098f, 0.0030f, 0x17161f, 0x1e4a70, 1.0f},
    {DISC, TINT, 0.560f, 0.610f, 0, 0.098f, 0, 0xa9cfd0, 0xdfe6c8, 0.85f},
    {DISC, COVER, 0.590f, 0.585f, 0, 0.034f, 0, 0x1d1b2a, 0x3a2350, 1.0f},
    {RING, COVER, 0.980f, 0.420f, 0, 0.072f, 0.0026f, 0x17161f, 0x17161f, 1.0f},
    {DISC, TINT, 0.980f, 0.420f, 0, 0.070f, 0, 0xe9a4a0, 0xf0c6a8, 0.85f},
    // beams: the lines of force
    {BEAM, COVER, 0.610f, 0.500f, -39, 0.740f, 0.0056f, 0x14141c, 0x14141c, 1.0f},
    {BEAM, COVER, 0.560f, 0.460f, 33, 0.620f, 0.0040f, 0x14141c, 0x3a1422, 1.0f},
    {BEAM, COVER, 0.840f, 0.500f, -72, 0.470f, 0.0046f, 0x14141c, 0x14141c, 1.0f},
    {BEAM, COVER, 0.350f, 0.600f, 78, 0.400f, 0.0030f, 0x14141c, 0x14141c, 1.0f},
    {BEAM, COVER, 0.660f, 0.720f, 9, 0.520f, 0.0028f, 0x14141c, 0x14141c, 1.0f},
    {BEAM, COVER, 1.050f, 0.640f, 58, 0.300f, 0.0034f, 0xb02a30, 0xb02a30, 1.0f},
    {BEAM, COVER, 0.250f, 0.480f, -8, 0.240f, 0.0095f, 0xb02a30, 0xe57a3a, 1.0f},
    {BEAM, COVER, 0.860f, 0.920f, -12, 0.300f, 0.0085f, 0x1f3f6f, 0x4f9fb0, 1.0f},
    {SNAKE, COVER, 0.300f, 0.555f, 12, 0.170f, 0.0150f, 0x14141c, 0x14141c, 1.0f},
    {SNAKE, COVER, 0.930f, 0.075f, -6, 0.150f, 0.0120f, 0x8e2436, 0x1b1a26, 1.0f},
    {SNAKE, COVER, 0.700f, 0.930f, -20, 0.130f, 0.0120f, 0x14141c, 0x1f4a66, 1.0f},
};

// Small notes that answer the large shapes: dots in falling sizes along lines, and short dashes.
static Vec3 notes(Vec3 colour, Vec2 p, float pixel) {
    static const float run[][6] = {
        {0.430f, 0.120f, 0.036f, 0.018f, 0.0130f, 8},  {0.100f, 0.080f, 0.030f, -0.012f, 0.0100f, 5},
        {1.200f, 0.330f, -0.006f, 0.040f, 0.0120f, 7}, {0.720f, 0.640f, 0.030f, 0.022f, 0.0105f, 6},
        {0.060f, 0.900f, 0.036f, 0.008f, 0.0125f, 6},  {0.980f, 0.950f, 0.034f, -0.014f, 0.0110f, 6}};
    static const uint32_t tint[] = {0x15151f, 0xb8302f, 0x22508a, 0xe8a22f, 0x2c7f76, 0x6b3f90};
    for (int i = 0; i < COUNT(run); i++)
        for (int k = 0; k < (int)run[i][5]; k++) {
            float size = run[i][4] * (1.0f - 0.09f * (float)k);
            Shape dot = {DISC,
                         COVER,
                         run[i][0] + run[i][2] * (float)k,
                         run[i][1] + run[i][3] * (float)k,
                         0,
                         size,
                         0,
                         tint[(i + k) % 6],
                         tint[(i + k) % 6],
                         1.0f};
            colour = paint(colour, &dot, p, pixel, 900 + (uint32_t)(i * 16 + k));
        }
    return colour;
}

static Vec3 ground(Vec2 p) {
    float cloud = fbm2(p.x * 2.4f, p.y * 2.4f, 5, 401), warm = fbm2(p.x * 1.6f + 5.0f, p.y * 1.6f, 4, 402);
    Vec3 cream = v3_mix(rgb(0xefe0bd), rgb(0xe2c795), smooth(-0.3f, 0.5f, warm));
    float edge = fminf(fminf(p.x, 1.25f - p.x), fminf(p.y, 1.0f - p.y));
    cream = v3_mix(cream, rgb(0xb98a5c), 0.55f * smooth(0.16f, -0.03f, edge + 0.10f * cloud));
    return v3_scale(cream, 1.0f + 0.30f * rub(p, 403));
}

// The cloth: threads over and under, worn by the palette knife.
static float cloth(float x, float y) {
    float wander = 1.2f * noise2(x * 0.02f, y * 0.02f, 410);
    float weft = sinf(y * 2.05f + wander) * cosf(x * 1.02f), warp = sinf(x * 2.05f - wander) * cosf(y * 1.02f + 1.57f);
    return 0.5f * (weft + warp) + 0.5f * fbm2(x * 0.25f, y * 0.25f, 3, 411);
}

static void draw_row(int y, void *context) {
    Canvas *canvas = context;
    float pixel = 1.0f / (float)canvas->height, fine = 768.0f * pixel;
    for (int x = 0; x < canvas->width; x++) {
        Vec2 p = v2(((float)x + 0.5f) * pixel, ((float)y + 0.5f) * pixel);
        Vec3 colour = ground(p);
        for (int i = 0; i < COUNT(shapes); i++) colour = paint(colour, &shapes[i], p, pixel, 500 + 11 * (uint32_t)i);
        colour = notes(colour, p, pixel);
        float cx = (float)x * fine, cy = (float)y * fine;
        float relief = cloth(cx, cy) - cloth(cx + 0.8f, cy + 0.8f);
        *canvas_at(canvas, x, y) = v3_scale(colour, 1.0f + 0.075f * relief + 0.05f * cloth(cx, cy));
    }
}

static void draw(Canvas *canvas) {
    parallel_for(canvas->height, draw_row, canvas);
}

int main(int argc, char **argv) {
    return picture_main(argc, argv, 960, 768, draw);
}
