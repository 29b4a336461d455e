/* Memory as the system and containers tell it, from files made up. */
#include "unit.h"

#include "base/available.h"
#include <stdio.h>
#include <stdlib.h>

static char root[64];

static void write_file(const char *folder, const char *path, const char *text) {
    char command[256], name[256];
    snprintf(command, sizeof command, "mkdir -p '%s%s'", root, folder);
    assert_int_equal(system(command), 0);
    snprintf(name, sizeof name, "%s%s", root, path);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void the_least_counts(void **state) {
    (void)state;
    snprintf(root, sizeof root, "/tmp/available-XXXXXX");
    assert_non_null(mkdtemp(root));
    assert_true(imp_memory_available_at(root) == 0);
    write_file("/proc", "/proc/meminfo", "MemTotal: 100 kB\nMemFree: 5 kB\nMemAvailable:    64 kB\n");
    assert_true(imp_memory_available_at(root) == 64 * 1024);
    write_file("/sys/fs/cgroup", "/sys/fs/cgroup/memory.max", "max\n");
    write_file("/sys/fs/cgroup", "/sys/fs/cgroup/memory.current", "1000\n");
    assert_true(imp_memory_available_at(root) == 64 * 1024);
    write_file("/sys/fs/cgroup", "/sys/fs/cgroup/memory.max", "5000\n");
    assert_true(imp_memory_available_at(root) == 4000);
    write_file("/sys/fs/cgroup", "/sys/fs/cgroup/memory.max", "500\n");
    assert_true(imp_memory_available_at(root) == 1);
    write_file("/sys/fs/cgroup", "/sys/fs/cgroup/memory.max", "nonsense\n");
    write_file("/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "9000\n");
    write_file("/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/memory.usage_in_bytes", "2000\n");
    assert_true(imp_memory_available_at(root) == 7000);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

static void there_is_some(void **state) {
    (void)state;
    assert_true(imp_memory_available() > 1e6);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_least_counts), cmocka_unit_test(there_is_some)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
