/* Lists of pictures: what is in them, in which order, under which names, and what is left out and why. */
#include "fixture.h"

#include "base/memory.h"
#include "impasto/picture_list.h"
#include <sys/stat.h>
#include <unistd.h>

static void make_folder(const char *name) {
    if (mkdir(in_scratch(name), 0777) != 0) fail_msg("%s", name);
}

static void make_picture(const char *name) {
    ImpImage *image = golden_picture(5, 4, 1);
    OK(imp_image_write(image, in_scratch(name), NULL, error));
    imp_image_free(&image);
}

static void make_file(const char *name, const char *text) {
    write_file(in_scratch(name), text, strlen(text));
}

/* in/: pictures, other files, links and hidden ones, and the folder that results went into. */
static int make_tree(void **state) {
    if (make_scratch(state) != 0) return -1;
    make_folder("in");
    make_folder("in/2024");
    make_folder("in/2024/.trash");
    make_folder("in/out");
    make_picture("in/b.png");
    make_picture("in/a.jpg");
    make_picture("in/2024/c.webp");
    make_picture("in/2024/.trash/d.png");
    make_picture("in/2024/.e.png");
    make_picture("in/out/a.png");
    make_picture("in/f.tif");
    rename(in_scratch("in/f.tif"), in_scratch("in/no extension"));
    make_file("in/notes.jpg", "no picture");
    make_file("in/empty", "");
    if (symlink("..", in_scratch("in/2024/up")) != 0) return -1;
    if (symlink("self", in_scratch("in/self")) != 0) return -1;
    if (symlink("nowhere", in_scratch("in/gone.png")) != 0) return -1;
    return mkfifo(in_scratch("in/pipe"), 0600);
}

static ImpPictureList *list_of(const char *const *paths, size_t n, const char *without) {
    ImpPictureList *list;
    OK(imp_picture_list_new(paths, n, without, &list, error));
    return list;
}

static void pictures_are_in_order_with_their_names_and_formats(void **state) {
    (void)state;
    static const char *const names[] = {"b.png", "2024/c.webp", "a.jpg", "b.png", "no extension", "out/a.png"};
    static const char *const formats[] = {"png", "webp", "jpg", "png", "tif", "png"};
    char folder[256];
    snprintf(folder, sizeof folder, "%s/", in_scratch("in"));
    const char *paths[] = {in_scratch("in/b.png"), folder};
    ImpPictureList *list = list_of(paths, 2, NULL);
    assert_int_equal(list->count, 6);
    for (size_t i = 0; i < 6; i++) {
        struct stat info;
        assert_string_equal(list->pictures[i].name, names[i]);
        assert_string_equal(list->pictures[i].format, formats[i]);
        assert_int_equal(stat(list->pictures[i].path, &info), 0);
        assert_int_equal(list->pictures[i].size, info.st_size);
    }
    imp_picture_list_free(&list);
    assert_null(list);
    imp_picture_list_free(&list);
}

static void what_is_left_out_is_told(void **state) {
    (void)state;
    static const char *const reasons[] = {"it is empty", "No such file", "it is text", "device or pipe",
                                          "symbolic links"};
    const char *path = in_scratch("in");
    ImpPictureList *list = list_of(&path, 1, NULL);
    assert_int_equal(list->n_left_out, 5); /* empty, gone.png, notes.jpg, pipe, self */
    for (size_t i = 0; i < 5; i++) {
        assert_non_null(strstr(list->left_out[i].reason, reasons[i]));
        assert_int_equal(list->left_out[i].fault, i == 1 || i == 4 ? IMP_ERROR_IO : IMP_ERROR_FORMAT);
        assert_false(list->left_out[i].given || list->left_out[i].is_folder);
    }
    imp_picture_list_free(&list);
    const char *given[] = {in_scratch("missing"), in_scratch("in/notes.jpg"), ""};
    list = list_of(given, 3, NULL);
    assert_int_equal(list->count, 0);
    assert_int_equal(list->n_left_out, 3);
    for (size_t i = 0; i < 3; i++) assert_true(list->left_out[i].given);
    imp_picture_list_free(&list);
}

static void the_folder_of_results_is_passed_over_within_others_only(void **state) {
    (void)state;
    const char *path = in_scratch("in"), *out = in_scratch("in/2024/../out");
    ImpPictureList *list = list_of(&path, 1, out);
    assert_int_equal(list->count, 4);
    imp_picture_list_free(&list);
    list = list_of(&out, 1, out);
    assert_int_equal(list->count, 1);
    imp_picture_list_free(&list);
    list = list_of(&path, 1, in_scratch("not made yet"));
    assert_int_equal(list->count, 5);
    imp_picture_list_free(&list);
}

static void a_folder_that_cannot_be_read_is_left_out(void **state) {
    (void)state;
    if (geteuid() == 0) {
        print_message("skipped: root may read everything\n");
        skip();
    }
    const char *path = in_scratch("in");
    chmod(in_scratch("in/2024"), 0);
    ImpPictureList *list = list_of(&path, 1, NULL);
    chmod(in_scratch("in/2024"), 0700);
    assert_int_equal(list->count, 4);
    assert_true(list->left_out[0].is_folder);
    imp_picture_list_free(&list);
}

static void missing_memory_is_an_error(void **state) {
    (void)state;
    const char *path = in_scratch("in");
    ImpStatus status = IMP_ERROR_MEMORY;
    int tries = 0;
    for (; status != IMP_OK && tries < 200; tries++) {
        ImpPictureList *list = NULL;
        ImpError error;
        imp_alloc_fail_after(tries);
        status = imp_picture_list_new(&path, 1, NULL, &list, &error);
        imp_alloc_fail_after(-1);
        if (status != IMP_OK) {
            assert_int_equal(status, IMP_ERROR_MEMORY);
            assert_null(list);
        }
        imp_picture_list_free(&list);
    }
    assert_true(tries > 10 && tries < 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_in_order_with_their_names_and_formats),
        cmocka_unit_test(what_is_left_out_is_told),
        cmocka_unit_test(the_folder_of_results_is_passed_over_within_others_only),
        cmocka_unit_test(a_folder_that_cannot_be_read_is_left_out),
        cmocka_unit_test(missing_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_scratch);
}
