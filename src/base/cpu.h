/* Which vector instructions this processor has. Kernels come in tiers; the highest one available is taken. */
#ifndef IMP_BASE_CPU_H
#define IMP_BASE_CPU_H

typedef enum ImpCpuLevel {
    IMP_CPU_BASELINE = 0, /* what the compiler targets: SSE2 on x86-64, NEON on arm64 */
    IMP_CPU_AVX2,         /* AVX2 and FMA */
    IMP_CPU_AVX512        /* AVX-512 F, BW, DQ, VL */
} ImpCpuLevel;

/* The highest level of this processor, unless imp_cpu_force or the environment variable IMPASTO_CPU (the name of a
 * level, read once) lowers it. */
ImpCpuLevel imp_cpu_level(void);
/* Lowers the level for tests; a level the processor lacks is not taken. Returns the level now in force. */
ImpCpuLevel imp_cpu_force(ImpCpuLevel level);
const char *imp_cpu_level_name(ImpCpuLevel level);

#endif
