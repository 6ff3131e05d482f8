/* Safetensors files in memory, with zeros for data, made to have any names, shapes, types and
 * metadata. */
#ifndef VRN_TESTS_SAFETENSORS_BUILDER_H
#define VRN_TESTS_SAFETENSORS_BUILDER_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct safetensors_builder {
    char *metadata, *header; /* JSON members */
    size_t metadata_length, header_length, capacity;
    uint64_t data_size;
    uint8_t *file;
    size_t size;
} safetensors_builder;

enum { BUILDER_TEXT_MAX = 4 << 20 };

static inline void builder_start(safetensors_builder *b)
{
    memset(b, 0, sizeof *b);
    b->metadata = calloc(BUILDER_TEXT_MAX, 1);
    b->header = calloc(BUILDER_TEXT_MAX, 1);
    if (!b->metadata || !b->header) abort();
}

static inline void builder_free(safetensors_builder *b)
{
    free(b->metadata);
    free(b->header);
    free(b->file);
    memset(b, 0, sizeof *b);
}

static inline void builder_metadata(safetensors_builder *b, const char *key, const char *value)
{
    char *at = b->metadata + b->metadata_length;
    at += sprintf(at, "%s\"%s\":\"", b->metadata_length ? "," : "", key);
    for (; *value; value++) {
        if (*value == '\n') {
            *at++ = '\\';
            *at++ = 'n';
        } else {
            *at++ = *value;
        }
    }
    *at++ = '"';
    b->metadata_length = (size_t)(at - b->metadata);
}

static inline void builder_tensor(safetensors_builder *b, const char *name, const char *dtype,
                                  uint64_t element_size, uint32_t rank, const uint64_t *shape)
{
    char *at = b->header + b->header_length;
    at += sprintf(at, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", name, dtype);
    uint64_t bytes = element_size;
    for (uint32_t i = 0; i < rank; i++) {
        at += sprintf(at, "%s%" PRIu64, i ? "," : "", shape[i]);
        bytes *= shape[i];
    }
    at += sprintf(at, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", b->data_size,
                  b->data_size + bytes);
    b->data_size += bytes;
    b->header_length = (size_t)(at - b->header);
}

/* Makes b->file [b->size]. What is large in it is never written to, so that it costs no memory. */
static inline void builder_finish(safetensors_builder *b)
{
    size_t header = strlen("{\"__metadata__\":{}}") + b->metadata_length + b->header_length;
    b->size = 8 + header + (size_t)b->data_size;
    b->file = calloc(b->size + 1, 1);
    if (!b->file) abort();
    for (int i = 0; i < 8; i++) b->file[i] = (uint8_t)((uint64_t)header >> 8 * i);
    int written = sprintf((char *)b->file + 8, "{\"__metadata__\":{%s}%s}", b->metadata, b->header);
    if ((size_t)written != header) abort();
}

#endif
