#include "image/light.h"

#include <math.h>

float imp_light_from_srgb(float encoded) {
    return encoded <= 0.04045f ? encoded * (1 / 12.92f) : powf((encoded + 0.055f) * (1 / 1.055f), 2.4f);
}

float imp_light_to_srgb(float linear) {
    if (!(linear > 0)) return 0;
    if (linear >= 1) return 1;
    return linear <= 0.0031308f ? linear * 12.92f : 1.055f * powf(linear, 1 / 2.4f) - 0.055f;
}
