#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

enum { ALIGNMENT = alignof(max_align_t), FIRST_CHUNK = 4096, LARGEST_CHUNK = 1 << 20 };

struct vrn_arena_chunk {
    struct vrn_arena_chunk *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

void vrn_arena_init(vrn_arena *arena, size_t file_size, size_t multiple)
{
    const size_t base = (size_t)1 << 20;
    *arena = (vrn_arena){0};
    arena->limit =
        file_size > (SIZE_MAX - base) / multiple ? SIZE_MAX : base + file_size * multiple;
}

void vrn_arena_free(vrn_arena *arena)
{
    while (arena->chunks) {
        struct vrn_arena_chunk *next = arena->chunks->next;
        vrn_free(arena->chunks);
        arena->chunks = next;
    }
    *arena = (vrn_arena){0};
}

void *vrn_arena_alloc(vrn_arena *arena, size_t count, size_t size)
{
    size_t left = arena->limit - arena->used;
    if (left < ALIGNMENT || (size && count > (left - ALIGNMENT) / size)) {
        arena->exceeded = true;
        return NULL;
    }
    size_t bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct vrn_arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < bytes) {
        /* Chunks grow with the arena: small files take little memory, large ones few
         * allocations. */
        size_t capacity = arena->used < FIRST_CHUNK ? FIRST_CHUNK : arena->used;
        if (capacity > LARGEST_CHUNK) capacity = LARGEST_CHUNK;
        if (capacity < bytes) capacity = bytes;
        chunk = vrn_alloc(1, sizeof *chunk + capacity);
        if (!chunk) return NULL;
        chunk->size = capacity;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += bytes;
    arena->used += bytes;
    return memory;
}

void *vrn_arena_grow(vrn_arena *arena, void *array, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity) return array;
    size_t larger = *capacity > SIZE_MAX / 2 ? SIZE_MAX : *capacity * 2;
    if (larger < needed) larger = needed;
    if (larger < 4) larger = 4;
    void *grown = vrn_arena_alloc(arena, larger, size);
    if (!grown) return NULL;
    if (*capacity) memcpy(grown, array, *capacity * size);
    *capacity = larger;
    return grown;
}

char *vrn_arena_text(vrn_arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX) return NULL;
    char *copy = vrn_arena_alloc(arena, length + 1, 1);
    if (copy && length) memcpy(copy, text, length);
    return copy;
}

vrn_result vrn_arena_fail(const vrn_arena *arena, const char *file, const vrn_log *log)
{
    if (!arena->exceeded) return vrn_fail_memory(log);
    return vrn_fail(log, VRN_ERROR_FILE,
                    "%s: reading it would take more than %zu bytes of memory, which no valid file "
                    "needs: it is damaged or malicious",
                    file, arena->limit);
}
