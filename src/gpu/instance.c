#include "gpu/instance.h"

#include <string.h>

#include <volk.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/os.h"
#include "base/text.h"
#include "base/util.h"
#include "gpu/result.h"

static const char creation[] = "vkCreateInstance";
static const char *const validation_layer = "VK_LAYER_KHRONOS_validation";

/* The possible names of the loader's library. */
static const char *const loader_names[] = {
#if defined(_WIN32)
    "vulkan-1.dll",
#elif defined(__APPLE__)
    "libvulkan.dylib",
    "libvulkan.1.dylib",
    "libMoltenVK.dylib",
#else
    "libvulkan.so.1",
    "libvulkan.so",
#endif
};

/* The name that was found; NULL: none. */
static const char *loader_name;

/* Sets the variable in which volk keeps the loader's entry point (hidden in this library). It is
 * written once and only read afterwards; all devices of a process share one loader. volkInitialize
 * is not used, because it calls the entry point even if the library has none. */
static void open_loader(void)
{
    for (size_t i = 0; i < VRN_COUNT(loader_names) && !loader_name; i++) {
        bool found;
        const PFN_vkGetInstanceProcAddr get = (PFN_vkGetInstanceProcAddr)vrn_library_function(
            loader_names[i], "vkGetInstanceProcAddr", &found);
        if (found) loader_name = loader_names[i];
        if (get) volkInitializeCustom(get);
    }
}

static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                 VkDebugUtilsMessageTypeFlagsEXT types,
                                                 const VkDebugUtilsMessengerCallbackDataEXT *data,
                                                 void *user)
{
    (void)types;
    bool error = (severity & VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT) != 0;
    vrn_log_write(user, error ? VRN_LOG_ERROR : VRN_LOG_WARNING, "validation: %s", data->pMessage);
    return VK_FALSE;
}

void vrn_instance_describe_layers(char *text, size_t capacity)
{
    uint32_t count = 0;
    VkLayerProperties *layers = NULL;
    text[0] = '\0';
    if (vkEnumerateInstanceLayerProperties(&count, NULL) == VK_SUCCESS && count > 0) {
        layers = vrn_alloc(count, sizeof *layers);
    }
    if (layers && vkEnumerateInstanceLayerProperties(&count, layers) == VK_SUCCESS) {
        for (uint32_t i = 0; i < count; i++) {
            vrn_append(text, capacity, "%s%s", i == 0 ? "; layers on this machine: " : ", ",
                       layers[i].layerName);
        }
        vrn_append(text, capacity,
                   "; VK_LOADER_LAYERS_DISABLE=~implicit~ switches off implicit layers");
    }
    vrn_free(layers);
}

/* Reports a failure of the loader, when there is no device yet. */
static vrn_result check_loader(const vrn_log *log, VkResult result, const char *what)
{
    vrn_vk_result_text room;
    if (result >= 0) return VRN_OK;
    const char *name = vrn_vk_result_name(result, &room);
    if (result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY) {
        return vrn_fail(
            log, VRN_ERROR_OUT_OF_MEMORY,
            "%s: %s: out of memory, or a file that describes a driver (VK_DRIVER_FILES or "
            "/usr/share/vulkan/icd.d) is not JSON; VK_LOADER_DEBUG=error shows which",
            what, name);
    }
    if (result == VK_ERROR_LAYER_NOT_PRESENT) { /* the requested one */
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED, "validation: the layer %s is not installed",
                        validation_layer);
    }
    char layers[1024] = "";
    if (strcmp(what, creation) == 0) vrn_instance_describe_layers(layers, sizeof layers);
    return vrn_fail(
        log, VRN_ERROR_NO_DEVICE,
        "%s: %s: a driver or a layer failed, and the Vulkan loader gave up; to use "
        "one driver only, set VK_DRIVER_FILES (VK_ICD_FILENAMES in old loaders) to its JSON file%s",
        what, name, layers);
}

/* Looks for an extension of the loader and drivers, or of a layer. */
static vrn_result find_extension(bool *found, const char *layer, const char *name,
                                 const vrn_log *log)
{
    static const char what[] = "vkEnumerateInstanceExtensionProperties";
    uint32_t count = 0;
    *found = false;
    vrn_result result =
        check_loader(log, vkEnumerateInstanceExtensionProperties(layer, &count, NULL), what);
    if (result) return result;
    VkExtensionProperties *extensions = vrn_alloc(count, sizeof *extensions);
    if (!extensions) return vrn_fail_memory(log);
    result =
        check_loader(log, vkEnumerateInstanceExtensionProperties(layer, &count, extensions), what);
    for (uint32_t i = 0; i < count && !result && !*found; i++) {
        *found = strcmp(extensions[i].extensionName, name) == 0;
    }
    vrn_free(extensions);
    return result;
}

static vrn_result create_instance(vrn_instance *instance, bool validation, const vrn_log *log)
{
    const char *const debug_utils = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    vrn_result found = find_extension(&instance->debug_utils, NULL, debug_utils, log);
    if (!found && !instance->debug_utils && validation) {
        found = find_extension(&instance->debug_utils, validation_layer, debug_utils, log);
    }
    if (found) return found;
    const VkValidationFeatureEnableEXT enabled[] = {
        VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT,
    };
    const VkValidationFeaturesEXT features = {
        .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
        .enabledValidationFeatureCount = VRN_COUNT(enabled),
        .pEnabledValidationFeatures = enabled,
    };
    const char *extensions[3];
    uint32_t extension_count = 0;
    if (instance->debug_utils) extensions[extension_count++] = debug_utils;
    if (validation) extensions[extension_count++] = VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME;

    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pNext = validation ? &features : NULL,
        .pApplicationInfo =
            &(VkApplicationInfo){
                .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                .pEngineName = "vkresnet",
                .engineVersion =
                    VK_MAKE_API_VERSION(0, VRN_VERSION_MAJOR, VRN_VERSION_MINOR, VRN_VERSION_PATCH),
                .apiVersion = VK_API_VERSION_1_3,
            },
        .enabledLayerCount = validation ? 1 : 0,
        .ppEnabledLayerNames = &validation_layer,
        .enabledExtensionCount = extension_count,
        .ppEnabledExtensionNames = extensions,
    };
    /* Drivers such as MoltenVK are listed only if an application asks for them. */
#ifdef VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME
    bool portability;
    found = find_extension(&portability, NULL, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME, log);
    if (found) return found;
    if (portability) {
        extensions[info.enabledExtensionCount++] = VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME;
        info.flags = VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
    }
#endif
    vrn_loader_lock();
    VkResult result = vkCreateInstance(&info, NULL, &instance->handle);
    vrn_loader_unlock();
    if (result != VK_SUCCESS) instance->handle = VK_NULL_HANDLE;
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER) return VRN_OK; /* no driver, so no device */
    return check_loader(log, result, creation);
}

static vrn_result load_table(vrn_instance *instance, PFN_vkGetInstanceProcAddr get,
                             vrn_result otherwise, const vrn_log *log)
{
    const char *missing = NULL;
#define VRN_LOAD(name) instance->vk.name = (PFN_vk##name)get(instance->handle, "vk" #name);
#define VRN_NEED(name)                                                                             \
    VRN_LOAD(name)                                                                                 \
    if (!instance->vk.name) missing = "vk" #name;
    VRN_INSTANCE_FUNCTIONS(VRN_NEED)
    VRN_INSTANCE_FUNCTIONS_OPTIONAL(VRN_LOAD)
#undef VRN_NEED
#undef VRN_LOAD
    if (missing) {
        return vrn_fail(log, otherwise, "the Vulkan loader lacks %s", missing);
    }
    return VRN_OK;
}

vrn_result vrn_instance_lend(vrn_instance *instance, VkInstance handle,
                             PFN_vkGetInstanceProcAddr get, bool debug_utils, const vrn_log *log)
{
    *instance = (vrn_instance){.handle = handle, .debug_utils = debug_utils, .lent = true};
    return load_table(instance, get, VRN_ERROR_UNSUPPORTED, log);
}

static vrn_result create_messenger(vrn_instance *instance, const vrn_log *log)
{
    const VkDebugUtilsMessengerCreateInfoEXT info = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                       VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
        .pfnUserCallback = on_message,
        .pUserData = (void *)(uintptr_t)log,
    };
    if (!instance->vk.CreateDebugUtilsMessengerEXT) {
        return vrn_fail(
            log, VRN_ERROR_UNSUPPORTED,
            "validation: VK_EXT_debug_utils is missing, without which no messages can be received");
    }
    VkResult created = instance->vk.CreateDebugUtilsMessengerEXT(instance->handle, &info, NULL,
                                                                 &instance->messenger);
    if (created != VK_SUCCESS) instance->messenger = VK_NULL_HANDLE;
    return check_loader(log, created, "vkCreateDebugUtilsMessengerEXT");
}

vrn_result vrn_instance_create(vrn_instance *instance, bool validation, const vrn_log *log)
{
    *instance = (vrn_instance){0};
    vrn_once(open_loader);
    if (!loader_name) {
        return vrn_fail(log, VRN_ERROR_NO_DEVICE,
                        "no Vulkan loader (%s) on this machine: install it, and the GPU's driver",
                        loader_names[0]);
    }
    if (!vkGetInstanceProcAddr || !vkCreateInstance) {
        return vrn_fail(log, VRN_ERROR_NO_DEVICE,
                        "%s is not a Vulkan loader: it lacks %s; is there another library of this "
                        "name in LD_LIBRARY_PATH?",
                        loader_name,
                        vkGetInstanceProcAddr ? "vkCreateInstance" : "vkGetInstanceProcAddr");
    }
    if (volkGetInstanceVersion() < VK_API_VERSION_1_1) {
        return vrn_fail(log, VRN_ERROR_NO_DEVICE,
                        "the Vulkan loader is older than Vulkan 1.1: install a later one");
    }
    vrn_result result = create_instance(instance, validation, log);
    if (!result && instance->handle) {
        result = load_table(instance, vkGetInstanceProcAddr, VRN_ERROR_NO_DEVICE, log);
        if (!result && validation) result = create_messenger(instance, log);
    }
    if (result || !instance->handle) vrn_instance_destroy(instance);
    return result;
}

void vrn_instance_destroy(vrn_instance *instance)
{
    if (instance->messenger) {
        instance->vk.DestroyDebugUtilsMessengerEXT(instance->handle, instance->messenger, NULL);
    }
    if (instance->handle && instance->vk.DestroyInstance && !instance->lent) {
        vrn_loader_lock();
        instance->vk.DestroyInstance(instance->handle, NULL);
        vrn_loader_unlock();
    }
    *instance = (vrn_instance){0};
}

vrn_result vrn_instance_devices(const vrn_instance *instance, VkPhysicalDevice **devices,
                                uint32_t *count, const vrn_log *log)
{
    *devices = NULL;
    *count = 0;
    if (!instance->handle) return VRN_OK;
    VkResult result = instance->vk.EnumeratePhysicalDevices(instance->handle, count, NULL);
    if (result == VK_SUCCESS) {
        *devices = vrn_alloc(*count, sizeof **devices);
        if (!*devices) {
            *count = 0;
            return vrn_fail_memory(log);
        }
        result = instance->vk.EnumeratePhysicalDevices(instance->handle, count, *devices);
    }
    if (result < 0) {
        vrn_free(*devices);
        *devices = NULL;
        *count = 0;
        return check_loader(log, result, "vkEnumeratePhysicalDevices");
    }
    return VRN_OK;
}
