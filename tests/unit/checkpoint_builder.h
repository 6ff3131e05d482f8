/* Checkpoint files in memory, valid or with a fault in any place. */
#ifndef VRN_TESTS_CHECKPOINT_BUILDER_H
#define VRN_TESTS_CHECKPOINT_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct bytes {
    uint8_t *data;
    size_t size, capacity;
} bytes;

static inline void put(bytes *b, const void *data, size_t size)
{
    if (b->size + size >= b->capacity) {
        b->capacity = 2 * (b->size + size) + 64;
        b->data = realloc(b->data, b->capacity);
        if (!b->data) abort();
    }
    if (size) memcpy(b->data + b->size, data, size);
    b->size += size;
}

static inline void put_number(bytes *b, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++, number >>= 8) {
        uint8_t low = (uint8_t)number;
        put(b, &low, 1);
    }
}

static inline void release(bytes *b)
{
    free(b->data);
    *b = (bytes){0};
}

/* Text with its length, as NUL and anything else may be in it. */
#define TEXT(literal) literal, sizeof(literal) - 1

#define MAGIC "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
#define PREAMBLE                                                                                   \
    MAGIC "\x80\x02M\xe9\x03."                                                                     \
          "\x80\x02}."

/* The legacy form around a pickle; where that mentions a storage, there is one, "0", of four
 * floats. */
static inline bytes make_legacy(const char *pickle, size_t size)
{
    static const char mention[] = "torch\n";
    static const float values[4] = {1, 2, 3, 4};
    bytes b = {0};
    put(&b, TEXT(PREAMBLE "\x80\x02"));
    put(&b, pickle, size);
    bool storage = false;
    for (size_t i = 0; i + strlen(mention) <= size && !storage; i++) {
        storage = memcmp(pickle + i, mention, strlen(mention)) == 0;
    }
    if (storage) {
        put(&b, TEXT("."
                     "\x80\x02]U\1"
                     "0a."));
        put_number(&b, 4, 8);
        put(&b, values, sizeof values);
    } else {
        put(&b, TEXT("."
                     "\x80\x02]."));
    }
    return b;
}

typedef struct zip_part {
    const char *name;
    const void *data;
    size_t size;
    uint32_t method, flags;
} zip_part;

/* With `wide`, sizes and offsets are where only zip64 has them, behind a comment at the end. */
static inline bytes make_zip(const zip_part *parts, size_t count, bool wide)
{
    bytes b = {0}, directory = {0};
    for (size_t i = 0; i < count; i++) {
        const zip_part *part = &parts[i];
        size_t header = b.size, length = strlen(part->name);
        put_number(&b, 0x04034b50, 4);
        put_number(&b, 20, 2);
        put_number(&b, part->flags | (wide ? 8 : 0), 2);
        put_number(&b, part->method, 2);
        put_number(&b, 0, 8); /* time, date, checksum */
        put_number(&b, wide ? 0 : part->size, 4);
        put_number(&b, wide ? 0 : part->size, 4);
        put_number(&b, length, 2);
        put_number(&b, 5, 2);
        put(&b, part->name, length);
        put(&b, TEXT("FB\1\0Z"));
        put(&b, part->data, part->size);
        if (wide) put(&b, TEXT("PK\7\10descriptor.."));

        put_number(&directory, 0x02014b50, 4);
        put_number(&directory, 20, 4);
        put_number(&directory, part->flags | (wide ? 8 : 0), 2);
        put_number(&directory, part->method, 2);
        put_number(&directory, 0, 8);
        put_number(&directory, wide ? UINT32_MAX : part->size, 4);
        put_number(&directory, wide ? UINT32_MAX : part->size, 4);
        put_number(&directory, length, 2);
        put_number(&directory, wide ? 4 + 28 : 0, 2);
        put_number(&directory, 0, 10);
        put_number(&directory, wide ? UINT32_MAX : header, 4);
        put(&directory, part->name, length);
        if (wide) {
            put(&directory, TEXT("\xff\xff\0\0\1\0\x18\0"));
            put_number(&directory, part->size, 8);
            put_number(&directory, part->size, 8);
            put_number(&directory, header, 8);
        }
    }
    size_t start = b.size, end = b.size + directory.size;
    put(&b, directory.data, directory.size);
    if (wide) {
        put_number(&b, 0x06064b50, 4);
        put_number(&b, 44, 8);
        put_number(&b, 45, 4);
        put_number(&b, 0, 8);
        put_number(&b, count, 8);
        put_number(&b, count, 8);
        put_number(&b, directory.size, 8);
        put_number(&b, start, 8);
        put_number(&b, 0x07064b50, 4);
        put_number(&b, 0, 4);
        put_number(&b, end, 8);
        put_number(&b, 1, 4);
    }
    put_number(&b, 0x06054b50, 4);
    put_number(&b, 0, 4);
    put_number(&b, wide ? 0xffff : count, 2);
    put_number(&b, wide ? 0xffff : count, 2);
    put_number(&b, wide ? UINT32_MAX : directory.size, 4);
    put_number(&b, wide ? UINT32_MAX : start, 4);
    put_number(&b, wide ? 7 : 0, 2);
    if (wide) put(&b, TEXT("comment"));
    release(&directory);
    return b;
}

static inline bytes make_safetensors(const char *header, size_t data_size)
{
    bytes b = {0};
    put_number(&b, strlen(header), 8);
    put(&b, header, strlen(header));
    for (size_t i = 0; i < data_size; i++) put_number(&b, i, 1);
    return b;
}

#endif
