/* What the readers of this directory share: the bytes of a file, and whom to tell about them. */
#ifndef VRN_CHECKPOINT_SOURCE_H
#define VRN_CHECKPOINT_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

typedef struct vrn_source {
    const char *name; /* for messages */
    const uint8_t *data;
    size_t size;
    const vrn_log *log;
} vrn_source;

/* Little-endian numbers; the caller has checked that they lie inside. */
static inline uint32_t vrn_load_u16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static inline uint32_t vrn_load_u32(const uint8_t *bytes)
{
    return vrn_load_u16(bytes) | vrn_load_u16(bytes + 2) << 16;
}

static inline uint64_t vrn_load_u64(const uint8_t *bytes)
{
    return (uint64_t)vrn_load_u32(bytes) | (uint64_t)vrn_load_u32(bytes + 4) << 32;
}

#endif
