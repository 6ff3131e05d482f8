/* Memory that is released all at once, with a ceiling that the size of the file being read sets:
 * the place where a hostile file is kept from asking for more than a small multiple of itself. */
#ifndef VRN_BASE_ARENA_H
#define VRN_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include <vkresnet/vkresnet.h>

typedef struct vrn_arena {
    struct vrn_arena_chunk *chunks; /* the newest first */
    size_t used, limit;             /* bytes asked for so far, and at most */
    bool exceeded;                  /* an allocation failed because of `limit` */
} vrn_arena;

/* Allows `multiple` * `file_size` bytes, and a megabyte for small files. */
void vrn_arena_init(vrn_arena *arena, size_t file_size, size_t multiple);
void vrn_arena_free(vrn_arena *arena); /* accepts a zeroed struct, and zeroes it */

/* Zeroed and aligned for any type. NULL: out of memory, or beyond the limit. */
void *vrn_arena_alloc(vrn_arena *arena, size_t count, size_t size);

/* Makes room for at least `needed` elements in an array that holds `*capacity`, at least doubling
 * it. Returns the array, moved and with new elements zeroed where it had to grow; NULL as above.
 * The old memory stays taken, which doubling keeps below the size of the new. */
void *vrn_arena_grow(vrn_arena *arena, void *array, size_t *capacity, size_t needed, size_t size);

/* A copy of `length` bytes, and a NUL. */
char *vrn_arena_text(vrn_arena *arena, const char *text, size_t length);

/* Logs why an allocation failed: the limit (VRN_ERROR_FILE), or the machine's memory. */
vrn_result vrn_arena_fail(const vrn_arena *arena, const char *file, const vrn_log *log);

#endif
