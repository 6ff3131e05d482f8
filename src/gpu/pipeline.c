#include "gpu/pipeline.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "gpu/freeze.h"
#include "gpu/pipeline_cache.h"

typedef enum pipeline_state {
    STATE_NEW, /* no call is making it: it is new, or making it failed */
    STATE_MAKING,
    STATE_READY,
} pipeline_state;

typedef struct stored_pipeline {
    vrn_pipeline_key key;
    uint64_t hash; /* of the key */
    pipeline_state state;
    vrn_pipeline pipeline;
    bool owns_layout; /* it is the first with these bindings and push constants */
} stored_pipeline;

/* The lock guards everything except the cache, which has its own. It is released while pipelines
 * are made: their entries are STATE_MAKING, and a call that needs one of them waits on the lock. */
typedef struct vrn_pipeline_store {
    vrn_attachment base;
    vrn_pipeline_cache cache;
    stored_pipeline *pipelines;
    uint32_t pipeline_count, pipeline_capacity;
    bool grown; /* pipelines were made */
} vrn_pipeline_store;

static void destroy_store(void *data, vrn_device *device)
{
    vrn_pipeline_store *store = data;
    for (uint32_t i = 0; i < store->pipeline_count; i++) {
        const stored_pipeline *p = &store->pipelines[i];
        if (p->state == STATE_READY) {
            device->vk.DestroyPipeline(device->handle, p->pipeline.handle, device->host);
        }
        if (!p->owns_layout) continue;
        device->vk.DestroyPipelineLayout(device->handle, p->pipeline.layout, device->host);
        device->vk.DestroyDescriptorSetLayout(device->handle, p->pipeline.set_layout, device->host);
    }
    vrn_pipeline_cache_destroy(&store->cache, device, store->grown);
    vrn_free(store->pipelines);
}

static const vrn_attachment_kind kind = {sizeof(vrn_pipeline_store), destroy_store};

static vrn_pipeline_store *store_of(const vrn_device *device)
{
    return vrn_device_find_attachment(device, &kind);
}

/* What describes a set's layout. */
typedef struct set_description {
    VkDescriptorSetLayoutBinding bindings[VRN_MAX_BINDINGS];
    VkDescriptorBindingFlags flags[VRN_MAX_BINDINGS];
    VkDescriptorSetLayoutBindingFlagsCreateInfo array_info;
    VkDescriptorSetLayoutCreateInfo info;
} set_description;

static void describe_set(set_description *set, const vrn_device *device,
                         const vrn_pipeline_key *key)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < VRN_MAX_BINDINGS; i++) {
        if (!(key->bindings & (1u << i))) continue;
        const bool array = key->arrays & (1u << i);
        set->flags[count] = array ? VK_DESCRIPTOR_BINDING_VARIABLE_DESCRIPTOR_COUNT_BIT : 0;
        set->bindings[count++] = (VkDescriptorSetLayoutBinding){
            .binding = i,
            .descriptorType = key->texel & (1u << i)     ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                              : key->sampled & (1u << i) ? VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE
                              : key->stored & (1u << i)  ? VK_DESCRIPTOR_TYPE_STORAGE_IMAGE
                                                         : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .descriptorCount = array ? device->probe.max_array : 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        };
    }
    set->array_info = (VkDescriptorSetLayoutBindingFlagsCreateInfo){
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_BINDING_FLAGS_CREATE_INFO,
        .bindingCount = count,
        .pBindingFlags = set->flags,
    };
    /* Sets are never updated after they are bound. The flag is set because it raises the limits. */
    set->info = (VkDescriptorSetLayoutCreateInfo){
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .pNext = key->arrays ? &set->array_info : NULL,
        .flags = key->arrays ? VK_DESCRIPTOR_SET_LAYOUT_CREATE_UPDATE_AFTER_BIND_POOL_BIT : 0,
        .bindingCount = count,
        .pBindings = set->bindings,
    };
}

/* Shortens arrays until the driver supports a set with one beside other buffers. Limits alone do
 * not tell: some drivers report the largest number there is. Without arrays of a useful length the
 * device loses the capability. */
static void limit_arrays(vrn_device *device)
{
    enum { USEFUL = 1 << 16, LAST = VRN_MAX_BINDINGS - 1 };
    const vrn_pipeline_key key = {.bindings = (2u << LAST) - 1, .arrays = 1u << LAST};
    vrn_probe *probe = &device->probe;
    while (vrn_device_has(device, VRN_CAPABILITY_BUFFER_ARRAYS)) {
        set_description set;
        VkDescriptorSetLayoutSupport support = {
            .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_SUPPORT};
        describe_set(&set, device, &key);
        device->vk.GetDescriptorSetLayoutSupport(device->handle, &set.info, &support);
        if (support.supported) return;
        probe->max_array /= 2;
        if (probe->max_array >= USEFUL) continue;
        vrn_probe_drop(probe, VRN_CAPABILITY_BUFFER_ARRAYS);
        vrn_log_write(&device->log, VRN_LOG_INFO,
                      "%s: arrays of buffers are not used: the driver supports no descriptor set "
                      "with %u descriptors",
                      probe->info.name, 2 * probe->max_array);
    }
}

vrn_result vrn_pipeline_store_create(vrn_device *device)
{
    vrn_pipeline_store *store = vrn_device_attachment(device, &kind);
    if (!store) return VRN_ERROR_OUT_OF_MEMORY;
    limit_arrays(device);
    return vrn_pipeline_cache_create(&store->cache, device);
}

static vrn_result create_layout(vrn_pipeline *layout, vrn_device *device,
                                const vrn_pipeline_key *key)
{
    set_description set;
    describe_set(&set, device, key);
    *layout = (vrn_pipeline){0};
    vrn_result result =
        VRN_CALL(device, CreateDescriptorSetLayout, &set.info, device->host, &layout->set_layout);
    if (result) return result;

    const VkPushConstantRange range = {
        .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        .size = key->push_bytes,
    };
    const VkPipelineLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &layout->set_layout,
        .pushConstantRangeCount = key->push_bytes ? 1 : 0,
        .pPushConstantRanges = &range,
    };
    result = VRN_CALL(device, CreatePipelineLayout, &info, device->host, &layout->layout);
    if (result) {
        device->vk.DestroyDescriptorSetLayout(device->handle, layout->set_layout, device->host);
    }
    return result;
}

static bool same_layout(const vrn_pipeline_key *a, const vrn_pipeline_key *b)
{
    return a->bindings == b->bindings && a->texel == b->texel && a->sampled == b->sampled &&
           a->stored == b->stored && a->arrays == b->arrays && a->push_bytes == b->push_bytes;
}

/* Sets the layouts of an entry that is not counted yet: another entry's, or new ones. */
static vrn_result get_layout(stored_pipeline *entry, vrn_device *device)
{
    const vrn_pipeline_store *store = store_of(device);
    for (uint32_t i = 0; i < store->pipeline_count; i++) {
        if (!same_layout(&store->pipelines[i].key, &entry->key)) continue;
        entry->pipeline.layout = store->pipelines[i].pipeline.layout;
        entry->pipeline.set_layout = store->pipelines[i].pipeline.set_layout;
        return VRN_OK;
    }
    entry->owns_layout = true;
    return create_layout(&entry->pipeline, device, &entry->key);
}

/* A pipeline to make. */
typedef struct pipeline_job {
    vrn_device *device;
    uint32_t entry;
    const vrn_pipeline_key *key;
    VkPipelineLayout layout;
    VkPipelineCreateFlags flags;
    double ms;         /* time in the driver */
    VkPipeline handle; /* the result */
    const char *call;  /* the last Vulkan function called; NULL: not begun */
    VkResult result;
    bool refused; /* the driver failed; false: the library ran out of memory */
} pipeline_job;

/* Creates the module of a key, with its constants written into the code if the driver needs
 * that. */
static VkResult create_module(VkShaderModule *module, vrn_device *device,
                              const vrn_pipeline_key *key, bool *refused)
{
    VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = key->module->size,
        .pCode = key->module->words,
    };
    uint32_t *frozen = NULL;
    size_t size;
    if (device->quirks.freeze_constants) {
        if (!vrn_spirv_freeze(&frozen, &size, key->module->words, key->module->size,
                              key->constant_ids, key->constants, key->constant_count)) {
            return VK_ERROR_OUT_OF_HOST_MEMORY;
        }
        info.codeSize = size;
        info.pCode = frozen;
    }
    VkResult result = device->vk.CreateShaderModule(device->handle, &info, device->host, module);
    *refused = result != VK_SUCCESS;
    vrn_free(frozen);
    return result;
}

static void create_pipeline(pipeline_job *job)
{
    vrn_device *device = job->device;
    const vrn_pipeline_key *key = job->key;
    VkShaderModule module;
    job->call = "vkCreateShaderModule";
    job->result = create_module(&module, device, key, &job->refused);
    if (job->result != VK_SUCCESS) return;

    VkSpecializationMapEntry entries[VRN_MAX_CONSTANTS];
    for (uint32_t i = 0; i < key->constant_count; i++) {
        entries[i] = (VkSpecializationMapEntry){
            .constantID = key->constant_ids[i],
            .offset = i * (uint32_t)sizeof key->constants[0],
            .size = sizeof key->constants[0],
        };
    }
    const VkSpecializationInfo specialization = {
        .mapEntryCount = key->constant_count,
        .pMapEntries = entries,
        .dataSize = key->constant_count * sizeof key->constants[0],
        .pData = key->constants,
    };
    const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroups = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
        .requiredSubgroupSize = key->subgroup_size,
    };
    const vrn_subgroup_info *offered = &device->probe.subgroup;
    const bool choice = offered->size_min != offered->size_max;
    /* Kernels that need a size have work groups of whole subgroups, and count on full ones. */
    const bool full = key->subgroup_size && offered->full;
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .flags = job->flags | (key->based ? VK_PIPELINE_CREATE_DISPATCH_BASE_BIT : 0),
        .stage =
            {
                .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                .pNext = key->subgroup_size && choice ? &subgroups : NULL,
                .flags = full ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT : 0,
                .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                .module = module,
                .pName = "main",
                .pSpecializationInfo = &specialization,
            },
        .layout = job->layout,
    };
    job->call = "vkCreateComputePipelines";
    job->result = device->vk.CreateComputePipelines(device->handle, store_of(device)->cache.handle,
                                                    1, &info, device->host, &job->handle);
    job->refused = job->result != VK_SUCCESS;
    device->vk.DestroyShaderModule(device->handle, module, device->host);
    if (job->result == VK_SUCCESS) {
        vrn_device_name(device, VK_OBJECT_TYPE_PIPELINE, (uint64_t)job->handle, "%s",
                        key->module->name);
    }
}

/* Finds the entry of a key, or creates it. */
static vrn_result find_entry(uint32_t *entry, vrn_device *device, const vrn_pipeline_key *key)
{
    vrn_pipeline_store *store = store_of(device);
    const uint64_t hash = vrn_hash64(VRN_HASH_START, key, sizeof *key);
    for (*entry = 0; *entry < store->pipeline_count; ++*entry) {
        const stored_pipeline *p = &store->pipelines[*entry];
        if (p->hash == hash && memcmp(&p->key, key, sizeof *key) == 0) return VRN_OK;
    }
    stored_pipeline *grown =
        vrn_grow(store->pipelines, store->pipeline_count, &store->pipeline_capacity, sizeof *grown);
    if (!grown) return vrn_fail_memory(&device->log);
    store->pipelines = grown;
    grown[*entry] = (stored_pipeline){.key = *key, .hash = hash};
    vrn_result result = get_layout(&grown[*entry], device);
    if (!result) store->pipeline_count++;
    return result;
}

static vrn_result run_job(void *user, uint32_t index)
{
    pipeline_job *job = (pipeline_job *)user + index;
    const double begin = vrn_time_ms();
    create_pipeline(job);
    job->ms = vrn_time_ms() - begin;
    return job->result == VK_SUCCESS ? VRN_OK : VRN_ERROR_UNSUPPORTED;
}

/* Releases the lock, makes the jobs' pipelines, and stores them under the lock again. `refused` is
 * as for vrn_pipelines_prepare. */
static vrn_result make(vrn_device *device, pipeline_job *jobs, uint32_t count, bool *refused)
{
    vrn_pipeline_store *store = store_of(device);
    const pipeline_job *failed = NULL;
    if (count == 0) return VRN_OK;
    vrn_mutex_unlock(store->base.lock);
    vrn_parallel_for(count, run_job, jobs);
    vrn_mutex_lock(store->base.lock);
    for (uint32_t i = 0; i < count; i++) {
        stored_pipeline *p = &store->pipelines[jobs[i].entry];
        bool good = jobs[i].call && jobs[i].result == VK_SUCCESS;
        p->state = good ? STATE_READY : STATE_NEW;
        if (good) {
            p->pipeline.handle = jobs[i].handle;
            store->grown = true;
            vrn_log_write(&device->log, VRN_LOG_DEBUG, "pipeline %s: made in %.1f ms",
                          p->key.module->name, jobs[i].ms);
        }
        if (!failed && jobs[i].call && jobs[i].result != VK_SUCCESS) failed = &jobs[i];
    }
    vrn_mutex_wake_all(store->base.lock);
    if (!failed) return VRN_OK;
    if (!refused || !failed->refused) return vrn_device_check(device, failed->result, failed->call);
    *refused = failed->result != VK_ERROR_DEVICE_LOST;
    return vrn_device_check_spared(device, failed->result, failed->call);
}

/* Makes those of the keys' entries that no other call is making, then waits for the rest. Two calls
 * cannot wait for each other, because each makes its own entries first. */
static vrn_result complete(vrn_device *device, const vrn_pipeline_key *keys,
                           const uint32_t *entries, uint32_t count, pipeline_job *jobs,
                           bool *refused)
{
    vrn_pipeline_store *store = store_of(device);
    while (true) {
        uint32_t job_count = 0;
        bool waiting = false;
        for (uint32_t i = 0; i < count; i++) {
            stored_pipeline *p = &store->pipelines[entries[i]];
            if (p->state == STATE_NEW) {
                p->state = STATE_MAKING;
                jobs[job_count++] = (pipeline_job){.device = device,
                                                   .entry = entries[i],
                                                   .key = &keys[i],
                                                   .layout = p->pipeline.layout};
            } else if (p->state == STATE_MAKING) {
                waiting = true; /* perhaps for an entry of this call, which is ready next time */
            }
        }
        if (job_count == 0 && !waiting) return VRN_OK;
        if (job_count == 0) {
            vrn_mutex_wait(store->base.lock);
        } else {
            vrn_result result = make(device, jobs, job_count, refused);
            if (result) return result;
        }
    }
}

vrn_result vrn_pipelines_prepare(vrn_device *device, const vrn_pipeline_key *keys, uint32_t count,
                                 vrn_pipeline *pipelines, bool *refused)
{
    if (refused) *refused = false;
    vrn_pipeline_store *store = store_of(device);
    uint32_t *entries = vrn_alloc(count, sizeof *entries);
    pipeline_job *jobs = vrn_alloc(count, sizeof *jobs);
    vrn_result result = entries && jobs ? VRN_OK : vrn_fail_memory(&device->log);
    if (!result) {
        vrn_mutex_lock(store->base.lock);
        for (uint32_t i = 0; i < count && !result; i++) {
            result = find_entry(&entries[i], device, &keys[i]);
        }
        if (!result) result = complete(device, keys, entries, count, jobs, refused);
        for (uint32_t i = 0; i < count && !result; i++) {
            pipelines[i] = store->pipelines[entries[i]].pipeline;
        }
        vrn_mutex_unlock(store->base.lock);
    }
    vrn_free(jobs);
    vrn_free(entries);
    return result;
}

vrn_result vrn_pipeline_get(vrn_pipeline *pipeline, vrn_device *device, const vrn_pipeline_key *key)
{
    return vrn_pipelines_prepare(device, key, 1, pipeline, NULL);
}

vrn_result vrn_pipeline_create_measured(vrn_pipeline *pipeline, vrn_device *device,
                                        const vrn_pipeline_key *key)
{
    vrn_pipeline_store *store = store_of(device);
    uint32_t entry;
    vrn_mutex_lock(store->base.lock);
    vrn_result result = find_entry(&entry, device, key);
    if (!result) *pipeline = store->pipelines[entry].pipeline;
    vrn_mutex_unlock(store->base.lock);
    if (result) return result;
    pipeline_job job = {.device = device,
                        .key = key,
                        .layout = pipeline->layout,
                        .flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR};
    create_pipeline(&job);
    pipeline->handle = job.handle;
    return vrn_device_check(device, job.result, job.call);
}

void vrn_pipeline_bind(const vrn_pipeline *pipeline, const vrn_device *device,
                       VkCommandBuffer buffer, VkDescriptorSet set, const void *push,
                       uint32_t push_bytes)
{
    device->vk.CmdBindPipeline(buffer, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->handle);
    device->vk.CmdBindDescriptorSets(buffer, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->layout, 0, 1,
                                     &set, 0, NULL);
    device->vk.CmdPushConstants(buffer, pipeline->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                push_bytes, push);
}
