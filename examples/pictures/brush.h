// Oil paint: strokes that leave colour and relief on a canvas, and the lamp that shows the relief.
#ifndef PICTURES_BRUSH_H
#define PICTURES_BRUSH_H

#include "canvas.h"

typedef struct {
    Canvas colour;
    Field body; // thickness of the paint, about 1 where a full brush went over
} Painting;

typedef struct {
    float width;   // in pixels
    float hair;    // width of a bristle in pixels
    Vec3 paint[2]; // the two colours that the bristles carry side by side
    float body;    // how much paint: 1 lies thick
    float dryness; // 0 covers to the end, 1 breaks up into single bristles early
    uint32_t seed; // tells one brush load from another
} Brush;

Painting painting_new(int width, int height, Vec3 ground); // release with painting_free()
void painting_free(Painting *painting);

// Draws a stroke through count points (pixels), at least two, spaced by about the brush width or less.
void painting_stroke(Painting *painting, const Vec2 *path, int count, const Brush *brush);

// Turns the painting's colour into what a lamp from the upper left shows; relief 1 is bold, gloss 0 is matt.
void painting_light(Painting *painting, float relief, float gloss);

#endif
