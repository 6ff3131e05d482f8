/* Kernels that convert between an application's buffers and images, photos, and the library's
 * layouts. They are not tuned. An application's data may begin at any offset: the binding begins at
 * the last aligned offset before it, and the push constants have the distance. */
#ifndef VRN_OPS_TRANSFER_H
#define VRN_OPS_TRANSFER_H

#include "gpu/descriptor.h"
#include "ops/interface.h"

/* Bindings, push constants and the specialization constant are in ops/interface.h. */
typedef enum vrn_transfer {
    VRN_TRANSFER_FETCH_IMAGE, /* VRN_FETCH_READING */
    /* for storage images, by their format (VRN_FETCH_READING). First those that every device
     * supports */
    VRN_TRANSFER_FETCH_RGBA8,
    VRN_TRANSFER_FETCH_RGBA16F,
    VRN_TRANSFER_FETCH_RGBA32F,
    VRN_TRANSFER_FETCH_R32F,
    /* .. and these need shaderStorageImageExtendedFormats */
    VRN_TRANSFER_FETCH_R8,
    VRN_TRANSFER_FETCH_RG8,
    VRN_TRANSFER_FETCH_R16,
    VRN_TRANSFER_FETCH_R16F,
    VRN_TRANSFER_FETCH_RGBA16,
    VRN_TRANSFER_FETCH_R11F_G11F_B10F,
    VRN_TRANSFER_FETCH_RGB10_A2,
    VRN_TRANSFER_FETCH_PLANES, /* VRN_FETCH_READING */
    VRN_TRANSFER_FETCH,        /* VRN_FETCH_BGRA */
    VRN_TRANSFER_COLUMNS,      /* VRN_RESAMPLE_VERTICAL: false */
    VRN_TRANSFER_ROWS,         /* .. true */
    VRN_TRANSFER_NORMALIZE,
    VRN_TRANSFER_PACK,   /* VRN_PACK_PLANAR */
    VRN_TRANSFER_UNPACK, /* the type of X, a vrn_type */
    VRN_TRANSFER_TOP,
} vrn_transfer;

/* The objects with which dispatches are recorded. */
typedef struct vrn_transfer_target {
    vrn_device *device;
    VkDescriptorPool pool;
    VkCommandBuffer buffer;
} vrn_transfer_target;

/* Records a dispatch of this many invocations. constant: the value of the kernel's specialization
 * constant, if it has one. bindings: from X on; this function numbers them. */
vrn_result vrn_transfer_record(const vrn_transfer_target *target, vrn_transfer kernel,
                               uint32_t constant, vrn_binding *bindings, const void *push,
                               uint64_t invocations);

/* The range to bind for `bytes` from `offset` of a buffer on; *skipped receives the bytes before
 * them. It may be larger than a binding can be. */
vrn_range vrn_transfer_range(const vrn_device *device, VkBuffer buffer, uint64_t offset,
                             uint64_t bytes, uint64_t *skipped);

#endif
