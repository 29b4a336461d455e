#include "base/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static ImpCpuLevel detect(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return IMP_CPU_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return IMP_CPU_AVX2;
#endif
    return IMP_CPU_BASELINE;
}

/* detect(), or what IMPASTO_CPU asks for where that is lower. */
static ImpCpuLevel most_allowed(void) {
    ImpCpuLevel most = detect();
    const char *wanted = getenv("IMPASTO_CPU");
    for (ImpCpuLevel level = IMP_CPU_BASELINE; wanted && level < most; level++)
        if (strcmp(wanted, imp_cpu_level_name(level)) == 0) return level;
    return most;
}

/* -1 until the level is known. Which tier runs is a property of the process, like the processor itself. */
static atomic_int in_force = -1;

ImpCpuLevel imp_cpu_level(void) {
    int level = atomic_load(&in_force);
    if (level < 0) atomic_store(&in_force, level = (int)most_allowed());
    return (ImpCpuLevel)level;
}

ImpCpuLevel imp_cpu_force(ImpCpuLevel level) {
    ImpCpuLevel most = most_allowed();
    atomic_store(&in_force, (int)(level < most ? level : most));
    return imp_cpu_level();
}

const char *imp_cpu_level_name(ImpCpuLevel level) {
    static const char *const names[] = {"baseline", "avx2", "avx512"};
    return names[level];
}
