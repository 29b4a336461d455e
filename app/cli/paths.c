#include "paths.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool is_standard_output(const char *path) {
    return strcmp(path, "-") == 0;
}

bool same_file(const char *a, const char *b) {
    struct stat first, second;
    if (is_standard_output(a) || is_standard_output(b)) return false;
    if (stat(a, &first) != 0 || stat(b, &second) != 0) {
        while (strncmp(a, "./", 2) == 0) a += 2;
        while (strncmp(b, "./", 2) == 0) b += 2;
        return strcmp(a, b) == 0;
    }
    return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The file that the first `length` characters of `text` name. */
static bool part_names(const char *text, size_t length, const char *path) {
    char part[PATH_MAX];
    if (length >= sizeof part) return false;
    memcpy(part, text, length);
    part[length] = '\0';
    const char *name = strncmp(part, "not:", 4) == 0 ? part + 4 : part;
    return is_file(name) && same_file(name, path);
}

bool text_names(const char *text, const char *path) {
    if (part_names(text, strlen(text), path)) return true;
    for (; *text; text += strcspn(text, ","), text += *text == ',')
        if (part_names(text, strcspn(text, ","), path)) return true;
    return false;
}

bool is_folder(const char *path) {
    struct stat info;
    size_t length = strlen(path);
    return (length > 0 && path[length - 1] == '/') || (stat(path, &info) == 0 && S_ISDIR(info.st_mode));
}

bool make_folders(const char *path, bool of_path) {
    char *copy = strdup(path);
    if (!copy) return false;
    bool made = true;
    for (char *end = copy + (*copy == '/'); made && *end; end++) {
        if (*end != '/') continue;
        *end = '\0';
        made = mkdir(copy, 0777) == 0 || errno == EEXIST;
        *end = '/';
    }
    if (made && !of_path) made = mkdir(copy, 0777) == 0 || errno == EEXIST;
    free(copy);
    return made;
}
