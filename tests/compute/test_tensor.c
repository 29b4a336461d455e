/* Shapes, and moving numbers between plain and blocked layouts. */
#include "unit.h"

#include "compute/tensor/tensor.h"
#include <stdlib.h>
#include <string.h>

static void sizes(void **state) {
    (void)state;
    ImpShape shape = {17, 3, 5, 1};
    assert_int_equal(imp_shape_places(shape), 15);
    assert_int_equal(imp_shape_count(shape), 255);
    assert_int_equal(imp_tensor_floats(shape, IMP_LAYOUT_PLAIN, 1), 255);
    assert_int_equal(imp_tensor_floats(shape, IMP_LAYOUT_BLOCKED, 8), 24 * 15);
    assert_int_equal(imp_tensor_floats(shape, IMP_LAYOUT_BLOCKED, 16), 32 * 15);
    ImpShape large = {512, 65536, 65536, 1};
    assert_true(imp_shape_count(large) == (size_t)1 << 41);
}

/* There and back, with the number of channel c at place p where the layout says, and zeros beyond the channels. */
static void check_layout(ImpShape shape, ImpLayout layout, int block) {
    size_t count = imp_shape_count(shape), places = imp_shape_places(shape), b = (size_t)block;
    size_t room = imp_tensor_floats(shape, layout, block);
    float *plain = malloc(count * sizeof *plain), *back = calloc(count, sizeof *back),
          *data = malloc(room * sizeof *data);
    for (size_t i = 0; i < count; i++) plain[i] = (float)(i + 1);
    memset(data, 0xff, room * sizeof *data); /* not a number */
    ImpTensor tensor = {.shape = shape, .layout = layout, .block = block, .data = data};
    imp_tensor_from_plain(&tensor, plain);
    for (size_t c = 0; c < room / places; c++)
        for (size_t p = 0; p < places; p++) {
            float expected = c < (size_t)shape.channels ? plain[c * places + p] : 0;
            size_t at = layout == IMP_LAYOUT_PLAIN ? c * places + p : (c / b * places + p) * b + c % b;
            assert_true(data[at] == expected);
        }
    imp_tensor_to_plain(&tensor, back);
    assert_memory_equal(plain, back, count * sizeof *plain);
    free(plain);
    free(back);
    free(data);
}

static void layouts(void **state) {
    (void)state;
    static const int channels[] = {1, 3, 7, 8, 9, 16, 17, 40};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        for (int height = 1; height < 5; height++)
            for (int width = 1; width < 5; width++) {
                ImpShape shape = {channels[i], height, width, 1};
                check_layout(shape, IMP_LAYOUT_PLAIN, 1);
                check_layout(shape, IMP_LAYOUT_BLOCKED, 8);
                check_layout(shape, IMP_LAYOUT_BLOCKED, 16);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(layouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
