#include "checkpoint/zip.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "checkpoint/inflate.h"

enum {
    LOCAL_SIGNATURE = 0x04034b50,
    CENTRAL_SIGNATURE = 0x02014b50,
    END_SIGNATURE = 0x06054b50,
    END64_SIGNATURE = 0x06064b50,
    LOCATOR64_SIGNATURE = 0x07064b50,

    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR64_SIZE = 20,

    EXTRA_ZIP64 = 1,
    METHOD_DEFLATE = 8,
    FLAGS_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13,
};

/* The central directory, as the records at the end describe it. */
typedef struct directory {
    uint64_t offset, size, count;
} directory;

static vrn_result damaged(const vrn_source *source, const char *expected)
{
    return vrn_source_fail(source,
                           "zip archive: expected %s: the file is damaged or incomplete: download "
                           "or copy it again",
                           expected);
}

/* True if `size` bytes at `offset` lie inside `whole`. */
static bool inside(uint64_t offset, uint64_t size, uint64_t whole)
{
    return offset <= whole && size <= whole - offset;
}

/* The end record is the last part of the file, except for a comment of up to 65535 bytes. */
static bool find_end(const vrn_source *source, size_t *offset)
{
    for (size_t comment = 0; comment <= UINT16_MAX; comment++) {
        if (source->size < END_SIZE + comment) return false;
        size_t at = source->size - END_SIZE - comment;
        const uint8_t *end = source->data + at;
        if (vrn_load_u32(end) == END_SIGNATURE && vrn_load_u16(end + 20) == comment) {
            *offset = at;
            return true;
        }
    }
    return false;
}

static vrn_result find_directory(const vrn_source *source, directory *found)
{
    size_t at;
    if (!find_end(source, &at)) return damaged(source, "an end record");
    const uint8_t *end = source->data + at;
    if (vrn_load_u16(end + 4) != 0 || vrn_load_u16(end + 6) != 0) {
        return vrn_source_fail(source,
                               "zip archive: expected a single part, found one part of several");
    }
    *found = (directory){.count = vrn_load_u16(end + 10),
                         .size = vrn_load_u32(end + 12),
                         .offset = vrn_load_u32(end + 16)};

    /* The zip64 end record has these in 64 bits; a locator before the end record points at it. */
    if (at >= LOCATOR64_SIZE && vrn_load_u32(end - LOCATOR64_SIZE) == LOCATOR64_SIGNATURE) {
        uint64_t offset = vrn_load_u64(end - LOCATOR64_SIZE + 8);
        if (!inside(offset, END64_SIZE, at) ||
            vrn_load_u32(source->data + offset) != END64_SIGNATURE) {
            return damaged(source, "a zip64 end record");
        }
        const uint8_t *end64 = source->data + offset;
        *found = (directory){.count = vrn_load_u64(end64 + 32),
                             .size = vrn_load_u64(end64 + 40),
                             .offset = vrn_load_u64(end64 + 48)};
    }
    if (!inside(found->offset, found->size, at) || found->count > found->size / CENTRAL_SIZE) {
        return damaged(source, "a central directory inside the file");
    }
    return VRN_OK;
}

/* Replaces 32-bit fields that are all ones by the 64-bit values of the extra field. */
static bool read_zip64(vrn_zip_entry *entry, const uint8_t *extra, size_t length)
{
    uint64_t *fields[] = {&entry->size, &entry->stored_size, &entry->header};
    bool needed = false;
    for (size_t i = 0; i < 3; i++) needed |= *fields[i] == UINT32_MAX;
    while (needed && length >= 4) {
        size_t id = vrn_load_u16(extra), size = vrn_load_u16(extra + 2);
        extra += 4;
        length -= 4;
        if (size > length) return false;
        if (id == EXTRA_ZIP64) {
            for (size_t i = 0; i < 3; i++) {
                if (*fields[i] != UINT32_MAX) continue;
                if (size < 8) return false;
                *fields[i] = vrn_load_u64(extra);
                extra += 8;
                size -= 8;
            }
            return true;
        }
        extra += size;
        length -= size;
    }
    return !needed;
}

static int compare_entries(const void *a, const void *b)
{
    const vrn_zip_entry *left = a, *right = b;
    return vrn_compare_bytes(left->name, left->name_length, right->name, right->name_length);
}

vrn_result vrn_zip_open(vrn_zip *zip, const vrn_source *source, vrn_arena *arena)
{
    *zip = (vrn_zip){.source = source};
    directory found = {0};
    vrn_result result = find_directory(source, &found);
    if (result != VRN_OK) return result;
    zip->entries = vrn_arena_alloc(arena, (size_t)found.count, sizeof *zip->entries);
    if (!zip->entries) return vrn_arena_fail(arena, source->name, source->log);

    const uint8_t *at = source->data + found.offset, *end = at + found.size;
    for (uint64_t i = 0; i < found.count; i++) {
        size_t left = (size_t)(end - at);
        if (left < CENTRAL_SIZE || vrn_load_u32(at) != CENTRAL_SIGNATURE) {
            return damaged(source, "an entry of the central directory");
        }
        size_t name = vrn_load_u16(at + 28), extra = vrn_load_u16(at + 30);
        size_t comment = vrn_load_u16(at + 32), size = CENTRAL_SIZE + name + extra + comment;
        if (size > left) return damaged(source, "an entry inside the central directory");
        vrn_zip_entry *entry = &zip->entries[zip->count++];
        *entry = (vrn_zip_entry){.name = (const char *)at + CENTRAL_SIZE,
                                 .name_length = name,
                                 .flags = vrn_load_u16(at + 8),
                                 .method = vrn_load_u16(at + 10),
                                 .stored_size = vrn_load_u32(at + 20),
                                 .size = vrn_load_u32(at + 24),
                                 .header = vrn_load_u32(at + 42)};
        if (!read_zip64(entry, at + CENTRAL_SIZE + name, extra)) {
            return damaged(source, "64-bit sizes of an entry");
        }
        at += size;
    }
    qsort(zip->entries, zip->count, sizeof *zip->entries, compare_entries);
    return VRN_OK;
}

const vrn_zip_entry *vrn_zip_find(const vrn_zip *zip, const char *name, size_t length)
{
    vrn_zip_entry key = {.name = name, .name_length = length};
    if (zip->count == 0) return NULL;
    return bsearch(&key, zip->entries, zip->count, sizeof key, compare_entries);
}

vrn_result vrn_zip_data(const vrn_zip *zip, const vrn_zip_entry *entry, vrn_arena *arena,
                        const uint8_t **data)
{
    const vrn_source *source = zip->source;
    int shown = (int)(entry->name_length < 200 ? entry->name_length : 200);
    if (entry->flags & FLAGS_ENCRYPTED) {
        return vrn_source_fail(source,
                               "%.*s: expected an entry without encryption, found an encrypted one",
                               shown, entry->name);
    }
    const bool packed = entry->method == METHOD_DEFLATE;
    if (entry->method != 0 && !packed) {
        return vrn_source_fail(source,
                               "%.*s: expected a stored entry, as torch.save writes them, found "
                               "one compressed with method %" PRIu32
                               ": was the file packed again? Pack it without compression",
                               shown, entry->name, entry->method);
    }
    /* Name and extra field (which pads the data to 64 bytes) have their own lengths here. */
    if (!inside(entry->header, LOCAL_SIZE, source->size) ||
        vrn_load_u32(source->data + entry->header) != LOCAL_SIGNATURE) {
        return damaged(source, "a local header where the central directory says");
    }
    const uint8_t *header = source->data + entry->header;
    uint64_t name = vrn_load_u16(header + 26), extra = vrn_load_u16(header + 28);
    uint64_t start = entry->header + LOCAL_SIZE + name + extra;
    if (!inside(start, entry->stored_size, source->size) ||
        (!packed && entry->size != entry->stored_size) ||
        vrn_compare_bytes(entry->name, entry->name_length, header + LOCAL_SIZE, (size_t)name) !=
            0) {
        return damaged(source, "an entry's bytes inside the file");
    }
    *data = source->data + start;
    if (!packed) return VRN_OK;
    uint8_t *memory =
        entry->size <= SIZE_MAX ? vrn_arena_alloc(arena, (size_t)entry->size, 1) : NULL;
    if (!memory) return vrn_arena_fail(arena, source->name, source->log);
    if (!vrn_inflate(memory, (size_t)entry->size, *data, (size_t)entry->stored_size)) {
        return damaged(source, "an entry's compressed bytes");
    }
    *data = memory;
    return VRN_OK;
}
