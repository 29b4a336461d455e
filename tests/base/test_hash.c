/* SHA-256 of the examples in FIPS 180-2, of memory and of a file. */
#include "base/hash.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void published_examples(void **state) {
    (void)state;
    char text[IMP_SHA256_TEXT];
    assert_int_equal(imp_sha256("", 0, text, NULL), IMP_OK);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(imp_sha256("abc", 3, text, NULL), IMP_OK);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    assert_int_equal(imp_sha256(million, 1000000, text, NULL), IMP_OK);
    free(million);
    assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_file_is_hashed(void **state) {
    (void)state;
    char path[] = "/tmp/impasto-hash-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, "abc", 3), 3);
    close(file);
    char text[IMP_SHA256_TEXT];
    assert_int_equal(imp_sha256_file(path, text, NULL), IMP_OK);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    remove(path);
    ImpError error;
    assert_int_equal(imp_sha256_file(path, text, &error), IMP_ERROR_IO);
    assert_non_null(strstr(error.message, path));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_examples), cmocka_unit_test(a_file_is_hashed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
