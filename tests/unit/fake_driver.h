/* A driver that compiles nothing, with the functions that pipelines need: it counts, can be slow,
 * can fail, and has a pipeline cache that is a list of numbers. It misbehaves on request, as no
 * real driver does. */
#ifndef VRN_TESTS_FAKE_DRIVER_H
#define VRN_TESTS_FAKE_DRIVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gpu/device.h"
#include "gpu/pipeline.h"

enum { FAKE_ENTRIES = 64 };

typedef struct fake_cache {
    uint32_t count;
    uint32_t entries[FAKE_ENTRIES]; /* first specialization constants of what was compiled */
} fake_cache;

static struct {
    atomic_uint objects;       /* alive */
    atomic_uint begun;         /* pipelines, whether or not they were made */
    atomic_uint at_once, most; /* pipelines being made: now, and at most */
    atomic_uint caches_with_data;
    uint32_t slowness;      /* how long making one takes; in turns of a loop */
    uint32_t fail_constant; /* a pipeline of this constant .. */
    atomic_uint failures;   /* .. fails so many times */
    bool refuse_data;       /* no cache is made from data */
    uint32_t descriptors;   /* the most that a set can have */
} fake;

static VkResult fake_object(uint64_t *handle)
{
    *handle = (uint64_t)(uintptr_t)malloc(1);
    atomic_fetch_add(&fake.objects, 1);
    return VK_SUCCESS;
}

static void fake_destroy(uint64_t handle)
{
    if (!handle) return;
    free((void *)(uintptr_t)handle);
    atomic_fetch_sub(&fake.objects, 1);
}

#define FAKE_CREATE(name, info_type, handle_type)                                                  \
    static VkResult VKAPI_CALL fake_Create##name(VkDevice device, const info_type *info,           \
                                                 const VkAllocationCallbacks *allocator,           \
                                                 handle_type *handle)                              \
    {                                                                                              \
        (void)device, (void)info, (void)allocator;                                                 \
        return fake_object((uint64_t *)handle);                                                    \
    }                                                                                              \
    static void VKAPI_CALL fake_Destroy##name(VkDevice device, handle_type handle,                 \
                                              const VkAllocationCallbacks *allocator)              \
    {                                                                                              \
        (void)device, (void)allocator;                                                             \
        fake_destroy((uint64_t)handle);                                                            \
    }

static void VKAPI_CALL
fake_GetDescriptorSetLayoutSupport(VkDevice device, const VkDescriptorSetLayoutCreateInfo *info,
                                   VkDescriptorSetLayoutSupport *support)
{
    (void)device;
    uint64_t descriptors = 0;
    for (uint32_t i = 0; i < info->bindingCount; i++) {
        descriptors += info->pBindings[i].descriptorCount;
    }
    support->supported = descriptors <= fake.descriptors;
}

FAKE_CREATE(ShaderModule, VkShaderModuleCreateInfo, VkShaderModule)
FAKE_CREATE(DescriptorSetLayout, VkDescriptorSetLayoutCreateInfo, VkDescriptorSetLayout)
FAKE_CREATE(PipelineLayout, VkPipelineLayoutCreateInfo, VkPipelineLayout)

static void VKAPI_CALL fake_DestroyPipeline(VkDevice device, VkPipeline handle,
                                            const VkAllocationCallbacks *allocator)
{
    (void)device, (void)allocator;
    fake_destroy((uint64_t)handle);
}

static VkPipelineCacheHeaderVersionOne fake_header(const vrn_device *device)
{
    VkPipelineCacheHeaderVersionOne header = {
        .headerSize = sizeof header,
        .headerVersion = VK_PIPELINE_CACHE_HEADER_VERSION_ONE,
        .vendorID = device->probe.info.vendor_id,
        .deviceID = device->probe.info.device_id,
    };
    memcpy(header.pipelineCacheUUID, device->probe.cache_uuid, VK_UUID_SIZE);
    return header;
}

/* VkDevice is the vrn_device. */
static VkResult VKAPI_CALL fake_CreatePipelineCache(VkDevice device,
                                                    const VkPipelineCacheCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator,
                                                    VkPipelineCache *handle)
{
    (void)allocator;
    if (info->initialDataSize && fake.refuse_data) return VK_ERROR_OUT_OF_HOST_MEMORY;
    fake_cache *cache = calloc(1, sizeof *cache);
    if (info->initialDataSize) {
        /* As real drivers, it trusts what it is given: the library must not give it anything
         * else. */
        VkPipelineCacheHeaderVersionOne header = fake_header((const vrn_device *)device);
        assert_memory_equal(info->pInitialData, &header, sizeof header);
        cache->count = (uint32_t)((info->initialDataSize - sizeof header) / sizeof(uint32_t));
        memcpy(cache->entries, (const char *)info->pInitialData + sizeof header,
               cache->count * sizeof(uint32_t));
        atomic_fetch_add(&fake.caches_with_data, 1);
    }
    atomic_fetch_add(&fake.objects, 1);
    *handle = (VkPipelineCache)(uintptr_t)cache;
    return VK_SUCCESS;
}

static void VKAPI_CALL fake_DestroyPipelineCache(VkDevice device, VkPipelineCache handle,
                                                 const VkAllocationCallbacks *allocator)
{
    (void)device, (void)allocator;
    fake_destroy((uint64_t)handle);
}

static VkResult VKAPI_CALL fake_GetPipelineCacheData(VkDevice device, VkPipelineCache handle,
                                                     size_t *size, void *data)
{
    const fake_cache *cache = (const fake_cache *)(uintptr_t)handle;
    VkPipelineCacheHeaderVersionOne header = fake_header((const vrn_device *)device);
    size_t needed = sizeof header + cache->count * sizeof(uint32_t);
    if (data) {
        assert_true(*size >= needed);
        memcpy(data, &header, sizeof header);
        memcpy((char *)data + sizeof header, cache->entries, needed - sizeof header);
    }
    *size = needed;
    return VK_SUCCESS;
}

static void fake_remember(fake_cache *cache, uint32_t entry)
{
    for (uint32_t i = 0; i < cache->count; i++) {
        if (cache->entries[i] == entry) return;
    }
    assert_true(cache->count < FAKE_ENTRIES);
    cache->entries[cache->count++] = entry;
}

static VkResult VKAPI_CALL fake_MergePipelineCaches(VkDevice device, VkPipelineCache into,
                                                    uint32_t count, const VkPipelineCache *caches)
{
    (void)device;
    for (uint32_t i = 0; i < count; i++) {
        const fake_cache *from = (const fake_cache *)(uintptr_t)caches[i];
        for (uint32_t k = 0; k < from->count; k++) {
            fake_remember((fake_cache *)(uintptr_t)into, from->entries[k]);
        }
    }
    return VK_SUCCESS;
}

static vrn_mutex *fake_lock; /* of the caches' contents */

static VkResult VKAPI_CALL fake_CreateComputePipelines(VkDevice device, VkPipelineCache cache,
                                                       uint32_t count,
                                                       const VkComputePipelineCreateInfo *infos,
                                                       const VkAllocationCallbacks *allocator,
                                                       VkPipeline *handles)
{
    (void)device, (void)allocator;
    assert_int_equal(count, 1);
    uint32_t constant;
    memcpy(&constant, infos->stage.pSpecializationInfo->pData, sizeof constant);
    atomic_fetch_add(&fake.begun, 1);
    unsigned now = atomic_fetch_add(&fake.at_once, 1) + 1, most = atomic_load(&fake.most);
    while (now > most && !atomic_compare_exchange_weak(&fake.most, &most, now)) {
    }
    double end = vrn_time_ms() + fake.slowness;
    while (vrn_time_ms() < end) {
    }
    atomic_fetch_sub(&fake.at_once, 1);
    if (constant == fake.fail_constant && atomic_load(&fake.failures) > 0) {
        atomic_fetch_sub(&fake.failures, 1);
        *handles = VK_NULL_HANDLE;
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    }
    if (cache) {
        vrn_mutex_lock(fake_lock);
        fake_remember((fake_cache *)(uintptr_t)cache, constant);
        vrn_mutex_unlock(fake_lock);
    }
    return fake_object((uint64_t *)handles);
}

/* A device of the fake driver, with its store. */
static void fake_open(vrn_device *device, const char *cache_directory, vrn_log log)
{
    memset(device, 0, sizeof *device);
    memset(&fake, 0, sizeof fake);
    fake_lock = vrn_mutex_create();
    device->attachments_lock = vrn_mutex_create();
    device->log = log;
    device->handle = (VkDevice)device;
    device->probe.info.vendor_id = 0x1234;
    device->probe.info.device_id = 0x56;
    device->probe.info.driver_version = 7;
    memcpy(device->probe.cache_uuid, "0123456789abcdef", VK_UUID_SIZE);
    if (cache_directory) device->cache_directory = strdup(cache_directory);
#define FAKE_USE(name) device->vk.name = fake_##name;
    FAKE_USE(CreateShaderModule)
    FAKE_USE(DestroyShaderModule)
    FAKE_USE(GetDescriptorSetLayoutSupport)
    FAKE_USE(CreateDescriptorSetLayout)
    FAKE_USE(DestroyDescriptorSetLayout)
    FAKE_USE(CreatePipelineLayout)
    FAKE_USE(DestroyPipelineLayout)
    FAKE_USE(CreatePipelineCache)
    FAKE_USE(DestroyPipelineCache)
    FAKE_USE(GetPipelineCacheData)
    FAKE_USE(MergePipelineCaches)
    FAKE_USE(CreateComputePipelines)
    FAKE_USE(DestroyPipeline)
#undef FAKE_USE
}

/* Nothing may be left. */
static void fake_close(vrn_device *device)
{
    vrn_device_destroy_attachments(device);
    vrn_mutex_destroy(&device->attachments_lock);
    free(device->cache_directory);
    vrn_mutex_destroy(&fake_lock);
    assert_int_equal(fake.objects, 0);
}

/* A key that differs from others by its constant. */
static vrn_pipeline_key fake_key(uint32_t constant)
{
    static const uint32_t words[] = {0};
    static const vrn_module module = {.name = "fake", .words = words, .size = sizeof words};
    vrn_pipeline_key key;
    memset(&key, 0, sizeof key);
    key.module = &module;
    key.bindings = 1;
    key.constant_count = 1;
    key.constants[0] = constant;
    return key;
}

#endif
