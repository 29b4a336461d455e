/* Messages: the system's reason is there, and nothing runs over the end of the buffer. */
#include "base/error.h"
#include "unit.h"
#include <errno.h>
#include <string.h>

static void the_reason_of_the_system_is_appended(void **state) {
    (void)state;
    ImpError error;
    assert_int_equal(imp_fail_errno(&error, ENOENT, "cannot open %s", "a.png"), IMP_ERROR_IO);
    assert_int_equal(error.status, IMP_ERROR_IO);
    assert_string_equal(error.message, "cannot open a.png: No such file or directory");
}

static void a_long_message_is_cut(void **state) {
    (void)state;
    ImpError error;
    char name[2 * IMP_ERROR_MESSAGE_SIZE];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(imp_fail(&error, IMP_ERROR_FORMAT, "%s", name), IMP_ERROR_FORMAT);
    assert_int_equal(strlen(error.message), IMP_ERROR_MESSAGE_SIZE - 1);
    imp_fail_errno(&error, EACCES, "%s", name);
    assert_int_equal(strlen(error.message), IMP_ERROR_MESSAGE_SIZE - 1);
}

static void no_error_wanted_is_fine(void **state) {
    (void)state;
    assert_int_equal(imp_fail(NULL, IMP_ERROR_NUMBER, "%d", 1), IMP_ERROR_NUMBER);
    assert_int_equal(imp_fail_errno(NULL, EIO, "%d", 1), IMP_ERROR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reason_of_the_system_is_appended),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(no_error_wanted_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
