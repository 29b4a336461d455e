/* The fused passes against the same thing element by element, for every tier, thread count and awkward length. */
#include "unit.h"

#include "base/cpu.h"
#include "base/threads.h"
#include "optimiser/vector.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { VECTORS = 6, PASSES = 10 };

static const size_t lengths[] = {
    1, 2, 15, 16, 17, 33, 1000, IMP_PIECE - 1, IMP_PIECE, IMP_PIECE + 1, 3 * IMP_PIECE + 5};

typedef struct Vectors {
    size_t n;
    float *v[VECTORS];
} Vectors;

/* Deterministic numbers of either sign and of sizes from 2^-8 to 2^7. */
static Vectors make_vectors(size_t n) {
    Vectors vectors = {.n = n};
    uint32_t bits = 12345;
    for (int k = 0; k < VECTORS; k++) {
        vectors.v[k] = malloc(n * sizeof(float));
        assert_non_null(vectors.v[k]);
        for (size_t i = 0; i < n; i++) {
            bits = bits * 1664525U + 1013904223U;
            float size = ldexpf(1 + (float)(bits >> 9 & 0x3FFFF) / 0x40000, (int)(bits >> 28) - 8);
            vectors.v[k][i] = bits & 0x8000000 ? -size : size;
        }
    }
    return vectors;
}

static void free_vectors(Vectors *vectors) {
    for (int k = 0; k < VECTORS; k++) free(vectors->v[k]);
}

static const ImpAdamStep adam_step = {0.9F, 0.1F, 0.99F, 0.01F, 0.3F, 1e-8F, -0.02F};

/* Pass number `pass` of the library; what it sums goes to *sums. */
static void run_pass(int pass, ImpVectorSpace *space, float **v, ImpVectorSums *sums) {
    *sums = (ImpVectorSums){0};
    switch (pass) {
    case 0:
        sums->dot = imp_vector_dot(space, v[0], v[1]);
        break;
    case 1:
        *sums = imp_vector_norms(space, v[0]);
        break;
    case 2:
        *sums = imp_vector_curvature(space, v[0], v[1], v[2], 0.3F);
        break;
    case 3:
        sums->dot = imp_vector_pair(space, v[0], v[1], 0.3F, v[3], v[4], v[2]);
        break;
    case 4:
        sums->dot = imp_vector_negate_dot(space, v[0], v[1], v[2]);
        break;
    case 5:
        sums->dot = imp_vector_axpy_dot(space, v[0], 0.7F, v[1], v[2]);
        break;
    case 6:
        sums->dot = imp_vector_axpy_scale_dot(space, v[0], 0.7F, v[1], 1.3F);
        break;
    case 7:
        *sums = imp_vector_axpy_norms(space, v[0], 0.7F, v[1], v[2]);
        break;
    case 8:
        imp_vector_step(space, v[0], v[1], 0.7F, v[2]);
        break;
    case 9:
        for (size_t i = 0; i < space->n; i++) v[2][i] = fabsf(v[2][i]);
        imp_vector_adam(space, v[0], v[1], v[2], v[3], &(ImpAdamDecay){.scale = 1, .keep = 1}, &adam_step);
        break;
    default:
        fail();
    }
}

static float most_of(float a, float b) {
    return fabsf(b) > a ? fabsf(b) : a;
}

/* The same pass for element i alone, adding to the sums in plain order. */
static void plain_element(int pass, float **v, size_t i, ImpVectorSums *sums) {
    double a = (double)v[0][i], b = (double)v[1][i], c = (double)v[2][i];
    float y = v[0][i] - v[1][i], s = 0.3F * v[2][i];
    float moved = 0.7F * v[1][i], kept1 = 0.9F * v[1][i], kept2 = 0.99F * fabsf(v[2][i]);
    float change = pass == 6 ? v[0][i] + moved : 0;
    switch (pass) {
    case 0:
        sums->dot += a * b;
        break;
    case 1:
        sums->other += fabs(a);
        sums->most = most_of(sums->most, v[0][i]);
        break;
    case 2:
        sums->dot += (double)y * (double)s;
        sums->other += (double)y * (double)y;
        break;
    case 3:
        v[3][i] = y;
        v[4][i] = s;
        v[2][i] = -v[0][i];
        sums->dot -= (double)s * a;
        break;
    case 4:
        v[0][i] = -v[1][i];
        sums->dot -= b * c;
        break;
    case 5:
    case 7:
        v[0][i] = v[0][i] + moved;
        sums->dot += (double)v[0][i] * c;
        if (pass == 5) break;
        sums->other += fabs((double)v[0][i]);
        sums->most = most_of(sums->most, v[0][i]);
        break;
    case 6:
        v[0][i] = 1.3F * change;
        sums->dot += (double)v[0][i] * b;
        break;
    case 8:
        moved = 0.7F * v[2][i];
        v[0][i] = v[1][i] + moved;
        break;
    case 9: {
        float added = 0.1F * v[3][i], square = 0.01F * v[3][i];
        square *= v[3][i];
        v[1][i] = kept1 + added;
        v[2][i] = kept2 + square;
        float below = sqrtf(v[2][i]) / 0.3F;
        below += 1e-8F;
        float above = -0.02F * v[1][i];
        v[0][i] += above / below;
        break;
    }
    default:
        fail();
    }
}

static void check_close(double ours, double plain, double size) {
    if (fabs(ours - plain) > 1e-12 * size) fail_msg("a sum is %.17g where %.17g is right", ours, plain);
}

static void passes_do_what_they_say(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
        for (int pass = 0; pass < PASSES; pass++) {
            Vectors ours = make_vectors(lengths[k]), plain = make_vectors(lengths[k]);
            ImpVectorSpace space;
            assert_int_equal(imp_vector_space_new(ours.n, &space, NULL), IMP_OK);
            ImpVectorSums sums, sums_plain = {0};
            run_pass(pass, &space, ours.v, &sums);
            for (size_t i = 0; i < plain.n; i++) plain_element(pass, plain.v, i, &sums_plain);
            for (int v = 0; v < VECTORS; v++) assert_memory_equal(ours.v[v], plain.v[v], plain.n * sizeof(float));
            check_close(sums.dot, sums_plain.dot, 1e4 * (double)plain.n);
            check_close(sums.other, sums_plain.other, 1e4 * (double)plain.n);
            assert_true(sums.most == sums_plain.most);
            imp_vector_space_free(&space);
            free_vectors(&ours);
            free_vectors(&plain);
        }
}

/* Every tier and number of threads gives the bits of the baseline on one thread. */
static void bits_do_not_depend_on_the_machine(void **state) {
    (void)state;
    ImpCpuLevel most = imp_cpu_level();
    int former = imp_threads_get();
    size_t n = 3 * IMP_PIECE + 5;
    for (int pass = 0; pass < PASSES; pass++) {
        ImpVectorSums first = {0};
        Vectors plain = make_vectors(n);
        for (int level = 0; level <= (int)most; level++)
            for (int threads = 1; threads <= 3; threads++) {
                imp_cpu_force((ImpCpuLevel)level);
                imp_threads_set(threads);
                ImpVectorSpace space;
                assert_int_equal(imp_vector_space_new(n, &space, NULL), IMP_OK);
                Vectors ours = make_vectors(n);
                ImpVectorSums sums;
                bool reference = level == 0 && threads == 1;
                run_pass(pass, &space, reference ? plain.v : ours.v, &sums);
                if (reference) first = sums;
                assert_memory_equal(&sums.dot, &first.dot, sizeof sums.dot);
                assert_memory_equal(&sums.other, &first.other, sizeof sums.other);
                assert_true(sums.most == first.most);
                for (int v = 0; v < VECTORS && !reference; v++)
                    assert_memory_equal(ours.v[v], plain.v[v], n * sizeof(float));
                free_vectors(&ours);
                imp_vector_space_free(&space);
            }
        free_vectors(&plain);
    }
    imp_cpu_force(most);
    imp_threads_set(former);
}

static void norms_notice_what_is_not_finite(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    size_t n = IMP_PIECE + 40;
    Vectors vectors = make_vectors(n);
    ImpVectorSpace space;
    assert_int_equal(imp_vector_space_new(n, &space, NULL), IMP_OK);
    assert_true(isfinite(imp_vector_norms(&space, vectors.v[0]).other));
    for (size_t i = 0; i < n; i += 997)
        for (size_t k = 0; k < 3; k++) {
            float kept = vectors.v[0][i];
            vectors.v[0][i] = bad[k];
            assert_false(isfinite(imp_vector_norms(&space, vectors.v[0]).other));
            vectors.v[0][i] = kept;
        }
    for (size_t i = 0; i < n; i++) vectors.v[0][i] = 3e38F; /* large is not infinite */
    assert_true(isfinite(imp_vector_norms(&space, vectors.v[0]).other));
    imp_vector_space_free(&space);
    free_vectors(&vectors);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_do_what_they_say),
        cmocka_unit_test(bits_do_not_depend_on_the_machine),
        cmocka_unit_test(norms_notice_what_is_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
