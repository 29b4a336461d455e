#include "compute/kernel/vector.h"

#include <math.h>

/* The bodies are plain C in blocks of 16 independent sums, which gcc and clang turn into vector code; every tier is the
 * same body compiled for other instructions. */
#define BODY static inline __attribute__((always_inline)) void

enum { LANES = 16 };

static inline __attribute__((always_inline)) double add_lanes(double *lane) {
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int j = 0; j < width; j++) lane[j] += lane[j + width];
    return lane[0];
}

static inline __attribute__((always_inline)) float most_lane(const float *lane) {
    float most = 0;
    for (int j = 0; j < LANES; j++) most = lane[j] > most ? lane[j] : most;
    return most;
}

/* FOR_LANES runs its statement for i = 0..n-1 with j = i mod LANES, in whole blocks and then the rest. */
#define FOR_LANES(n, statement)                                                                                        \
    do {                                                                                                               \
        size_t whole = (n) / LANES * LANES;                                                                            \
        for (size_t block = 0; block < whole; block += LANES)                                                          \
            for (size_t j = 0; j < LANES; j++) {                                                                       \
                size_t i = block + j;                                                                                  \
                statement                                                                                              \
            }                                                                                                          \
        for (size_t i = whole; i < (n); i++) {                                                                         \
            size_t j = i - whole;                                                                                      \
            statement                                                                                                  \
        }                                                                                                              \
    } while (0)

BODY dot_body(const float *a, const float *b, size_t n, ImpVectorSums *sums) {
    double dot[LANES] = {0};
    FOR_LANES(n, { dot[j] += (double)a[i] * (double)b[i]; });
    sums->dot = add_lanes(dot);
}

BODY norms_body(const float *a, size_t n, ImpVectorSums *sums) {
    double norm[LANES] = {0};
    float most[LANES] = {0};
    FOR_LANES(n, {
        float size = fabsf(a[i]);
        norm[j] += (double)size;
        most[j] = size > most[j] ? size : most[j];
    });
    sums->other = add_lanes(norm);
    sums->most = most_lane(most);
}

BODY curvature_body(const float *g, const float *h, const float *d, float t, size_t n, ImpVectorSums *sums) {
    double ys[LANES] = {0};
    double yy[LANES] = {0};
    FOR_LANES(n, {
        float y = g[i] - h[i];
        float s = t * d[i];
        ys[j] += (double)y * (double)s;
        yy[j] += (double)y * (double)y;
    });
    sums->dot = add_lanes(ys);
    sums->other = add_lanes(yy);
}

BODY pair_body(const float *restrict g, const float *restrict h, float t, float *restrict y, float *restrict s,
               float *restrict d, size_t n, ImpVectorSums *sums) {
    double dot[LANES] = {0};
    FOR_LANES(n, {
        float step = t * d[i];
        y[i] = g[i] - h[i];
        s[i] = step;
        d[i] = -g[i];
        dot[j] += (double)step * (double)-g[i];
    });
    sums->dot = add_lanes(dot);
}

BODY negate_dot_body(float *restrict q, const float *restrict g, const float *restrict a, size_t n,
                     ImpVectorSums *sums) {
    double dot[LANES] = {0};
    FOR_LANES(n, {
        q[i] = -g[i];
        dot[j] += (double)-g[i] * (double)a[i];
    });
    sums->dot = add_lanes(dot);
}

BODY axpy_dot_body(float *restrict q, float a, const float *restrict y, const float *restrict z, size_t n,
                   ImpVectorSums *sums) {
    double dot[LANES] = {0};
    FOR_LANES(n, {
        float value = q[i] + a * y[i];
        q[i] = value;
        dot[j] += (double)value * (double)z[i];
    });
    sums->dot = add_lanes(dot);
}

BODY axpy_scale_dot_body(float *restrict q, float a, const float *restrict y, float h, size_t n, ImpVectorSums *sums) {
    double dot[LANES] = {0};
    FOR_LANES(n, {
        float value = h * (q[i] + a * y[i]);
        q[i] = value;
        dot[j] += (double)value * (double)y[i];
    });
    sums->dot = add_lanes(dot);
}

BODY axpy_norms_body(float *restrict q, float a, const float *restrict y, const float *restrict z, size_t n,
                     ImpVectorSums *sums) {
    double dot[LANES] = {0};
    double norm[LANES] = {0};
    float most[LANES] = {0};
    FOR_LANES(n, {
        float value = q[i] + a * y[i];
        float size = fabsf(value);
        q[i] = value;
        dot[j] += (double)value * (double)z[i];
        norm[j] += (double)size;
        most[j] = size > most[j] ? size : most[j];
    });
    sums->dot = add_lanes(dot);
    sums->other = add_lanes(norm);
    sums->most = most_lane(most);
}

BODY step_body(float *x, const float *x0, float t, const float *d, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] = x0[i] + t * d[i];
}

BODY adam_body(float *restrict x, float *restrict m, float *restrict v, const float *restrict g,
               const ImpAdamStep *restrict step, size_t n) {
    ImpAdamStep c = *step;
    for (size_t i = 0; i < n; i++) {
        m[i] = c.keep1 * m[i] + c.take1 * g[i];
        v[i] = c.keep2 * v[i] + c.take2 * g[i] * g[i];
        x[i] += c.rate * m[i] / (sqrtf(v[i]) / c.root_correction + c.epsilon);
    }
}

/* One tier: every body compiled with the target attribute, and the table of them. */
#define TIER(name, target)                                                                                             \
    target static void dot_##name(const float *a, const float *b, size_t n, ImpVectorSums *sums) {                     \
        dot_body(a, b, n, sums);                                                                                       \
    }                                                                                                                  \
    target static void norms_##name(const float *a, size_t n, ImpVectorSums *sums) {                                   \
        norms_body(a, n, sums);                                                                                        \
    }                                                                                                                  \
    target static void curvature_##name(const float *g, const float *h, const float *d, float t, size_t n,             \
                                        ImpVectorSums *sums) {                                                         \
        curvature_body(g, h, d, t, n, sums);                                                                           \
    }                                                                                                                  \
    target static void pair_##name(const float *g, const float *h, float t, float *y, float *s, float *d, size_t n,    \
                                   ImpVectorSums *sums) {                                                              \
        pair_body(g, h, t, y, s, d, n, sums);                                                                          \
    }                                                                                                                  \
    target static void negate_dot_##name(float *q, const float *g, const float *a, size_t n, ImpVectorSums *sums) {    \
        negate_dot_body(q, g, a, n, sums);                                                                             \
    }                                                                                                                  \
    target static void axpy_dot_##name(float *q, float a, const float *y, const float *z, size_t n,                    \
                                       ImpVectorSums *sums) {                                                          \
        axpy_dot_body(q, a, y, z, n, sums);                                                                            \
    }                                                                                                                  \
    target static void axpy_scale_dot_##name(float *q, float a, const float *y, float h, size_t n,                     \
                                             ImpVectorSums *sums) {                                                    \
        axpy_scale_dot_body(q, a, y, h, n, sums);                                                                      \
    }                                                                                                                  \
    target static void axpy_norms_##name(float *q, float a, const float *y, const float *z, size_t n,                  \
                                         ImpVectorSums *sums) {                                                        \
        axpy_norms_body(q, a, y, z, n, sums);                                                                          \
    }                                                                                                                  \
    target static void step_##name(float *x, const float *x0, float t, const float *d, size_t n) {                     \
        step_body(x, x0, t, d, n);                                                                                     \
    }                                                                                                                  \
    target static void adam_##name(float *x, float *m, float *v, const float *g, const ImpAdamStep *step, size_t n) {  \
        adam_body(x, m, v, g, step, n);                                                                                \
    }                                                                                                                  \
    static const ImpVectorKernels kernels_##name = {                                                                   \
        .dot = dot_##name,                                                                                             \
        .norms = norms_##name,                                                                                         \
        .curvature = curvature_##name,                                                                                 \
        .pair = pair_##name,                                                                                           \
        .negate_dot = negate_dot_##name,                                                                               \
        .axpy_dot = axpy_dot_##name,                                                                                   \
        .axpy_scale_dot = axpy_scale_dot_##name,                                                                       \
        .axpy_norms = axpy_norms_##name,                                                                               \
        .step = step_##name,                                                                                           \
        .adam = adam_##name,                                                                                           \
    };

TIER(baseline, )
#if defined(__x86_64__)
TIER(avx2, __attribute__((target("avx2"))))
TIER(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))))
#endif

const ImpVectorKernels *imp_vector_kernels(ImpCpuLevel level) {
#if defined(__x86_64__)
    if (level == IMP_CPU_AVX512) return &kernels_avx512;
    if (level == IMP_CPU_AVX2) return &kernels_avx2;
#endif
    (void)level;
    return &kernels_baseline;
}
