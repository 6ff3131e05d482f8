#include "failing_alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static struct {
    atomic_ullong count, at; /* at 0: never */
    atomic_bool all, hit;
    atomic_llong alive;
} state;

void failing_alloc_at(uint64_t n, bool all)
{
    atomic_store(&state.count, 0);
    atomic_store(&state.hit, false);
    atomic_store(&state.all, all);
    atomic_store(&state.at, n);
}

uint64_t failing_alloc_count(void)
{
    return atomic_load(&state.count);
}

bool failing_alloc_hit(void)
{
    return atomic_load(&state.hit);
}

int64_t failing_alloc_alive(void)
{
    return atomic_load(&state.alive);
}

static bool fails(void)
{
    const uint64_t n = atomic_fetch_add(&state.count, 1) + 1, at = atomic_load(&state.at);
    if (at == 0 || n < at || (n > at && !atomic_load(&state.all))) return false;
    atomic_store(&state.hit, true);
    return true;
}

void *vrn_alloc(size_t count, size_t size)
{
    if (fails()) return NULL;
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (memory) atomic_fetch_add(&state.alive, 1);
    return memory;
}

void *vrn_realloc(void *old, size_t count, size_t size)
{
    if (fails() || (size && count > SIZE_MAX / size)) return NULL;
    const size_t bytes = count * size;
    void *memory = realloc(old, bytes ? bytes : 1);
    if (memory && !old) atomic_fetch_add(&state.alive, 1);
    return memory;
}

char *vrn_strndup(const char *text, size_t max)
{
    size_t length = 0;
    while (length < max && text[length]) length++;
    char *copy = vrn_alloc(length + 1, 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

void vrn_free(void *memory)
{
    if (memory) atomic_fetch_sub(&state.alive, 1);
    free(memory);
}
