#define TIER baseline
#define B    8
#define NR   1
#include "compute/kernel/tier.inc"
