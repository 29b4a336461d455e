/* Where models are found, and what the messages say about those that are not. */
#include "unit.h"

#include "base/memory.h"
#include "impasto/model.h"
#include "network/catalogue.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[64], folder[128];

static void touch(const char *format, const char *name, char *out, size_t size) {
    snprintf(out, size, format, folder, name);
    FILE *file = fopen(out, "wb");
    assert_non_null(file);
    fclose(file);
}

static int set_up(void **state) {
    (void)state;
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s'", home, folder);
    setenv("XDG_DATA_HOME", home, 1);
    return system(command);
}

static void test_entries(void **state) {
    (void)state;
    size_t count;
    const ImpCatalogueEntry *entries = imp_catalogue(&count);
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(imp_catalogue_find(entries[i].name), &entries[i]);
        assert_true(imp_model_name_valid(entries[i].name));
        assert_int_equal(strlen(entries[i].sha256), 64);
        assert_int_equal(strspn(entries[i].sha256, "0123456789abcdef"), 64);
        assert_true(entries[i].size > 500000000 && entries[i].n_sources > 0);
        /* torchvision's files carry the beginning of their hash in their name. */
        const char *dash = strchr(entries[i].file, '-');
        assert_non_null(dash);
        assert_memory_equal(dash + 1, entries[i].sha256, 8);
        for (size_t k = 0; k < entries[i].n_sources; k++) {
            assert_ptr_equal(strstr(entries[i].sources[k], "https://"), entries[i].sources[k]);
            assert_non_null(strstr(entries[i].sources[k], entries[i].file));
        }
    }
    assert_null(imp_catalogue_find("nothing"));
}

static void expect_folder(const char *expected) {
    char *path;
    assert_int_equal(imp_models_folder(&path, NULL), IMP_OK);
    if (expected)
        assert_string_equal(path, expected);
    else
        assert_non_null(strstr(path, "/.local/share/impasto/models"));
    imp_free(path);
}

static void test_folder(void **state) {
    (void)state;
    expect_folder(folder);
    setenv("HOME", "/home/ada", 1);
    setenv("XDG_DATA_HOME", "relative/is/ignored", 1);
    expect_folder("/home/ada/.local/share/impasto/models");
    setenv("XDG_DATA_HOME", "", 1);
    expect_folder("/home/ada/.local/share/impasto/models");
    unsetenv("XDG_DATA_HOME");
    expect_folder("/home/ada/.local/share/impasto/models");
    unsetenv("HOME"); /* from the account then */
    expect_folder(NULL);
}

static void expect_path(const char *model, const char *expected) {
    char path[IMP_MODEL_PATH_SIZE];
    ImpError error = {0};
    if (imp_model_find(model, path, &error) != IMP_OK) fail_msg("%s", error.message);
    assert_string_equal(path, expected);
}

/* Later ones win over earlier ones. */
static void test_order(void **state) {
    (void)state;
    char path[256];
    touch("%s/%s", "vgg19-dcbb9e9d.pth", path, sizeof path);
    expect_path("vgg19", path);
    touch("%s/%s", "vgg19.pt", path, sizeof path);
    expect_path("vgg19", path);
    touch("%s/%s", "vgg19.pth", path, sizeof path);
    expect_path("vgg19", path);
    touch("%s/%s", "vgg19.safetensors", path, sizeof path);
    expect_path("vgg19", path);
    expect_path(path, path);
    expect_path("vgg19.safetensors", path);
    touch("%s/%s", "mine.pth", path, sizeof path);
    expect_path("mine", path);
    touch("%s/../../%s", "here", path, sizeof path);
    assert_int_equal(chdir(home), 0);
    expect_path("here", "here"); /* an existing path comes first */
}

static void expect_message(const char *model, const char *first, const char *second) {
    char path[IMP_MODEL_PATH_SIZE];
    ImpError error = {0};
    assert_int_equal(imp_model_find(model, path, &error), IMP_ERROR_IO);
    if (!strstr(error.message, first) || !strstr(error.message, second))
        fail_msg("\"%s\" lacks \"%s\" or \"%s\"", error.message, first, second);
}

static void test_missing(void **state) {
    (void)state;
    expect_message("vgg19", "impasto model fetch vgg19", folder);
    expect_message("vgg16", "put vgg16-397923af.pth", "https://");
    expect_message("vgg91", "no model called \"vgg91\" (did you mean vgg19?)", "path of a weight file");
    expect_message("/no/such/file.pth", "\"/no/such/file.pth\"", "path of a weight file");
    expect_message(home, "is a folder", "weight file");
    expect_message("", "no model called \"\"", "weight file");
    char path[256];
    touch("%s/../%s", "outside.pth", path, sizeof path);
    expect_message("../outside", "no model called", "weight file"); /* names do not leave the folder */
    expect_message("..", "is a folder", "weight file");
}

static void test_names(void **state) {
    (void)state;
    static const char *const bad[] = {"", ".", "..", ".hidden", "a/b", "a b", "a\nb", "ä", "../x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(imp_model_name_valid(bad[i]));
    char longer[200] = {0};
    memset(longer, 'a', 128);
    assert_true(imp_model_name_valid(longer));
    longer[128] = 'a';
    assert_false(imp_model_name_valid(longer));
}

static void test_list(void **state) {
    (void)state;
    char vgg[256], mine[256], path[256];
    touch("%s/%s", "vgg19-dcbb9e9d.pth", vgg, sizeof vgg);
    touch("%s/%s", "mine.safetensors", mine, sizeof mine);
    touch("%s/%s", "mine.pth", path, sizeof path); /* covered by the other */
    touch("%s/%s", "another.pt", path, sizeof path);
    touch("%s/%s", "vgg16-397923af.pth.part", path, sizeof path);
    touch("%s/%s", "notes.txt", path, sizeof path);
    ImpModelList *list;
    assert_int_equal(imp_model_list(&list, NULL), IMP_OK);
    assert_string_equal(list->folder, folder);
    assert_int_equal(list->count, 4);
    assert_string_equal(list->models[0].name, "vgg19");
    assert_string_equal(list->models[0].path, vgg);
    assert_int_equal(list->models[0].fetch_size, 574673361);
    assert_string_equal(list->models[1].name, "vgg16");
    assert_null(list->models[1].path);
    assert_string_equal(list->models[2].name, "another");
    assert_string_equal(list->models[3].name, "mine");
    assert_string_equal(list->models[3].path, mine);
    assert_null(list->models[3].source);
    imp_model_list_free(&list);
    assert_null(list);
}

static void test_list_without_folder(void **state) {
    (void)state;
    setenv("XDG_DATA_HOME", "/nowhere", 1);
    ImpModelList *list;
    assert_int_equal(imp_model_list(&list, NULL), IMP_OK);
    assert_int_equal(list->count, 2);
    imp_model_list_free(&list);
}

static void test_no_memory(void **state) {
    (void)state;
    char path[256];
    touch("%s/%s", "mine.pth", path, sizeof path);
    for (long calls = 0; calls < 200; calls++) {
        ImpModelList *list;
        imp_alloc_fail_after(calls);
        ImpStatus status = imp_model_list(&list, NULL);
        imp_alloc_fail_after(-1);
        if (status == IMP_OK) {
            assert_true(calls > 10);
            imp_model_list_free(&list);
            return;
        }
        assert_int_equal(status, IMP_ERROR_MEMORY);
        assert_null(list);
    }
    fail();
}

int main(void) {
    snprintf(home, sizeof home, "/tmp/impasto-catalogue-XXXXXX");
    if (!mkdtemp(home)) return 1;
    snprintf(folder, sizeof folder, "%s/impasto/models", home);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_entries, set_up),
        cmocka_unit_test_setup(test_folder, set_up),
        cmocka_unit_test_setup(test_order, set_up),
        cmocka_unit_test_setup(test_missing, set_up),
        cmocka_unit_test_setup(test_names, set_up),
        cmocka_unit_test_setup(test_list, set_up),
        cmocka_unit_test_setup(test_list_without_folder, set_up),
        cmocka_unit_test_setup(test_no_memory, set_up),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return system(command) != 0 || failed;
}
