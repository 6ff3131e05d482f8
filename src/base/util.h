/* Small arithmetic functions. */
#ifndef VRN_BASE_UTIL_H
#define VRN_BASE_UTIL_H

#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error "the library looks for NaN and infinity: compile it with -fno-finite-math-only"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VRN_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline uint32_t vrn_div_up(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

static inline uint64_t vrn_round_up(uint64_t value, uint64_t multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

static inline uint32_t vrn_min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t vrn_max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static inline uint64_t vrn_min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t vrn_max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The number of groups of four in which channels are stored. */
static inline uint32_t vrn_c4(uint32_t channels)
{
    return vrn_div_up(channels, 4);
}

static inline uint32_t vrn_count_bits(uint32_t bits)
{
    uint32_t count = 0;
    for (; bits; bits &= bits - 1) count++;
    return count;
}

static inline uint32_t vrn_float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* False if a * b does not fit in 64 bits; else writes *product. */
static inline bool vrn_mul_u64(uint64_t a, uint64_t b, uint64_t *product)
{
    if (b && a > UINT64_MAX / b) return false;
    *product = a * b;
    return true;
}

#endif
