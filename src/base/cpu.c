#include "base/cpu.h"

#include <stdatomic.h>

static ImpCpuLevel detect(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return IMP_CPU_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return IMP_CPU_AVX2;
#endif
    return IMP_CPU_BASELINE;
}

/* -1 while no level is forced. Which tier runs is a property of the process, like the processor itself. */
static atomic_int forced = -1;

ImpCpuLevel imp_cpu_level(void) {
    int level = atomic_load(&forced);
    return level >= 0 ? (ImpCpuLevel)level : detect();
}

ImpCpuLevel imp_cpu_force(ImpCpuLevel level) {
    ImpCpuLevel most = detect();
    atomic_store(&forced, (int)(level < most ? level : most));
    return imp_cpu_level();
}

const char *imp_cpu_level_name(ImpCpuLevel level) {
    static const char *const names[] = {"baseline", "avx2", "avx512"};
    return names[level];
}
