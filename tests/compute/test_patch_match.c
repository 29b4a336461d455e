/* The nearest patches of every tier, compared with a search of all pairs in double: patch sizes, strides, odd and small
 * sides, several styles in a row, guidance, ties; the same bits for one, two and three threads. With --bench: times. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include "compute/kernel/reference.h"
#include <math.h>
#include <string.h>
#include <time.h>

enum { STYLES = 2 };

/* A picture's activation, and styles with factors at random or 1. */
typedef struct Case {
    const ImpKernels *kernels;
    ImpPatchMatch job; /* without what differs by style */
    int heights[STYLES], widths[STYLES];
    float *source, *guide, *styles[STYLES], *factors[STYLES];
} Case;

static void *room(size_t count) {
    void *block = imp_alloc(count + 1, sizeof(float));
    assert_non_null(block);
    return block;
}

static int along(int side, int patch, int stride) {
    return (side - patch) / stride + 1;
}

static size_t patches_of(const Case *c) {
    const ImpPatchMatch *job = &c->job;
    return (size_t)along(job->height, job->tall, job->stride) * (size_t)along(job->width, job->wide, job->stride);
}

static size_t style_patches(const Case *c, int style) {
    const ImpPatchMatch *job = &c->job;
    return (size_t)along(c->heights[style], job->tall, job->style_stride) *
           (size_t)along(c->widths[style], job->wide, job->style_stride);
}

/* whole: small whole numbers, whose sums are exact and often equal. */
static float *numbers(ImpRandom *random, size_t count, bool whole) {
    float *block = room(count);
    imp_random_normal(random, block, count, 1);
    for (size_t i = 0; whole && i < count; i++) block[i] = roundf(block[i]);
    return block;
}

static void fill(Case *c, bool whole) {
    ImpRandom random;
    size_t block = (size_t)c->kernels->block, places = (size_t)c->job.height * (size_t)c->job.width;
    imp_random_seed(&random, places * 10 + (size_t)c->job.tall);
    c->source = numbers(&random, (size_t)c->job.blocks * places * block, whole);
    c->guide = numbers(&random, (size_t)c->job.guide_blocks * places * block, whole);
    for (int i = 0; i < STYLES; i++) {
        size_t style = (size_t)c->heights[i] * (size_t)c->widths[i] * (size_t)(c->job.blocks + c->job.guide_blocks);
        c->styles[i] = numbers(&random, style * block, whole);
        c->factors[i] = room(style_patches(c, i));
        for (size_t k = 0; k < style_patches(c, i); k++)
            c->factors[i][k] = whole ? 1.0f : 0.5f + (float)imp_random_uniform(&random);
    }
}

static void release(Case *c) {
    imp_free(c->source);
    imp_free(c->guide);
    for (int i = 0; i < STYLES; i++) {
        imp_free(c->styles[i]);
        imp_free(c->factors[i]);
    }
}

static ImpPatchMatch job_of(const Case *c, int style) {
    ImpPatchMatch job = c->job;
    job.source = c->source;
    job.guide = c->guide;
    job.style = c->styles[style];
    job.factor = c->factors[style];
    job.style_height = c->heights[style];
    job.style_width = c->widths[style];
    for (int i = 0; i < style; i++) job.first += (int)style_patches(c, i);
    return job;
}

/* All styles one after the other; nearest and score hold one number a patch. */
static void search(const Case *c, bool reference, float *score, int *nearest) {
    for (size_t i = 0; i < patches_of(c); i++) score[i] = -INFINITY;
    memset(nearest, 0, patches_of(c) * sizeof *nearest);
    float *packed = NULL;
    for (int i = 0; i < STYLES; i++) {
        ImpPatchMatch job = job_of(c, i);
        job.score = score;
        job.nearest = nearest;
        if (reference) {
            imp_reference_match(c->kernels->block, &job);
            continue;
        }
        if (!packed) packed = room(c->kernels->match_packed(&job));
        job.packed = packed;
        job.scratch = room(c->kernels->match_scratch(&job, imp_threads_get()));
        if (i == 0) c->kernels->match_pack(&job);
        c->kernels->match(&job);
        imp_free(job.scratch);
    }
    imp_free(packed);
}

static double exact_score(const Case *c, int own, int number) {
    int style = 0;
    for (; number >= (int)style_patches(c, style); style++) number -= (int)style_patches(c, style);
    ImpPatchMatch job = job_of(c, style);
    return imp_reference_match_score(c->kernels->block, &job, own, number);
}

/* What is found may differ from the reference only where the scores are as good as equal. */
static void compare(const Case *c, bool whole, const float *score, const int *nearest, const float *expected,
                    const int *best) {
    const ImpPatchMatch *job = &c->job;
    for (size_t i = 0; i < patches_of(c); i++) {
        bool same = nearest[i] == best[i];
        if (!same && !whole && nearest[i] >= 0 && nearest[i] < (int)(style_patches(c, 0) + style_patches(c, 1)))
            same = exact_score(c, (int)i, nearest[i]) > (double)expected[i] - 1e-5 * fabs((double)expected[i]);
        double apart = fabs((double)score[i] - (double)expected[i]);
        if (!same || !(apart <= (whole ? 0 : 1e-5 * fmax(1, fabs((double)expected[i])))))
            fail_msg(
                "%s, %d x %d of %d + %d blocks, patches %d x %d, strides %d and %d: %zu is nearest to %d (%g), not "
                "%d (%g)",
                c->kernels->name, job->height, job->width, job->blocks, job->guide_blocks, job->tall, job->wide,
                job->stride, job->style_stride, i, nearest[i], (double)score[i], best[i], (double)expected[i]);
    }
}

static void check(Case c, bool whole) {
    fill(&c, whole);
    size_t count = patches_of(&c);
    float *expected = room(count), *score[3];
    int *best = room(count), *nearest[3];
    search(&c, true, expected, best);
    int before = imp_threads_get();
    for (int threads = 1; threads <= 3; threads++) {
        float *its_score = score[threads - 1] = room(count);
        int *its = nearest[threads - 1] = room(count);
        imp_threads_set(threads);
        search(&c, false, its_score, its);
        compare(&c, whole, its_score, its, expected, best);
        assert_memory_equal(score[0], its_score, count * sizeof *its_score);
        assert_memory_equal(nearest[0], its, count * sizeof *its);
    }
    imp_threads_set(before);
    for (int i = 0; i < 3; i++) {
        imp_free(score[i]);
        imp_free(nearest[i]);
    }
    imp_free(expected);
    imp_free(best);
    release(&c);
}

typedef struct Sizes {
    int blocks, guide_blocks, tall, wide, stride, style_stride;
    int height, width, heights[STYLES], widths[STYLES];
} Sizes;

static const Sizes sizes[] = {
    {1, 0, 1, 1, 1, 1, 1, 1, {1, 1}, {1, 1}},      {1, 0, 3, 3, 1, 1, 3, 3, {3, 4}, {3, 5}},
    {2, 0, 3, 3, 1, 1, 9, 11, {7, 10}, {13, 6}},   {1, 0, 3, 3, 1, 1, 5, 17, {4, 5}, {33, 18}},
    {2, 1, 3, 3, 1, 1, 8, 21, {9, 6}, {7, 8}},     {1, 0, 3, 3, 2, 1, 10, 19, {9, 5}, {12, 5}},
    {1, 0, 3, 3, 1, 2, 7, 35, {9, 8}, {12, 11}},   {1, 1, 3, 3, 3, 2, 16, 16, {9, 8}, {12, 11}},
    {1, 0, 5, 5, 1, 1, 9, 20, {11, 7}, {8, 9}},    {1, 0, 5, 5, 2, 3, 12, 40, {11, 7}, {21, 9}},
    {1, 0, 9, 9, 1, 1, 12, 13, {11, 9}, {10, 9}},  {1, 0, 7, 7, 4, 1, 17, 30, {9, 8}, {12, 8}},
    {1, 0, 1, 3, 1, 1, 1, 30, {1, 5}, {40, 8}},    {1, 0, 3, 1, 1, 1, 30, 1, {5, 9}, {1, 4}},
    {1, 0, 1, 1, 1, 1, 6, 23, {5, 7}, {8, 9}},     {1, 0, 1, 1, 2, 3, 6, 23, {5, 7}, {8, 9}},
    {1, 0, 3, 3, 1, 1, 4, 170, {4, 3}, {40, 7}},   {1, 0, 3, 3, 1, 1, 4, 20, {4, 3}, {400, 170}},
    {1, 0, 3, 3, 2, 2, 4, 331, {4, 3}, {330, 17}}, {1, 0, 3, 3, 7, 9, 40, 61, {47, 30}, {22, 31}},
    {33, 1, 3, 3, 1, 1, 4, 7, {4, 5}, {6, 7}},     {1, 0, 5, 3, 1, 1, 60, 6, {70, 5}, {5, 9}},
};

static void search_with(const ImpKernels *kernels) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const Sizes *s = &sizes[i];
        Case c = {
            .kernels = kernels, .heights = {s->heights[0], s->heights[1]}, .widths = {s->widths[0], s->widths[1]}};
        c.job = (ImpPatchMatch){.blocks = s->blocks,
                                .guide_blocks = s->guide_blocks,
                                .tall = s->tall,
                                .wide = s->wide,
                                .stride = s->stride,
                                .style_stride = s->style_stride,
                                .height = s->height,
                                .width = s->width};
        check(c, false);
        check(c, true);
    }
}

static void for_tiers(void (*body)(const ImpKernels *kernels)) {
    for (ImpCpuLevel level = IMP_CPU_BASELINE; level <= IMP_CPU_AVX512; level++) {
        const ImpKernels *kernels = imp_kernels_of(level);
        if (kernels) body(kernels);
    }
}

static void nearest_patches_of_all_tiers(void **state) {
    (void)state;
    for_tiers(search_with);
}

/* Numbers that are none must not lead out of the style. */
static void not_finite(void **state) {
    (void)state;
    const ImpKernels *kernels = imp_kernels();
    Case c = {.kernels = kernels, .heights = {5, 6}, .widths = {7, 4}};
    c.job = (ImpPatchMatch){.blocks = 1, .tall = 3, .wide = 3, .stride = 1, .style_stride = 1, .height = 6, .width = 9};
    fill(&c, false);
    c.source[3] = NAN;
    c.source[200] = INFINITY;
    c.styles[0][5] = NAN;
    size_t count = patches_of(&c), styles = style_patches(&c, 0) + style_patches(&c, 1);
    float *score = room(count);
    int *nearest = room(count);
    search(&c, false, score, nearest);
    for (size_t i = 0; i < count; i++) assert_true(nearest[i] >= 0 && (size_t)nearest[i] < styles && !isnan(score[i]));
    imp_free(score);
    imp_free(nearest);
    release(&c);
}

/* --- times -------------------------------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec t;
    clock_gettime(imp_threads_get() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void bench_layer(const ImpKernels *kernels, const char *name, int channels, int side, int size) {
    ImpRandom random;
    imp_random_seed(&random, 1);
    size_t count = (size_t)channels * (size_t)side * (size_t)side;
    ImpPatchMatch job = {
        .blocks = channels / kernels->block, .tall = size, .wide = size, .stride = 1, .style_stride = 1};
    job.height = job.width = job.style_height = job.style_width = side;
    float *source = numbers(&random, count, false), *style = numbers(&random, count, false);
    float *factor = numbers(&random, count, false);
    job.source = source;
    job.style = style;
    job.factor = factor;
    job.score = room(count);
    job.nearest = room(count);
    job.packed = room(kernels->match_packed(&job));
    job.scratch = room(kernels->match_scratch(&job, imp_threads_get()));
    double best = INFINITY, packing = INFINITY;
    for (int i = 0; i < 5; i++) {
        double start = now();
        kernels->match_pack(&job);
        packing = fmin(packing, now() - start);
        kernels->match(&job);
        best = fmin(best, now() - start);
    }
    double flops = 2.0 * channels * pow(side, 4);
    printf("%-9s %s %4d channels %4d x %-4d patches %d x %d %9.2f ms (packing %.2f) %8.1f GFLOP/s\n", kernels->name,
           name, channels, side, side, size, size, 1e3 * best, 1e3 * packing, flops / best * 1e-9);
    imp_free(source);
    imp_free(style);
    imp_free(factor);
    imp_free(job.score);
    imp_free(job.nearest);
    imp_free(job.packed);
    imp_free(job.scratch);
}

/* Layers of VGG for pictures of 512 x 512; the products of places are counted. */
static void bench_tier(const ImpKernels *kernels) {
    bench_layer(kernels, "relu4_1", 512, 64, 3);
    bench_layer(kernels, "relu3_1", 256, 128, 3);
    bench_layer(kernels, "relu4_1", 512, 64, 1);
    bench_layer(kernels, "relu4_1", 512, 64, 5);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        printf("%d threads\n", imp_threads_get());
        if (argc > 2)
            bench_tier(imp_kernels());
        else
            for_tiers(bench_tier);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_patches_of_all_tiers),
        cmocka_unit_test(not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
