/* Paths that name the same file. */
#ifndef IMP_CLI_PATHS_H
#define IMP_CLI_PATHS_H

#include <stdbool.h>

/* "-" */
bool is_standard_output(const char *path);
/* Whether both paths lead to the same file: by inode, so that links count, or by name while it does not exist. */
bool same_file(const char *a, const char *b);
/* Whether there is a file at all. */
bool is_file(const char *path);
/* Whether `text`, or a part of it between commas, with or without "not:", is the name of a file that `path` is. */
bool text_names(const char *text, const char *path);
/* Whether there is a folder, or the name can only be one: it ends with '/'. */
bool is_folder(const char *path);
/* Makes the folder that holds `path` (of_path) or is it, and those above it that are missing. False, with errno set,
 * when that cannot be. */
bool make_folders(const char *path, bool of_path);

#endif
