/* Runs a fuzzer's entry point over every file of the folders given: whole, cut off at every sixteenth, and whole again
 * with the first, second ... allocation failing. */
#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 16, ALLOCATIONS = 64 };

/* A copy of exactly `size` bytes on the heap, so that sanitizers see each byte read beyond the end. */
static void run(const unsigned char *data, size_t size) {
    unsigned char *copy = malloc(size ? size : 1);
    if (!copy) abort();
    if (size) memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int replay_file(const char *path) {
    ImpFileView view;
    ImpError error;
    if (imp_file_map(path, &view, &error) != IMP_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    for (size_t part = 0; part <= PARTS; part++) run(view.data, view.size * part / PARTS);
    for (long left = 0; left < ALLOCATIONS; left++) {
        imp_alloc_fail_after(left);
        run(view.data, view.size);
        imp_alloc_fail_after(-1);
    }
    imp_file_unmap(&view);
    return 0;
}

static int is_visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static int replay_folder(const char *folder, int *files) {
    struct dirent **entries;
    int failed = 0, count = scandir(folder, &entries, is_visible, alphasort);
    if (count < 0) {
        perror(folder);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        failed |= replay_file(path);
        free(entries[i]);
    }
    free(entries);
    *files += count;
    return failed;
}

int main(int argc, char **argv) {
    int failed = 0, files = 0;
    for (int i = 1; i < argc; i++) failed |= replay_folder(argv[i], &files);
    printf("%d files replayed\n", files);
    return failed || files == 0;
}
