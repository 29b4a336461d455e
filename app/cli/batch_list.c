#include "batch_list.h"

#include "paths.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int no_memory(void) {
    complain("out of memory for the list of pictures; give fewer of them");
    return EXIT_FAULT;
}

/* ---- names ---- */

static bool is_kept(const char *format) {
    static const char *const kept[] = {"jpg", "png", "webp", "tif"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (strcmp(format, kept[i]) == 0) return true;
    return false;
}

/* The format of the result: the one asked for (or NULL), else that of the input's name, else that of its bytes. */
static const char *result_format(const ImpListedPicture *picture, const char *named, const char *asked) {
    if (asked) return asked;
    const char *own = named ? named : picture->format;
    return is_kept(own) ? own : "png";
}

/* The input's name below the folder, with an extension that says what is written. `asked` is --format or NULL. */
static char *name_result(const char *folder, const ImpListedPicture *picture, const char *asked) {
    const char *named = imp_image_format(picture->name), *dot = strrchr(picture->name, '.');
    const char *format = result_format(picture, named, asked);
    size_t stem = named ? (size_t)(dot - picture->name) : strlen(picture->name);
    bool same = named && strcmp(named, format) == 0;
    size_t size = strlen(folder) + 1 + strlen(picture->name) + 1 + strlen(format) + 1;
    const char *slash = *folder && folder[strlen(folder) - 1] == '/' ? "" : "/";
    char *path = malloc(size);
    if (path && same)
        snprintf(path, size, "%s%s%s", folder, slash, picture->name);
    else if (path)
        snprintf(path, size, "%s%s%.*s.%s", folder, slash, (int)stem, picture->name, format);
    return path;
}

/* "jpg" for the "jpeg" of --format; a word that is no format stays, to be refused with the others. */
static const char *asked_format(const Run *run) {
    const char *word = imp_params_text(run->common, "format");
    char path[64];
    if (!word) return NULL;
    snprintf(path, sizeof path, "x.%s", word);
    const char *format = imp_image_format(path);
    return format ? format : word;
}

static int name_results(const Run *run, BatchList *list) {
    const char *folder = imp_params_text(run->common, "output-dir"), *format = asked_format(run);
    bool recipes = imp_params_text(run->common, "save-recipe") != NULL;
    list->items = calloc(list->found->count + 1, sizeof *list->items);
    if (!list->items) return no_memory();
    for (size_t i = 0; i < list->found->count; i++) {
        BatchItem *item = &list->items[list->count++];
        item->picture = &list->found->pictures[i];
        item->output = name_result(folder, item->picture, format);
        if (item->output && recipes) item->recipe = recipe_beside(item->output);
        if (!item->output || (recipes && !item->recipe)) return no_memory();
    }
    return EXIT_GOOD;
}

/* ---- no result is lost ---- */

static int compare_outputs(const void *a, const void *b) {
    const BatchItem *first = *(const BatchItem *const *)a, *second = *(const BatchItem *const *)b;
    int order = strcmp(first->output, second->output);
    return order ? order : (first > second) - (first < second);
}

static int check_alike(const Run *run, const BatchList *list) {
    const BatchItem **sorted = malloc((list->count + 1) * sizeof *sorted);
    if (!sorted) return no_memory();
    for (size_t i = 0; i < list->count; i++) sorted[i] = &list->items[i];
    qsort(sorted, list->count, sizeof *sorted, compare_outputs);
    size_t at = 1;
    while (at < list->count && strcmp(sorted[at - 1]->output, sorted[at]->output) != 0) at++;
    const BatchItem *first = at < list->count ? sorted[at - 1] : NULL, *second = first ? sorted[at] : NULL;
    free(sorted);
    if (!first) return EXIT_GOOD;
    if (same_file(first->picture->path, second->picture->path))
        return wrong_usage(run->method->name, "%s is given twice; give it once", first->picture->path);
    return wrong_usage(run->method->name, "%s and %s would both become %s; restyle them into different folders",
                       first->picture->path, second->picture->path, first->output);
}

/* ---- nothing that is read is written over ---- */

typedef struct ReadFile {
    dev_t device;
    ino_t inode;
    const char *path;
} ReadFile;

typedef struct ReadFiles {
    ReadFile *files; /* (count), sorted by device and inode */
    size_t count;
} ReadFiles;

static void add_read(ReadFiles *read, const char *path) {
    struct stat info;
    if (path && stat(path, &info) == 0 && S_ISREG(info.st_mode))
        read->files[read->count++] = (ReadFile){info.st_dev, info.st_ino, path};
}

/* The value of an option that may be a file, or a text that is one, such as a model; NULL of others. */
static const char *file_value(const ImpParams *params, size_t index) {
    const ImpParam *row = &imp_params_table(params)->rows[index];
    bool reads = row->type == IMP_PARAM_FILE_IN || row->type == IMP_PARAM_TEXT;
    return reads ? imp_params_text(params, row->name) : NULL;
}

/* How many files the options may name: a text may be several, with commas between. */
static size_t count_options(const ImpParams *params) {
    size_t count = 0;
    for (size_t i = 0; i < imp_params_table(params)->count; i++) {
        count += 2;
        for (const char *c = file_value(params, i); c && *c; c++) count += *c == ',';
    }
    return count;
}

/* The file that the first `length` characters of `text` name. */
static void add_part(ReadFiles *read, const char *text, size_t length) {
    char part[4096];
    size_t before = read->count;
    if (length >= sizeof part) return;
    memcpy(part, text, length);
    part[length] = '\0';
    add_read(read, part);
    if (read->count > before) read->files[before].path = text; /* the part is gone soon */
}

static void add_options(ReadFiles *read, const ImpParams *params) {
    for (size_t i = 0; i < imp_params_table(params)->count; i++) {
        const char *text = file_value(params, i);
        add_read(read, text);
        if (!text || !strchr(text, ',')) continue;
        for (; *text; text += strcspn(text, ","), text += *text == ',') add_part(read, text, strcspn(text, ","));
    }
}

static int compare_files(const void *a, const void *b) {
    const ReadFile *first = a, *second = b;
    if (first->device != second->device) return first->device < second->device ? -1 : 1;
    return (first->inode > second->inode) - (first->inode < second->inode);
}

static int collect_read(const Run *run, const BatchList *list, ReadFiles *out) {
    size_t most = list->count + run->pictures.count + count_options(run->common) + count_options(run->params);
    *out = (ReadFiles){malloc((most + 1) * sizeof *out->files), 0};
    if (!out->files) return no_memory();
    for (size_t i = 0; i < list->count; i++) add_read(out, list->items[i].picture->path);
    for (size_t i = 1; i < run->pictures.count; i++) add_read(out, run->pictures.paths[i]);
    add_options(out, run->common);
    add_options(out, run->params);
    qsort(out->files, out->count, sizeof *out->files, compare_files);
    return EXIT_GOOD;
}

static const char *find_read(const ReadFiles *read, const char *path) {
    struct stat info;
    if (!path || stat(path, &info) != 0) return NULL;
    ReadFile wanted = {info.st_dev, info.st_ino, NULL};
    const ReadFile *found = bsearch(&wanted, read->files, read->count, sizeof wanted, compare_files);
    return found ? found->path : NULL;
}

static int check_apart(const Run *run, const BatchList *list) {
    ReadFiles read;
    int result = collect_read(run, list, &read);
    for (size_t i = 0; i < list->count && result == EXIT_GOOD; i++) {
        const BatchItem *item = &list->items[i];
        const char *over = find_read(&read, item->output), *what = "result";
        if (!over) over = find_read(&read, item->recipe), what = "recipe";
        if (over)
            result = wrong_usage(run->method->name,
                                 "the %s of %s would be written over %s, which is read; choose "
                                 "another folder",
                                 what, item->picture->path, over);
    }
    free(read.files);
    return result;
}

/* ---- all together ---- */

static void find_existing(BatchList *list) {
    for (size_t i = 0; i < list->count; i++) {
        list->items[i].there = is_file(list->items[i].output);
        list->n_there += list->items[i].there;
    }
}

int batch_list_make(const Run *run, const char *const *paths, size_t n, BatchList *out) {
    *out = (BatchList){0};
    ImpError error;
    const char *folder = imp_params_text(run->common, "output-dir");
    ImpStatus status = imp_picture_list_new(paths, n, folder, &out->found, &error);
    if (status != IMP_OK) return run_failed(run, status, &error);
    int result = name_results(run, out);
    if (result == EXIT_GOOD) result = check_alike(run, out);
    if (result == EXIT_GOOD) result = check_apart(run, out);
    if (result == EXIT_GOOD && imp_params_flag(run->common, "skip-existing")) find_existing(out);
    return result;
}

void batch_list_clear(BatchList *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].output);
        free(list->items[i].recipe);
    }
    free(list->items);
    imp_picture_list_free(&list->found);
    *list = (BatchList){0};
}
