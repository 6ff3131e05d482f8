#include "plan/tuned.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/number.h"
#include "gpu/device.h"
#include "plan/avoid.h"

/* More shapes than one machine uses; beyond it the oldest records are dropped. */
enum { RECORDS_MAX = 4096, LINE_BYTES = 2 * VRN_TUNED_NAME + 80 };

static uint64_t hash_table(vrn_op op)
{
    uint64_t hash = VRN_HASH_START;
    const vrn_kernel *kernel;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(op, i)); i++) {
        hash = vrn_kernel_hash(hash, kernel);
    }
    return hash ? hash : 1;
}

uint64_t vrn_tuned_shape(vrn_tuned *tuned, const vrn_device *device, const vrn_op_desc *desc,
                         uint32_t images)
{
    uint64_t *table = &tuned->tables[desc->op];
    if (!*table) *table = hash_table(desc->op);
    uint32_t constants[VRN_OP_CONSTANTS_MAX];
    vrn_op_constants(desc, constants);
    uint64_t hash = vrn_hash_word(VRN_HASH_START, *table);
    hash = vrn_hash_word(hash, device->probe.info.capabilities);
    hash = vrn_hash_word(hash, (uint64_t)desc->op << 32 | images);
    const vrn_kernel *kernel;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(desc->op, i)); i++) {
        if (vrn_kernel_avoided(device, kernel)) hash = vrn_hash_word(hash, i);
    }
    return vrn_hash64(hash, constants, sizeof constants);
}

static vrn_tuned_record *find(const vrn_tuned *tuned, uint64_t shape)
{
    for (uint32_t i = 0; i < tuned->count; i++) {
        if (tuned->records[i].shape == shape) return &tuned->records[i];
    }
    return NULL;
}

const vrn_tuned_record *vrn_tuned_find(vrn_tuned *tuned, const vrn_device *device,
                                       const vrn_op_desc *desc, uint32_t images)
{
    if (tuned->count == 0) return NULL;
    return find(tuned, vrn_tuned_shape(tuned, device, desc, images));
}

vrn_result vrn_tuned_put(vrn_tuned *tuned, const vrn_tuned_record *record, const vrn_log *log)
{
    vrn_tuned_record *old = find(tuned, record->shape);
    if (old) {
        *old = *record;
        return VRN_OK;
    }
    vrn_tuned_record *records =
        vrn_grow(tuned->records, tuned->count, &tuned->capacity, sizeof *records);
    if (!records) return vrn_fail_memory(log);
    tuned->records = records;
    tuned->records[tuned->count++] = *record;
    return VRN_OK;
}

static vrn_result put_fresh(vrn_tuned *to, const vrn_tuned *from, const vrn_log *log)
{
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < from->count && !result; i++) {
        if (from->records[i].fresh) result = vrn_tuned_put(to, &from->records[i], log);
    }
    return result;
}

/* Converts to whole nanoseconds, because a decimal point would depend on the locale. */
static uint64_t to_ns(double ms)
{
    return ms > 0 && ms < 1e12 ? (uint64_t)(ms * 1e6 + 0.5) : 0;
}

char *vrn_tuned_format(const vrn_tuned *tuned, size_t *size)
{
    char *text = vrn_alloc((size_t)tuned->count + 1, LINE_BYTES);
    *size = 0;
    if (!text) return NULL;
    uint32_t first = tuned->count > RECORDS_MAX ? tuned->count - RECORDS_MAX : 0;
    for (uint32_t i = first; i < tuned->count; i++) {
        const vrn_tuned_record *r = &tuned->records[i];
        *size += (size_t)snprintf(
            text + *size, LINE_BYTES, "%016" PRIx64 " %s %" PRIu64 " %s %" PRIu64 "\n", r->shape,
            r->kernel, to_ns(r->ms), r->rejected[0] ? r->rejected : "-", to_ns(r->rejected_ms));
    }
    return text;
}

/* Parses a line: SHAPE KERNEL NS REJECTED NS. */
static bool parse_line(vrn_tuned_record *record, const char *text, size_t length)
{
    char line[LINE_BYTES], shape[17], times[2][21];
    uint64_t ns[2];
    int used = 0;
    _Static_assert(VRN_TUNED_NAME == 48, "the lengths of names below");
    if (length >= sizeof line) return false;
    memcpy(line, text, length);
    line[length] = 0;
    *record = (vrn_tuned_record){0};
    if (sscanf(line, "%16[0-9a-f] %47[!-~] %20[0-9] %47[!-~] %20[0-9]%n", shape, record->kernel,
               times[0], record->rejected, times[1], &used) != 5 ||
        (size_t)used != length || strlen(shape) != 16) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        if (!vrn_parse_number(times[i], strlen(times[i]), UINT64_MAX, &ns[i])) return false;
    }
    record->shape = strtoull(shape, NULL, 16);
    record->ms = (double)ns[0] * 1e-6;
    record->rejected_ms = (double)ns[1] * 1e-6;
    if (strcmp(record->rejected, "-") == 0) record->rejected[0] = 0;
    return true;
}

vrn_result vrn_tuned_parse(vrn_tuned *tuned, const char *text, size_t size, const vrn_log *log)
{
    vrn_result result = VRN_OK;
    /* The limit bounds the time, because each record is compared with all before it. A file never
     * has more. */
    for (size_t at = 0; at < size && !result && tuned->count < RECORDS_MAX;) {
        const char *end = memchr(text + at, '\n', size - at);
        if (!end) break;
        size_t length = (size_t)(end - text) - at;
        vrn_tuned_record record;
        if (parse_line(&record, text + at, length)) result = vrn_tuned_put(tuned, &record, log);
        at += length + 1;
    }
    return result;
}

static const char prefix[] = "tuned", version[] = "kernels 1";

vrn_result vrn_tuned_load(vrn_tuned *tuned, const vrn_device *device, const vrn_log *log)
{
    char name[VRN_CACHE_NAME], key[VRN_CACHE_KEY];
    void *text;
    size_t size;
    const size_t key_size = vrn_device_cache_names(device, prefix, version, name, key);
    if (!vrn_device_cache_read(device, name, key, key_size, &text, &size)) {
        return VRN_OK;
    }
    vrn_result result = vrn_tuned_parse(tuned, text, size, log);
    vrn_free(text);
    return result;
}

void vrn_tuned_save(const vrn_tuned *tuned, const vrn_device *device)
{
    /* Keep the records that other processes have written in the meantime. Failures are not errors,
     * so nothing is logged. */
    vrn_tuned all = {0};
    size_t size;
    char name[VRN_CACHE_NAME], key[VRN_CACHE_KEY];
    vrn_result result = vrn_device_keeps(device) ? vrn_tuned_load(&all, device, NULL) : VRN_OK;
    if (!result) result = put_fresh(&all, tuned, NULL);
    char *text = result || all.count == 0 ? NULL : vrn_tuned_format(&all, &size);
    const size_t key_size = vrn_device_cache_names(device, prefix, version, name, key);
    if (text && vrn_device_keeps(device)) {
        vrn_device_cache_write(device, name, key, key_size, text, size);
    }
    vrn_free(text);
    vrn_tuned_free(&all);
}

void vrn_tuned_free(vrn_tuned *tuned)
{
    vrn_free(tuned->records);
    *tuned = (vrn_tuned){0};
}

/* The records that a device holds. */
typedef struct store {
    vrn_attachment base;
    bool read; /* the file has been read */
    vrn_tuned tuned;
} store;

static void destroy_store(void *data, vrn_device *device)
{
    (void)device;
    vrn_tuned_free(&((store *)data)->tuned);
}

static const vrn_attachment_kind store_kind = {sizeof(store), destroy_store};

/* Returns the device's records, locked. NULL: out of memory. */
static store *lock_store(vrn_device *device)
{
    store *s = vrn_device_attachment(device, &store_kind);
    if (!s) return NULL;
    vrn_mutex_lock(s->base.lock);
    if (!s->read) s->read = vrn_tuned_load(&s->tuned, device, &device->log) == VRN_OK;
    if (s->read) return s;
    vrn_mutex_unlock(s->base.lock);
    return NULL;
}

vrn_result vrn_tuned_get(vrn_tuned *tuned, vrn_device *device)
{
    *tuned = (vrn_tuned){0};
    store *s = lock_store(device);
    if (!s) return VRN_ERROR_OUT_OF_MEMORY;
    const uint32_t count = s->tuned.count;
    vrn_tuned_record *records = vrn_alloc(count, sizeof *records);
    if (records && count > 0) memcpy(records, s->tuned.records, count * sizeof *records);
    vrn_mutex_unlock(s->base.lock);
    if (!records) return vrn_fail_memory(&device->log);
    *tuned = (vrn_tuned){.records = records, .count = count, .capacity = count};
    return VRN_OK;
}

vrn_result vrn_tuned_keep(const vrn_tuned *tuned, vrn_device *device)
{
    store *s = lock_store(device);
    if (!s) return VRN_ERROR_OUT_OF_MEMORY;
    vrn_result result = put_fresh(&s->tuned, tuned, &device->log);
    vrn_mutex_unlock(s->base.lock);
    if (!result) vrn_tuned_save(tuned, device);
    return result;
}
