/* Files are read whole; files that are written are there whole or not at all. */
#include "base/file.h"
#include "base/memory.h"
#include "unit.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_folder(void **state) {
    char *folder = strdup("/tmp/impasto-file-XXXXXX");
    *state = folder;
    return folder && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state) {
    DIR *folder = opendir(".");
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder))
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2) remove(entry->d_name);
    if (folder) closedir(folder);
    int failed = chdir("/") != 0 || rmdir(*state) != 0;
    free(*state);
    return failed;
}

static int count_entries(void) {
    int count = -2; /* . and .. */
    DIR *folder = opendir(".");
    assert_non_null(folder);
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

static void put(const char *path, const char *text) {
    ImpFileWriter writer;
    assert_int_equal(imp_file_begin(path, &writer, NULL), IMP_OK);
    fputs(text, writer.stream);
    assert_int_equal(imp_file_commit(&writer, NULL), IMP_OK);
}

static void assert_holds(const char *path, const char *text) {
    ImpFileView view;
    assert_int_equal(imp_file_map(path, &view, NULL), IMP_OK);
    assert_int_equal(view.size, strlen(text));
    if (view.size) assert_memory_equal(view.data, text, view.size);
    imp_file_unmap(&view);
    assert_null(view.data);
}

static void what_is_written_is_read(void **state) {
    (void)state;
    put("a", "first");
    assert_holds("a", "first");
    put("a", "second, longer");
    assert_holds("a", "second, longer");
    put("a", "");
    assert_holds("a", "");
    assert_int_equal(count_entries(), 1);
    struct stat info;
    mode_t mask = umask(0);
    umask(mask);
    assert_true(stat("a", &info) == 0 && (info.st_mode & 0777) == (0666 & ~mask));
}

static void an_abandoned_file_leaves_the_old_one(void **state) {
    (void)state;
    put("a", "old");
    ImpFileWriter writer;
    assert_int_equal(imp_file_begin("a", &writer, NULL), IMP_OK);
    fputs("new", writer.stream);
    fflush(writer.stream);
    assert_holds("a", "old");
    assert_int_equal(count_entries(), 2);
    imp_file_abandon(&writer);
    imp_file_abandon(&writer);
    assert_holds("a", "old");
    assert_int_equal(count_entries(), 1);
}

static void a_failed_write_is_told_and_cleaned_up(void **state) {
    (void)state;
    /* The disk is full when the last buffer is flushed, or was so at an earlier write. */
    for (int earlier = 0; earlier < 2; earlier++) {
        ImpFileWriter writer;
        ImpError error;
        FILE *full = fopen("/dev/full", "wb");
        if (!full) skip_because("this system has no /dev/full");
        assert_int_equal(imp_file_begin("b", &writer, NULL), IMP_OK);
        fclose(writer.stream);
        writer.stream = full;
        if (earlier) setvbuf(full, NULL, _IONBF, 0);
        fputs("text", writer.stream);
        assert_int_equal(imp_file_commit(&writer, &error), IMP_ERROR_IO);
        assert_string_equal(error.message, "cannot write b: No space left on device");
        assert_int_equal(count_entries(), 0);
    }
}

static void a_failed_rename_is_told_and_cleaned_up(void **state) {
    (void)state;
    ImpFileWriter writer;
    ImpError error;
    assert_int_equal(imp_file_begin("b", &writer, NULL), IMP_OK);
    assert_int_equal(mkdir("b", 0700), 0);
    assert_int_equal(imp_file_commit(&writer, &error), IMP_ERROR_IO);
    assert_string_equal(error.message, "cannot write b: Is a directory");
    assert_int_equal(count_entries(), 1);
}

static void what_is_no_file_is_refused(void **state) {
    (void)state;
    ImpFileView view;
    ImpError error;
    assert_int_equal(imp_file_map("nothing", &view, &error), IMP_ERROR_IO);
    assert_string_equal(error.message, "cannot open nothing: No such file or directory");
    assert_int_equal(imp_file_map("/tmp", &view, &error), IMP_ERROR_IO);
    assert_string_equal(error.message, "/tmp is a folder; give a file");
    assert_int_equal(imp_file_map("/dev/null", &view, &error), IMP_ERROR_IO);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(imp_file_map("pipe", &view, &error), IMP_ERROR_IO); /* and does not wait for a writer */
    assert_null(view.data);
}

static void targets_are_checked_beforehand(void **state) {
    (void)state;
    ImpError error;
    assert_int_equal(imp_file_check_writable("new", &error), IMP_OK);
    assert_int_equal(count_entries(), 0);
    assert_int_equal(imp_file_check_writable("", &error), IMP_ERROR_ARGUMENT);
    assert_int_equal(imp_file_check_writable("/tmp", &error), IMP_ERROR_IO);
    assert_int_equal(imp_file_check_writable("missing/new", &error), IMP_ERROR_IO);
    assert_string_equal(error.message, "cannot write missing/new: its folder missing: No such file or directory");
    put("plain", "");
    assert_int_equal(imp_file_check_writable("plain/new", &error), IMP_ERROR_IO);
    assert_string_equal(error.message, "cannot write plain/new: plain is no folder");
}

static void no_memory_leaves_nothing_behind(void **state) {
    (void)state;
    for (long allowed = 0; allowed < 4; allowed++) {
        ImpFileWriter writer;
        imp_alloc_fail_after(allowed);
        ImpStatus status = imp_file_begin("a", &writer, NULL);
        imp_alloc_fail_after(-1);
        assert_int_equal(status, allowed < 3 ? IMP_ERROR_MEMORY : IMP_OK);
        imp_file_abandon(&writer);
        assert_int_equal(count_entries(), 0);
    }
}

int main(void) {
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(what_is_written_is_read),
        IN_A_FOLDER(an_abandoned_file_leaves_the_old_one),
        IN_A_FOLDER(a_failed_write_is_told_and_cleaned_up),
        IN_A_FOLDER(a_failed_rename_is_told_and_cleaned_up),
        IN_A_FOLDER(what_is_no_file_is_refused),
        IN_A_FOLDER(targets_are_checked_beforehand),
        IN_A_FOLDER(no_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
