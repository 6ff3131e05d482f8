/* Compute pipelines. Each distinct one is made once for a device. */
#ifndef VRN_GPU_PIPELINE_H
#define VRN_GPU_PIPELINE_H

#include "gpu/device.h"
#include "gpu/module.h"

enum {
    VRN_MAX_BINDINGS = 8,
    VRN_MAX_CONSTANTS = 52,
};

/* Everything by which two pipelines can differ. Zero it before filling it in: it is compared as
 * bytes. */
typedef struct vrn_pipeline_key {
    const vrn_module *module;
    uint32_t bindings; /* bit i: set 0 has binding i */
    uint32_t texel;    /* bit i: binding i is a uniform texel buffer */
    uint32_t sampled;  /* bit i: it is a sampled image */
    uint32_t stored;   /* bit i: it is a storage image; none of the three bits: a storage buffer */
    uint32_t arrays; /* bit i: binding i, the last, is an array of storage buffers of any length */
    uint32_t push_bytes;
    uint32_t subgroup_size; /* 0: the driver chooses */
    uint32_t based;         /* 1: part of a grid can be dispatched, with vkCmdDispatchBase */
    uint32_t constant_count;
    uint32_t constant_ids[VRN_MAX_CONSTANTS];
    uint32_t constants[VRN_MAX_CONSTANTS]; /* 32-bit values; floats by their bits */
} vrn_pipeline_key;

typedef struct vrn_pipeline {
    VkPipeline handle;
    VkPipelineLayout layout;
    VkDescriptorSetLayout set_layout;
} vrn_pipeline;

/* Makes the device's store of pipelines and its cache. Call it before the functions below. The
 * store is an attachment of the device. */
vrn_result vrn_pipeline_store_create(vrn_device *device);

/* Gives the pipelines of `count` keys, some of which may be equal. New ones are made now, on all
 * cores; another thread that needs one of them waits for it instead of making it again. They live
 * as long as the device. *refused is set if the driver failed but the device is not lost: the cause
 * may be this pipeline only, and the log has a warning. If `refused` is NULL, that is an error like
 * any other. Thread-safe. */
vrn_result vrn_pipelines_prepare(vrn_device *device, const vrn_pipeline_key *keys, uint32_t count,
                                 vrn_pipeline *pipelines, bool *refused);

/* The same for one key. */
vrn_result vrn_pipeline_get(vrn_pipeline *pipeline, vrn_device *device,
                            const vrn_pipeline_key *key);

/* Makes a pipeline whose statistics can be read (gpu/statistics.h). Needs
 * VRN_CAPABILITY_PIPELINE_STATISTICS. The caller destroys its handle. Thread-safe. */
vrn_result vrn_pipeline_create_measured(vrn_pipeline *pipeline, vrn_device *device,
                                        const vrn_pipeline_key *key);

/* Records the binding of a pipeline and a set, and the push constants. */
void vrn_pipeline_bind(const vrn_pipeline *pipeline, const vrn_device *device,
                       VkCommandBuffer buffer, VkDescriptorSet set, const void *push,
                       uint32_t push_bytes);

#endif
