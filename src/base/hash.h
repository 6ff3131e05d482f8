/* A 64-bit hash, FNV-1a. It tells files and keys apart and detects damage; it does not resist
 * attacks. */
#ifndef VRN_BASE_HASH_H
#define VRN_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The initial value. */
#define VRN_HASH_START UINT64_C(0xcbf29ce484222325)

/* Continues `hash` with `size` more bytes: vrn_hash64(vrn_hash64(VRN_HASH_START, a, n), b, m) is
 * the hash of a followed by b. */
uint64_t vrn_hash64(uint64_t hash, const void *data, size_t size);

static inline uint64_t vrn_hash_word(uint64_t hash, uint64_t word)
{
    return vrn_hash64(hash, &word, sizeof word);
}

#endif
