/* The library's only source of host memory, so that a test can make any allocation fail. */
#ifndef VRN_BASE_ALLOC_H
#define VRN_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

/* Allocates zeroed memory for `count` elements of `size` bytes. Returns NULL if memory runs out or
 * the product overflows. A count of 0 gives a valid pointer. Release it with vrn_free. The program
 * (src/cli), which also uses malloc, may release both kinds with free. */
void *vrn_alloc(size_t count, size_t size);

/* Enlarges an array. The new elements are not initialised. On failure returns NULL and keeps the
 * old array. */
void *vrn_realloc(void *old, size_t count, size_t size);

/* Makes room for one more element in an array of `count` elements with room for *capacity, by
 * doubling it if it is full. Returns the array, which may have moved. On failure returns NULL and
 * changes nothing. */
static inline void *vrn_grow(void *array, uint32_t count, uint32_t *capacity, size_t size)
{
    const uint32_t larger = *capacity ? *capacity * 2 : 32;
    if (count < *capacity) return array;
    void *grown = vrn_realloc(array, larger, size);
    if (grown) *capacity = larger;
    return grown;
}

/* Copies at most `max` bytes of a text, and adds a NUL. Release the copy with vrn_free. NULL: out
 * of memory. */
char *vrn_strndup(const char *text, size_t max);

/* Accepts NULL. */
void vrn_free(void *memory);

#endif
