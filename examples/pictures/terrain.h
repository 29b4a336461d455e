// The land of the landscape picture: a height grid worn down by simulated rain, and what light can reach it.
//
// Units are metres; x runs right, z runs away from the camera at the origin, y is height above the lake.
#ifndef PICTURES_TERRAIN_H
#define PICTURES_TERRAIN_H

#include "canvas.h"

typedef struct {
    Field height;  // metres above the lake; below zero is lake bed
    Field horizon; // slope of the skyline towards the sun, for soft shadows
    Field hollow;  // metres below the mean height around: gullies are above zero, ridges below
    float cell;    // metres between grid points
    float left, front;
} Terrain;

typedef struct {
    float height; // of the crown at this point above the ground; 0 between trees
    float top;    // of the whole tree
    Vec2 outward; // from the trunk, length 0 (trunk) to 1 (rim)
    uint32_t id;
} Tree;

Terrain terrain_new(int size, Vec3 sun); // release with terrain_free()
void terrain_free(Terrain *terrain);

// Smooth ground without trees and stones.
float terrain_ground(const Terrain *terrain, float x, float z);
// The conifer, if any, that stands over this point of ground at height y.
Tree terrain_tree(const Terrain *terrain, float x, float z, float y);
// The tallest tree terrain_tree() can give.
#define TREE_TALLEST 27.0f

#endif
