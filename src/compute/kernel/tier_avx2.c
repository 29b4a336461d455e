#define TIER avx2
#define B    8
#define NR   2
#include "compute/kernel/tier.inc"
