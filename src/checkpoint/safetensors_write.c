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

enum { BLOCK = 16384, ALIGNMENT = 8 };

typedef struct writer {
    const char *path;
    const vrn_tensor *tensors;
    size_t count;
    const vrn_metadata *metadata;
    size_t metadata_count;
    bool fp16;
    const vrn_log *log;
} writer;

static vrn_result check(const writer *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const vrn_tensor *tensor = &w->tensors[i];
        if (!vrn_dtype_is_float(tensor->dtype)) {
            return vrn_fail(w->log, VRN_ERROR_INVALID_ARGUMENT,
                            "%s: %s: expected a tensor of floats to write, found %s", w->path,
                            tensor->name, vrn_dtype_name(tensor->dtype));
        }
        if (!vrn_utf8_valid(tensor->name, strlen(tensor->name))) {
            return vrn_fail(w->log, VRN_ERROR_INVALID_ARGUMENT,
                            "%s: %s: expected a tensor's name in UTF-8", w->path, tensor->name);
        }
        if (strcmp(tensor->name, "__metadata__") == 0) {
            return vrn_fail(w->log, VRN_ERROR_INVALID_ARGUMENT,
                            "%s: __metadata__: expected another name for a tensor", w->path);
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

/* The header with its length before it, padded with spaces. */
static void write_header(const writer *w, FILE *out)
{
    uint64_t length = 0, offset = 0;
    fwrite(&length, sizeof length, 1, out);
    fputc('{', out);
    if (w->metadata_count) fputs("\"__metadata__\":{", out);
    for (size_t i = 0; i < w->metadata_count; i++) {
        if (i) fputc(',', out);
        vrn_json_write(out, w->metadata[i].key, false);
        fputc(':', out);
        vrn_json_write(out, w->metadata[i].value, false);
    }
    if (w->metadata_count) fputs(w->count ? "}," : "}", out);
    for (size_t i = 0; i < w->count; i++) {
        char shape[VRN_MAX_RANK * 22 + 4];
        uint64_t begin = offset;
        offset += vrn_tensor_count(&w->tensors[i]) * (w->fp16 ? 2 : 4);
        vrn_tensor_format_shape(&w->tensors[i], shape, sizeof shape);
        if (i) fputc(',', out);
        vrn_json_write(out, w->tensors[i].name, false);
        fprintf(out, ":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}",
                w->fp16 ? "F16" : "F32", shape, begin, offset);
    }
    fputc('}', out);
    long end = ftell(out);
    for (; end > 0 && end % ALIGNMENT; end++) fputc(' ', out);
    /* A stream's failure shows at the end. */
    length = (uint64_t)end - sizeof length;
    rewind(out);
    fwrite(&length, sizeof length, 1, out);
    fseek(out, end, SEEK_SET);
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
                                 const vrn_file_params *params, const vrn_log *log)
{
    writer w = {path, tensors, count, metadata, metadata_count, fp16, log};
    vrn_file_writer *file = NULL;
    vrn_result result = check(&w);
    if (result != VRN_OK) return result;
    float *values = vrn_alloc(BLOCK, sizeof(float) + sizeof(uint16_t));
    result = values ? vrn_file_begin(&file, path, params, log) : vrn_fail_memory(log);
    if (result == VRN_OK) write_header(&w, vrn_file_stream(file));
    for (size_t i = 0; i < count && result == VRN_OK; i++) {
        result = write_tensor(&w, &tensors[i], file, values);
    }
    if (result == VRN_OK) result = vrn_file_end(&file, true, log);
    vrn_file_end(&file, false, log);
    vrn_free(values);
    return result;
}
