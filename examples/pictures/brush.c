#include "brush.h"

#include <stdlib.h>

Painting painting_new(int width, int height, Vec3 ground) {
    Painting painting = {canvas_new(width, height), field_new(width, height)};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            *canvas_at(&painting.colour, x, y) = ground;
            // The weave of the cloth, seen where paint is thin.
            *field_at(&painting.body, x, y) = 0.02f * (sinf((float)x * 0.9f) + sinf((float)y * 0.9f));
        }
    return painting;
}

void painting_free(Painting *painting) {
    canvas_free(&painting->colour);
    field_free(&painting->body);
}

// Where a pixel lies in a stroke: along it in pixels, across it from -1 to 1. across > 1 means outside.
typedef struct {
    float along, across;
} Place;

typedef struct {
    int left, top, right, bottom; // right and bottom are outside
} Box;

static Box around(const Vec2 *point, int count, float margin, const Canvas *canvas) {
    Vec2 lo = point[0], hi = point[0];
    for (int i = 1; i < count; i++) {
        lo = v2(fminf(lo.x, point[i].x), fminf(lo.y, point[i].y));
        hi = v2(fmaxf(hi.x, point[i].x), fmaxf(hi.y, point[i].y));
    }
    return (Box){(int)fmaxf(floorf(lo.x - margin), 0.0f), (int)fmaxf(floorf(lo.y - margin), 0.0f),
                 (int)fminf(ceilf(hi.x + margin) + 1.0f, (float)canvas->width),
                 (int)fminf(ceilf(hi.y + margin) + 1.0f, (float)canvas->height)};
}

// Keeps, for every pixel near the segment a-b, the place nearest to the middle of the stroke.
static void place_segment(Place *place, Box whole, Box part, Vec2 a, Vec2 b, float along, float half) {
    Vec2 run = v2_sub(b, a);
    float length = v2_len(run) + 1e-6f;
    for (int y = part.top; y < part.bottom; y++)
        for (int x = part.left; x < part.right; x++) {
            Vec2 from = v2_sub(v2((float)x + 0.5f, (float)y + 0.5f), a);
            float t = clampf(v2_dot(from, run) / (length * length), 0.0f, 1.0f);
            float away = v2_len(v2_sub(from, v2_scale(run, t))) / half;
            Place *best = &place[(y - whole.top) * (whole.right - whole.left) + x - whole.left];
            if (away >= fabsf(best->across)) continue;
            float side = run.x * from.y - run.y * from.x < 0.0f ? -1.0f : 1.0f;
            *best = (Place){along + t * length, side * away};
        }
}

// One pixel of paint: bristles are noise that runs long along the stroke and short across it.
static void lay(Painting *painting, int x, int y, Place place, float length, const Brush *brush) {
    float fine = brush->width / brush->hair + 1.5f, u = place.along / (brush->width * 1.6f + 2.7f * brush->hair);
    float bristle = noise2(u, place.across * fine, brush->seed);
    float streak = noise2(u * 0.5f, place.across * (1.2f + fine * 0.25f), brush->seed + 1);
    float side = fabsf(place.across), progress = place.along / length;
    float edge = smooth(1.0f, 0.72f, side + 0.16f * bristle);
    float dry = smooth(-0.15f, 0.25f, bristle + 0.55f - brush->dryness * 1.3f * progress * progress);
    float ends = smooth(0.0f, 0.35f * brush->width, place.along + 0.2f * brush->width * (bristle + 0.6f)) *
                 smooth(length, length - 0.5f * brush->width, place.along - 0.3f * brush->width * bristle);
    float cover = edge * dry * ends;
    if (cover <= 0.004f) return;
    Vec3 *colour = canvas_at(&painting->colour, x, y);
    float *body = field_at(&painting->body, x, y);
    Vec3 paint = v3_mix(brush->paint[0], brush->paint[1], smooth(-0.45f, 0.45f, streak + 0.4f * bristle));
    // Wet paint picks up a little of what is under it.
    paint = v3_mix(v3_scale(paint, 1.0f + 0.22f * bristle), *colour, 0.10f);
    *colour = v3_mix(*colour, paint, cover);
    float rim = smooth(0.45f, 0.85f, side) * 0.35f + smooth(0.75f, 1.0f, progress) * 0.3f;
    *body = mixf(*body, 0.45f * *body + brush->body * (0.55f + 0.45f * bristle + rim), cover);
}

void painting_stroke(Painting *painting, const Vec2 *path, int count, const Brush *brush) {
    float half = 0.5f * brush->width, length = 0.0f;
    Box box = around(path, count, half + 1.0f, &painting->colour);
    if (box.right <= box.left || box.bottom <= box.top) return;
    int columns = box.right - box.left, pixels = columns * (box.bottom - box.top);
    Place *place = malloc((size_t)pixels * sizeof *place);
    if (!place) picture_fail("out of memory for a brush stroke of %d pixels", pixels);
    for (int i = 0; i < pixels; i++) place[i] = (Place){0.0f, 1.25f};
    for (int i = 0; i + 1 < count; i++) {
        place_segment(place, box, around(path + i, 2, half + 1.0f, &painting->colour), path[i], path[i + 1], length,
                      half);
        length += v2_len(v2_sub(path[i + 1], path[i]));
    }
    for (int i = 0; i < pixels; i++)
        if (fabsf(place[i].across) < 1.2f)
            lay(painting, box.left + i % columns, box.top + i / columns, place[i], length, brush);
    free(place);
}

void painting_light(Painting *painting, float relief, float gloss) {
    const Vec3 lamp = v3_norm(v3(-0.55f, -0.65f, 0.62f));
    const Vec3 half = v3_norm(v3_add(lamp, v3(0, 0, 1)));
    for (int y = 0; y < painting->body.height; y++)
        for (int x = 0; x < painting->body.width; x++) {
            Vec3 *colour = canvas_at(&painting->colour, x, y);
            float px = (float)x, py = (float)y;
            float dx = field_sample(&painting->body, px + 1, py) - field_sample(&painting->body, px - 1, py);
            float dy = field_sample(&painting->body, px, py + 1) - field_sample(&painting->body, px, py - 1);
            Vec3 normal = v3_norm(v3(-dx * relief, -dy * relief, 1.0f));
            float shade = clampf(v3_dot(normal, lamp) / lamp.z, 0.0f, 1.9f);
            float shine = gloss * powf(clampf(v3_dot(normal, half), 0.0f, 1.0f), 40.0f);
            float base = gloss * powf(half.z, 40.0f); // what flat paint shines; only the difference is visible relief
            Vec3 lit = v3_scale(*colour, 0.30f + 0.70f * shade);
            *colour = v3_add(lit, v3_scale(v3(1.0f, 0.97f, 0.92f), fmaxf(shine - base, 0.0f)));
        }
}
