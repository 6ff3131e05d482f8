#include "ops/support.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/util.h"
#include "gpu/memory.h"

void vrn_kernel_count_descriptors(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                  uint32_t images, vrn_descriptor_counts *counts)
{
    const uint32_t passes = vrn_kernel_pass_count(kernel);
    counts->sets += passes;
    for (uint32_t k = 0; k < passes * VRN_BIND_COUNT; k++) {
        const uint32_t pass = k / VRN_BIND_COUNT, b = k % VRN_BIND_COUNT;
        if (!(vrn_kernel_bindings(kernel, pass, desc) & 1u << b)) continue;
        if (b == VRN_BIND_BLOCKS) {
            counts->array_buffers += (uint32_t)vrn_kernel_block_count(kernel, pass, desc, images);
        } else if (vrn_kernel_shader(kernel, pass)->texel & 1u << b) {
            counts->texel_buffers++;
        } else {
            counts->storage_buffers++;
        }
    }
}

uint64_t vrn_kernel_binding_limit(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                  const vrn_op_desc *desc, const vrn_device *device)
{
    if (vrn_kernel_shader(kernel, pass)->texel & (1u << binding)) {
        return (uint64_t)device->probe.limits.maxTexelBufferElements *
               vrn_kernel_texel(kernel, pass, binding, desc).bytes;
    }
    if (binding == VRN_BIND_BLOCKS) {
        return (uint64_t)(device->probe.max_array - VRN_STATIONARY_LINES) *
               vrn_kernel_block_bytes(kernel, pass, desc);
    }
    return device->probe.limits.maxStorageBufferRange;
}

bool vrn_kernel_bindable(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                         const vrn_device *device)
{
    for (uint32_t k = 0; k < vrn_kernel_pass_count(kernel) * VRN_BIND_COUNT; k++) {
        const uint32_t pass = k / VRN_BIND_COUNT, b = k % VRN_BIND_COUNT;
        if (vrn_kernel_binding_bytes(kernel, pass, b, desc, images) >
            vrn_kernel_binding_limit(kernel, pass, b, desc, device)) {
            return false;
        }
    }
    return true;
}

static bool grid_fits(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                      const vrn_device *device)
{
    const VkPhysicalDeviceLimits *limits = &device->probe.limits;
    const vrn_grid grid = vrn_kernel_grid(kernel, pass, desc, 1);
    return grid.z <= limits->maxComputeWorkGroupCount[2] &&
           grid.x <=
               (uint64_t)limits->maxComputeWorkGroupCount[0] * limits->maxComputeWorkGroupCount[1];
}

static bool lacks(char why[VRN_WHY_MAX], const char *format, ...) VRN_PRINTF(2, 3);
static bool lacks(char why[VRN_WHY_MAX], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (why) vsnprintf(why, VRN_WHY_MAX, format, args);
    va_end(args);
    return false;
}

bool vrn_kernel_possible(const vrn_kernel *kernel, const vrn_device *device, char why[VRN_WHY_MAX])
{
    const vrn_subgroup_info *subgroup = &device->probe.subgroup;
    const vrn_matrix_list *matrices = &device->probe.matrices;
    const vrn_matrix_shape matrix = vrn_kernel_matrix(kernel);
    const uint32_t lacking = kernel->variant->needs & ~device->probe.info.capabilities;
    const uint32_t reserved = matrix.invocations ? matrices->reserved_shared : 0;
    const uint32_t shared = vrn_kernel_shared_bytes(kernel) + reserved;
    const uint32_t size = vrn_kernel_subgroup_size(kernel);
    const uint32_t most = vrn_min_u32(device->probe.limits.maxComputeWorkGroupInvocations,
                                      device->probe.limits.maxComputeWorkGroupSize[0]);
    if (lacking) return lacks(why, "needs %s", vrn_capability_name(lacking & (~lacking + 1)));
    if (shared > device->probe.limits.maxComputeSharedMemorySize) {
        return lacks(why, "needs %u bytes of shared memory, but the device has %u", shared,
                     device->probe.limits.maxComputeSharedMemorySize);
    }
    if (size && (size < subgroup->size_min || size > subgroup->size_max)) {
        const bool one = subgroup->size_min == subgroup->size_max;
        return one ? lacks(why, "needs subgroups of %u, but the device has %u", size,
                           subgroup->size_min)
                   : lacks(why, "needs subgroups of %u, but the device has %u to %u", size,
                           subgroup->size_min, subgroup->size_max);
    }
    if (matrix.m && !vrn_matrix_listed(matrices, &matrix)) {
        return lacks(why, "needs matrices of %u x %u x %u, which the device does not list",
                     matrix.m, matrix.n, matrix.k);
    }
    for (uint32_t i = 0; i < vrn_kernel_pass_count(kernel); i++) {
        const vrn_shader *shader = vrn_kernel_shader(kernel, i);
        const uint32_t threads = vrn_kernel_threads(kernel, i);
        if (shader->addressed && !shader->straight && device->quirks.straight_addresses) {
            return lacks(why, "reads through addresses in loops, which is slow on this driver");
        }
        if (shader->straight &&
            sizeof(struct vrn_push_straight) > device->probe.limits.maxPushConstantsSize) {
            return lacks(why, "needs %zu bytes of push constants, but the device has %u",
                         sizeof(struct vrn_push_straight),
                         device->probe.limits.maxPushConstantsSize);
        }
        if (threads > most) {
            return lacks(why, "needs work groups of %u invocations, but the device allows %u",
                         threads, most);
        }
    }
    return true;
}

bool vrn_kernel_supported(const vrn_kernel *kernel, const vrn_op_desc *desc,
                          const vrn_device *device)
{
    if (vrn_kernel_takes_bytes(kernel) != (desc->w == VRN_TYPE_I8)) return false;
    /* One image must fit within the device's limits; more images are run in slices. */
    if (!vrn_kernel_possible(kernel, device, NULL) || !vrn_kernel_fits(kernel, desc) ||
        !vrn_kernel_bindable(kernel, desc, 1, device)) {
        return false;
    }
    for (uint32_t i = 0; i < vrn_kernel_pass_count(kernel); i++) {
        if (!grid_fits(kernel, i, desc, device)) return false;
    }
    /* Scratch memory is allocated together with the activations. */
    return vrn_kernel_scratch(kernel, desc, 1, vrn_buffer_alignment(device), NULL) <=
           device->probe.info.max_allocation / 2;
}
