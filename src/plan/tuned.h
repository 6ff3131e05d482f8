/* What the tuner found out: for each shape of each operator the fastest kernel on this device. The
 * device keeps the records for its life, and one file of the cache directory beyond it; the file
 * counts as absent for another version of the driver. */
#ifndef VRN_PLAN_TUNED_H
#define VRN_PLAN_TUNED_H

#include "ops/kernel.h"

enum { VRN_TUNED_NAME = 48 };

typedef struct vrn_tuned_record {
    uint64_t shape; /* a hash: the operation, the images, and every kernel that could compute it */
    char kernel[VRN_TUNED_NAME], rejected[VRN_TUNED_NAME]; /* names; the second may be empty */
    double ms, rejected_ms;
    bool fresh; /* measured since the device read its file */
} vrn_tuned_record;

typedef struct vrn_tuned {
    vrn_tuned_record *records;
    uint32_t count, capacity;
    uint64_t tables[VRN_OP_COUNT]; /* hashes of the operators' tables; 0: not worked out yet */
} vrn_tuned;

/* Reads what is kept for this device; what is not there, damaged or of another driver is an empty
 * list. Fails for want of memory only, of which `log` hears. Zero the struct before. */
vrn_result vrn_tuned_load(vrn_tuned *tuned, const vrn_device *device, const vrn_log *log);

/* Adds the fresh records to what the file has by now. Without a cache directory, or where it cannot
 * be written, nothing is kept: that is no error. */
void vrn_tuned_save(const vrn_tuned *tuned, const vrn_device *device);

void vrn_tuned_free(vrn_tuned *tuned); /* accepts a zeroed struct, and zeroes it */

/* A copy of the device's records, which are read from its file when they are first asked for.
 * Thread-safe. Fails for want of memory only. */
vrn_result vrn_tuned_get(vrn_tuned *tuned, vrn_device *device);

/* Adds the fresh records to the device's, and to its file. Thread-safe. Fails for want of memory
 * only. */
vrn_result vrn_tuned_keep(const vrn_tuned *tuned, vrn_device *device);

/* The hash of a shape. It changes with what the device may use and what is avoided there, and with
 * rows and shaders of the table. */
uint64_t vrn_tuned_shape(vrn_tuned *tuned, const vrn_device *device, const vrn_op_desc *desc,
                         uint32_t images);

/* NULL: not measured. The pointer is good until the next change. */
const vrn_tuned_record *vrn_tuned_find(vrn_tuned *tuned, const vrn_device *device,
                                       const vrn_op_desc *desc, uint32_t images);

/* Adds a record, or replaces that of the same shape. */
vrn_result vrn_tuned_put(vrn_tuned *tuned, const vrn_tuned_record *record, const vrn_log *log);

/* The records as text, one a line, and back; lines that make no sense are left out. For the file
 * and its test. The text is the caller's, to be released with vrn_free. NULL: out of memory. */
char *vrn_tuned_format(const vrn_tuned *tuned, size_t *size);
vrn_result vrn_tuned_parse(vrn_tuned *tuned, const char *text, size_t size, const vrn_log *log);

#endif
