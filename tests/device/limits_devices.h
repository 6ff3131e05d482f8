/* Devices as which limits_layer.c offers a driver. Limits are those of gpuinfo's reports (Windows,
 * MoltenVK), of Mesa's drivers (Adreno, VideoCore, PowerVR), and the least that Vulkan allows. */
#ifndef VRN_TESTS_DEVICE_LIMITS_DEVICES_H
#define VRN_TESTS_DEVICE_LIMITS_DEVICES_H

#include <vulkan/vulkan_core.h>

/* Features, with their extensions: limits_layer.c says which members of which structures. */
enum {
    STORAGE_16 = 1 << 0,
    FLOAT_16 = 1 << 1,
    STORAGE_8 = 1 << 2,
    INT_8 = 1 << 3,
    DOT = 1 << 4,
    TIMELINE = 1 << 5,
    QUERY_RESET = 1 << 6,
    ADDRESSES = 1 << 7,
    INDEXING = 1 << 8,
    SUBGROUP_SIZES = 1 << 9,
    EXECUTABLES = 1 << 10,
    MEMORY_MODEL = 1 << 11,
    YCBCR = 1 << 12,
    VULKAN_1_3 = 1 << 13,  /* what every device of this version has */
    DRIVER = 1 << 14,      /* VK_KHR_driver_properties, no feature */
    PORTABILITY = 1 << 15, /* VK_KHR_portability_subset, which the driver lacks */
    DESKTOP = STORAGE_16 | FLOAT_16 | STORAGE_8 | INT_8 | DOT | TIMELINE | QUERY_RESET | ADDRESSES |
              INDEXING | SUBGROUP_SIZES | MEMORY_MODEL | YCBCR | VULKAN_1_3 | DRIVER,
};

enum {
    LOCAL = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
    VISIBLE = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
    COHERENT = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    CACHED = VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
    LAZY = VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT,
    AMD_COHERENT = VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD,
    AMD_UNCACHED = VK_MEMORY_PROPERTY_DEVICE_UNCACHED_BIT_AMD,
};

enum { MIB = 1 << 20 };

typedef struct described_device {
    const char *name, *title, *driver_name;
    VkDriverId driver;
    uint32_t api_version, vendor, device;
    VkPhysicalDeviceType type;
    uint32_t features;
    uint32_t invocations; /* of a work group; its sides are as long, but z: 64 */
    uint32_t shared_bytes;
    uint32_t buffers;        /* storage buffers of a stage */
    uint32_t images;         /* sampled images of a stage; a fourth of them for storage */
    uint32_t texel_elements; /* of a buffer */
    uint32_t range;          /* of a storage buffer */
    uint32_t alignment;      /* of offsets into buffers */
    uint32_t allocations, granularity, atom_bytes;
    uint32_t set_descriptors;
    uint64_t allocation_bytes;
    uint32_t subgroup, subgroup_min, subgroup_max;
    VkSubgroupFeatureFlags subgroup_operations;
    uint32_t timestamp_bits;
    uint32_t heap_mib[3];
    uint32_t local_heaps; /* bits */
    VkMemoryType types[8];
} described_device;

#define BASIC VK_SUBGROUP_FEATURE_BASIC_BIT
#define ALL   UINT32_MAX

static const described_device described_devices[] = {
    {
        .name = "minimum",
        .title = "Vulkan's minimum",
        .driver_name = "none",
        .api_version = VK_API_VERSION_1_1,
        .type = VK_PHYSICAL_DEVICE_TYPE_OTHER,
        .invocations = 128,
        .shared_bytes = 16384,
        .buffers = 4,
        .images = 16,
        .texel_elements = 65536,
        .range = 128 * MIB,
        .alignment = 256,
        .allocations = 4096,
        .granularity = 131072,
        .atom_bytes = 256,
        .set_descriptors = 1024,
        .allocation_bytes = 1024 * (uint64_t)MIB,
        .subgroup = 1,
        .subgroup_operations = BASIC,
        .heap_mib = {1024, 2048},
        .local_heaps = 1,
        .types = {{LOCAL, 0}, {COHERENT, 1}},
    },
    {
        .name = "powervr",
        .title = "PowerVR B-Series BXS-4-64",
        .driver_name = "Imagination open-source Mesa driver",
        .driver = VK_DRIVER_ID_IMAGINATION_OPEN_SOURCE_MESA,
        .api_version = VK_API_VERSION_1_2,
        .vendor = 0x1010,
        .device = 0x36052104,
        .type = VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU,
        .features = DRIVER | TIMELINE | QUERY_RESET,
        .invocations = 128,
        .shared_bytes = 16384,
        .buffers = 16,
        .images = 256,
        .texel_elements = 65536,
        .range = 128 * MIB,
        .alignment = 4,
        .allocations = ALL,
        .granularity = 1,
        .atom_bytes = 1,
        .set_descriptors = 1024,
        .allocation_bytes = 1024 * (uint64_t)MIB,
        .subgroup = 1,
        .subgroup_operations = BASIC,
        .heap_mib = {2048},
        .local_heaps = 1,
        .types = {{LOCAL | COHERENT, 0}},
    },
    {
        .name = "videocore",
        .title = "V3D 7.1.7.0",
        .driver_name = "V3DV Mesa",
        .driver = VK_DRIVER_ID_MESA_V3DV,
        .api_version = VK_API_VERSION_1_3,
        .vendor = 0x14e4,
        .device = 0x55701c33,
        .type = VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU,
        .features = DRIVER | STORAGE_16 | STORAGE_8 | TIMELINE | QUERY_RESET | DOT | EXECUTABLES |
                    VULKAN_1_3,
        .invocations = 256,
        .shared_bytes = 16384,
        .buffers = 8,
        .images = 16,
        .texel_elements = 256 * MIB,
        .range = 1024u * MIB,
        .alignment = 32,
        .allocations = 4096,
        .granularity = 64,
        .atom_bytes = 256,
        .set_descriptors = 1024,
        .allocation_bytes = 1024 * (uint64_t)MIB,
        .subgroup = 16,
        .subgroup_operations = BASIC | VK_SUBGROUP_FEATURE_VOTE_BIT,
        .timestamp_bits = 64,
        .heap_mib = {4096},
        .local_heaps = 1,
        .types = {{LOCAL | COHERENT, 0}},
    },
    {
        .name = "moltenvk",
        .title = "Apple M1",
        .driver_name = "MoltenVK",
        .driver = VK_DRIVER_ID_MOLTENVK,
        .api_version = VK_API_VERSION_1_2,
        .vendor = 0x106b,
        .device = 0x0d060209,
        .type = VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU,
        .features = DRIVER | STORAGE_16 | FLOAT_16 | STORAGE_8 | INT_8 | TIMELINE | QUERY_RESET |
                    ADDRESSES | INDEXING | SUBGROUP_SIZES | YCBCR | PORTABILITY,
        .invocations = 1024,
        .shared_bytes = 32768,
        .buffers = 31,
        .images = 128,
        .texel_elements = 64 * MIB,
        .range = ALL,
        .alignment = 16,
        .allocations = 1 << 30,
        .granularity = 16,
        .atom_bytes = 16,
        .set_descriptors = 700,
        .allocation_bytes = 4096 * (uint64_t)MIB,
        .subgroup = 32,
        .subgroup_min = 4,
        .subgroup_max = 64,
        .subgroup_operations = ALL,
        .timestamp_bits = 64,
        .heap_mib = {10922},
        .local_heaps = 1,
        .types = {{LOCAL, 0}, {LOCAL | COHERENT | CACHED, 0}, {LOCAL | LAZY, 0}},
    },
    {
        .name = "windows-amd",
        .title = "AMD Radeon RX 7800 XT",
        .driver_name = "AMD proprietary driver",
        .driver = VK_DRIVER_ID_AMD_PROPRIETARY,
        .api_version = VK_API_VERSION_1_3,
        .vendor = 0x1002,
        .device = 0x747e,
        .type = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU,
        .features = DESKTOP,
        .invocations = 1024,
        .shared_bytes = 32768,
        .buffers = ALL,
        .images = ALL,
        .texel_elements = ALL,
        .range = ALL,
        .alignment = 4,
        .allocations = 4096,
        .granularity = 1,
        .atom_bytes = 128,
        .set_descriptors = ALL,
        .allocation_bytes = 2048 * (uint64_t)MIB,
        .subgroup = 64,
        .subgroup_min = 32,
        .subgroup_max = 64,
        .subgroup_operations = ALL,
        .timestamp_bits = 64,
        .heap_mib = {16128, 16128, 256},
        .local_heaps = 1 | 4,
        .types = {{LOCAL, 0},
                  {COHERENT, 1},
                  {LOCAL | COHERENT, 2},
                  {COHERENT | CACHED, 1},
                  {LOCAL | AMD_COHERENT | AMD_UNCACHED, 0},
                  {COHERENT | CACHED | AMD_COHERENT | AMD_UNCACHED, 1}},
    },
    {
        .name = "windows-intel",
        .title = "Intel(R) UHD Graphics 620",
        .driver_name = "Intel Corporation",
        .driver = VK_DRIVER_ID_INTEL_PROPRIETARY_WINDOWS,
        .api_version = VK_API_VERSION_1_3,
        .vendor = 0x8086,
        .device = 0x5917,
        .type = VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU,
        .features = DESKTOP,
        .invocations = 1024,
        .shared_bytes = 32768,
        .buffers = 200,
        .images = 200,
        .texel_elements = 128 * MIB,
        .range = 1024u * MIB - 4,
        .alignment = 64,
        .allocations = 4096,
        .granularity = 1024,
        .atom_bytes = 1,
        .set_descriptors = 1024,
        .allocation_bytes = 1024 * (uint64_t)MIB - 4,
        .subgroup = 32,
        .subgroup_min = 8,
        .subgroup_max = 32,
        .subgroup_operations = ALL,
        .timestamp_bits = 36,
        .heap_mib = {8096},
        .local_heaps = 1,
        .types = {{LOCAL, 0}, {LOCAL | COHERENT, 0}, {LOCAL | COHERENT | CACHED, 0}},
    },
    {
        .name = "adreno",
        .title = "Turnip Adreno (TM) 740",
        .driver_name = "turnip Mesa driver",
        .driver = VK_DRIVER_ID_MESA_TURNIP,
        .api_version = VK_API_VERSION_1_3,
        .vendor = 0x5143,
        .device = 0x43050a01,
        .type = VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU,
        .features = (DESKTOP | EXECUTABLES) & ~INT_8,
        .invocations = 1024,
        .shared_bytes = 32768,
        .buffers = 1 << 24,
        .images = 1 << 24,
        .texel_elements = 128 * MIB,
        .range = 128 * MIB,
        .alignment = 4,
        .allocations = ALL,
        .granularity = 1,
        .atom_bytes = 64,
        .set_descriptors = 1 << 24,
        .allocation_bytes = 4096 * (uint64_t)MIB,
        .subgroup = 128,
        .subgroup_min = 64,
        .subgroup_max = 128,
        .subgroup_operations = BASIC,
        .timestamp_bits = 48,
        .heap_mib = {8096},
        .local_heaps = 1,
        .types = {{LOCAL, 0}, {LOCAL | COHERENT, 0}, {LOCAL | VISIBLE | CACHED, 0}},
    },
};

#undef BASIC
#undef ALL

#endif
