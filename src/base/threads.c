#include "base/threads.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

/* The CPU quota of the container (cgroup v2) in whole processors, or 0 where there is none. */
static int quota_of_container(void) {
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (!file) return 0;
    char line[64] = "";
    char *text = fgets(line, sizeof line, file);
    fclose(file);
    if (!text) return 0;
    char *end;
    long quota = strtol(line, &end, 10);
    if (end == line) return 0; /* "max" */
    long period = strtol(end, NULL, 10);
    if (quota <= 0 || period <= 0) return 0;
    return (int)((quota + period - 1) / period);
}

int imp_threads_available(void) {
    int granted = omp_get_num_procs();
    int quota = quota_of_container();
    int count = quota > 0 && quota < granted ? quota : granted;
    return count > 0 ? count : 1;
}

int imp_threads_get(void) {
    return omp_get_max_threads();
}

int imp_thread_index(void) {
    return omp_get_thread_num();
}

int imp_threads_set(int count) {
    int former = omp_get_max_threads();
    omp_set_num_threads(count > 0 ? count : imp_threads_available());
    return former;
}

void imp_parallel(size_t count, void (*body)(void *context, size_t i), void *context) {
    if (count == 1) {
        body(context, 0);
        return;
    }
#pragma omp parallel for schedule(dynamic, 1)
    for (size_t i = 0; i < count; i++) body(context, i);
}

double imp_sum_in_order(const double *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += values[i];
    return sum;
}
