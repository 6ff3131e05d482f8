/* The tuner's results: the fastest kernel on this device for each shape of each operator. The
 * device keeps the records while it exists, and a file in the cache directory keeps them longer. A
 * file from another version of the driver is ignored. */
#ifndef VRN_PLAN_TUNED_H
#define VRN_PLAN_TUNED_H

#include "ops/kernel.h"

enum { VRN_TUNED_NAME = 48 };

typedef struct vrn_tuned_record {
    uint64_t shape; /* a hash: the operation, the images, and every kernel that could compute it */
    char kernel[VRN_TUNED_NAME], rejected[VRN_TUNED_NAME]; /* names; `rejected` may be empty */
    double ms, rejected_ms;
    bool fresh; /* measured since the device read its file */
} vrn_tuned_record;

typedef struct vrn_tuned {
    vrn_tuned_record *records;
    uint32_t count, capacity;
    uint64_t tables[VRN_OP_COUNT]; /* hashes of the operators' tables; 0: not computed yet */
} vrn_tuned;

/* Reads the records for this device. A file that is missing, damaged or from another driver gives
 * an empty list. Fails only if memory runs out, which is logged to `log`. Zero the struct first. */
vrn_result vrn_tuned_load(vrn_tuned *tuned, const vrn_device *device, const vrn_log *log);

/* Adds the fresh records to the file's current ones. Without a cache directory, or if it cannot be
 * written, nothing is saved; that is not an error. */
void vrn_tuned_save(const vrn_tuned *tuned, const vrn_device *device);

void vrn_tuned_free(vrn_tuned *tuned); /* accepts a zeroed struct, and zeroes it */

/* Copies the device's records. The first call reads them from the file. Thread-safe. Fails only if
 * memory runs out. */
vrn_result vrn_tuned_get(vrn_tuned *tuned, vrn_device *device);

/* Adds the fresh records to the device's and to its file. Thread-safe. Fails only if memory runs
 * out. */
vrn_result vrn_tuned_keep(const vrn_tuned *tuned, vrn_device *device);

/* The hash of a shape. It also covers the device's capabilities, the kernels avoided there, and the
 * rows and shaders of the kernel table. */
uint64_t vrn_tuned_shape(vrn_tuned *tuned, const vrn_device *device, const vrn_op_desc *desc,
                         uint32_t images);

/* Returns NULL if the shape was not measured. The pointer is valid until the next change. */
const vrn_tuned_record *vrn_tuned_find(vrn_tuned *tuned, const vrn_device *device,
                                       const vrn_op_desc *desc, uint32_t images);

/* Adds a record, or replaces the one of the same shape. */
vrn_result vrn_tuned_put(vrn_tuned *tuned, const vrn_tuned_record *record, const vrn_log *log);

/* Converts records to text, one per line, and back; invalid lines are skipped. For the file and its
 * test. The caller releases the text with vrn_free. NULL: out of memory. */
char *vrn_tuned_format(const vrn_tuned *tuned, size_t *size);
vrn_result vrn_tuned_parse(vrn_tuned *tuned, const char *text, size_t size, const vrn_log *log);

#endif
