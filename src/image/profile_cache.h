/* Which colour profiles are sRGB. Finding out takes longer than decoding a small photograph, and the photographs of a
 * folder share a few profiles. */
#ifndef IMP_IMAGE_PROFILE_CACHE_H
#define IMP_IMAGE_PROFILE_CACHE_H

#include "impasto/status.h"
#include <stdbool.h>
#include <stddef.h>

/* Remembers the latest few verdicts, by the SHA-256 of the profiles; for any number of threads. */
typedef struct ImpProfileCache ImpProfileCache;

/* On success *out is the caller's, on failure NULL. */
ImpStatus imp_profile_cache_new(ImpProfileCache **out, ImpError *error);
void imp_profile_cache_free(ImpProfileCache **cache);
/* What is(profile, size) says, from the cache where it is known. Without a cache (NULL) it is asked every time. */
bool imp_profile_cache_ask(ImpProfileCache *cache, const void *profile, size_t size,
                           bool (*is)(const void *profile, size_t size));

#endif
