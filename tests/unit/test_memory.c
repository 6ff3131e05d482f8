/* The memory types that buffers get on various devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gpu/device.h"
#include "gpu/memory.h"

enum {
    LOCAL = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
    SEEN = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    CACHED = VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
};

static uint32_t taken; /* the type of the latest allocation */

static VKAPI_ATTR VkResult VKAPI_CALL fake_CreateBuffer(VkDevice device,
                                                        const VkBufferCreateInfo *info,
                                                        const VkAllocationCallbacks *allocator,
                                                        VkBuffer *buffer)
{
    (void)device, (void)info, (void)allocator;
    *buffer = (VkBuffer)(uintptr_t)1;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL fake_DestroyBuffer(VkDevice device, VkBuffer buffer,
                                                     const VkAllocationCallbacks *allocator)
{
    (void)device, (void)buffer, (void)allocator;
}

static VKAPI_ATTR void VKAPI_CALL fake_requirements(VkDevice device, VkBuffer buffer,
                                                    VkMemoryRequirements *requirements)
{
    (void)device, (void)buffer;
    *requirements = (VkMemoryRequirements){.size = 64, .alignment = 16, .memoryTypeBits = 7};
}

static VKAPI_ATTR VkResult VKAPI_CALL fake_AllocateMemory(VkDevice device,
                                                          const VkMemoryAllocateInfo *info,
                                                          const VkAllocationCallbacks *allocator,
                                                          VkDeviceMemory *memory)
{
    (void)device, (void)allocator;
    taken = info->memoryTypeIndex;
    *memory = (VkDeviceMemory)(uintptr_t)2;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL fake_FreeMemory(VkDevice device, VkDeviceMemory memory,
                                                  const VkAllocationCallbacks *allocator)
{
    (void)device, (void)memory, (void)allocator;
}

static VKAPI_ATTR VkResult VKAPI_CALL fake_BindBufferMemory(VkDevice device, VkBuffer buffer,
                                                            VkDeviceMemory memory,
                                                            VkDeviceSize offset)
{
    (void)device, (void)buffer, (void)memory, (void)offset;
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL fake_MapMemory(VkDevice device, VkDeviceMemory memory,
                                                     VkDeviceSize offset, VkDeviceSize size,
                                                     VkMemoryMapFlags flags, void **data)
{
    static char mapped[64];
    (void)device, (void)memory, (void)offset, (void)size, (void)flags;
    *data = mapped;
    return VK_SUCCESS;
}

/* The type that a use of memory gets on a device with these three. */
static uint32_t type_for(vrn_device_type type, uint32_t capabilities, vrn_buffer_use use)
{
    static const VkMemoryPropertyFlags flags[] = {LOCAL, LOCAL | SEEN | CACHED, LOCAL | SEEN};
    vrn_device device = {
        .probe = {.info = {.type = type, .capabilities = capabilities, .max_allocation = 1 << 20},
                  .memory = {.memoryTypeCount = 3}},
        .vk = {.CreateBuffer = fake_CreateBuffer,
               .DestroyBuffer = fake_DestroyBuffer,
               .GetBufferMemoryRequirements = fake_requirements,
               .AllocateMemory = fake_AllocateMemory,
               .FreeMemory = fake_FreeMemory,
               .BindBufferMemory = fake_BindBufferMemory,
               .MapMemory = fake_MapMemory},
    };
    vrn_buffer buffer;
    for (uint32_t i = 0; i < 3; i++) device.probe.memory.memoryTypes[i].propertyFlags = flags[i];
    taken = UINT32_MAX;
    assert_int_equal(vrn_buffer_create(&buffer, &device, use, 64, "a buffer"), VRN_OK);
    vrn_buffer_destroy(&buffer, &device);
    return taken;
}

static void memory_follows_its_use(void **state)
{
    const uint32_t mapped = VRN_CAPABILITY_DIRECT_MAPPING;
    (void)state;
    /* What a GPU computes with, the host never reads: not through its caches. */
    assert_int_equal(type_for(VRN_DEVICE_INTEGRATED, mapped, VRN_BUFFER_DEVICE), 2);
    assert_int_equal(type_for(VRN_DEVICE_INTEGRATED, mapped, VRN_BUFFER_READBACK), 1);
    /* A processor's driver computes through these caches. */
    assert_int_equal(type_for(VRN_DEVICE_CPU, mapped, VRN_BUFFER_DEVICE), 1);
    /* Without mapping, where the host sees nothing. */
    assert_int_equal(type_for(VRN_DEVICE_DISCRETE, 0, VRN_BUFFER_DEVICE), 0);
    assert_int_equal(type_for(VRN_DEVICE_DISCRETE, 0, VRN_BUFFER_READBACK), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_follows_its_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
