#include "compute/kernel/kernel.h"

extern const ImpKernels imp_kernels_baseline;
#if defined(__x86_64__)
extern const ImpKernels imp_kernels_avx2, imp_kernels_avx512;
#endif

const ImpKernels *imp_kernels_of(ImpCpuLevel level) {
    if (level > imp_cpu_level()) return NULL;
#if defined(__x86_64__)
    if (level == IMP_CPU_AVX512) return &imp_kernels_avx512;
    if (level == IMP_CPU_AVX2) return &imp_kernels_avx2;
#endif
    return &imp_kernels_baseline;
}

const ImpKernels *imp_kernels(void) {
    return imp_kernels_of(imp_cpu_level());
}

const ImpKernels *imp_kernels_narrow(void) {
    ImpCpuLevel level = imp_cpu_level();
    return imp_kernels_of(level < IMP_CPU_AVX2 ? level : IMP_CPU_AVX2);
}
