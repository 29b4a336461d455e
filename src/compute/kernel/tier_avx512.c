#define TIER avx512
#define B    16
#define NR   4
#include "compute/kernel/tier.inc"
