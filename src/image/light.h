/* The sRGB transfer curve (IEC 61966-2-1). */
#ifndef IMP_IMAGE_LIGHT_H
#define IMP_IMAGE_LIGHT_H

/* sRGB-encoded [0,1] -> linear light [0,1]. */
float imp_light_from_srgb(float encoded);
/* Linear light -> sRGB-encoded, both clamped to [0,1]; not-a-number becomes 0. */
float imp_light_to_srgb(float linear);

#endif
