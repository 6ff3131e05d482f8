#include "gpu/statistics.h"

#include <stdio.h>
#include "base/os.h"
#include "base/text.h"
#include "base/util.h"

/* Drivers use different names: RADV, AMD's own, NVIDIA, NVK, Intel, Turnip, Honeykrisp, PanVK,
 * v3dv, PowerVR. Versions of a driver differ in capitals. Turnip counts registers in fours,
 * Honeykrisp in halves. */
typedef struct known_name {
    const char *name;
    size_t field; /* of vrn_kernel_statistics: a double */
} known_name;

#define FIELD(name) offsetof(vrn_kernel_statistics, name)
static const known_name known_names[] = {
    {"VGPRs", FIELD(registers)},
    {"numUsedVgprs", FIELD(registers)},
    {"Register Count", FIELD(registers)},
    {"Max live registers", FIELD(registers)},
    {"Number of GPRs", FIELD(registers)},
    {"Registers used", FIELD(registers)},
    {"GPRs", FIELD(registers)},
    {"Temp count", FIELD(registers)},
    {"SGPRs", FIELD(scalar_registers)},
    {"numUsedSgprs", FIELD(scalar_registers)},
    {"Spilled VGPRs", FIELD(spills)},
    {"Spilled SGPRs", FIELD(spills)},
    {"Spill count", FIELD(spills)},
    {"Spills", FIELD(spills)},
    {"Spills to memory", FIELD(spills)},
    {"TMU Spills", FIELD(spills)},
    {"STP Count", FIELD(spills)},
    {"LDS size", FIELD(shared_bytes)},
    {"ldsUsageSizeInBytes", FIELD(shared_bytes)},
    {"Shared Memory Size", FIELD(shared_bytes)},
    {"Workgroup Memory Size", FIELD(shared_bytes)},
    {"Scratch size", FIELD(scratch_bytes)},
    {"Scratch Memory Size", FIELD(scratch_bytes)},
    {"scratchMemUsageInBytes", FIELD(scratch_bytes)},
    {"Local Memory Size", FIELD(scratch_bytes)},
    {"SLM size", FIELD(scratch_bytes)},
    {"Scratch", FIELD(scratch_bytes)},
    {"Spill Size", FIELD(scratch_bytes)},
    {"Code size", FIELD(code_bytes)},
    {"Binary Size", FIELD(code_bytes)},
    {"Subgroups per SIMD", FIELD(occupancy)},
    {"Max Waves Per Core", FIELD(occupancy)},
    {"Max warps/SM", FIELD(occupancy)},
    {"Instructions", FIELD(instructions)},
    {"Instruction Count", FIELD(instructions)},
    {"Inst group count", FIELD(instructions)},
    {"Latency", FIELD(latency)},
    {"Static cycle count", FIELD(latency)},
    {"Cycles", FIELD(latency)},
    {"Cycle Count", FIELD(latency)},
    {"Inverse Throughput", FIELD(inverse_throughput)},
};

static double number(const VkPipelineExecutableStatisticKHR *statistic)
{
    switch (statistic->format) {
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR: return statistic->value.b32 != 0;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR: return (double)statistic->value.i64;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR: return (double)statistic->value.u64;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_FLOAT64_KHR: return statistic->value.f64;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_MAX_ENUM_KHR: break;
    }
    return 0;
}

static void add_statistic(vrn_kernel_statistics *out,
                          const VkPipelineExecutableStatisticKHR *statistic)
{
    const double value = number(statistic);
    for (uint32_t i = 0; i < VRN_COUNT(known_names); i++) {
        if (!vrn_same_text(statistic->name, known_names[i].name)) continue;
        double *field = (double *)((char *)out + known_names[i].field);
        *field = *field < 0 ? value : *field + value; /* both kinds of spills are added */
    }
    if (out->value_count == VRN_MAX_STATISTICS) return;
    vrn_statistic *to = &out->values[out->value_count++];
    snprintf(to->name, sizeof to->name, "%.*s", (int)sizeof to->name - 1, statistic->name);
    to->value = value;
}

/* Reads the statistics of the first executable, which is the kernel. */
static vrn_result read_statistics(vrn_kernel_statistics *out, vrn_device *device,
                                  VkPipeline pipeline)
{
    const VkPipelineInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR,
        .pipeline = pipeline,
    };
    VkPipelineExecutablePropertiesKHR properties = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR,
    };
    uint32_t count = 1;
    VkResult got =
        device->vk.GetPipelineExecutablePropertiesKHR(device->handle, &info, &count, &properties);
    if (got < 0 || count == 0) {
        return vrn_device_check(device, got < 0 ? got : VK_ERROR_UNKNOWN,
                                "vkGetPipelineExecutablePropertiesKHR");
    }
    out->subgroup_size = properties.subgroupSize;
    const VkPipelineExecutableInfoKHR executable = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
        .pipeline = pipeline,
    };
    VkPipelineExecutableStatisticKHR statistics[VRN_MAX_STATISTICS];
    for (uint32_t i = 0; i < VRN_MAX_STATISTICS; i++) {
        statistics[i] = (VkPipelineExecutableStatisticKHR){
            .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
    }
    count = VRN_MAX_STATISTICS;
    got = device->vk.GetPipelineExecutableStatisticsKHR(device->handle, &executable, &count,
                                                        statistics);
    if (got < 0) return vrn_device_check(device, got, "vkGetPipelineExecutableStatisticsKHR");
    for (uint32_t i = 0; i < count; i++) add_statistic(out, &statistics[i]);
    return VRN_OK;
}

vrn_result vrn_pipeline_measure(vrn_kernel_statistics *out, vrn_device *device,
                                const vrn_pipeline_key *key)
{
    if (!device->vk.GetPipelineExecutablePropertiesKHR ||
        !device->vk.GetPipelineExecutableStatisticsKHR) {
        return vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED,
                        "%s: the driver reports nothing about compiled kernels (it lacks %s)",
                        device->probe.info.name,
                        VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME);
    }
    out->subgroup_size = out->value_count = 0;
    for (uint32_t i = 0; i < VRN_COUNT(known_names); i++) {
        *(double *)((char *)out + known_names[i].field) = -1;
    }
    vrn_pipeline pipeline;
    const double start = vrn_time_ms();
    vrn_result result = vrn_pipeline_create_measured(&pipeline, device, key);
    if (result) return result;
    out->compile_ms = vrn_time_ms() - start;
    result = read_statistics(out, device, pipeline.handle);
    device->vk.DestroyPipeline(device->handle, pipeline.handle, device->host);
    return result;
}
