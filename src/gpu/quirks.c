#include "gpu/quirks.h"

#include "base/log.h"
#include "base/util.h"

typedef struct quirk {
    VkDriverId driver;
    uint32_t first_version, last_version;   /* driverVersion as the driver packs it, inclusive */
    bool (*device)(const vrn_probe *probe); /* which of its devices; NULL: all */
    vrn_quirks effect;
    const char *reason;
    const char *link;
} quirk;

/* What AMD made before RDNA3, the first with matrix units, and the first to multiply signed with
 * unsigned bytes. */
static bool before_rdna3(const vrn_probe *probe)
{
    return !probe->mixed_dot_product;
}

static const quirk quirks[] = {
    {
        .driver = VK_DRIVER_ID_AMD_PROPRIETARY,
        .last_version = UINT32_MAX,
        .device = before_rdna3,
        .effect.without = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
        .reason = "before RDNA3 the driver emulates cooperative matrices with ordinary "
                  "instructions, slower than plain code",
        .link = "https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-vulkan/"
                "ggml-vulkan.cpp",
    },
    {
        .driver = VK_DRIVER_ID_AMD_OPEN_SOURCE,
        .last_version = UINT32_MAX,
        .device = before_rdna3,
        .effect.without = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
        .reason = "before RDNA3 the driver emulates cooperative matrices with ordinary "
                  "instructions, slower than plain code",
        .link = "https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-vulkan/"
                "ggml-vulkan.cpp",
    },
    {
        .driver = VK_DRIVER_ID_QUALCOMM_PROPRIETARY,
        .last_version = UINT32_MAX,
        .effect.without = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
        .reason = "Adreno's cooperative matrices are slower than plain code",
        .link = "https://github.com/Tencent/ncnn/blob/master/src/gpu.cpp",
    },
    {
        .driver = VK_DRIVER_ID_MESA_LLVMPIPE,
        .last_version = UINT32_MAX,
        .effect.without = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
        .reason = "cooperative matrices are emulated on the processor, far slower than plain code",
        .link = "https://docs.mesa3d.org/drivers/llvmpipe.html",
    },
    {
        .driver = VK_DRIVER_ID_MESA_LLVMPIPE,
        .first_version = VK_MAKE_VERSION(25, 0, 0),
        .last_version = UINT32_MAX,
        .effect.without = VRN_CAPABILITY_BUFFER_ARRAYS,
        .reason = "elements of an array of buffers are read lane by lane, with a branch for each: "
                  "kernels that read weights from such arrays take twice as long as others",
        .link = "https://gitlab.freedesktop.org/mesa/mesa/-/tree/25.0/src/gallium/auxiliary/"
                "gallivm",
    },
    {
        .driver = VK_DRIVER_ID_MESA_LLVMPIPE,
        .last_version = VK_MAKE_VERSION(26, 0, 0) - 1,
        .effect.without = VRN_CAPABILITY_BUFFER_ADDRESSES,
        .reason = "a value that all lanes read through one address is read lane by lane",
        .link = "https://gitlab.freedesktop.org/mesa/mesa/-/tree/25.0/src/gallium/auxiliary/"
                "gallivm",
    },
    {
        .driver = VK_DRIVER_ID_GOOGLE_SWIFTSHADER,
        .last_version = UINT32_MAX,
        .effect.without = VRN_CAPABILITY_BUFFER_ADDRESSES,
        .reason = "a value that all lanes read through one address is read lane by lane",
        .link = "https://swiftshader.googlesource.com/SwiftShader/+/HEAD/src/Pipeline/"
                "SpirvShaderMemory.cpp",
    },
    {
        .driver = VK_DRIVER_ID_GOOGLE_SWIFTSHADER,
        .last_version = UINT32_MAX,
        .effect.no_pipeline_cache = true,
        .reason = "a pipeline cache is locked during compilation, so that threads wait for each "
                  "other, and it has no data to keep",
        .link = "https://swiftshader.googlesource.com/SwiftShader/+/HEAD/src/Vulkan/"
                "VkPipelineCache.hpp",
    },
    {
        .driver = VK_DRIVER_ID_GOOGLE_SWIFTSHADER,
        .last_version = UINT32_MAX,
        .effect.freeze_constants = true,
        .reason =
            "code is optimised before specialization constants have their values: branches on "
            "them stay, and loops are not unrolled",
        .link = "https://swiftshader.googlesource.com/SwiftShader/+/HEAD/src/Vulkan/VkPipeline.cpp",
    },
    /* Adreno's drivers before 1.0.66, which give pipelines back damaged, are older than Vulkan 1.1
     * and refused for that. */
};

static bool applies(const quirk *q, const vrn_probe *probe)
{
    const uint32_t version = probe->info.driver_version, without = q->effect.without;
    return q->driver == probe->driver_id && version >= q->first_version &&
           version <= q->last_version && (!q->device || q->device(probe)) &&
           (!without || (without & probe->info.capabilities));
}

vrn_quirks vrn_quirks_find(const vrn_probe *probe, const vrn_log *log)
{
    vrn_quirks all = {0};
    for (uint32_t i = 0; i < VRN_COUNT(quirks); i++) {
        const quirk *q = &quirks[i];
        if (!applies(q, probe)) continue;
        all.without |= q->effect.without;
        all.no_pipeline_cache |= q->effect.no_pipeline_cache;
        all.freeze_constants |= q->effect.freeze_constants;
        vrn_log_write(log, VRN_LOG_INFO, "%s: quirk: %s (%s)", probe->info.name, q->reason,
                      q->link);
    }
    return all;
}
