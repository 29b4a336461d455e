#include "image/profile_cache.h"

#include "base/hash.h"
#include "base/memory.h"
#include <pthread.h>
#include <string.h>

enum { ENTRIES = 32 };

typedef struct Entry {
    char key[IMP_SHA256_TEXT]; /* "" in one that is free */
    bool verdict;
} Entry;

struct ImpProfileCache {
    pthread_mutex_t lock;
    Entry entries[ENTRIES];
    int oldest; /* is replaced next */
};

ImpStatus imp_profile_cache_new(ImpProfileCache **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "colour profiles", error);
    if (status == IMP_OK) pthread_mutex_init(&(*out)->lock, NULL);
    return status;
}

void imp_profile_cache_free(ImpProfileCache **cache) {
    if (!*cache) return;
    pthread_mutex_destroy(&(*cache)->lock);
    imp_free(*cache);
    *cache = NULL;
}

static bool find(ImpProfileCache *cache, const char *key, bool *verdict) {
    bool found = false;
    pthread_mutex_lock(&cache->lock);
    for (int i = 0; i < ENTRIES && !found; i++)
        if (strcmp(cache->entries[i].key, key) == 0) {
            *verdict = cache->entries[i].verdict;
            found = true;
        }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

/* Two threads may add the same key; both have the same verdict. */
static void add(ImpProfileCache *cache, const char *key, bool verdict) {
    pthread_mutex_lock(&cache->lock);
    Entry *entry = &cache->entries[cache->oldest];
    memcpy(entry->key, key, sizeof entry->key);
    entry->verdict = verdict;
    cache->oldest = (cache->oldest + 1) % ENTRIES;
    pthread_mutex_unlock(&cache->lock);
}

bool imp_profile_cache_ask(ImpProfileCache *cache, const void *profile, size_t size,
                           bool (*is)(const void *profile, size_t size)) {
    char key[IMP_SHA256_TEXT];
    bool verdict;
    if (!cache || imp_sha256(profile, size, key, NULL) != IMP_OK) return is(profile, size);
    if (find(cache, key, &verdict)) return verdict;
    verdict = is(profile, size);
    add(cache, key, verdict);
    return verdict;
}
