#include "gpu/matrix.h"

#include <vkresnet/vkresnet.h>

#include "base/util.h"
#include "gpu/features.h"

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

enum { PROPERTIES_MAX = 64 };

/* True if the types are those that kernels use: float16 with float32, or int8 with int32. */
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

/* `of_work_groups`: also list products of matrices that a work group holds. */
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

static void probe_limits(vrn_matrix_list *list, const vrn_instance *instance,
                         VkPhysicalDevice physical)
{
    VkPhysicalDeviceCooperativeMatrix2PropertiesNV limits = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_PROPERTIES_NV,
    };
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &limits,
    };
    instance->vk.GetPhysicalDeviceProperties2(physical, &properties);
    list->max_size = limits.cooperativeMatrixFlexibleDimensionsMaxDimension;
    list->reserved_shared = limits.cooperativeMatrixWorkgroupScopeReservedSharedMemory;
}

uint32_t vrn_matrices_probe(vrn_matrix_list *list, const vrn_instance *instance,
                            VkPhysicalDevice physical, uint32_t features)
{
    uint32_t lacking = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2;
    *list = (vrn_matrix_list){0};
    if (features & VRN_CAPABILITY_COOPERATIVE_MATRIX) {
        list_fixed(list, instance, physical);
        if (list->count > 0) lacking &= ~(uint32_t)VRN_CAPABILITY_COOPERATIVE_MATRIX;
    }
    const uint32_t both = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2;
    if ((features & both) == both) {
        const uint32_t before = list->count;
        probe_limits(list, instance, physical);
        list_flexible(list, instance, physical, features & VRN_FEATURE_WORK_GROUP_MATRICES);
        if (list->count > before) lacking &= ~(uint32_t)VRN_CAPABILITY_COOPERATIVE_MATRIX_2;
    }
    return features & ~lacking;
}
