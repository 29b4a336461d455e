/* Which names are layers of which network, and which of them a cut weight file still has. */
#include "network/vgg.h"
#include "unit.h"
#include <string.h>

static void names_are_taken_exactly(void **state) {
    (void)state;
    static const char *const good[] = {"image", "conv1_1", "relu1_2", "pool1", "relu3_4", "conv5_4", "pool5"};
    static const char *const bad[] = {"",         "conv",     "conv1",    "conv1_",   "conv1_0",  "conv1_3",
                                      "conv0_1",  "conv6_1",  "relu5_5",  "conv1_1x", "conv 1_1", "conv1_ 1",
                                      "conv+1_1", "conv01_1", "relu1_01", "relu1-1",  "pool",     "pool0",
                                      "pool6",    "pool1_1",  "pool 1",   "Conv1_1",  " conv1_1", "images",
                                      "conv-1_1", "conv1_-1", "tanh1_1",  "pool11"};
    const ImpVggWeights weights = {.depth = 19, .n_convs = 16};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(imp_vgg_check_layer(&weights, good[i], NULL), IMP_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ImpError error;
        assert_int_equal(imp_vgg_check_layer(&weights, bad[i], &error), IMP_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, "VGG-19 has no layer"));
    }
}

static void the_depth_decides(void **state) {
    (void)state;
    const ImpVggWeights shallow = {.depth = 16, .n_convs = 13}, cut = {.depth = 19, .n_convs = 8};
    assert_int_equal(imp_vgg_check_layer(&shallow, "relu3_3", NULL), IMP_OK);
    assert_int_equal(imp_vgg_check_layer(&shallow, "relu3_4", NULL), IMP_ERROR_ARGUMENT);
    assert_int_equal(imp_vgg_check_layer(&cut, "relu3_4", NULL), IMP_OK);
    assert_int_equal(imp_vgg_check_layer(&cut, "pool3", NULL), IMP_OK);
    assert_int_equal(imp_vgg_check_layer(&cut, "relu4_1", NULL), IMP_ERROR_UNSUPPORTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_taken_exactly), cmocka_unit_test(the_depth_decides)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
