#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/half.h"
#include "base/json.h"
#include "base/log.h"
#include "base/os.h"
#include "base/utf8.h"
#include "base/util.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/tensor_list.h"

enum { BLOCK = 16384, ALIGNMENT = 8, TENSOR_TEXT = 320 };

typedef struct writer {
    const char *path;
    const vrn_tensor *tensors;
    size_t count;
    const vrn_metadata *metadata;
    size_t metadata_count;
    bool fp16;
    const vrn_log *log;
} writer;

/* What the header says after a tensor's name. Needs less than TENSOR_TEXT bytes: three words, eight
 * sizes and two offsets of at most twenty digits. */
static int format_tensor(const writer *w, const vrn_tensor *tensor, uint64_t *offset, char *text)
{
    char shape[VRN_MAX_RANK * 22 + 4];
    uint64_t begin = *offset;
    vrn_tensor_format_shape(tensor, shape, sizeof shape);
    *offset += vrn_tensor_count(tensor) * (w->fp16 ? 2 : 4);
    return snprintf(text, TENSOR_TEXT,
                    ":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}",
                    w->fp16 ? "F16" : "F32", shape, begin, *offset);
}

static vrn_result check(const writer *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const vrn_tensor *tensor = &w->tensors[i];
        if (!vrn_dtype_is_float(tensor->dtype)) {
            return vrn_fail(w->log, VRN_ERROR_INVALID_ARGUMENT,
                            "%s: %s: expected a tensor of floats to write, found %s", w->path,
                            tensor->name, vrn_dtype_name(tensor->dtype));
        }
        if (!vrn_utf8_valid(tensor->name, strlen(tensor->name)) ||
            strcmp(tensor->name, "__metadata__") == 0) {
            return vrn_fail(w->log, VRN_ERROR_INVALID_ARGUMENT,
                            "%s: %s: expected a tensor's name in UTF-8", w->path, tensor->name);
        }
    }
    for (size_t i = 0; i < w->metadata_count; i++) {
        const char *key = w->metadata[i].key, *value = w->metadata[i].value;
        if (!vrn_utf8_valid(key, strlen(key)) || !vrn_utf8_valid(value, strlen(value))) {
            return vrn_fail(w->log, VRN_ERROR_INVALID_ARGUMENT,
                            "%s: %s: expected metadata in UTF-8", w->path, key);
        }
    }
    return VRN_OK;
}

static char *quote_metadata(const writer *w, char *out)
{
    static const char start[] = "\"__metadata__\":{";
    memcpy(out, start, strlen(start));
    out += strlen(start);
    for (size_t i = 0; i < w->metadata_count; i++) {
        if (i) *out++ = ',';
        out = vrn_json_quote(out, w->metadata[i].key);
        *out++ = ':';
        out = vrn_json_quote(out, w->metadata[i].value);
    }
    *out++ = '}';
    if (w->count) *out++ = ',';
    return out;
}

/* The header with its length before it, padded with spaces; released with vrn_free. */
static char *make_header(const writer *w, size_t *size)
{
    size_t capacity = 64 + ALIGNMENT;
    for (size_t i = 0; i < w->count; i++) {
        capacity += vrn_json_quoted_length(w->tensors[i].name) + TENSOR_TEXT;
    }
    for (size_t i = 0; i < w->metadata_count; i++) {
        capacity += vrn_json_quoted_length(w->metadata[i].key) +
                    vrn_json_quoted_length(w->metadata[i].value) + 2;
    }
    char *header = vrn_alloc(capacity, 1);
    if (!header) return NULL;
    char *out = header + sizeof(uint64_t);
    *out++ = '{';
    if (w->metadata_count) out = quote_metadata(w, out);
    uint64_t offset = 0;
    for (size_t i = 0; i < w->count; i++) {
        if (i) *out++ = ',';
        out = vrn_json_quote(out, w->tensors[i].name);
        out += format_tensor(w, &w->tensors[i], &offset, out);
    }
    *out++ = '}';
    while ((size_t)(out - header) % ALIGNMENT) *out++ = ' ';
    *size = (size_t)(out - header);
    uint64_t length = *size - sizeof length;
    memcpy(header, &length, sizeof length);
    return header;
}

/* Converts in blocks, so that a checkpoint is never in memory a second time. */
static vrn_result write_tensor(const writer *w, const vrn_tensor *tensor, vrn_file_writer *file,
                               float *values)
{
    uint16_t *halves = (uint16_t *)(values + BLOCK);
    uint64_t total = vrn_tensor_count(tensor);
    for (uint64_t first = 0; first < total; first += BLOCK) {
        size_t count = (size_t)vrn_min_u64(total - first, BLOCK);
        vrn_tensor_read_part(tensor, first, count, values);
        if (!w->fp16) {
            vrn_file_write(file, values, count * sizeof *values);
            continue;
        }
        vrn_floats_to_halves(halves, values, count);
        for (size_t i = 0; i < count; i++) {
            if ((halves[i] & 0x7fff) == 0x7c00 && !isinf(values[i])) {
                return vrn_fail(w->log, VRN_ERROR_FILE,
                                "%s: %s: expected values that fit into float16, found %g", w->path,
                                tensor->name, (double)values[i]);
            }
        }
        vrn_file_write(file, halves, count * sizeof *halves);
    }
    return VRN_OK;
}

vrn_result vrn_safetensors_write(const char *path, const vrn_tensor *tensors, size_t count,
                                 const vrn_metadata *metadata, size_t metadata_count, bool fp16,
                                 const vrn_log *log)
{
    writer w = {path, tensors, count, metadata, metadata_count, fp16, log};
    vrn_file_writer *file = NULL;
    char *header = NULL;
    float *values = NULL;
    size_t size = 0;
    vrn_result result = check(&w);
    if (result != VRN_OK) return result;

    header = make_header(&w, &size);
    values = vrn_alloc(BLOCK, sizeof(float) + sizeof(uint16_t));
    if (!header || !values) {
        result = vrn_fail_memory(log);
        goto error;
    }
    result = vrn_file_begin(&file, path, NULL, log);
    if (result != VRN_OK) goto error;
    vrn_file_write(file, header, size);
    for (size_t i = 0; i < count && result == VRN_OK; i++) {
        result = write_tensor(&w, &tensors[i], file, values);
    }
    if (result == VRN_OK) result = vrn_file_end(&file, true, log);

error:
    vrn_file_end(&file, false, log);
    vrn_free(values);
    vrn_free(header);
    return result;
}
