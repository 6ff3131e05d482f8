/* The source of a reader in this directory: the bytes of a file, with its name and log. */
#ifndef VRN_CHECKPOINT_SOURCE_H
#define VRN_CHECKPOINT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

#include "base/log.h"

typedef struct vrn_source {
    const char *name; /* for messages */
    const uint8_t *data;
    size_t size;
    const vrn_log *log;
    const char *path; /* of the file; NULL: there is none */
} vrn_source;

/* Logs "<name>: ..." and returns VRN_ERROR_FILE. */
vrn_result vrn_source_fail(const vrn_source *source, const char *format, ...) VRN_PRINTF(2, 3);

#ifdef __clang_analyzer__ /* as in base/log.h */
#define vrn_source_fail(source, ...) ((void)vrn_source_fail(source, __VA_ARGS__), VRN_ERROR_FILE)
#endif

/* True if `bytes`, a text, are at an offset. */
bool vrn_source_has(const vrn_source *source, size_t offset, const char *bytes);

/* Orders byte strings as memcmp does, and a shorter one before those that it begins. */
int vrn_compare_bytes(const void *a, size_t a_length, const void *b, size_t b_length);

/* True if `length` bytes are those of a text. */
bool vrn_equals_text(const char *bytes, size_t length, const char *text);

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
