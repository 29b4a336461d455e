// The house fronts of the riverfront picture: colour, relief and light of old plaster, timber, windows and tiles.
#ifndef PICTURES_HOUSE_H
#define PICTURES_HOUSE_H

#include "canvas.h"

typedef struct {
    Vec3 albedo;
    Vec3 glow;    // light of its own
    float relief; // metres towards the viewer, only for shading
    float gloss;  // how much of the evening sky it mirrors
} Surface;

typedef struct {
    float left, width, base, eaves, ridge; // metres; eaves and ridge are heights above the base
    int gable;                             // the ridge points at the viewer
    uint32_t seed;
} House;

// The surface at (x, y) metres, or 0 when the house is not there.
int house_at(const House *house, float x, float y, Surface *out);

#endif
