#include "ops/transfer.h"

#include <string.h>

#include "gpu/queue.h"
#include "modules.h"
#include "ops/grid.h"

enum { NO_CONSTANT = UINT16_MAX };

static const struct {
    const char *name; /* for debuggers */
    const vrn_module *module;
    uint16_t push_bytes;
    uint16_t bindings;
    uint16_t constant; /* its id */
} kernels[] = {
#define PUSH(name) sizeof(struct vrn_##name##_push)
    [VRN_TRANSFER_FETCH_IMAGE] = {"fetch pixels", &vrn_module_fetch_image, PUSH(fetch), 2,
                                  VRN_FETCH_READING},
#define STORED(format)                                                                             \
    {                                                                                              \
        "fetch pixels", &vrn_module_fetch_##format, PUSH(fetch), 2, VRN_FETCH_READING              \
    }
    [VRN_TRANSFER_FETCH_RGBA8] = STORED(rgba8),
    [VRN_TRANSFER_FETCH_RGBA16F] = STORED(rgba16f),
    [VRN_TRANSFER_FETCH_RGBA32F] = STORED(rgba32f),
    [VRN_TRANSFER_FETCH_R32F] = STORED(r32f),
    [VRN_TRANSFER_FETCH_R8] = STORED(r8),
    [VRN_TRANSFER_FETCH_RG8] = STORED(rg8),
    [VRN_TRANSFER_FETCH_R16] = STORED(r16),
    [VRN_TRANSFER_FETCH_R16F] = STORED(r16f),
    [VRN_TRANSFER_FETCH_RGBA16] = STORED(rgba16),
    [VRN_TRANSFER_FETCH_R11F_G11F_B10F] = STORED(r11f_g11f_b10f),
    [VRN_TRANSFER_FETCH_RGB10_A2] = STORED(rgb10_a2),
#undef STORED
    [VRN_TRANSFER_FETCH_PLANES] = {"fetch planes", &vrn_module_fetch_planes, PUSH(fetch), 3,
                                   VRN_FETCH_READING},
    [VRN_TRANSFER_FETCH] = {"fetch pixels", &vrn_module_fetch, PUSH(fetch), 2, VRN_FETCH_BGRA},
    [VRN_TRANSFER_COLUMNS] = {"resample columns", &vrn_module_resample, PUSH(resample), 3,
                              VRN_RESAMPLE_VERTICAL},
    [VRN_TRANSFER_ROWS] = {"resample rows", &vrn_module_resample, PUSH(resample), 3,
                           VRN_RESAMPLE_VERTICAL},
    [VRN_TRANSFER_NORMALIZE] = {"normalize", &vrn_module_normalize, PUSH(normalize), 2,
                                NO_CONSTANT},
    [VRN_TRANSFER_PACK] = {"pack floats", &vrn_module_pack, PUSH(pack), 2, VRN_PACK_PLANAR},
    [VRN_TRANSFER_UNPACK] = {"unpack result", &vrn_module_unpack, PUSH(unpack), 2,
                             VRN_ID_TYPES + VRN_BIND_X},
    [VRN_TRANSFER_TOP] = {"best classes", &vrn_module_top_k, PUSH(top), 2, NO_CONSTANT},
#undef PUSH
};

vrn_result vrn_transfer_record(const vrn_transfer_target *target, vrn_transfer kernel,
                               uint32_t constant, vrn_binding *bindings, const void *push,
                               uint64_t invocations)
{
    vrn_device *device = target->device;
    vrn_pipeline_key key;
    memset(&key, 0, sizeof key);
    key.module = kernels[kernel].module;
    key.push_bytes = kernels[kernel].push_bytes;
    for (uint32_t i = 0; i < kernels[kernel].bindings; i++) {
        key.bindings |= 1u << i;
        key.sampled |= bindings[i].image && !bindings[i].storage ? 1u << i : 0;
        key.stored |= bindings[i].storage ? 1u << i : 0;
        bindings[i].binding = i;
    }
    if (kernels[kernel].constant != NO_CONSTANT) {
        key.constant_count = 1;
        key.constant_ids[0] = kernels[kernel].constant;
        key.constants[0] = constant;
    }
    vrn_pipeline pipeline;
    VkDescriptorSet set;
    vrn_result result = vrn_pipeline_get(&pipeline, device, &key);
    if (!result) {
        result = vrn_descriptor_set_create(&set, device, target->pool, &pipeline, bindings,
                                           kernels[kernel].bindings);
    }
    if (result) return result;
    vrn_commands_begin_label(target->buffer, device, kernels[kernel].name);
    vrn_pipeline_bind(&pipeline, device, target->buffer, set, push, key.push_bytes);
    vrn_grid_dispatch(vrn_grid_flat(VRN_TRANSFER_THREADS, invocations), target->buffer, device);
    vrn_commands_end_label(target->buffer, device);
    return VRN_OK;
}

vrn_range vrn_transfer_range(const vrn_device *device, VkBuffer buffer, uint64_t offset,
                             uint64_t bytes, uint64_t *skipped)
{
    *skipped = offset % vrn_buffer_alignment(device);
    return (vrn_range){buffer, offset - *skipped, *skipped + bytes};
}
