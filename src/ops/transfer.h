/* Between an application's buffers and images, and the library's own layouts: the kernels, and how
 * they are recorded (vrn_preprocess_record). What they bind of the application may begin anywhere:
 * a binding begins at the last aligned place before it, and the push constants say how far behind
 * that. */
#ifndef VRN_OPS_TRANSFER_H
#define VRN_OPS_TRANSFER_H

#include "gpu/memory.h"
#include "gpu/pipeline.h"
#include "net/op.h"
#include "ops/interface.h"

/* Push constants. */
typedef struct vrn_fetch_push vrn_fetch_push;
typedef struct vrn_pack_push vrn_pack_push;
typedef struct vrn_unpack_push vrn_unpack_push;
typedef struct vrn_top_push vrn_top_push;

/* Keys of the pipelines. */
void vrn_fetch_image_key(bool linear, vrn_pipeline_key *key);
void vrn_fetch_bytes_key(bool bgra, vrn_pipeline_key *key);
void vrn_pack_key(bool planar, vrn_pipeline_key *key);
void vrn_unpack_key(vrn_type type, vrn_pipeline_key *key);
void vrn_top_key(vrn_pipeline_key *key);

/* The range to bind for `bytes` from `offset` of a buffer on; *skipped receives the bytes in front
 * of them. False where a binding may not be so large. */
bool vrn_transfer_range(vrn_range *range, uint64_t *skipped, const vrn_device *device,
                        VkBuffer buffer, uint64_t offset, uint64_t bytes);

#endif
