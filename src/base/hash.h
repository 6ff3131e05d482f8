/* A 64-bit hash of bytes, FNV-1a: to tell files and keys apart and to find damage, not to resist
 * malice. */
#ifndef VRN_BASE_HASH_H
#define VRN_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* What a hash starts with. */
#define VRN_HASH_START UINT64_C(0xcbf29ce484222325)

/* The hash of all that went into `hash` so far and `size` bytes more:
 * vrn_hash64(vrn_hash64(VRN_HASH_START, a, n), b, m) is that of a and b in a row. */
uint64_t vrn_hash64(uint64_t hash, const void *data, size_t size);

static inline uint64_t vrn_hash_word(uint64_t hash, uint64_t word)
{
    return vrn_hash64(hash, &word, sizeof word);
}

#endif
