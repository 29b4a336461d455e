// A photograph that was never taken: an alpine lake on an autumn evening.
//
// The camera is level, so every column of the picture looks along one vertical plane. Going up a column the ray only
// rises, and whatever it hits can only be farther away: one walk outwards serves the whole column (the "floating
// horizon" of early flight simulators). The lake is a mirror, so it needs the same scene from a camera as far below
// the water as the real one is above it; ripples then look that picture up a little beside the true place.
#include "canvas.h"
#include "sky.h"
#include "terrain.h"

#define SAMPLES  3      // in each direction of a pixel
#define EYE      26.0f  // metres above the lake
#define WIDTH    1.06f  // of the view at distance 1
#define HORIZON  0.665f // of the picture's height, from the top
#define FARTHEST 16000.0f

typedef struct {
    Terrain land;
    Canvas sky;    // coarse, without land
    Canvas mirror; // seen from below the water
    Canvas view;
    float pixel; // slope between neighbouring samples
} Scene;

static float slope_of_row(const Scene *s, float row) {
    return (HORIZON * (float)s->view.height - row) * s->pixel;
}

static float side_of_column(const Scene *s, float column) {
    return (column - 0.5f * (float)s->view.width) * s->pixel;
}

static Vec3 sky_at(const Scene *s, float side, float slope) {
    float to_sky = (float)s->sky.width / (float)s->view.width / s->pixel;
    return canvas_sample(&s->sky, side * to_sky + 0.5f * (float)s->sky.width - 0.5f,
                         (float)s->sky.height - 1.0f - slope * to_sky);
}

// ---- the ground ----

// Crags too small for the grid: none on the low meadows, metres high on the walls.
static float crags(float x, float z, float ground) {
    float amount = smooth(250.0f, 1000.0f, ground);
    if (amount <= 0.0f) return 0.0f;
    float warp = noise2(x / 140.0f, z / 140.0f, 83);
    return amount * (52.0f * ridged2(x / 120.0f + warp, z / 120.0f - warp, 6, 81) - 26.0f);
}

static float bare(const Scene *s, float x, float z) {
    float ground = terrain_ground(&s->land, x, z);
    return ground + crags(x, z, ground);
}

static Vec3 normal_at(const Scene *s, float x, float z, float reach) {
    float dx = bare(s, x + reach, z) - bare(s, x - reach, z);
    float dz = bare(s, x, z + reach) - bare(s, x, z - reach);
    return v3_norm(v3(-dx, 2.0f * reach, -dz));
}

static Vec3 rock_colour(Vec3 p, float steep) {
    float bed = fbm2(p.y / 34.0f + 0.9f * fbm2(p.x / 260.0f, p.z / 260.0f, 2, 91), p.x / 900.0f, 4, 92);
    float grain = fbm2(p.x / 17.0f, (p.z + p.y) / 17.0f, 4, 93);
    Vec3 rock =
        v3_mix(v3(0.105f, 0.095f, 0.09f), v3(0.26f, 0.23f, 0.20f), clampf(0.5f + 0.8f * bed + 0.5f * grain, 0, 1));
    Vec3 scree = v3(0.23f, 0.215f, 0.195f);
    return v3_mix(scree, rock, smooth(0.25f, 0.6f, steep));
}

static Vec3 grass_colour(Vec3 p) {
    float patch = fbm2(p.x / 90.0f, p.z / 90.0f, 5, 95);
    Vec3 green = v3_mix(v3(0.075f, 0.095f, 0.026f), v3(0.205f, 0.150f, 0.052f), smooth(-0.4f, 0.35f, patch));
    return v3_scale(green, 0.85f + 0.5f * noise2(p.x / 2.1f, p.z / 2.1f, 96) * 0.5f);
}

static Vec3 ground_colour(const Scene *s, Vec3 p, Vec3 normal) {
    float steep = 1.0f - normal.y;
    float hollow =
        field_sample(&s->land.hollow, (p.x - s->land.left) / s->land.cell, (p.z - s->land.front) / s->land.cell);
    float patch = fbm2(p.x / 420.0f, p.z / 420.0f, 5, 94);
    float meadow = smooth(1120.0f + 420.0f * patch, 820.0f + 420.0f * patch, p.y) * smooth(0.42f, 0.26f, steep);
    Vec3 colour = v3_mix(rock_colour(p, steep), grass_colour(p), meadow);
    Vec3 shore = v3(0.26f, 0.235f, 0.20f);
    colour = v3_mix(shore, colour, smooth(0.8f, 2.4f, p.y + 0.8f * patch));
    float line = 1210.0f + 420.0f * patch - 3.0f * hollow;
    float rest = smooth(0.52f, 0.34f, steep + 0.16f * fbm2(p.x / 28.0f, p.z / 28.0f, 3, 97));
    return v3_mix(colour, v3(0.86f, 0.88f, 0.92f), smooth(line - 60.0f, line + 240.0f, p.y) * rest);
}

static Vec3 tree_colour(Tree tree, Vec3 p) {
    float age = hash_unit(tree.id * 1103515245u + 5u);
    float grove = fbm2(p.x / 160.0f, p.z / 160.0f, 3, 98);
    Vec3 spruce = v3_mix(v3(0.026f, 0.048f, 0.018f), v3(0.065f, 0.090f, 0.026f), age);
    Vec3 larch = v3_mix(v3(0.29f, 0.15f, 0.020f), v3(0.38f, 0.25f, 0.035f), age);
    return v3_mix(spruce, larch, smooth(0.10f, 0.16f, grove + 0.24f * (age - 0.62f)));
}

// ---- light ----

static float sun_visible(const Scene *s, Vec3 p) {
    Vec3 sun = sun_direction();
    float skyline =
        field_sample(&s->land.horizon, (p.x - s->land.left) / s->land.cell, (p.z - s->land.front) / s->land.cell);
    float slope = sun.y / hypotf(sun.x, sun.z);
    return smooth(skyline - 0.05f, skyline + 0.07f, slope);
}

static float tree_top_at(const Scene *s, Vec3 p) {
    float ground = terrain_ground(&s->land, p.x, p.z);
    if (p.y > ground + TREE_TALLEST) return -1e9f;
    return ground + terrain_tree(&s->land, p.x, p.z, ground).height;
}

// Shadows of single trees matter only where single trees can be seen.
static float tree_shade(const Scene *s, Vec3 p, float distance) {
    if (distance > 1600.0f || p.y > 600.0f) return 1.0f;
    float open = 1.0f;
    for (float t = 2.2f; t < 34.0f; t *= 1.45f) {
        Vec3 q = v3_mad(p, sun_direction(), t);
        open = fminf(open, clampf(0.5f - (tree_top_at(s, q) - q.y) / (0.22f * t + 0.6f), 0.0f, 1.0f));
        if (open <= 0.0f) return 0.0f;
    }
    return open;
}

static Vec3 lit(Vec3 colour, float direct, float open, float bounce) {
    Vec3 ambient = v3_scale(v3(0.30f, 0.40f, 0.58f), open);
    Vec3 light = v3_mad(v3_mad(ambient, sun_light(), direct), v3(0.16f, 0.12f, 0.08f), bounce);
    return v3_mul(colour, light);
}

static Vec3 shade_land(const Scene *s, Vec3 p, float distance) {
    float ground = terrain_ground(&s->land, p.x, p.z);
    float rock = ground + crags(p.x, p.z, ground);
    Vec3 normal = normal_at(s, p.x, p.z, fmaxf(1.2f, 0.9f * distance * s->pixel));
    float sun = sun_visible(s, p);
    Tree tree = terrain_tree(&s->land, p.x, p.z, ground);
    float above = p.y - rock;
    Vec3 colour;
    if (tree.height > 1.0f && above > 0.6f) {
        Vec3 round = v3_norm(v3(tree.outward.x, 0.45f, tree.outward.y));
        float facing = 0.5f * clampf(v3_dot(round, sun_direction()), 0, 1) +
                       0.5f * clampf(0.35f + v3_dot(round, sun_direction()), 0, 1);
        float open = smooth(-2.0f, 15.0f, above) * (0.55f + 0.45f * v2_len(tree.outward));
        float bough = 0.8f + 0.9f * fbm3(p.x * 0.9f, p.y * 1.5f, p.z * 0.9f, 2, 99);
        sun *= tree_shade(s, v3_mad(p, round, 0.7f), distance);
        colour = lit(v3_scale(tree_colour(tree, p), bough), sun * facing * (0.35f + 0.65f * open), open, 0.4f);
    } else {
        float open = 0.55f + 0.45f * normal.y;
        sun *= tree_shade(s, p, distance);
        colour = lit(ground_colour(s, p, normal), sun * fmaxf(0.0f, v3_dot(normal, sun_direction())), open, sun);
    }
    return colour;
}

// ---- one column ----

typedef struct {
    float side;  // to the right at distance 1
    float level; // of the camera above the lake; below zero for the mirror
} Column;

static float surface_at(const Scene *s, float x, float z, float ray) {
    float ground = terrain_ground(&s->land, x, z);
    if (ray > ground + TREE_TALLEST + 16.0f) return ground; // too high to need the detail
    float rock = ground + crags(x, z, ground);
    if (ray > rock + TREE_TALLEST || ray < rock) return rock;
    return rock + terrain_tree(&s->land, x, z, ground).height;
}

// Walks from *distance to limit until the ray of this slope meets land; returns 0 when it does not.
static int meet_land(const Scene *s, Column column, float slope, float limit, float *distance) {
    float d = *distance;
    while (d < limit) {
        float ray = column.level + d * slope;
        float gap = ray - surface_at(s, d * column.side, d, ray);
        if (gap <= 0.0f) {
            *distance = d;
            return 1;
        }
        float fine = fmaxf(0.10f, 0.9f * d * s->pixel);
        d += gap > TREE_TALLEST + 16.0f ? fmaxf(fine, 0.35f * (gap - TREE_TALLEST)) : fine;
    }
    *distance = fminf(d, limit);
    return 0;
}

static Vec3 land_colour(const Scene *s, Column column, float slope, float distance) {
    Vec3 p = v3(distance * column.side, column.level + distance * slope, distance);
    Vec3 direction = v3_norm(v3(column.side, slope, 1.0f));
    float path = distance * sqrtf(1.0f + column.side * column.side);
    return haze(shade_land(s, p, path), direction, path, p.y);
}

// A mirrored ray begins where it leaves the water, and steeper rays leave it nearer. So each ray first walks the
// stretch that only it has come to, and takes up the common walk where the ray below it stopped.
static void draw_mirror_column(int i, void *context) {
    Scene *s = context;
    Column column = {side_of_column(s, (float)i + 0.5f), -EYE};
    float walked = FARTHEST, begun = FARTHEST;
    for (int j = s->mirror.height - 1; j >= 0; j--) {
        float slope = ((float)(s->mirror.height - j) - 0.5f) * s->pixel;
        float begin = fminf(EYE / slope, FARTHEST), near = begin;
        if (meet_land(s, column, slope, begun, &near)) walked = near;
        int met = meet_land(s, column, slope, FARTHEST, &walked);
        begun = begin;
        *canvas_at(&s->mirror, i, j) = met ? land_colour(s, column, slope, walked) : sky_at(s, column.side, slope);
    }
}

// ---- the lake ----

// Tilt of the water, as two slopes. Ripples that a pixel is too coarse to show become a random tilt instead: averaged
// over the samples they blur the mirror just as the real ones would.
static Vec2 ripple(float x, float z, float footprint, uint32_t noise) {
    Vec2 tilt = {0, 0};
    float breeze = 0.35f + 1.2f * smooth(-0.12f, 0.4f, fbm2(x / 210.0f, z / 70.0f, 3, 51));
    Rng rng = rng_make(noise);
    float length = 9.0f, amount = 0.0075f;
    for (uint32_t octave = 0; octave < 5; octave++) {
        float seen = smooth(1.2f * length, 0.25f * length, footprint);
        float jitter = 0.5f * (1.0f - seen);
        tilt.x += amount * (seen * noise2(x / length, z / length * 1.6f, 52 + octave) + jitter * rng_normal(&rng));
        tilt.y +=
            amount * (seen * noise2(x / length + 9.3f, z / length * 1.6f, 57 + octave) + jitter * rng_normal(&rng));
        length *= 0.5f;
        amount *= 0.82f;
    }
    return v2_scale(tilt, breeze);
}

static Vec3 water_colour(const Scene *s, Column column, float slope, int i, int j) {
    float distance = EYE / -slope, x = distance * column.side;
    float footprint = distance * distance / EYE * s->pixel;
    Vec2 tilt = ripple(x, distance, footprint, hash2(i, j, 7));
    float up = fmaxf(-slope + 2.0f * tilt.y, 0.002f);
    float beside = column.side + 2.0f * tilt.x * -slope;
    Vec3 mirrored = canvas_sample(&s->mirror, beside / s->pixel + 0.5f * (float)s->view.width - 0.5f,
                                  (float)s->mirror.height - up / s->pixel - 0.5f);
    // Schlick's approximation (1994) of the Fresnel reflectance of water.
    float cosine = up / sqrtf(1.0f + up * up + beside * beside);
    float reflect = 0.02f + 0.98f * powf(1.0f - cosine, 5.0f);
    float deep = smooth(0.0f, 9.0f, -terrain_ground(&s->land, x, distance));
    Vec3 body = v3_mix(v3(0.075f, 0.115f, 0.085f), v3(0.010f, 0.050f, 0.060f), deep);
    Vec3 direction = v3_norm(v3(column.side, slope, 1.0f));
    return haze(v3_mix(body, v3_scale(mirrored, 0.96f), reflect), direction, distance, 1.0f);
}

static void draw_column(int i, void *context) {
    Scene *s = context;
    Column column = {side_of_column(s, (float)i + 0.5f), EYE};
    float distance = 40.0f;
    for (int j = s->view.height - 1; j >= 0; j--) {
        float slope = slope_of_row(s, (float)j + 0.5f);
        Vec3 *out = canvas_at(&s->view, i, j);
        float shore = slope < 0.0f ? fminf(EYE / -slope, FARTHEST) : FARTHEST;
        if (meet_land(s, column, slope, shore, &distance)) {
            *out = land_colour(s, column, slope, distance);
        } else if (slope < 0.0f) {
            *out = water_colour(s, column, slope, i, j);
        } else {
            *out = sky_at(s, column.side, slope);
        }
    }
}

static void draw_sky_row(int row, void *context) {
    Scene *s = context;
    float from_sky = s->pixel * (float)s->view.width / (float)s->sky.width;
    for (int i = 0; i < s->sky.width; i++) {
        float side = ((float)i + 0.5f - 0.5f * (float)s->sky.width) * from_sky;
        float slope = ((float)(s->sky.height - row) - 1.0f) * from_sky;
        *canvas_at(&s->sky, i, row) = sky_colour(v3_norm(v3(side, slope, 1.0f)));
    }
}

// ---- the darkroom ----

static void develop(Canvas *canvas) {
    for (int j = 0; j < canvas->height; j++)
        for (int i = 0; i < canvas->width; i++) {
            Vec3 *c = canvas_at(canvas, i, j);
            float x = (float)i / (float)canvas->width - 0.5f, y = (float)j / (float)canvas->height - 0.5f;
            float vignette = 1.0f - 0.55f * (x * x + y * y);
            *c = tone_map(v3_scale(*c, 0.86f * vignette));
            float grain = 0.012f * (hash_unit(hash2(i, j, 3)) - 0.5f);
            float grey = luma(*c);
            *c = v3_scale(v3_mix(v3(grey, grey, grey), *c, 1.10f), 1.0f + grain / (grey + 0.15f));
        }
}

static Scene scene_new(const Canvas *canvas) {
    int width = canvas->width * SAMPLES, height = canvas->height * SAMPLES;
    Scene s = {.land = terrain_new(1024, sun_direction()), .pixel = WIDTH / (float)width};
    s.view = canvas_new(width, height);
    s.mirror = canvas_new(width, (int)(HORIZON * (float)height) + 1);
    s.sky = canvas_new(width / 4 + 1, (int)(HORIZON * (float)height) / 4 + 2);
    return s;
}

static void scene_free(Scene *s) {
    canvas_free(&s->view);
    canvas_free(&s->mirror);
    canvas_free(&s->sky);
    terrain_free(&s->land);
}

static void draw(Canvas *canvas) {
    Scene s = scene_new(canvas);
    parallel_for(s.sky.height, draw_sky_row, &s);
    parallel_for(s.mirror.width, draw_mirror_column, &s);
    parallel_for(s.view.width, draw_column, &s);
    canvas_shrink(&s.view, canvas, SAMPLES);
    develop(canvas);
    scene_free(&s);
}

// ---- where the sky is ----

static void mask_column(int i, void *context) {
    Scene *s = context;
    Column column = {side_of_column(s, (float)i + 0.5f), EYE};
    float distance = 40.0f;
    for (int j = s->view.height - 1; j >= 0; j--) {
        float slope = slope_of_row(s, (float)j + 0.5f);
        if (slope >= 0.0f && !meet_land(s, column, slope, FARTHEST, &distance))
            *canvas_at(&s->view, i, j) = v3(1.0f, 1.0f, 1.0f);
    }
}

static void draw_mask(Canvas *canvas) {
    Scene s = scene_new(canvas);
    parallel_for(s.view.width, mask_column, &s);
    canvas_shrink(&s.view, canvas, SAMPLES);
    scene_free(&s);
}

// OUTPUT.ppm [SCALE [MASK.ppm]]: the mask is white where the picture shows the sky itself, not its mirror image.
int main(int argc, char **argv) {
    enum { MASK = 3 };
    if (argc == MASK + 1) {
        char *of_mask[] = {argv[0], argv[MASK], argv[2]};
        picture_main(MASK, of_mask, 1280, 853, draw_mask);
    }
    return picture_main(argc == MASK + 1 ? MASK : argc, argv, 1280, 853, draw);
}
