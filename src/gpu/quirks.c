#include "gpu/quirks.h"

#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "base/util.h"

typedef struct quirk {
    VkDriverId drivers[2];
    uint32_t first_version, last_version;   /* as returned by driver_version, inclusive */
    bool (*device)(const vrn_probe *probe); /* the affected devices; NULL: all */
    bool speed; /* it is about speed, and holds for the releases that were measured */
    vrn_quirks effect;
    const char *reason;
    const char *link;
} quirk;

/* AMD devices before RDNA3, which introduced matrix units and products of signed with unsigned
 * bytes. */
static bool before_rdna3(const vrn_probe *probe)
{
    return !probe->mixed_dot_product;
}

static const quirk quirks[] = {
    {
        .drivers = {VK_DRIVER_ID_AMD_PROPRIETARY, VK_DRIVER_ID_AMD_OPEN_SOURCE},
        .last_version = UINT32_MAX,
        .device = before_rdna3,
        .effect.without = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
        .reason = "cooperative matrices are not used: before RDNA3 the driver emulates them, which "
                  "is slower than other kernels",
        .link = "https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-vulkan/"
                "ggml-vulkan.cpp",
    },
    {
        .drivers = {VK_DRIVER_ID_QUALCOMM_PROPRIETARY},
        .last_version = UINT32_MAX,
        .effect.without = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
        .reason = "cooperative matrices are not used: on Adreno they are slower than other kernels",
        .link = "https://github.com/Tencent/ncnn/blob/master/src/gpu.cpp",
    },
    {
        .drivers = {VK_DRIVER_ID_MESA_LLVMPIPE},
        .last_version = UINT32_MAX,
        .effect.without = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
        .reason = "cooperative matrices are not used: the driver emulates them, which is far "
                  "slower than other kernels",
        .link = "https://docs.mesa3d.org/drivers/llvmpipe.html",
    },
    {
        .drivers = {VK_DRIVER_ID_MESA_LLVMPIPE},
        .first_version = VK_MAKE_VERSION(25, 0, 0),
        .last_version = UINT32_MAX,
        .speed = true,
        .effect.without = VRN_CAPABILITY_BUFFER_ARRAYS,
        .reason = "arrays of buffers are not used: the driver reads them one lane at a time, which "
                  "makes kernels take twice as long",
        .link = "https://gitlab.freedesktop.org/mesa/mesa/-/tree/25.0/src/gallium/auxiliary/"
                "gallivm",
    },
    {
        .drivers = {VK_DRIVER_ID_MESA_LLVMPIPE},
        .last_version = VK_MAKE_VERSION(25, 0, 0) - 1,
        .speed = true,
        .effect.without = VRN_CAPABILITY_BUFFER_ADDRESSES,
        .reason = "buffer addresses are not used: the driver reads through them one lane at a "
                  "time, even where all lanes read the same value",
        .link = "https://gitlab.freedesktop.org/mesa/mesa/-/tree/22.3/src/gallium/auxiliary/"
                "gallivm",
    },
    {
        .drivers = {VK_DRIVER_ID_MESA_LLVMPIPE},
        .first_version = VK_MAKE_VERSION(25, 0, 0),
        .last_version = VK_MAKE_VERSION(26, 0, 0) - 1,
        .speed = true,
        .effect.straight_addresses = true,
        .reason = "buffer addresses are used only in kernels without loops and branches: inside a "
                  "loop or a branch, the driver reads through an address one lane at a time",
        .link = "https://gitlab.freedesktop.org/mesa/mesa/-/tree/25.0/src/gallium/auxiliary/"
                "gallivm",
    },
    {
        .drivers = {VK_DRIVER_ID_GOOGLE_SWIFTSHADER},
        .last_version = UINT32_MAX,
        .effect.without = VRN_CAPABILITY_BUFFER_ADDRESSES,
        .reason = "buffer addresses are not used: the driver reads through them one lane at a "
                  "time, even where all lanes read the same value",
        .link = "https://swiftshader.googlesource.com/SwiftShader/+/HEAD/src/Pipeline/"
                "SpirvShaderMemory.cpp",
    },
    {
        .drivers = {VK_DRIVER_ID_GOOGLE_SWIFTSHADER},
        .last_version = UINT32_MAX,
        .effect.no_pipeline_cache = true,
        .reason = "no pipeline cache is used: the driver stores nothing in it, and locks it while "
                  "it compiles, so threads would wait for each other",
        .link = "https://swiftshader.googlesource.com/SwiftShader/+/HEAD/src/Vulkan/"
                "VkPipelineCache.hpp",
    },
    {
        .drivers = {VK_DRIVER_ID_GOOGLE_SWIFTSHADER},
        .last_version = UINT32_MAX,
        .effect.freeze_constants = true,
        .reason = "specialization constants are written into the shaders: the driver would "
                  "optimise the code before the constants have their values",
        .link = "https://swiftshader.googlesource.com/SwiftShader/+/HEAD/src/Vulkan/VkPipeline.cpp",
    },
    {
        .drivers = {VK_DRIVER_ID_MOLTENVK},
        .last_version = UINT32_MAX,
        .effect.freeze_constants = true,
        .reason = "specialization constants are written into the shaders: Metal has no arrays "
                  "whose length is such a constant",
        .link = "https://github.com/KhronosGroup/MoltenVK/issues/231",
    },
    /* Not listed: Adreno drivers before 1.0.66 corrupt cached pipelines, but lack Vulkan 1.1 and
     * are rejected anyway. */
};

/* driverVersion as the driver packs it. lavapipe's is always 1 in Mesa 25.0 and before: its release
 * then comes from the driver's text, "llvmpipe, Mesa 25.0.7-2+deb13u1 (LLVM 19.1.7)". */
static uint32_t driver_version(const vrn_probe *probe)
{
    const uint32_t version = probe->info.driver_version;
    if (probe->driver_id != VK_DRIVER_ID_MESA_LLVMPIPE || version > 1) return version;
    const char *mesa = strstr(probe->info.driver, "Mesa ");
    uint64_t part[3] = {0}; /* major, minor, patch */
    if (!mesa) return version;
    mesa += strlen("Mesa ");
    for (size_t i = 0; i < VRN_COUNT(part); i++) {
        size_t length = 0;
        while (vrn_is_digit(mesa[length])) length++;
        if (!vrn_parse_number(mesa, length, 999, &part[i])) return version;
        if (mesa[length] != '.') break;
        mesa += length + 1;
    }
    return VK_MAKE_VERSION((uint32_t)part[0], (uint32_t)part[1], (uint32_t)part[2]);
}

/* The releases of lavapipe that the table describes; how fast others read is measured. */
static bool is_measured(const vrn_probe *probe)
{
    static const uint32_t releases[] = {VK_MAKE_VERSION(22, 3, 0), VK_MAKE_VERSION(25, 0, 0),
                                        VK_MAKE_VERSION(26, 2, 0)};
    if (probe->driver_id != VK_DRIVER_ID_MESA_LLVMPIPE) return true;
    const uint32_t version = driver_version(probe);
    for (uint32_t i = 0; i < VRN_COUNT(releases); i++) {
        if (VK_VERSION_MAJOR(version) == VK_VERSION_MAJOR(releases[i]) &&
            VK_VERSION_MINOR(version) == VK_VERSION_MINOR(releases[i])) {
            return true;
        }
    }
    return false;
}

static bool applies(const quirk *q, const vrn_probe *probe)
{
    const uint32_t version = driver_version(probe), without = q->effect.without;
    return (q->drivers[0] == probe->driver_id || q->drivers[1] == probe->driver_id) &&
           version >= q->first_version && version <= q->last_version &&
           (!q->device || q->device(probe)) && (!without || (without & probe->info.capabilities));
}

vrn_quirks vrn_quirks_find(const vrn_probe *probe, const vrn_log *log)
{
    vrn_quirks all = {.unmeasured = !is_measured(probe)};
    for (uint32_t i = 0; i < VRN_COUNT(quirks); i++) {
        const quirk *q = &quirks[i];
        if (!applies(q, probe) || (q->speed && all.unmeasured)) continue;
        all.without |= q->effect.without;
        all.no_pipeline_cache |= q->effect.no_pipeline_cache;
        all.freeze_constants |= q->effect.freeze_constants;
        all.straight_addresses |= q->effect.straight_addresses;
        vrn_log_write(log, VRN_LOG_INFO, "%s: driver workaround: %s (%s)", probe->info.name,
                      q->reason, q->link);
    }
    return all;
}
