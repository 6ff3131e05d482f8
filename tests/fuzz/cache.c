/* Files of the cache directory. The first byte says what the rest is: a whole file, the payload of
 * a file with a correct header and checksum, or the tuner's records. */
#include "base/cache_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "plan/tuned.h"
#include "unit/checkpoint_builder.h"

const fuzz_bounds fuzz_target_bounds = {64 << 10, 64};

static const char key[] = "a key of 24 bytes or so";

static void read_raw(const uint8_t *data, size_t size)
{
    void *payload;
    size_t payload_size;
    const bool found = vrn_cache_read(FUZZ_FILE_FOLDER, fuzz_file_name(data, size), key, sizeof key,
                                      &payload, &payload_size, fuzz_log());
    fuzz_expect(true); /* nothing that the disk holds is an error */
    fuzz_require(found == (payload != NULL) && payload_size < size + !found);
    fuzz_touch(payload, payload_size);
    vrn_free(payload);
}

/* As base/cache_file.c writes it; read back to hold the two together. */
static void read_right(const uint8_t *data, size_t size)
{
    bytes file = {0};
    uint64_t checksum = VRN_HASH_START;
    const uint32_t key_bytes = sizeof key;
    const uint64_t payload_bytes = size;
    checksum = vrn_hash64(checksum, &key_bytes, sizeof key_bytes);
    checksum = vrn_hash64(checksum, &payload_bytes, sizeof payload_bytes);
    checksum = vrn_hash64(checksum, key, sizeof key);
    checksum = vrn_hash64(checksum, data, size);
    put(&file, TEXT("VRNCACHE"));
    put_number(&file, 1, 4);
    put_number(&file, key_bytes, 4);
    put_number(&file, payload_bytes, 8);
    put_number(&file, checksum, 8);
    put(&file, key, sizeof key);
    put(&file, data, size);
    void *payload;
    size_t payload_size;
    fuzz_require(vrn_cache_read(FUZZ_FILE_FOLDER, fuzz_file_name(file.data, file.size), key,
                                sizeof key, &payload, &payload_size, fuzz_log()));
    fuzz_require(payload_size == size && memcmp(payload, data, size) == 0);
    vrn_free(payload);
    release(&file);
}

static void read_tuned(const uint8_t *data, size_t size)
{
    vrn_tuned tuned = {0}, again = {0};
    char *input = malloc(size + 1); /* a text, but one without an end */
    fuzz_require(input);
    memcpy(input, data, size);
    fuzz_require(vrn_tuned_parse(&tuned, input, size, fuzz_log()) == VRN_OK);
    free(input);
    size_t length;
    char *text = vrn_tuned_format(&tuned, &length);
    fuzz_require(text && vrn_tuned_parse(&again, text, length, fuzz_log()) == VRN_OK);
    fuzz_require(again.count == tuned.count);
    for (uint32_t i = 0; i < tuned.count; i++) {
        const vrn_tuned_record *a = &tuned.records[i], *b = &again.records[i];
        fuzz_require(a->shape == b->shape && strcmp(a->kernel, b->kernel) == 0 &&
                     strcmp(a->rejected, b->rejected) == 0);
    }
    vrn_free(text);
    vrn_tuned_free(&tuned);
    vrn_tuned_free(&again);
}

void fuzz_target(const uint8_t *data, size_t size)
{
    if (size == 0) return;
    switch (data[0] % 3) {
    case 0: read_raw(data + 1, size - 1); break;
    case 1: read_tuned(data + 1, size - 1); break;
    case 2: read_right(data + 1, size - 1); break;
    }
    fuzz_expect(true);
}
