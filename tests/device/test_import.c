/* A device that an application lends: what it is told to enable, what is refused and with which
 * message, which capabilities follow, and that the lent objects are not changed. */
#include "application.h"

#include <pthread.h>

static application app; /* one that enables all that the library would like */
static vrn_model *model;

enum { CLASSES = 7, NUMBERS = 3 * 32 * 32 };

static vrn_device *import(application *from)
{
    vrn_device *device = NULL;
    assert_int_equal(vrn_device_import(&device, &from->import), VRN_OK);
    return device;
}

static uint32_t capabilities_of(const vrn_device *device)
{
    vrn_device_info info;
    vrn_device_get_info(device, &info);
    return info.capabilities;
}

static void classify(vrn_device *device, float logits[CLASSES])
{
    vrn_session *session = NULL;
    static float input[NUMBERS];
    assert_int_equal(vrn_session_create(&session, device, model, NULL), VRN_OK);
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    const vrn_outputs outputs = {.logits = logits};
    assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
    vrn_session_destroy(&session);
}

/* ---- What was enabled ---- */

/* The capabilities for which something can be enabled on the application's device. */
static uint32_t required(const application *on)
{
    const vrn_device_requirements_params params = app_requirements_params(on);
    vrn_device_requirements requirements;
    assert_int_equal(vrn_device_get_requirements(&requirements, &params), VRN_OK);
    uint32_t capabilities = 0;
    for (uint32_t i = 0; i < requirements.count; i++) {
        capabilities |= requirements.items[i].capability;
    }
    return capabilities;
}

static bool needs_an_extension(const application *on)
{
    const vrn_device_requirements_params params = app_requirements_params(on);
    vrn_device_requirements requirements;
    bool needs = false;
    assert_int_equal(vrn_device_get_requirements(&requirements, &params), VRN_OK);
    for (uint32_t i = 0; i < requirements.count; i++) needs |= requirements.items[i].mandatory;
    return needs;
}

/* Only devices with lowered limits (limits_layer.c) may lack them: all drivers that are tested have
 * them. */
static bool has_timelines(const application *on)
{
    const bool has = required(on) & VRN_CAPABILITY_TIMELINE_SEMAPHORES;
    assert_true(has || getenv("VRN_TEST_LIMITS"));
    return has;
}

/* A lent device is as good as one of the library's own, and gives the same bytes. */
static void requirements_are_enough(void **state)
{
    (void)state;
    fixture_log log = {0};
    vrn_device *own = fixture_device(&log, 0), *lent = import(&app);
    const uint32_t listed = required(&app);
    assert_int_equal(capabilities_of(lent) & listed, listed);
    assert_int_equal(capabilities_of(own) & listed, listed);
    float expected[CLASSES], found[CLASSES];
    classify(own, expected);
    classify(lent, found);
    assert_memory_equal(found, expected, sizeof found);
    vrn_device_destroy(&lent);
    fixture_done(&own, &log);
}

/* The devices of this test enable no extension. */
static void capabilities_follow_from_what_was_enabled(void **state)
{
    (void)state;
    if (needs_an_extension(&app)) skip();
    const uint32_t switched =
        VRN_CAPABILITY_TIMELINE_SEMAPHORES | VRN_CAPABILITY_STORAGE_16BIT | VRN_CAPABILITY_INT8 |
        VRN_CAPABILITY_INTEGER_DOT_PRODUCT | VRN_CAPABILITY_COOPERATIVE_MATRIX |
        VRN_CAPABILITY_COOPERATIVE_MATRIX_2 | VRN_CAPABILITY_PIPELINE_STATISTICS |
        VRN_CAPABILITY_BUFFER_ARRAYS | VRN_CAPABILITY_BUFFER_ADDRESSES;
    VkPhysicalDeviceVulkan12Features all12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
        .timelineSemaphore = VK_TRUE,
    };
    VkPhysicalDevice16BitStorageFeatures storage = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
        .pNext = &all12,
        .storageBuffer16BitAccess = VK_TRUE,
    };
    const struct {
        const void *features;
        uint32_t expected;
    } cases[] = {
        {NULL, 0},
        {&all12, VRN_CAPABILITY_TIMELINE_SEMAPHORES},
        {&storage, VRN_CAPABILITY_TIMELINE_SEMAPHORES | VRN_CAPABILITY_STORAGE_16BIT},
    };
    fixture_log log = {0};
    vrn_device *own = fixture_device(&log, 0);
    const uint32_t has = capabilities_of(own);
    fixture_done(&own, &log);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if ((has & cases[i].expected) != cases[i].expected) continue;
        application plain = {0};
        app_create_instance(&plain, VK_API_VERSION_1_2);
        app_describe_device(&plain);
        plain.info.pNext = cases[i].features;
        app_create_device(&plain);
        vrn_device *device = import(&plain);
        assert_int_equal(capabilities_of(device) & switched, cases[i].expected);
        float logits[CLASSES];
        classify(device, logits);
        vrn_device_destroy(&device);
        assert_int_equal(app_destroy(&plain), 0);
        assert_int_equal(plain.log.errors, 0);
    }
}

/* An application of Vulkan 1.1 has none of the later structures and functions. */
static void vulkan_1_1_is_enough(void **state)
{
    (void)state;
    application old;
    app_create(&old, VK_API_VERSION_1_1);
    vrn_device *device = import(&old);
    vrn_device_info info;
    vrn_device_get_info(device, &info);
    assert_int_equal(info.api_version, VK_API_VERSION_1_1);
    float logits[CLASSES];
    classify(device, logits);
    vrn_device_destroy(&device);
    assert_int_equal(app_destroy(&old), 0);
    assert_int_equal(old.log.errors, 0);
}

/* ---- Additions to an application's own features ---- */

/* How often a structure of the type is in the chain. */
static int occurrences(const void *first, VkStructureType type)
{
    int found = 0;
    for (const VkBaseInStructure *at = first; at; at = at->pNext) found += at->sType == type;
    return found;
}

static bool lists(const VkDeviceCreateInfo *info, const char *extension)
{
    int found = 0;
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++) {
        found += strcmp(info->ppEnabledExtensionNames[i], extension) == 0;
    }
    assert_true(found <= 1);
    return found;
}

/* The features of an application of Vulkan 1.3, some of which the library wants as well. */
typedef struct own_features {
    VkPhysicalDeviceFeatures2 core;
    VkPhysicalDeviceVulkan11Features v11;
    VkPhysicalDeviceVulkan12Features v12;
    VkPhysicalDeviceVulkan13Features v13;
} own_features;

static void chain_features(own_features *f, VkDeviceCreateInfo *info)
{
    *f = (own_features){
        .core = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &f->v11},
        .v11 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &f->v12},
        .v12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, .pNext = &f->v13},
        .v13 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES},
    };
    f->core.features.independentBlend = VK_TRUE;
    f->v12.hostQueryReset = VK_TRUE;
    f->v13.dynamicRendering = VK_TRUE;
    info->pNext = &f->core;
}

/* Members are set in the structures of the application, which keep what they had; no structure
 * appears that a structure of a whole version excludes; the device gets every capability. */
static void additions_go_into_the_applications_structures(void **state)
{
    (void)state;
    static const VkStructureType excluded[] = {
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DESCRIPTOR_INDEXING_FEATURES,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES,
    };
    application modern = {0};
    own_features features;
    app_create_instance(&modern, VK_API_VERSION_1_3);
    VkPhysicalDeviceProperties properties;
    modern.GetPhysicalDeviceProperties(modern.physical, &properties);
    if (properties.apiVersion >= VK_API_VERSION_1_3) {
        app_describe_device(&modern);
        chain_features(&features, &modern.info);
        app_create_with_additions(&modern);
        for (size_t i = 0; i < sizeof excluded / sizeof excluded[0]; i++) {
            assert_int_equal(occurrences(modern.info.pNext, excluded[i]), 0);
        }
        assert_int_equal(
            occurrences(modern.info.pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2), 1);
        assert_null(modern.info.pEnabledFeatures);
        assert_true(features.core.features.independentBlend && features.v12.hostQueryReset);
        assert_true(features.v13.dynamicRendering && features.v12.timelineSemaphore);
        vrn_device *device = import(&modern);
        const uint32_t listed = required(&modern);
        assert_int_equal(capabilities_of(device) & listed, listed);
        float logits[CLASSES];
        classify(device, logits);
        vrn_device_destroy(&device);
    }
    assert_int_equal(app_destroy(&modern), 0);
    assert_int_equal(modern.log.errors, 0);
}

/* Core features without a VkPhysicalDeviceFeatures2 go into a copy; an extension that both want is
 * listed once; the application's list and features stay as they are. */
static void additions_keep_what_an_old_application_enables(void **state)
{
    (void)state;
    application old = {0};
    app_create_instance(&old, VK_API_VERSION_1_1);
    if (!has_timelines(&old)) {
        assert_int_equal(app_destroy(&old), 0);
        skip();
    }
    app_describe_device(&old);
    static const char *const names[] = {VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME};
    static const VkPhysicalDeviceFeatures core = {.independentBlend = VK_TRUE};
    old.info.enabledExtensionCount = 1;
    old.info.ppEnabledExtensionNames = names;
    old.info.pEnabledFeatures = &core;
    app_create_with_additions(&old);
    assert_true(lists(&old.info, names[0]));
    assert_int_equal(occurrences(old.info.pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2), 0);
    assert_true(old.info.pEnabledFeatures->independentBlend);
    vrn_device *device = import(&old);
    assert_int_equal(capabilities_of(device) & required(&old), required(&old));
    assert_true(capabilities_of(device) & VRN_CAPABILITY_TIMELINE_SEMAPHORES);
    vrn_device_destroy(&device);
    assert_int_equal(app_destroy(&old), 0);
    assert_int_equal(old.log.errors, 0);
}

/* What only profiling uses is left out unless it is asked for, and so is what `without` names. */
static void requirements_are_on_request(void **state)
{
    (void)state;
    vrn_device_requirements_params params = app_requirements_params(&app);
    vrn_device_requirements all, usual, fewer;
    params.pipeline_statistics = true;
    assert_int_equal(vrn_device_get_requirements(&all, &params), VRN_OK);
    params.pipeline_statistics = false;
    assert_int_equal(vrn_device_get_requirements(&usual, &params), VRN_OK);
    params.without = VRN_CAPABILITY_TIMELINE_SEMAPHORES;
    assert_int_equal(vrn_device_get_requirements(&fewer, &params), VRN_OK);
    assert_true(usual.count <= all.count);
    assert_int_equal(fewer.count, usual.count - has_timelines(&app));
    for (uint32_t i = 0; i < usual.count; i++) {
        const vrn_requirement *item = &usual.items[i];
        assert_int_not_equal(item->capability, VRN_CAPABILITY_PIPELINE_STATISTICS);
        assert_true(!item->feature || (item->type && item->offset));
    }
}

/* After an error nothing is left that looks like an answer. */
static void refused_additions_change_nothing(void **state)
{
    (void)state;
    vrn_device_requirements_params params = app_requirements_params(&app);
    static const VkPhysicalDeviceFeatures core;
    VkPhysicalDeviceFeatures2 both = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
    const VkDeviceCreateInfo given = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .pNext = &both, .pEnabledFeatures = &core};
    VkDeviceCreateInfo info = given;
    vrn_device_additions *additions = (vrn_device_additions *)&app;
    const int errors = app.log.errors;
    assert_int_equal(vrn_device_additions_create(&additions, &info, &params),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(app.log.last, "pEnabledFeatures"));
    assert_null(additions);
    assert_memory_equal(&info, &given, sizeof info);
    params.api_version = VK_API_VERSION_1_0;
    vrn_device_requirements requirements;
    memset(&requirements, 0xab, sizeof requirements);
    assert_int_equal(vrn_device_get_requirements(&requirements, &params), VRN_ERROR_UNSUPPORTED);
    assert_int_equal(requirements.count, 0);
    assert_int_equal(requirements.extension_count, 0);
    assert_int_equal(app.log.errors, errors + 2);
    app.log.errors = errors;
}

/* ---- Refusals ---- */

static void refuse(const vrn_device_import_params *params, vrn_result expected, const char *word)
{
    vrn_device *device = (vrn_device *)&app;
    const int errors = app.log.errors;
    assert_int_equal(vrn_device_import(&device, params), expected);
    assert_null(device);
    assert_int_equal(app.log.errors, errors + 1);
    assert_non_null(strstr(app.log.last, word));
    app.log.errors = errors;
}

static void a_wrong_import_is_refused_by_name(void **state)
{
    (void)state;
    vrn_device_import_params p = app.import;
#define REFUSE(field, value, result, word)                                                         \
    p.field = value;                                                                               \
    refuse(&p, result, word);                                                                      \
    p = app.import
    REFUSE(instance, VK_NULL_HANDLE, VRN_ERROR_INVALID_ARGUMENT, "instance");
    REFUSE(physical_device, VK_NULL_HANDLE, VRN_ERROR_INVALID_ARGUMENT, "physical_device");
    REFUSE(device, VK_NULL_HANDLE, VRN_ERROR_INVALID_ARGUMENT, "device");
    REFUSE(get_instance_proc_addr, NULL, VRN_ERROR_INVALID_ARGUMENT, "get_instance_proc_addr");
    REFUSE(queue, VK_NULL_HANDLE, VRN_ERROR_INVALID_ARGUMENT, "queue");
    REFUSE(queue_family, VK_QUEUE_FAMILY_IGNORED, VRN_ERROR_INVALID_ARGUMENT, "queue_family");
    REFUSE(queue_family, 99, VRN_ERROR_INVALID_ARGUMENT, "queue family 99");
    const VkDeviceCreateInfo no_names = {.enabledExtensionCount = 1};
    const VkDeviceGroupDeviceCreateInfo group = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_GROUP_DEVICE_CREATE_INFO,
        .physicalDeviceCount = 2,
    };
    const VkDeviceCreateInfo of_group = {.pNext = &group};
    REFUSE(created_with, &of_group, VRN_ERROR_UNSUPPORTED, "found a VkDevice of 2");
    REFUSE(created_with, &no_names, VRN_ERROR_INVALID_ARGUMENT, "ppEnabledExtensionNames");
    REFUSE(lock, free, VRN_ERROR_INVALID_ARGUMENT, "unlock");
    REFUSE(unlock, free, VRN_ERROR_INVALID_ARGUMENT, "lock");
    REFUSE(api_version, VK_API_VERSION_1_0, VRN_ERROR_UNSUPPORTED, "Vulkan 1.1 is needed");
#undef REFUSE
}

/* A loader between the library and the real one, for devices that are not to be had here. */
static bool hides_dispatch, has_portability_subset, has_no_compute;

static VKAPI_ATTR VkResult VKAPI_CALL portable_extensions(VkPhysicalDevice physical,
                                                          const char *layer, uint32_t *count,
                                                          VkExtensionProperties *properties)
{
    (void)physical, (void)layer;
    static const VkExtensionProperties extension = {.extensionName = "VK_KHR_portability_subset"};
    if (properties) properties[0] = extension;
    *count = 1;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL families_without_compute(VkPhysicalDevice physical,
                                                           uint32_t *count,
                                                           VkQueueFamilyProperties *families)
{
    app.GetPhysicalDeviceQueueFamilyProperties(physical, count, families);
    /* A second family computes, so that the device itself is good. */
    if (families && *count > 1) families[1] = families[0];
    if (families) families[0].queueFlags = VK_QUEUE_TRANSFER_BIT;
    if (!families) *count = 2;
    if (families && *count == 1) {
        families[1] = families[0];
        families[1].queueFlags = VK_QUEUE_COMPUTE_BIT;
        *count = 2;
    }
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_function(VkDevice device, const char *name)
{
    if (hides_dispatch && strcmp(name, "vkCmdDispatch") == 0) return NULL;
    return app.GetDeviceProcAddr(device, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_function(VkInstance instance,
                                                                  const char *name)
{
    if (strcmp(name, "vkGetDeviceProcAddr") == 0) return (PFN_vkVoidFunction)device_function;
    if (has_portability_subset && strcmp(name, "vkEnumerateDeviceExtensionProperties") == 0) {
        return (PFN_vkVoidFunction)portable_extensions;
    }
    if (has_no_compute && strcmp(name, "vkGetPhysicalDeviceQueueFamilyProperties") == 0) {
        return (PFN_vkVoidFunction)families_without_compute;
    }
    return app.get(instance, name);
}

static void a_missing_need_is_refused_by_name(void **state)
{
    (void)state;
    vrn_device_import_params p = app.import;
    p.get_instance_proc_addr = instance_function;
    hides_dispatch = true;
    refuse(&p, VRN_ERROR_UNSUPPORTED, "vkCmdDispatch");
    hides_dispatch = false;

    has_portability_subset = true;
    vrn_device_requirements requirements;
    const vrn_device_requirements_params params = {
        .instance = app.instance,
        .physical_device = app.physical,
        .get_instance_proc_addr = instance_function,
    };
    assert_int_equal(vrn_device_get_requirements(&requirements, &params), VRN_OK);
    assert_true(requirements.count > 0 && requirements.items[0].mandatory);
    assert_string_equal(requirements.items[0].extension, "VK_KHR_portability_subset");
    p.created_with = NULL;
    refuse(&p, VRN_ERROR_UNSUPPORTED, "VK_KHR_portability_subset");
    has_portability_subset = false;

    has_no_compute = true;
    p.queue_family = 0;
    refuse(&p, VRN_ERROR_UNSUPPORTED, "VK_QUEUE_COMPUTE_BIT");
    has_no_compute = false;
}

/* ---- Semaphores ---- */

static VkSemaphore make_timeline(void)
{
    const VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
    };
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
                                        .pNext = &type};
    VkSemaphore semaphore;
    assert_int_equal(app.CreateSemaphore(app.device, &info, NULL, &semaphore), VK_SUCCESS);
    return semaphore;
}

/* Two submissions in a row, each after a value that comes before it; the first value is signalled
 * before they are submitted, or after. */
static void submit_after(vrn_session *session, VkSemaphore semaphore, uint64_t from, bool early)
{
    PFN_vkSignalSemaphore signal =
        (PFN_vkSignalSemaphore)app.GetDeviceProcAddr(app.device, "vkSignalSemaphore");
    PFN_vkWaitSemaphores wait_for =
        (PFN_vkWaitSemaphores)app.GetDeviceProcAddr(app.device, "vkWaitSemaphores");
    static float input[NUMBERS];
    float expected[CLASSES], logits[2][CLASSES];
    const vrn_inputs alone_in = {.count = 1, .nchw = input};
    const vrn_outputs alone_out = {.logits = expected};
    assert_int_equal(vrn_session_run(session, &alone_in, &alone_out), VRN_OK);
    const VkSemaphoreSignalInfo begin = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = semaphore, .value = from};
    if (early) assert_int_equal(signal(app.device, &begin), VK_SUCCESS);
    vrn_ticket tickets[2];
    for (uint64_t i = 0; i < 2; i++) {
        const vrn_timeline_point wait = {semaphore, from + i}, done = {semaphore, from + i + 1};
        const vrn_submit_order order = {
            .waits = &wait, .wait_count = 1, .signals = &done, .signal_count = 1};
        const vrn_inputs inputs = {.count = 1, .nchw = input};
        const vrn_outputs outputs = {.logits = logits[i]};
        assert_int_equal(
            vrn_session_submit_ordered(session, &inputs, &outputs, &order, &tickets[i]), VRN_OK);
    }
    if (!early) assert_int_equal(signal(app.device, &begin), VK_SUCCESS);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(vrn_session_wait(session, tickets[i]), VRN_OK);
        assert_memory_equal(logits[i], expected, sizeof expected);
    }
    /* A fence may be signalled a moment before the semaphores of the same submission. */
    const uint64_t last = from + 2;
    const VkSemaphoreWaitInfo end = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &semaphore,
        .pValues = &last,
    };
    assert_int_equal(wait_for(app.device, &end, UINT64_MAX), VK_SUCCESS);
}

static void submissions_wait_for_values(void **state)
{
    (void)state;
    if (!has_timelines(&app)) skip();
    vrn_device *device = import(&app);
    vrn_session *session = NULL;
    assert_int_equal(vrn_session_create(&session, device, model, NULL), VRN_OK);
    VkSemaphore semaphore = make_timeline();
    submit_after(session, semaphore, 5, true);
    submit_after(session, semaphore, 50, false);
    /* Mesa 22.3's lavapipe still uses a semaphore a moment after its value can be seen. */
    assert_int_equal(app.QueueWaitIdle(app.queue), VK_SUCCESS);
    vrn_session_destroy(&session);
    app.DestroySemaphore(app.device, semaphore, NULL);
    vrn_device_destroy(&device);
}

static void without_the_feature_an_order_is_refused(void **state)
{
    (void)state;
    if (needs_an_extension(&app)) skip();
    vrn_device_import_params p = app.import;
    p.created_with = NULL; /* says an application that has not enabled it */
    vrn_device *device = NULL;
    assert_int_equal(vrn_device_import(&device, &p), VRN_OK);
    vrn_session *session = NULL;
    assert_int_equal(vrn_session_create(&session, device, model, NULL), VRN_OK);
    static float input[NUMBERS];
    const vrn_timeline_point point = {(VkSemaphore)(uintptr_t)1, 1};
    const vrn_submit_order order = {.waits = &point, .wait_count = 1};
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    vrn_ticket ticket;
    const int errors = app.log.errors;
    assert_int_equal(vrn_session_submit_ordered(session, &inputs, NULL, &order, &ticket),
                     VRN_ERROR_UNSUPPORTED);
    assert_non_null(strstr(app.log.last, "timelineSemaphore"));
    app.log.errors = errors;
    vrn_session_destroy(&session);
    vrn_device_destroy(&device);
}

/* ---- Threads ---- */

static pthread_mutex_t queue_mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int locked;

static void lock(void *user)
{
    pthread_mutex_lock(user);
    atomic_fetch_add(&locked, 1);
}

static void unlock(void *user)
{
    pthread_mutex_unlock(user);
}

typedef struct worker {
    pthread_t thread;
    vrn_device *device;
    float logits[CLASSES];
    vrn_result result;
} worker;

/* No assertion here: cmocka jumps, which only the main thread may do. */
static void *work(void *user)
{
    worker *w = user;
    static const float input[NUMBERS];
    vrn_session *session = NULL;
    w->result = vrn_session_create(&session, w->device, model, NULL);
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    const vrn_outputs outputs = {.logits = w->logits};
    for (int i = 0; i < 20 && !w->result; i++)
        w->result = vrn_session_run(session, &inputs, &outputs);
    vrn_session_destroy(&session);
    return NULL;
}

/* Two threads on the lent device, whose queue the application goes on using, and one on each of two
 * devices of the library's own. */
static void four_threads_and_three_devices(void **state)
{
    (void)state;
    fixture_log logs[2] = {{0}};
    app.import.lock = lock;
    app.import.unlock = unlock;
    app.import.lock_user = &queue_mutex;
    vrn_device *lent = import(&app);
    vrn_device *own[2] = {fixture_device(&logs[0], 0), fixture_device(&logs[1], 0)};
    worker workers[4] = {
        {.device = lent}, {.device = own[0]}, {.device = lent}, {.device = own[1]}};
    float expected[CLASSES];
    classify(lent, expected);
    atomic_store(&locked, 0);
    for (int i = 0; i < 4; i++) pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    for (int i = 0; i < 50; i++) {
        VkCommandBuffer nothing = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
        pthread_mutex_lock(&queue_mutex);
        app_finish(&app, nothing);
        pthread_mutex_unlock(&queue_mutex);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].result, VRN_OK);
        assert_memory_equal(workers[i].logits, expected, sizeof expected);
    }
    assert_true(atomic_load(&locked) >= 40);
    vrn_device_destroy(&lent);
    for (int i = 0; i < 2; i++) fixture_done(&own[i], &logs[i]);
    app.import.lock = NULL;
    app.import.unlock = NULL;
}

int main(void)
{
    app_create(&app, VK_API_VERSION_1_2);
    vrn_arch arch;
    if (vrn_arch_parse(&arch, "resnet,block=basic,layers=1:1,planes=8:12,stem=cifar,num_classes=7",
                       NULL) ||
        vrn_model_create_random(&model, &arch, 3, NULL)) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requirements_are_enough),
        cmocka_unit_test(capabilities_follow_from_what_was_enabled),
        cmocka_unit_test(additions_go_into_the_applications_structures),
        cmocka_unit_test(additions_keep_what_an_old_application_enables),
        cmocka_unit_test(requirements_are_on_request),
        cmocka_unit_test(refused_additions_change_nothing),
        cmocka_unit_test(vulkan_1_1_is_enough),
        cmocka_unit_test(a_wrong_import_is_refused_by_name),
        cmocka_unit_test(a_missing_need_is_refused_by_name),
        cmocka_unit_test(submissions_wait_for_values),
        cmocka_unit_test(without_the_feature_an_order_is_refused),
        cmocka_unit_test(four_threads_and_three_devices),
    };
    int failed = cmocka_run_group_tests_name("import", tests, NULL, NULL);
    vrn_model_destroy(&model);
    const int complaints = app_destroy(&app);
    return failed || complaints || app.log.errors || app.log.warnings;
}
