/* How much memory there is to be had. */
#ifndef IMP_BASE_AVAILABLE_H
#define IMP_BASE_AVAILABLE_H

/* Bytes that a program can take now without others having to give way: what the system says is available, or what a
 * container (cgroup) still allows, whichever is less. 0 where neither is known. */
double imp_memory_available(void);

/* The same from files under `root` in place of "/", for tests. */
double imp_memory_available_at(const char *root);

#endif
