/* The kd-tree against comparing all points. */
#include "unit.h"

#include "base/random.h"
#include "image/tree.h"
#include <math.h>
#include <string.h>

static double squared_distance(const float *a, const float *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += pow((double)a[i] - (double)b[i], 2);
    return sum;
}

/* With all leaves the tree finds the nearest of all; with few, mostly. */
static void the_tree_finds_the_nearest(void **state) {
    (void)state;
    enum { COUNT = 3000, D = IMP_TREE_DIMENSIONS, QUERIES = 200 };
    ImpError error;
    ImpRandom random;
    ImpTree *tree;
    float *points = test_malloc(sizeof(float) * COUNT * D);
    int same = 0;
    imp_random_seed(&random, 5);
    for (int i = 0; i < COUNT; i++)
        for (int d = 0; d < D; d++) points[i * D + d] = (float)(imp_random_uniform(&random) / (1 + d));
    memcpy(points + 100 * D, points, sizeof(float) * 50 * D); /* some are the same */
    assert_int_equal(imp_tree_new(points, COUNT, &tree, &error), IMP_OK);
    for (int q = 0; q < QUERIES; q++) {
        float point[D];
        int32_t all[IMP_TREE_MOST], few[IMP_TREE_MOST];
        for (int d = 0; d < D; d++) point[d] = (float)(imp_random_uniform(&random) / (1 + d));
        assert_int_equal(imp_tree_nearest(tree, point, COUNT, 5, all), 5);
        assert_int_equal(imp_tree_nearest(tree, point, 24, 5, few), 5);
        double last = squared_distance(points + (size_t)all[4] * D, point, D);
        int nearer = 0;
        for (int i = 0; i < COUNT; i++) nearer += squared_distance(points + i * D, point, D) < last * (1 - 1e-5);
        assert_true(nearer <= 4);
        for (int i = 1; i < 5; i++)
            assert_true(squared_distance(points + (size_t)all[i] * D, point, D) >=
                        squared_distance(points + (size_t)all[i - 1] * D, point, D) * (1 - 1e-5));
        same += all[0] == few[0];
    }
    assert_true(same > QUERIES / 2);
    imp_tree_free(&tree);
    test_free(points);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_tree_finds_the_nearest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
