#include "terrain.h"

// ---- shape before the rain ----

typedef struct {
    float x, z, height, radius;
} Massif;

static const Massif massifs[] = {
    {900, 6300, 2750, 2300},   {-1700, 8200, 2250, 2300}, {3900, 7600, 1750, 2200}, {-4300, 5200, 1500, 2400},
    {3300, 3300, 900, 1700},   {-2900, 2700, 800, 1500},  {-300, 4100, 560, 1500},  {-5200, 8600, 2000, 2300},
    {5600, 10200, 2200, 2600}, {1500, 10800, 2100, 2200},
};

static float to_segment(Vec2 p, Vec2 a, Vec2 b) {
    Vec2 along = v2_sub(b, a), from = v2_sub(p, a);
    float t = clampf(v2_dot(from, along) / v2_dot(along, along), 0.0f, 1.0f);
    return v2_len(v2_sub(from, v2_scale(along, t)));
}

// Metres inland from the shore, below zero in the lake. Two spits of land lead the eye in.
static float inland(float x, float z) {
    float warp = 150.0f * fbm2(x / 420.0f, z / 420.0f, 4, 11) + 26.0f * fbm2(x / 60.0f, z / 60.0f, 3, 12);
    float ex = (x - 60.0f) / 1150.0f, ez = (z - 1010.0f) / 1180.0f;
    float shore = (sqrtf(ex * ex + ez * ez) - 1.0f) * 1050.0f + warp;
    float spit = 50.0f - to_segment(v2(x, z), v2(-900, 420), v2(-92, 318)) + 0.5f * warp;
    float cape = 60.0f - to_segment(v2(x, z), v2(1200, 860), v2(300, 905)) + 0.5f * warp;
    float islet = 17.0f - to_segment(v2(x, z), v2(-10, 760), v2(42, 772)) + 0.12f * warp;
    return fmaxf(fmaxf(shore, spit), fmaxf(cape, islet));
}

static float raw_height(float x, float z) {
    float land = inland(x, z);
    if (land < 0.0f) return fmaxf(-40.0f, 0.16f * land);
    float wx = x + 420.0f * fbm2(x / 1900.0f, z / 1900.0f, 3, 21);
    float wz = z + 420.0f * fbm2(x / 1900.0f, z / 1900.0f, 3, 22);
    float mass = 0.0f;
    for (size_t i = 0; i < sizeof massifs / sizeof *massifs; i++) {
        float d = hypotf(wx - massifs[i].x, wz - massifs[i].z) / massifs[i].radius;
        float cone = massifs[i].height * expf(-1.35f * powf(d, 1.25f));
        mass = powf(powf(mass, 3.0f) + powf(cone, 3.0f), 1.0f / 3.0f);
    }
    float crest = ridged2(wx / 2600.0f, wz / 2600.0f, 7, 31);
    float rise = smooth(0.0f, 1500.0f, land);
    return 0.9f + 22.0f * (1.0f - expf(-land / 120.0f)) + rise * mass * (0.28f + 0.92f * crest);
}

// ---- rain ----

// One drop of water runs downhill, picks up ground where it is fast and lays it down where it slows: the particle
// model of Beyer, "Implementation of a method for hydraulic erosion" (2015).
typedef struct {
    Vec2 at, heading;
    float speed, water, sediment;
} Drop;

static Vec2 gradient_at(const Field *field, Vec2 p) {
    return v2(field_sample(field, p.x + 0.5f, p.y) - field_sample(field, p.x - 0.5f, p.y),
              field_sample(field, p.x, p.y + 0.5f) - field_sample(field, p.x, p.y - 0.5f));
}

// Adds amount to the ground around p, spread over a disc: a single cell would leave needles and pits.
static void spread(Field *height, Vec2 p, float amount) {
    enum { REACH = 2 };
    int cx = (int)p.x, cy = (int)p.y;
    float weight[2 * REACH + 1][2 * REACH + 1], sum = 0.0f;
    for (int j = -REACH; j <= REACH; j++)
        for (int i = -REACH; i <= REACH; i++) {
            float d = hypotf((float)(cx + i) - p.x, (float)(cy + j) - p.y);
            sum += weight[j + REACH][i + REACH] = fmaxf(0.0f, (float)REACH - d);
        }
    for (int j = -REACH; j <= REACH; j++)
        for (int i = -REACH; i <= REACH; i++) {
            *field_at(height, cx + i, cy + j) += amount * weight[j + REACH][i + REACH] / sum;
        }
}

static int inside(const Field *field, Vec2 p) {
    return p.x > 4 && p.y > 4 && p.x < (float)field->width - 5 && p.y < (float)field->height - 5;
}

static void run_drop(Field *height, Drop drop) {
    for (int step = 0; step < 70 && inside(height, drop.at); step++) {
        Vec2 slope = gradient_at(height, drop.at);
        drop.heading = v2_sub(v2_scale(drop.heading, 0.08f), v2_scale(slope, 0.92f));
        float length = v2_len(drop.heading);
        if (length < 1e-5f) return;
        drop.heading = v2_scale(drop.heading, 1.0f / length);
        Vec2 next = v2_add(drop.at, drop.heading);
        float fall = field_sample(height, drop.at.x, drop.at.y) - field_sample(height, next.x, next.y);
        float capacity = fmaxf(fall, 0.02f) * drop.speed * drop.water * 5.0f;
        if (fall < 0.0f || drop.sediment > capacity) {
            float laid = fall < 0.0f ? fminf(-fall, drop.sediment) : 0.25f * (drop.sediment - capacity);
            drop.sediment -= laid;
            spread(height, drop.at, laid);
        } else {
            float taken = fminf(0.28f * (capacity - drop.sediment), fall);
            drop.sediment += taken;
            spread(height, drop.at, -taken);
        }
        drop.speed = fminf(sqrtf(fmaxf(0.0f, drop.speed * drop.speed + fall * 4.0f)), 6.0f);
        drop.water *= 0.985f;
        drop.at = next;
    }
}

// Heights are eroded in units of one cell, so that a slope of 1 is 45 degrees whatever the grid.
static void rain(Field *height, float cell, int drops) {
    size_t count = (size_t)height->width * (size_t)height->height;
    Rng rng = rng_make(2024);
    for (size_t i = 0; i < count; i++) height->value[i] /= cell;
    for (int i = 0; i < drops; i++) {
        Vec2 at = v2(rng_range(&rng, 5, (float)height->width - 6), rng_range(&rng, 5, (float)height->height - 6));
        if (field_sample(height, at.x, at.y) > 6.0f) run_drop(height, (Drop){at, {0, 0}, 1.0f, 1.0f, 0.0f});
    }
    for (size_t i = 0; i < count; i++) height->value[i] *= cell;
}

// ---- what the renderer asks ----

typedef struct {
    Terrain *terrain;
    Vec3 sun;
} Job;

static void shape_row(int row, void *context) {
    Terrain *t = ((Job *)context)->terrain;
    for (int i = 0; i < t->height.width; i++)
        *field_at(&t->height, i, row) = raw_height(t->left + (float)i * t->cell, t->front + (float)row * t->cell);
}

static void horizon_row(int row, void *context) {
    const Job *job = context;
    Terrain *t = job->terrain;
    Vec2 step = v2_scale(v2(job->sun.x, job->sun.z), 1.0f / hypotf(job->sun.x, job->sun.z));
    for (int i = 0; i < t->height.width; i++) {
        float steepest = -1.0f, here = *field_at(&t->height, i, row);
        for (float d = 1.5f; d < 420.0f; d += 0.7f + 0.035f * d) {
            float seen = field_sample(&t->height, (float)i + step.x * d, (float)row + step.y * d);
            steepest = fmaxf(steepest, (seen - here) / (d * t->cell));
        }
        *field_at(&t->horizon, i, row) = steepest;
    }
}

static void find_hollows(Terrain *t) {
    size_t count = (size_t)t->height.width * (size_t)t->height.height;
    for (size_t i = 0; i < count; i++) t->hollow.value[i] = t->height.value[i];
    field_blur(&t->hollow, 9.0f);
    for (size_t i = 0; i < count; i++) t->hollow.value[i] -= t->height.value[i];
}

Terrain terrain_new(int size, Vec3 sun) {
    Terrain t = {.left = -7000.0f, .front = -700.0f, .cell = 14000.0f / (float)size};
    Job job = {&t, sun};
    t.height = field_new(size, size);
    t.horizon = field_new(size, size);
    t.hollow = field_new(size, size);
    parallel_for(size, shape_row, &job);
    rain(&t.height, t.cell, size * size / 3);
    parallel_for(size, horizon_row, &job);
    find_hollows(&t);
    return t;
}

void terrain_free(Terrain *terrain) {
    field_free(&terrain->height);
    field_free(&terrain->horizon);
    field_free(&terrain->hollow);
}

float terrain_ground(const Terrain *t, float x, float z) {
    return field_sample(&t->height, (x - t->left) / t->cell, (z - t->front) / t->cell);
}

// ---- trees ----

#define TREE_GRID 6.5f

// How likely a tree is: none in the water, near the shore line, above the tree line or on cliffs; clearings by noise.
static float forest(const Terrain *t, float x, float z, float y) {
    if (y < 1.2f || y > 980.0f) return 0.0f;
    float e = t->cell;
    float slope = hypotf(terrain_ground(t, x + e, z) - y, terrain_ground(t, x, z + e) - y) / e;
    float line = 690.0f + 220.0f * fbm2(x / 500.0f, z / 500.0f, 3, 41);
    float patch = smooth(-0.30f, 0.05f, fbm2(x / 230.0f, z / 230.0f, 3, 42));
    return patch * smooth(line + 110.0f, line - 110.0f, y) * smooth(1.05f, 0.7f, slope) * smooth(1.2f, 4.0f, y);
}

// A spruce: a steep cone, ragged with boughs that stand out in tiers and a rim that is no circle.
static float crown(Vec2 outward, uint32_t id, float top) {
    float d = v2_len(outward);
    float turn = (float)(id & 255);
    float ragged = noise2(outward.x * 2.9f + turn, outward.y * 2.9f, 5);
    float fine = noise2(outward.x * 9.0f + turn, outward.y * 9.0f, 6);
    d *= 1.0f + 0.16f * ragged + 0.30f * fine;
    float tier = 0.10f * sinf(d * 24.0f + turn);
    return top * fmaxf(0.0f, 1.0f - powf(d, 0.66f) + tier * (1.0f - d));
}

// The tree of one cell as seen from (x, z); height 0 where the cell has none or it does not reach so far.
static Tree grow(const Terrain *t, int cx, int cz, float x, float z, float y) {
    uint32_t id = hash2(cx, cz, 77);
    float tx = ((float)cx + 0.1f + 0.8f * hash_unit(id)) * TREE_GRID;
    float tz = ((float)cz + 0.1f + 0.8f * hash_unit(id * 747796405u + 1u)) * TREE_GRID;
    float vigour = hash_unit(id * 277803737u + 3u);
    Tree tree = {.top = 9.0f + (TREE_TALLEST - 9.0f) * vigour * vigour, .id = id};
    float reach = 1.4f + 0.14f * tree.top;
    tree.outward = v2_scale(v2(x - tx, z - tz), 1.0f / reach);
    if (v2_dot(tree.outward, tree.outward) > 1.3f) return tree;
    float likely = forest(t, tx, tz, y);
    float young = smooth(0.15f, 0.75f, likely + 0.45f - 0.6f * hash_unit(id * 2654435769u + 9u));
    tree.top *= young;
    if (tree.top < 4.0f) return tree;
    tree.outward = v2_scale(tree.outward, 1.0f / (0.35f + 0.65f * young));
    tree.height = crown(tree.outward, id, tree.top);
    return tree;
}

Tree terrain_tree(const Terrain *t, float x, float z, float y) {
    Tree best = {0};
    if (y < 0.8f || y > 980.0f) return best;
    int cx = (int)floorf(x / TREE_GRID), cz = (int)floorf(z / TREE_GRID);
    for (int k = 0; k < 9; k++) {
        Tree tree = grow(t, cx + k % 3 - 1, cz + k / 3 - 1, x, z, y);
        if (tree.height > best.height) best = tree;
    }
    return best;
}
