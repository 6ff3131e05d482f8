/* The library's only source of host memory, so that a test can make any allocation fail. */
#ifndef VRN_BASE_ALLOC_H
#define VRN_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory for `count` elements of `size` bytes; NULL when there is none or the product
 * overflows. A count of 0 gives a valid pointer. Release with vrn_free; the program, which has
 * memory of its own as well, may use free for both. */
void *vrn_alloc(size_t count, size_t size);

/* Makes an array larger; what is added is not initialised. On failure NULL, the old one stays. */
void *vrn_realloc(void *old, size_t count, size_t size);

/* Makes room for one more element in an array that has `count` of them and room for *capacity:
 * for twice as many. On failure NULL, and all stays as it was. */
static inline void *vrn_grow(void *array, uint32_t count, uint32_t *capacity, size_t size)
{
    const uint32_t larger = *capacity ? *capacity * 2 : 32;
    if (count < *capacity) return array;
    void *grown = vrn_realloc(array, larger, size);
    if (grown) *capacity = larger;
    return grown;
}

/* A copy of a text, of at most `max` bytes. */
char *vrn_strndup(const char *text, size_t max);

/* Accepts NULL. */
void vrn_free(void *memory);

#endif
