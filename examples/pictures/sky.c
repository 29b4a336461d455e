#include "sky.h"

Vec3 sun_direction(void) {
    return v3_norm(v3(-0.80f, 0.40f, -0.16f));
}

Vec3 sun_light(void) {
    return v3(3.9f, 3.05f, 2.15f);
}

// A clear sky: deep overhead, pale at the rim, warmer on the sun's side.
static Vec3 clear_sky(Vec3 direction) {
    float up = fmaxf(direction.y, 0.0f);
    Vec3 sun = sun_direction();
    float facing = 0.5f + 0.5f * v3_dot(v3_norm(v3(direction.x, 0, direction.z)), v3_norm(v3(sun.x, 0, sun.z)));
    Vec3 deep = v3(0.085f, 0.20f, 0.47f);
    Vec3 pale = v3_mix(v3(0.50f, 0.64f, 0.82f), v3(0.93f, 0.80f, 0.66f), facing * facing);
    return v3_mix(deep, pale, expf(-5.2f * up));
}

// ---- clouds: fair-weather cumulus in a slab of air, marched with a short light march towards the sun ----

#define CLOUD_BASE 2500.0f
#define CLOUD_TOP  3700.0f

static float cloud_density(Vec3 p, int octaves) {
    float level = (p.y - CLOUD_BASE) / (CLOUD_TOP - CLOUD_BASE);
    if (level <= 0.0f || level >= 1.0f) return 0.0f;
    float field = fbm2(p.x / 5200.0f + 3.7f, p.z / 5200.0f + 0.6f, 2, 61);
    float cover = -0.04f + 1.0f * field - 0.42f * level * level - 0.25f * smooth(0.16f, 0.0f, level);
    if (cover < -0.42f) return 0.0f;
    float billow = fbm3(p.x / 900.0f, p.y / 620.0f, p.z / 900.0f, octaves, 62);
    return clampf((cover + 1.05f * billow) * 4.5f, 0.0f, 1.0f);
}

// Henyey and Greenstein's phase function (1941), scaled so that isotropic scattering is 1.
static float phase(float cosine, float g) {
    return (1.0f - g * g) / powf(1.0f + g * g - 2.0f * g * cosine, 1.5f);
}

static float sun_reaching(Vec3 p) {
    float depth = 0.0f, step = 45.0f;
    for (int i = 0; i < 6; i++) {
        p = v3_mad(p, sun_direction(), step);
        depth += cloud_density(p, 3) * step;
        step *= 1.55f;
    }
    return depth;
}

// Blends clouds over the clear sky behind them.
static Vec3 add_clouds(Vec3 behind, Vec3 direction) {
    const float extinction = 0.0065f;
    if (direction.y < 0.035f) return behind;
    float near = CLOUD_BASE / direction.y, far = fminf(CLOUD_TOP / direction.y, 42000.0f);
    float step = (far - near) / 56.0f, clear = 1.0f;
    float forward = 0.75f * phase(v3_dot(direction, sun_direction()), 0.25f) + 0.25f;
    Vec3 glow = {0, 0, 0};
    for (int i = 0; i < 56 && clear > 0.02f; i++) {
        Vec3 p = v3_scale(direction, near + ((float)i + 0.5f) * step);
        float density = cloud_density(p, 5);
        if (density <= 0.0f) continue;
        float through = expf(-density * extinction * step);
        float depth = sun_reaching(p) * extinction;
        // A second, slower exponential stands for light that was scattered many times (Wrenninge, 2013).
        float lit = 0.7f * expf(-depth) + 0.3f * expf(-0.22f * depth);
        float level = (p.y - CLOUD_BASE) / (CLOUD_TOP - CLOUD_BASE);
        Vec3 light = v3_scale(v3(1.30f, 1.10f, 0.90f), lit * forward * 1.05f);
        light = v3_add(light, v3_scale(v3(0.34f, 0.41f, 0.53f), 0.55f + 0.45f * level));
        glow = v3_mad(glow, light, clear * (1.0f - through));
        clear *= through;
    }
    float fade = expf(-near / 26000.0f);
    return v3_mix(behind, v3_mad(glow, behind, clear), fade);
}

// Thin ice clouds far above, drawn out by the wind.
static Vec3 add_cirrus(Vec3 behind, Vec3 direction) {
    if (direction.y < 0.03f) return behind;
    float x = direction.x / direction.y, z = direction.z / direction.y;
    float warp = fbm2(x * 0.5f, z * 0.5f, 3, 71);
    float streak = fbm2(x * 0.55f + 1.3f * warp + 0.4f * z, z * 1.9f - 0.5f * x + warp, 6, 72);
    float veil = smooth(-0.05f, 0.75f, streak) * 0.55f * smooth(0.03f, 0.2f, direction.y);
    return v3_mix(behind, v3(1.02f, 0.96f, 0.90f), veil);
}

Vec3 sky_colour(Vec3 direction) {
    return add_clouds(add_cirrus(clear_sky(direction), direction), direction);
}

Vec3 haze(Vec3 light, Vec3 direction, float distance, float height) {
    // Mean density along a straight line through air that thins by 1/e every scale metres.
    const float scale = 900.0f;
    float h = fmaxf(height, 1.0f) / scale;
    float depth = distance * (1.0f - expf(-h)) / h;
    Vec3 keep = v3(expf(-depth * 3.6e-5f), expf(-depth * 5.0e-5f), expf(-depth * 7.6e-5f));
    Vec3 rim = clear_sky(v3_norm(v3(direction.x, 0.02f, direction.z)));
    Vec3 air = v3_mul(rim, v3(0.80f, 0.93f, 1.12f));
    return v3_add(v3_mul(light, keep), v3_mul(air, v3_sub(v3(1, 1, 1), keep)));
}
