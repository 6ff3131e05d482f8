/* PyTorch's checkpoint files. Both forms hold a pickle, which says what tensors there are, and the
 * storages that the tensors are views of:
 *
 * zip (since PyTorch 1.6):   <stem>/data.pkl, <stem>/data/<key> for each storage, <stem>/byteorder
 * legacy (0.1.10 to 1.5):    five pickles in a row (a magic number, 1001, facts about the
 *                            machine, the object, the list of storage keys), then for each key
 *                            the number of its elements (64 bits) and the elements
 *
 * See torch/serialization.py. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "checkpoint/foreign.h"
#include "checkpoint/format.h"
#include "checkpoint/pickle.h"
#include "checkpoint/state_dict.h"
#include "checkpoint/zip.h"

/* A pickle's values take about eight times its size in memory. */
enum { MEMORY_MULTIPLE = 16, PATH_CAPACITY = 512, PROTOCOL_VERSION = 1001 };

/* ---- Zip form -------------------------------------------------------------------------------- */

typedef struct zip_reader {
    const vrn_source *source;
    vrn_tensor_list *list;
    vrn_arena *arena; /* of the pickle */
    vrn_zip zip;
    char path[PATH_CAPACITY]; /* "<stem>/", and the name that is looked up */
    size_t stem_length;       /* with the slash */
} zip_reader;

/* The entry "<stem>/name". */
static const vrn_zip_entry *find_entry(zip_reader *reader, const char *folder, const char *name,
                                       size_t length)
{
    size_t folder_length = strlen(folder);
    if (length >= PATH_CAPACITY - reader->stem_length - folder_length) return NULL;
    char *end = reader->path + reader->stem_length;
    memcpy(end, folder, folder_length);
    memcpy(end + folder_length, name, length);
    return vrn_zip_find(&reader->zip, reader->path, reader->stem_length + folder_length + length);
}

static bool ends_with(const vrn_zip_entry *entry, const char *end)
{
    size_t length = strlen(end);
    return entry->name_length >= length &&
           memcmp(entry->name + entry->name_length - length, end, length) == 0;
}

static vrn_result fail_archive(const vrn_source *source, const char *found)
{
    return vrn_source_fail(source, "expected a checkpoint made by torch.save, found %s", found);
}

/* Finds "<stem>/data.pkl"; the stem is the name the file had when it was saved. */
static vrn_result find_pickle(zip_reader *reader, const vrn_zip_entry **pickle)
{
    static const char name[] = "/data.pkl";
    const vrn_zip *zip = &reader->zip;
    *pickle = NULL;
    for (size_t i = 0; i < zip->count && !*pickle; i++) {
        const vrn_zip_entry *entry = &zip->entries[i];
        if (!ends_with(entry, name)) continue;
        size_t stem = entry->name_length - strlen(name);
        if (stem + 1 < PATH_CAPACITY / 2 && !memchr(entry->name, '/', stem)) *pickle = entry;
    }
    if (!*pickle) {
        return fail_archive(reader->source, vrn_foreign_describe_zip(zip));
    }
    reader->stem_length = (*pickle)->name_length - strlen(name) + 1;
    memcpy(reader->path, (*pickle)->name, reader->stem_length);
    return VRN_OK;
}

static vrn_result check_byte_order(zip_reader *reader)
{
    const vrn_zip_entry *entry = find_entry(reader, "", "byteorder", strlen("byteorder"));
    const uint8_t *text;
    if (!entry) return VRN_OK;
    vrn_result result = vrn_zip_data(&reader->zip, entry, reader->arena, &text);
    if (result != VRN_OK) return result;
    if (entry->size == 6 && memcmp(text, "little", 6) == 0) return VRN_OK;
    return vrn_source_fail(reader->source,
                           "byteorder: expected 'little', found '%.*s': load it with PyTorch on a "
                           "little-endian machine (such as any PC), and save it again with "
                           "torch.save",
                           (int)vrn_min_u64(entry->size, 16), (const char *)text);
}

static vrn_result find_zip_storage(void *user, vrn_pickle_storage *storage, const char *name)
{
    zip_reader *reader = user;
    const vrn_zip_entry *entry = find_entry(reader, "data/", storage->key, storage->key_length);
    int shown = (int)vrn_min_u32(storage->key_length, 60);
    if (!entry) {
        return vrn_source_fail(
            reader->source,
            "%s: expected its values in the archive's entry data/%.*s, found no such entry", name,
            shown, storage->key);
    }
    uint64_t bytes;
    if (!vrn_mul_u64(storage->count, storage->element_size, &bytes) || bytes > entry->size) {
        return vrn_source_fail(reader->source,
                               "%s: expected %" PRIu64 " x %" PRIu32
                               " bytes in the archive's entry data/%.*s, found %" PRIu64,
                               name, storage->count, storage->element_size, shown, storage->key,
                               entry->size);
    }
    return vrn_zip_data(&reader->zip, entry, &reader->list->arena, &storage->data);
}

/* TorchScript: "<stem>/code/__torch__/a/b.py" for a class of the module "__torch__.a.b". */
static vrn_result find_program(void *user, const vrn_pickle_global *class, const char **text,
                               size_t *size)
{
    zip_reader *reader = user;
    char name[PATH_CAPACITY];
    const size_t length = class->module_length;
    *text = NULL;
    if (length < 9 || length + 4 > sizeof name || memcmp(class->module, "__torch__", 9) != 0) {
        return VRN_OK;
    }
    for (size_t i = 0; i < length; i++) {
        name[i] = (char)(class->module[i] == '.' ? '/' : class->module[i]);
    }
    memcpy(name + length, ".py", 4);
    const vrn_zip_entry *entry = find_entry(reader, "code/", name, length + 3);
    if (!entry) return VRN_OK;
    const uint8_t *data;
    vrn_result result = vrn_zip_data(&reader->zip, entry, reader->arena, &data);
    if (result != VRN_OK) return result;
    *text = (const char *)data;
    *size = (size_t)entry->size;
    return VRN_OK;
}

/* True for any zip archive: if it is not a checkpoint, reading says what it is. */
static bool is_zip(const vrn_source *source)
{
    return vrn_source_has(source, 0, "PK\3\4") || vrn_source_has(source, 0, "PK\5\6");
}

static vrn_result read_zip(vrn_tensor_list *list, const vrn_source *source)
{
    vrn_arena arena;
    vrn_arena_init(&arena, source->size, MEMORY_MULTIPLE);
    zip_reader reader = {.source = source, .list = list, .arena = &arena};
    const vrn_zip_entry *entry;
    const uint8_t *data;
    vrn_pickle pickle;
    vrn_result result = vrn_zip_open(&reader.zip, source, &arena);
    if (result == VRN_OK) result = find_pickle(&reader, &entry);
    if (result == VRN_OK) result = check_byte_order(&reader);
    if (result == VRN_OK) result = vrn_zip_data(&reader.zip, entry, &arena, &data);
    if (result == VRN_OK) {
        result = vrn_pickle_run(&pickle, source, "data.pkl", data, (size_t)entry->size, &arena);
    }
    if (result == VRN_OK) {
        result = vrn_state_dict_read(list, source, &pickle.value, find_zip_storage, find_program,
                                     &reader);
    }
    vrn_arena_free(&arena);
    return result;
}

const vrn_checkpoint_format vrn_checkpoint_torch_zip = {".pth of PyTorch", is_zip, read_zip};

/* ---- Legacy form ----------------------------------------------------------------------------- */

/* LONG1 of ten bytes, 0x1950a86a20f9469cfc6c, and STOP. */
static const uint8_t magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9,
                                0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e};

typedef struct legacy_reader {
    const vrn_source *source;
    vrn_arena arena;
    size_t at;
    vrn_pickle_storage **storages; /* sorted by key */
    size_t count;
} legacy_reader;

/* The file begins with the magic number, as a pickle of any protocol. */
static bool is_legacy(const vrn_source *source)
{
    /* PROTO and its number, and with protocols 4 and 5 FRAME and its length before the number. */
    static const size_t places[] = {2, 11};
    for (size_t i = 0; i < VRN_COUNT(places); i++) {
        if (source->size >= places[i] + sizeof magic && source->data[0] == 0x80 &&
            memcmp(source->data + places[i], magic, sizeof magic) == 0) {
            return true;
        }
    }
    return false;
}

static vrn_result run_next(legacy_reader *reader, const char *what, vrn_pickle *pickle)
{
    const vrn_source *source = reader->source;
    vrn_result result = vrn_pickle_run(pickle, source, what, source->data + reader->at,
                                       source->size - reader->at, &reader->arena);
    if (result == VRN_OK) reader->at += pickle->size;
    return result;
}

/* The first three pickles. */
static vrn_result read_preamble(legacy_reader *reader)
{
    vrn_pickle number, version, machine;
    vrn_result result = run_next(reader, "magic number", &number);
    if (result == VRN_OK) result = run_next(reader, "protocol version", &version);
    if (result == VRN_OK) result = run_next(reader, "facts about the machine", &machine);
    if (result != VRN_OK) return result;
    const vrn_source *source = reader->source;
    if (version.value.kind != VRN_PICKLE_INT || version.value.as.integer != PROTOCOL_VERSION) {
        char found[160];
        vrn_pickle_describe(&version.value, found, sizeof found);
        return vrn_source_fail(source, "protocol version: expected %d, found %s", PROTOCOL_VERSION,
                               found);
    }
    const vrn_pickle_value *little = vrn_pickle_lookup(&machine.value, "little_endian");
    if (little && (little->kind != VRN_PICKLE_BOOL || !little->as.boolean)) {
        return vrn_source_fail(source,
                               "byte order: expected little-endian values, found big-endian ones");
    }
    return VRN_OK;
}

static int compare_storages(const void *a, const void *b)
{
    const vrn_pickle_storage *const *left = a, *const *right = b;
    return vrn_compare_bytes((*left)->key, (*left)->key_length, (*right)->key,
                             (*right)->key_length);
}

/* Sorts the storages by key, because the object names a storage once for each tensor in it. */
static vrn_result sort_storages(legacy_reader *reader, vrn_pickle_storage *first)
{
    for (vrn_pickle_storage *each = first; each; each = each->next) reader->count++;
    reader->storages = vrn_arena_alloc(&reader->arena, reader->count, sizeof *reader->storages);
    if (!reader->storages) {
        return vrn_arena_fail(&reader->arena, reader->source->name, reader->source->log);
    }
    size_t i = 0;
    for (vrn_pickle_storage *each = first; each; each = each->next) reader->storages[i++] = each;
    qsort(reader->storages, reader->count, sizeof *reader->storages, compare_storages);
    return VRN_OK;
}

static vrn_result fail_storage(const legacy_reader *reader, const vrn_pickle_value *key,
                               const char *expected, const char *found)
{
    return vrn_source_fail(reader->source, "storage %.*s: expected %s, found %s",
                           (int)vrn_min_u32(key->length, 60), key->as.text, expected, found);
}

/* Reads a storage and sets its data in every reference to it. */
static vrn_result read_storage(legacy_reader *reader, const vrn_pickle_value *key)
{
    const vrn_source *source = reader->source;
    const vrn_pickle_storage named = {.key = key->as.text, .key_length = key->length};
    const vrn_pickle_storage *wanted = &named;
    vrn_pickle_storage **end = reader->storages + reader->count;
    vrn_pickle_storage **first = bsearch(&wanted, reader->storages, reader->count,
                                         sizeof *reader->storages, compare_storages);
    if (!first) return fail_storage(reader, key, "a tensor that uses it", "none");
    if ((*first)->data) return fail_storage(reader, key, "it once", "it twice");
    while (first > reader->storages && compare_storages(first - 1, &wanted) == 0) first--;

    const uint32_t element_size = (*first)->element_size;
    const uint64_t left = source->size - reader->at;
    const uint64_t count = left < 8 ? 0 : vrn_load_u64(source->data + reader->at);
    uint64_t bytes;
    if (left < 8 || !vrn_mul_u64(count, element_size, &bytes) || bytes > left - 8) {
        return fail_storage(reader, key, "its values",
                            "the end of the file: it is incomplete; "
                            "download or copy it again");
    }
    for (; first < end && compare_storages(first, &wanted) == 0; first++) {
        if ((*first)->element_size != element_size || (*first)->count != count) {
            return fail_storage(reader, key, "the size that its tensors need", "another");
        }
        (*first)->data = source->data + reader->at + 8;
    }
    reader->at += 8 + (size_t)bytes;
    return VRN_OK;
}

/* Storages in the file already have their data. */
static vrn_result find_legacy_storage(void *user, vrn_pickle_storage *storage, const char *name)
{
    const legacy_reader *reader = user;
    return vrn_source_fail(reader->source,
                           "%s: expected its values under the key %.*s, found no such key", name,
                           (int)vrn_min_u32(storage->key_length, 60), storage->key);
}

static vrn_result read_pickles(legacy_reader *reader, vrn_tensor_list *list)
{
    vrn_pickle object, keys;
    vrn_result result = read_preamble(reader);
    if (result == VRN_OK) result = run_next(reader, "the object", &object);
    if (result == VRN_OK) result = run_next(reader, "storage keys", &keys);
    if (result == VRN_OK) result = sort_storages(reader, object.storages);
    if (result != VRN_OK) return result;
    const vrn_pickle_items none = {0};
    const bool listed = keys.value.kind == VRN_PICKLE_LIST;
    const vrn_pickle_items *items = listed ? keys.value.as.container : &none;
    bool texts = listed;
    for (size_t i = 0; i < items->count && texts && result == VRN_OK; i++) {
        texts = items->values[i].kind == VRN_PICKLE_TEXT;
        if (texts) result = read_storage(reader, &items->values[i]);
    }
    if (!texts) {
        return vrn_source_fail(reader->source,
                               "storage keys: expected a list of strings, found something else");
    }
    if (result != VRN_OK) return result;
    return vrn_state_dict_read(list, reader->source, &object.value, find_legacy_storage, NULL,
                               reader);
}

static vrn_result read_legacy(vrn_tensor_list *list, const vrn_source *source)
{
    legacy_reader reader = {.source = source};
    vrn_arena_init(&reader.arena, source->size, MEMORY_MULTIPLE);
    vrn_result result = read_pickles(&reader, list);
    vrn_arena_free(&reader.arena);
    return result;
}

const vrn_checkpoint_format vrn_checkpoint_torch_legacy = {NULL, is_legacy, read_legacy};
