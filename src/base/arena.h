/* Memory that is released all at once. The size of the file being read sets its limit, so that a
 * malicious file cannot allocate more than a small multiple of its own size. */
#ifndef VRN_BASE_ARENA_H
#define VRN_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include <vkresnet/vkresnet.h>

typedef struct vrn_arena {
    struct vrn_arena_chunk *chunks; /* the newest first */
    size_t used, limit;             /* bytes allocated so far, and the maximum */
    bool exceeded;                  /* an allocation failed because of `limit` */
} vrn_arena;

/* Allows `multiple` * `file_size` bytes plus a megabyte, for small files. */
void vrn_arena_init(vrn_arena *arena, size_t file_size, size_t multiple);
void vrn_arena_free(vrn_arena *arena); /* accepts a zeroed struct, and zeroes it */

/* Returns zeroed memory, aligned for any type. NULL: out of memory, or beyond the limit. */
void *vrn_arena_alloc(vrn_arena *arena, size_t count, size_t size);

/* Makes room for at least `needed` elements in an array with room for `*capacity`. Returns the
 * array; if it had to grow, it has moved, is at least twice as large, and its new elements are
 * zeroed. NULL as above. The old memory is not released, but is always smaller than the new. */
void *vrn_arena_grow(vrn_arena *arena, void *array, size_t *capacity, size_t needed, size_t size);

/* Copies `length` bytes and appends a NUL. */
char *vrn_arena_text(vrn_arena *arena, const char *text, size_t length);

/* Logs why an allocation failed: the limit (VRN_ERROR_FILE) or out of memory. */
vrn_result vrn_arena_fail(const vrn_arena *arena, const char *file, const vrn_log *log);

#endif
