/* JSON out, and back in through jansson, which did not write it. */
#include "unit.h"

#include "base/json.h"
#include "base/memory.h"
#include "impasto/json.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static ImpJsonWriter *begin(int indent) {
    ImpJsonWriter *writer = NULL;
    assert_int_equal(imp_json_writer_new(indent, &writer, NULL), IMP_OK);
    return writer;
}

static char *finish(ImpJsonWriter **writer) {
    char *text = NULL;
    assert_int_equal(imp_json_writer_finish(*writer, &text, NULL), IMP_OK);
    imp_json_writer_free(writer);
    assert_null(*writer);
    return text;
}

static void write_sample(ImpJsonWriter *writer) {
    imp_json_begin_object(writer, NULL);
    imp_json_string(writer, "text", "a\"\\\n\x7f\xc3\xa4");
    imp_json_string(writer, "nothing", NULL);
    imp_json_integer(writer, "least", INT64_MIN);
    imp_json_real(writer, "tenth", 0.1);
    imp_json_real(writer, "infinite", INFINITY);
    imp_json_bool(writer, "yes", true);
    imp_json_begin_array(writer, "list");
    imp_json_real(writer, NULL, 1e6);
    imp_json_begin_object(writer, NULL);
    imp_json_end(writer);
    imp_json_begin_array(writer, NULL);
    imp_json_end(writer);
    imp_json_end(writer);
    imp_json_end(writer);
}

static void one_line(void **state) {
    (void)state;
    ImpJsonWriter *writer = begin(0);
    write_sample(writer);
    char *text = finish(&writer);
    assert_string_equal(text, "{\"text\": \"a\\\"\\\\\\u000a\\u007f\xc3\xa4\", \"nothing\": null, "
                              "\"least\": -9223372036854775808, \"tenth\": 0.1, \"infinite\": null, \"yes\": true, "
                              "\"list\": [1000000, {}, []]}");
    free(text);
}

static void indented(void **state) {
    (void)state;
    ImpJsonWriter *writer = begin(2);
    imp_json_begin_object(writer, NULL);
    imp_json_begin_array(writer, "a");
    imp_json_integer(writer, NULL, 1);
    imp_json_integer(writer, NULL, 2);
    imp_json_end(writer);
    imp_json_begin_object(writer, "b");
    imp_json_end(writer);
    imp_json_end(writer);
    char *text = finish(&writer);
    assert_string_equal(text, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
    free(text);
}

static void jansson_reads_the_same(void **state) {
    (void)state;
    for (int indent = 0; indent <= 3; indent++) {
        ImpJsonWriter *writer = begin(indent);
        write_sample(writer);
        char *text = finish(&writer);
        json_t *root = NULL;
        assert_int_equal(imp_json_parse(text, strlen(text), "sample", &root, NULL), IMP_OK);
        assert_string_equal(json_string_value(json_object_get(root, "text")), "a\"\\\n\x7f\xc3\xa4");
        assert_true(json_is_null(json_object_get(root, "nothing")));
        assert_true(json_integer_value(json_object_get(root, "least")) == INT64_MIN);
        assert_true(json_real_value(json_object_get(root, "tenth")) == 0.1);
        assert_true(json_is_true(json_object_get(root, "yes")));
        assert_int_equal(json_array_size(json_object_get(root, "list")), 3);
        json_decref(root);
        free(text);
    }
}

static void bytes_that_are_no_utf8_are_replaced(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"\xff", "\xef\xbf\xbd"},
        {"\xc3", "\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                                 /* longer than needed */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                 /* a surrogate */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* past U+10FFFF */
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},                                 /* cut off */
        {"\xe2\x82\xac\xf0\x9f\x96\x8c", "\xe2\x82\xac\xf0\x9f\x96\x8c"},         /* fine */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ImpJsonWriter *writer = begin(0);
        imp_json_begin_object(writer, NULL);
        imp_json_string(writer, "a", cases[i][0]);
        imp_json_end(writer);
        char *text = finish(&writer);
        json_t *root = NULL;
        assert_int_equal(imp_json_parse(text, strlen(text), "sample", &root, NULL), IMP_OK);
        assert_string_equal(json_string_value(json_object_get(root, "a")), cases[i][1]);
        json_decref(root);
        free(text);
    }
}

static void too_deep_is_an_error(void **state) {
    (void)state;
    for (int depth = IMP_JSON_MAX_DEPTH; depth <= IMP_JSON_MAX_DEPTH + 5; depth++) {
        ImpJsonWriter *writer = begin(1);
        char *text = NULL;
        for (int i = 0; i < depth; i++) imp_json_begin_array(writer, NULL);
        for (int i = 0; i < depth; i++) imp_json_end(writer);
        bool fits = depth <= IMP_JSON_MAX_DEPTH;
        assert_int_equal(imp_json_writer_finish(writer, &text, NULL), fits ? IMP_OK : IMP_ERROR_UNSUPPORTED);
        assert_true(fits == (text != NULL));
        free(text);
        imp_json_writer_free(&writer);
    }
}

static void no_memory_is_an_error(void **state) {
    (void)state;
    ImpStatus status = IMP_ERROR_MEMORY;
    for (long calls = 0; status != IMP_OK; calls++) {
        ImpJsonWriter *writer = NULL;
        char *text = NULL;
        imp_alloc_fail_after(calls);
        status = imp_json_writer_new(0, &writer, NULL);
        if (status == IMP_OK) {
            imp_json_begin_array(writer, NULL);
            for (int i = 0; i < 100; i++) write_sample(writer);
            imp_json_end(writer);
            status = imp_json_writer_finish(writer, &text, NULL);
        }
        imp_alloc_fail_after(-1);
        assert_true(status == IMP_OK || status == IMP_ERROR_MEMORY);
        free(text);
        imp_json_writer_free(&writer);
    }
}

static void faulty_text_is_refused(void **state) {
    (void)state;
    static const char *const faulty[] = {"",
                                         " ",
                                         "{",
                                         "{}x",
                                         "[]",
                                         "1",
                                         "null",
                                         "{\"a\": 1, \"a\": 2}",
                                         "{\"a\": nan}",
                                         "{\"a\": \"\xff\"}",
                                         "{\"a\": \"\\u0000\"}",
                                         "{'a': 1}",
                                         "{\"a\": 1,}"};
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
        json_t *root = (json_t *)1;
        ImpError error = {0};
        assert_int_equal(imp_json_parse(faulty[i], strlen(faulty[i]), "the file", &root, &error), IMP_ERROR_FORMAT);
        assert_null(root);
        assert_memory_equal(error.message, "the file ", 9);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line),
        cmocka_unit_test(indented),
        cmocka_unit_test(jansson_reads_the_same),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(too_deep_is_an_error),
        cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(faulty_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
