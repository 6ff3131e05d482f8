/* A kernel that is ready to run on certain memory: its pipelines, and the descriptor sets that bind
 * the operands. A step of a network has one; the tuner and the self-test run single ones. */
#ifndef VRN_OPS_PREPARED_H
#define VRN_OPS_PREPARED_H

#include "gpu/memory.h"
#include "ops/kernel.h"

/* The addresses of an operation's tensors for this many images; their sizes follow from the
 * operation. Operands that the operation does not have are ignored. */
typedef struct vrn_operands {
    uint32_t images;
    vrn_range x, w, r, y;
    vrn_range scratch; /* all scratch memory of the kernel (vrn_kernel_scratch) */
} vrn_operands;

typedef struct vrn_prepared_pass {
    vrn_pipeline pipeline;
    VkDescriptorSet set;
    VkBufferView views[VRN_BIND_COUNT]; /* of bindings that are texel buffers */
    uint64_t at[VRN_TYPED_BINDINGS];    /* addresses of the first bindings, if they are pushed */
} vrn_prepared_pass;

typedef struct vrn_prepared_kernel {
    const vrn_kernel *kernel;
    const vrn_op_desc *desc; /* the caller's; must stay valid as long as this is used */
    vrn_prepared_pass passes[VRN_PASSES_MAX];
} vrn_prepared_kernel;

/* Binds the operands of a kernel. pipelines: [pass_count], of vrn_kernel_key's keys. The sets come
 * from the pool, and go with it (vrn_kernel_count_descriptors). After a failure, the half-made
 * object can be destroyed. */
vrn_result vrn_prepared_kernel_create(vrn_prepared_kernel *prepared, vrn_device *device,
                                      const vrn_kernel *kernel, const vrn_op_desc *desc,
                                      const vrn_operands *operands, const vrn_pipeline *pipelines,
                                      VkDescriptorPool pool);
void vrn_prepared_kernel_destroy(vrn_prepared_kernel *prepared,
                                 vrn_device *device); /* accepts a zeroed struct, and zeroes it */

/* Records the dispatches for `images` images, at most as many as were bound, with barriers between
 * passes. */
void vrn_prepared_kernel_record(const vrn_prepared_kernel *prepared, uint32_t images,
                                VkCommandBuffer buffer, const vrn_device *device);

/* The number of parts to divide a pass into, and the share of each (vrn_grid_parts). */
uint32_t vrn_prepared_kernel_parts(const vrn_prepared_kernel *prepared, uint32_t images,
                                   uint32_t pass, uint32_t wanted);
double vrn_prepared_kernel_share(const vrn_prepared_kernel *prepared, uint32_t images,
                                 uint32_t pass, uint32_t part, uint32_t parts,
                                 const vrn_device *device);

/* Records one part of several of one of the kernel's passes. Parts write different places and may
 * run in any order. More than one needs a pipeline whose key is `based`. */
void vrn_prepared_kernel_record_part(const vrn_prepared_kernel *prepared, uint32_t images,
                                     uint32_t pass, uint32_t part, uint32_t parts,
                                     VkCommandBuffer buffer, const vrn_device *device);

#endif
