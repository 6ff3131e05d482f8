/* Writing from the host into device buffers: directly if the memory is shared, else through one
 * staging buffer that is filled and copied in turn. Large pieces are copied as large pieces. */
#ifndef VRN_GPU_UPLOAD_H
#define VRN_GPU_UPLOAD_H

#include "gpu/memory.h"
#include "gpu/queue.h"

typedef struct vrn_upload {
    vrn_device *device;
    vrn_buffer staging;
    vrn_commands commands;
    uint64_t used;
    bool recording;
} vrn_upload;

/* Zero the struct, set `device`, and call vrn_upload_reserve as often as needed, then
 * vrn_upload_end. reserve gives memory for `size` bytes (aligned for floats) that are at `offset`
 * of `buffer` after end has returned VRN_OK; fill it before the next call. `*cached`: it is
 * ordinary memory; else write to it in order. */
vrn_result vrn_upload_reserve(vrn_upload *upload, const vrn_buffer *buffer, uint64_t offset,
                              uint64_t size, void **memory, bool *cached);

/* Pieces of about this size need few copies, and each fits into one staging buffer. */
#define VRN_UPLOAD_PIECE_BYTES (UINT64_C(32) << 20)

/* Copies what is left, waits, and releases the staging memory. Call it after errors too. Returns
 * `result`, the result of the earlier calls, if that is an error. */
vrn_result vrn_upload_end(vrn_upload *upload, vrn_result result);

#endif
