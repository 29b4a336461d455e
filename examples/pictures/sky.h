// The air of the landscape picture: clear sky, clouds, and the haze between the camera and what it sees.
#ifndef PICTURES_SKY_H
#define PICTURES_SKY_H

#include "canvas.h"

// Towards the sun, which stands to the left, behind the camera's shoulder and 24 degrees up.
Vec3 sun_direction(void);
// Sunlight after the air has reddened it.
Vec3 sun_light(void);

// The sky along a unit direction, clouds included. Takes some microseconds: draw it once, coarsely, and sample it.
Vec3 sky_colour(Vec3 direction);

// What remains of light from a surface after distance metres of air, with the light the air adds. height is the
// surface's; the air is thickest at the lake.
Vec3 haze(Vec3 light, Vec3 direction, float distance, float height);

#endif
