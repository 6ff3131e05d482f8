#include "gpu/matrix.h"

#include <vkresnet/vkresnet.h>

#include "base/util.h"

bool vrn_matrix_listed(const vrn_matrix_list *list, const vrn_matrix_shape *wanted)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const vrn_matrix_shape *s = &list->shapes[i];
        if (s->bytes != wanted->bytes || s->flexible != wanted->flexible ||
            s->invocations != wanted->invocations) {
            continue;
        }
        if (s->flexible) {
            if (wanted->m % s->m == 0 && wanted->n % s->n == 0 && wanted->k % s->k == 0 &&
                vrn_max_u32(wanted->m, vrn_max_u32(wanted->n, wanted->k)) <= list->max_size) {
                return true;
            }
        } else if (wanted->m == s->m && wanted->n == s->n && wanted->k == s->k) {
            return true;
        }
    }
    return false;
}

bool vrn_matrices_of_work_groups(const vrn_matrix_list *list)
{
    bool found = false;
    for (uint32_t i = 0; i < list->count; i++) found = found || list->shapes[i].invocations > 0;
    return found;
}

void vrn_matrices_drop_work_groups(vrn_matrix_list *list)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->shapes[i].invocations == 0) list->shapes[kept++] = list->shapes[i];
    }
    list->count = kept;
}

#ifdef VRN_COOPERATIVE_MATRIX
enum { PROPERTIES_MAX = 64 };

/* Of the types that the kernels use: halves with floats, and bytes with integers. */
static bool types_suit(VkComponentTypeKHR a, VkComponentTypeKHR b, VkComponentTypeKHR c,
                       VkComponentTypeKHR result, bool *bytes)
{
    *bytes = a == VK_COMPONENT_TYPE_SINT8_KHR;
    const VkComponentTypeKHR sum =
        *bytes ? VK_COMPONENT_TYPE_SINT32_KHR : VK_COMPONENT_TYPE_FLOAT32_KHR;
    return (*bytes || a == VK_COMPONENT_TYPE_FLOAT16_KHR) && b == a && c == sum && result == sum;
}

static void add_shape(vrn_matrix_list *list, vrn_matrix_shape shape)
{
    if (list->count < VRN_MATRIX_SHAPES_MAX && shape.m && shape.n && shape.k) {
        list->shapes[list->count++] = shape;
    }
}

static void list_fixed(vrn_matrix_list *list, const vrn_instance *instance,
                       VkPhysicalDevice physical)
{
    VkCooperativeMatrixPropertiesKHR all[PROPERTIES_MAX];
    uint32_t count = PROPERTIES_MAX;
    if (!instance->vk.GetPhysicalDeviceCooperativeMatrixPropertiesKHR) return;
    for (uint32_t i = 0; i < PROPERTIES_MAX; i++) {
        all[i] = (VkCooperativeMatrixPropertiesKHR){
            .sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR};
    }
    const VkResult listed =
        instance->vk.GetPhysicalDeviceCooperativeMatrixPropertiesKHR(physical, &count, all);
    for (uint32_t i = 0; listed >= 0 && i < count; i++) {
        const VkCooperativeMatrixPropertiesKHR *p = &all[i];
        bool bytes;
        if (p->scope != VK_SCOPE_SUBGROUP_KHR ||
            !types_suit(p->AType, p->BType, p->CType, p->ResultType, &bytes)) {
            continue;
        }
        add_shape(list, (vrn_matrix_shape){p->MSize, p->NSize, p->KSize, .bytes = bytes});
    }
}
#endif

#ifdef VRN_COOPERATIVE_MATRIX_2
/* of_work_groups: such as a work group holds as well. */
static void list_flexible(vrn_matrix_list *list, const vrn_instance *instance,
                          VkPhysicalDevice physical, bool of_work_groups)
{
    VkCooperativeMatrixFlexibleDimensionsPropertiesNV all[PROPERTIES_MAX];
    uint32_t count = PROPERTIES_MAX;
    if (!instance->vk.GetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV) return;
    for (uint32_t i = 0; i < PROPERTIES_MAX; i++) {
        all[i] = (VkCooperativeMatrixFlexibleDimensionsPropertiesNV){
            .sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_FLEXIBLE_DIMENSIONS_PROPERTIES_NV};
    }
    const VkResult listed =
        instance->vk.GetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV(physical,
                                                                                      &count, all);
    for (uint32_t i = 0; listed >= 0 && i < count; i++) {
        const VkCooperativeMatrixFlexibleDimensionsPropertiesNV *p = &all[i];
        const bool work_group = p->scope == VK_SCOPE_WORKGROUP_KHR;
        bool bytes;
        if ((!work_group && p->scope != VK_SCOPE_SUBGROUP_KHR) || (work_group && !of_work_groups) ||
            !types_suit(p->AType, p->BType, p->CType, p->ResultType, &bytes)) {
            continue;
        }
        add_shape(list, (vrn_matrix_shape){
                            .m = p->MGranularity,
                            .n = p->NGranularity,
                            .k = p->KGranularity,
                            .invocations = work_group ? p->workgroupInvocations : 0,
                            .bytes = bytes,
                            .flexible = true,
                        });
    }
}

/* What the second extension has of what conv_matrix.comp needs. Its module is SPIR-V 1.6, which
 * says the size of a work group in a way that comes with maintenance4. */
static bool probe_second(vrn_matrix_list *list, const vrn_instance *instance,
                         VkPhysicalDevice physical)
{
    VkPhysicalDeviceMaintenance4Features maintenance = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_FEATURES,
    };
    VkPhysicalDeviceCooperativeMatrix2FeaturesNV second = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_FEATURES_NV,
        .pNext = &maintenance,
    };
    VkPhysicalDeviceFeatures2 features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &second,
    };
    VkPhysicalDeviceCooperativeMatrix2PropertiesNV limits = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_PROPERTIES_NV,
    };
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &limits,
    };
    instance->vk.GetPhysicalDeviceProperties2(physical, &properties);
    if (properties.properties.apiVersion < VK_API_VERSION_1_3) return false;
    instance->vk.GetPhysicalDeviceFeatures2(physical, &features);
    if (!second.cooperativeMatrixFlexibleDimensions ||
        !second.cooperativeMatrixPerElementOperations || !maintenance.maintenance4) {
        return false;
    }
    const uint32_t before = list->count;
    list->max_size = limits.cooperativeMatrixFlexibleDimensionsMaxDimension;
    list->reserved_shared = limits.cooperativeMatrixWorkgroupScopeReservedSharedMemory;
    list_flexible(list, instance, physical, second.cooperativeMatrixWorkgroupScope);
    return list->count > before;
}
#endif

uint32_t vrn_matrices_probe(vrn_matrix_list *list, const vrn_instance *instance,
                            VkPhysicalDevice physical, bool second)
{
    uint32_t found = 0;
    *list = (vrn_matrix_list){0};
#ifdef VRN_COOPERATIVE_MATRIX
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrix = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
    };
    VkPhysicalDeviceVulkanMemoryModelFeatures model = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES,
        .pNext = &matrix,
    };
    VkPhysicalDeviceFeatures2 features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &model,
    };
    instance->vk.GetPhysicalDeviceFeatures2(physical, &features);
    if (!matrix.cooperativeMatrix || !model.vulkanMemoryModel) return 0;
    list_fixed(list, instance, physical);
    if (list->count > 0) found |= VRN_CAPABILITY_COOPERATIVE_MATRIX;
#else
    (void)instance, (void)physical;
#endif
#ifdef VRN_COOPERATIVE_MATRIX_2
    if (second && probe_second(list, instance, physical)) {
        found |= VRN_CAPABILITY_COOPERATIVE_MATRIX_2;
    }
#else
    (void)second;
#endif
    return found;
}
