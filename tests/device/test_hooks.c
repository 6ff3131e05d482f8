/* The application's own allocators and caches: host memory of Vulkan objects, device memory, a
 * pipeline cache, and the cache for later runs. */
#include "application.h"

#include <pthread.h>

static application app;
static vrn_model *model;

enum { CLASSES = 7, NUMBERS = 3 * 32 * 32, BATCH = 1 };

/* Imports with hooks in app.import, runs a network, and destroys all of it. */
static vrn_result run(float logits[CLASSES], bool tune)
{
    static float input[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) input[i] = (float)(i % 17) / 8 - 1;
    vrn_device *device = NULL;
    vrn_session *session = NULL;
    vrn_result result = vrn_device_import(&device, &app.import);
    const vrn_session_params params = {.batch = BATCH};
    if (!result && tune) result = vrn_device_tune(device, model, &params, NULL, NULL);
    if (!result) result = vrn_session_create(&session, device, model, &params);
    if (!result) {
        const vrn_inputs inputs = {.count = 1, .nchw = input};
        result = vrn_session_run(session, &inputs, &(vrn_outputs){.logits = logits});
    }
    vrn_session_destroy(&session);
    vrn_device_destroy(&device);
    return result;
}

static void forget_hooks(void)
{
    app.import.allocation_callbacks = NULL;
    app.import.memory = NULL;
    app.import.cache = NULL;
    app.import.pipeline_cache = VK_NULL_HANDLE;
    app.import.cache_directory = NULL;
    app.log = (fixture_log){0};
}

static void run_as_without_hooks(bool tune)
{
    float found[CLASSES], expected[CLASSES];
    assert_int_equal(run(found, tune), VRN_OK);
    assert_int_equal(app.log.errors, 0);
    forget_hooks();
    assert_int_equal(run(expected, false), VRN_OK);
    if (!tune) assert_memory_equal(found, expected, sizeof found);
}

/* ---- Host memory ---- */

static atomic_int held, taken;

/* The size goes in front, where an alignment of up to 64 leaves room for it. */
enum { FRONT = 64 };

static void *VKAPI_CALL allocate_host(void *user, size_t size, size_t alignment,
                                      VkSystemAllocationScope scope)
{
    (void)user, (void)scope;
    assert_true(alignment <= FRONT);
    char *memory = aligned_alloc(FRONT, (size + 2 * FRONT - 1) / FRONT * FRONT);
    if (!memory) return NULL;
    memcpy(memory, &size, sizeof size);
    atomic_fetch_add(&held, 1);
    atomic_fetch_add(&taken, 1);
    return memory + FRONT;
}

static void VKAPI_CALL free_host(void *user, void *memory)
{
    (void)user;
    if (!memory) return;
    atomic_fetch_sub(&held, 1);
    free((char *)memory - FRONT);
}

static void *VKAPI_CALL reallocate_host(void *user, void *memory, size_t size, size_t alignment,
                                        VkSystemAllocationScope scope)
{
    void *moved = size ? allocate_host(user, size, alignment, scope) : NULL;
    if (memory && moved) {
        size_t old;
        memcpy(&old, (char *)memory - FRONT, sizeof old);
        memcpy(moved, memory, old < size ? old : size);
    }
    if (moved || size == 0) free_host(user, memory);
    return moved;
}

static void host_memory_is_the_applications(void **state)
{
    (void)state;
    const VkAllocationCallbacks callbacks = {
        .pfnAllocation = allocate_host, .pfnReallocation = reallocate_host, .pfnFree = free_host};
    forget_hooks();
    app.import.allocation_callbacks = &callbacks;
    run_as_without_hooks(false);
    assert_true(taken > 20);
    assert_int_equal(held, 0);
}

/* ---- Device memory ---- */

enum { BLOCK_BYTES = 16 << 20, BLOCKS = 16 };

/* One block of device memory, handed out from the front and never used again. */
typedef struct memory_pool {
    struct {
        VkDeviceMemory memory;
        VkDeviceSize used;
        void *mapped;
        uint32_t type;
        bool addressed;
    } blocks[BLOCKS];
    uint32_t count;
    int given, returned, mapped, addressed;
    int misplaced; /* by so many bytes */
    bool empty, unmapped;
} memory_pool;

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;

static VkResult grow(memory_pool *pool, const vrn_memory_request *request)
{
    const VkMemoryAllocateFlagsInfo flags = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
        .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT,
    };
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = request->device_address ? &flags : NULL,
        .allocationSize = BLOCK_BYTES + request->requirements.size,
        .memoryTypeIndex = request->memory_type,
    };
    assert_true(pool->count < BLOCKS);
    const uint32_t i = pool->count++;
    pool->blocks[i].type = request->memory_type;
    pool->blocks[i].addressed = request->device_address;
    /* Nothing begins at 0, so that a forgotten offset shows. */
    pool->blocks[i].used = request->requirements.alignment;
    VkResult result = app.AllocateMemory(app.device, &info, NULL, &pool->blocks[i].memory);
    if (result == VK_SUCCESS && request->map) {
        result = app.MapMemory(app.device, pool->blocks[i].memory, 0, VK_WHOLE_SIZE, 0,
                               &pool->blocks[i].mapped);
    }
    return result;
}

static VkResult allocate_device(void *user, const vrn_memory_request *request,
                                vrn_memory_block *block)
{
    memory_pool *pool = user;
    const VkMemoryRequirements *needs = &request->requirements;
    VkResult result = VK_SUCCESS;
    assert_true(needs->memoryTypeBits & 1u << request->memory_type);
    assert_non_null(request->name);
    if (pool->empty) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    pthread_mutex_lock(&pool_lock);
    uint32_t i = 0;
    while (i < pool->count && (pool->blocks[i].type != request->memory_type ||
                               pool->blocks[i].addressed != request->device_address ||
                               !pool->blocks[i].mapped != !request->map ||
                               pool->blocks[i].used + needs->size > BLOCK_BYTES)) {
        i++;
    }
    if (i == pool->count) result = grow(pool, request);
    if (result == VK_SUCCESS) {
        VkDeviceSize offset = pool->blocks[i].used;
        offset = (offset + needs->alignment - 1) / needs->alignment * needs->alignment;
        pool->blocks[i].used = offset + needs->size;
        *block = (vrn_memory_block){
            .memory = pool->blocks[i].memory,
            .offset = offset + (VkDeviceSize)pool->misplaced,
            .mapped =
                request->map && !pool->unmapped ? (char *)pool->blocks[i].mapped + offset : NULL,
            .user = pool,
        };
        pool->given++;
        pool->mapped += request->map;
        pool->addressed += request->device_address;
    }
    pthread_mutex_unlock(&pool_lock);
    return result;
}

static void release_device(void *user, const vrn_memory_block *block)
{
    memory_pool *pool = user;
    assert_ptr_equal(block->user, pool);
    assert_true(block->memory != VK_NULL_HANDLE && block->offset > 0);
    pthread_mutex_lock(&pool_lock);
    pool->returned++;
    pthread_mutex_unlock(&pool_lock);
}

static void pool_destroy(memory_pool *pool)
{
    for (uint32_t i = 0; i < pool->count; i++) {
        app.FreeMemory(app.device, pool->blocks[i].memory, NULL);
    }
}

static void device_memory_is_the_applications(void **state)
{
    (void)state;
    memory_pool pool = {0};
    const vrn_memory_hooks hooks = {
        .allocate = allocate_device, .release = release_device, .user = &pool};
    forget_hooks();
    app.import.memory = &hooks;
    run_as_without_hooks(false);
    assert_true(pool.given >= 3 && pool.mapped > 0);
    assert_int_equal(pool.returned, pool.given);
    pool_destroy(&pool);
}

/* What is given wrongly is refused and given back; what is not there is out of memory. */
static void wrong_memory_is_refused(void **state)
{
    (void)state;
    const struct {
        memory_pool pool;
        vrn_result expected;
        const char *word;
    } cases[] = {
        {{.empty = true}, VRN_ERROR_OUT_OF_MEMORY, "vrn_memory_hooks.allocate"},
        {{.misplaced = 1}, VRN_ERROR_INVALID_ARGUMENT, "multiple of"},
        {{.unmapped = true}, VRN_ERROR_INVALID_ARGUMENT, "mapped"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memory_pool pool = cases[i].pool;
        const vrn_memory_hooks hooks = {
            .allocate = allocate_device, .release = release_device, .user = &pool};
        float logits[CLASSES];
        forget_hooks();
        app.import.memory = &hooks;
        assert_int_equal(run(logits, false), cases[i].expected);
        assert_non_null(strstr(app.log.last, cases[i].word));
        assert_int_equal(pool.returned, pool.given);
        pool_destroy(&pool);
    }
    forget_hooks();
    const vrn_memory_hooks half = {.allocate = allocate_device};
    app.import.memory = &half;
    float logits[CLASSES];
    assert_int_equal(run(logits, false), VRN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(app.log.last, "release"));
    forget_hooks();
}

/* ---- What is kept ---- */

enum { ENTRIES = 8 };

typedef struct shelf {
    struct {
        char name[128];
        void *data;
        size_t size;
    } entries[ENTRIES];
    uint32_t count;
    int loads, hits, stores;
} shelf;

static bool load(void *user, const char *name, void *data, size_t *size)
{
    shelf *s = user;
    s->loads++;
    for (uint32_t i = 0; i < s->count; i++) {
        if (strcmp(s->entries[i].name, name) != 0) continue;
        if (data && *size != s->entries[i].size) return false;
        if (data) memcpy(data, s->entries[i].data, *size);
        s->hits += data != NULL;
        *size = s->entries[i].size;
        return true;
    }
    return false;
}

static bool store(void *user, const char *name, const void *data, size_t size)
{
    shelf *s = user;
    uint32_t i = 0;
    while (i < s->count && strcmp(s->entries[i].name, name) != 0) i++;
    assert_true(i < ENTRIES && strlen(name) < sizeof s->entries[i].name);
    if (i == s->count) s->count++;
    strcpy(s->entries[i].name, name);
    free(s->entries[i].data);
    s->entries[i].data = malloc(size);
    s->entries[i].size = size;
    memcpy(s->entries[i].data, data, size);
    s->stores++;
    return true;
}

static void shelf_free(shelf *s)
{
    for (uint32_t i = 0; i < s->count; i++) free(s->entries[i].data);
}

static bool has(const shelf *s, const char *begin)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (strncmp(s->entries[i].name, begin, strlen(begin)) == 0) return true;
    }
    return false;
}

static void the_cache_is_the_applications(void **state)
{
    (void)state;
    shelf s = {0};
    const vrn_cache_hooks hooks = {.load = load, .store = store, .user = &s};
    forget_hooks();
    app.import.cache = &hooks;
    app.import.cache_directory = "no such folder, and not looked at";
    run_as_without_hooks(true);
    assert_true(has(&s, "tuned"));
    assert_int_equal(s.hits, 0);
    const int stores = s.stores;
    assert_true(stores > 0 && s.count > 0);

    /* The second time, what was stored is found. */
    app.import.cache = &hooks;
    assert_int_equal(run((float[CLASSES]){0}, false), VRN_OK);
    assert_true(s.hits > 0);

    /* Damaged entries count as absent, and are replaced. */
    const int hits = s.hits;
    for (uint32_t k = 0; k < s.count; k++) ((char *)s.entries[k].data)[s.entries[k].size - 1] ^= 1;
    app.import.cache = &hooks;
    run_as_without_hooks(false);
    assert_true(s.hits > hits);
    assert_true(s.stores > stores || !has(&s, "pipelines")); /* which lavapipe has no data for */
    shelf_free(&s);

    const vrn_cache_hooks half = {.load = load};
    float logits[CLASSES];
    app.import.cache = &half;
    assert_int_equal(run(logits, false), VRN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(app.log.last, "store"));
    forget_hooks();
}

static void the_pipeline_cache_is_the_applications(void **state)
{
    (void)state;
    PFN_vkCreatePipelineCache create =
        (PFN_vkCreatePipelineCache)app.GetDeviceProcAddr(app.device, "vkCreatePipelineCache");
    PFN_vkDestroyPipelineCache destroy =
        (PFN_vkDestroyPipelineCache)app.GetDeviceProcAddr(app.device, "vkDestroyPipelineCache");
    PFN_vkGetPipelineCacheData get =
        (PFN_vkGetPipelineCacheData)app.GetDeviceProcAddr(app.device, "vkGetPipelineCacheData");
    const VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
    VkPipelineCache cache;
    size_t before, after;
    assert_int_equal(create(app.device, &info, NULL, &cache), VK_SUCCESS);
    assert_int_equal(get(app.device, cache, &before, NULL), VK_SUCCESS);
    shelf s = {0};
    const vrn_cache_hooks hooks = {.load = load, .store = store, .user = &s};
    forget_hooks();
    app.import.pipeline_cache = cache;
    app.import.cache = &hooks;
    run_as_without_hooks(false);
    assert_int_equal(s.stores, 0);
    assert_int_equal(get(app.device, cache, &after, NULL), VK_SUCCESS);
    assert_true(after >= before); /* some drivers keep what they compile elsewhere */
    destroy(app.device, cache, NULL);
    shelf_free(&s);
}

int main(void)
{
    app_create(&app, VK_API_VERSION_1_2);
    vrn_arch arch;
    if (vrn_arch_parse(&arch, "resnet,block=basic,layers=1,planes=8,stem=cifar,num_classes=7",
                       NULL) ||
        vrn_model_create_random(&model, &arch, 3, NULL)) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_memory_is_the_applications),
        cmocka_unit_test(device_memory_is_the_applications),
        cmocka_unit_test(wrong_memory_is_refused),
        cmocka_unit_test(the_cache_is_the_applications),
        cmocka_unit_test(the_pipeline_cache_is_the_applications),
    };
    int failed = cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
    vrn_model_destroy(&model);
    const int complaints = app_destroy(&app);
    return failed || complaints;
}
