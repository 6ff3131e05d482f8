/* A kernel made ready to run on certain memory: its pipelines, and the descriptor sets that bind
 * the operands. What a step of a network is, and what the tuner and the self-test run alone. */
#ifndef VRN_OPS_PREPARED_H
#define VRN_OPS_PREPARED_H

#include "gpu/memory.h"
#include "ops/kernel.h"

/* Where the tensors of an operation on so many images begin; how long they are follows from the
 * operation. An operand that the operation has not is not looked at. */
typedef struct vrn_operands {
    uint32_t images;
    vrn_range x, w, r, y;
    vrn_range scratch; /* of the kernel, all of it (vrn_kernel_scratch) */
} vrn_operands;

typedef struct vrn_prepared_pass {
    vrn_pipeline pipeline;
    VkDescriptorSet set;
    VkBufferView views[VRN_BIND_COUNT]; /* of bindings that are texel buffers */
    uint64_t at[VRN_TYPED_BINDINGS];    /* addresses of the first bindings, if they are pushed */
} vrn_prepared_pass;

typedef struct vrn_prepared_kernel {
    const vrn_kernel *kernel;
    const vrn_op_desc *desc; /* the caller's, and valid as long as this is used */
    vrn_prepared_pass passes[VRN_PASSES_MAX];
} vrn_prepared_kernel;

/* Binds the operands of a kernel. pipelines: [pass_count], of vrn_kernel_key's keys. The sets come
 * from the pool, and go with it (vrn_kernel_count_descriptors). What is half made can be
 * destroyed. */
vrn_result vrn_prepared_kernel_create(vrn_prepared_kernel *prepared, vrn_device *device,
                                      const vrn_kernel *kernel, const vrn_op_desc *desc,
                                      const vrn_operands *operands, const vrn_pipeline *pipelines,
                                      VkDescriptorPool pool);
void vrn_prepared_kernel_destroy(vrn_prepared_kernel *prepared,
                                 vrn_device *device); /* accepts a zeroed struct, and zeroes it */

/* Records the dispatches of `images` images, no more than were bound, with barriers between
 * passes. */
void vrn_prepared_kernel_record(const vrn_prepared_kernel *prepared, uint32_t images,
                                VkCommandBuffer buffer, const vrn_device *device);

/* Records one part of several of one of the kernel's passes. Parts are about equal, write different
 * places and may run in any order; a part may be empty. More than one needs a pipeline whose key is
 * `based`. */
void vrn_prepared_kernel_record_part(const vrn_prepared_kernel *prepared, uint32_t images,
                                     uint32_t pass, uint32_t part, uint32_t parts,
                                     VkCommandBuffer buffer, const vrn_device *device);

#endif
