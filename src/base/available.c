#include "base/available.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number that the text begins with, negative where it begins with none. */
static double number_at(const char *text) {
    char *end;
    double number = strtod(text, &end);
    return end == text ? -1 : number;
}

/* The number in the file at root + path after `key`, or at its beginning where that is "". Negative: there is none. */
static double number_in(const char *root, const char *path, const char *key) {
    char name[4096], line[256];
    double number = -1;
    if (snprintf(name, sizeof name, "%s%s", root, path) >= (int)sizeof name) return -1;
    FILE *file = fopen(name, "r");
    if (!file) return -1;
    while (number < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0) number = number_at(line + strlen(key));
    fclose(file);
    return number;
}

/* What the limit leaves: version 2 of cgroups, as containers see their own at the root, or version 1. "max" is none. */
static double left_in_container(const char *root) {
    static const char *const files[][2] = {
        {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
        {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"}};
    for (int version = 0; version < 2; version++) {
        double limit = number_in(root, files[version][0], ""), used = number_in(root, files[version][1], "");
        if (limit >= 0 && used >= 0) return limit > used ? limit - used : 1;
    }
    return -1;
}

double imp_memory_available_at(const char *root) {
    double system = number_in(root, "/proc/meminfo", "MemAvailable:"), container = left_in_container(root);
    if (system >= 0) system *= 1024;
    if (container < 0) return system < 0 ? 0 : system;
    return system >= 0 && system < container ? system : container;
}

double imp_memory_available(void) {
    return imp_memory_available_at("");
}
