#include "gpu/cores.h"

#include <string.h>

#include "base/util.h"

enum {
    AMD = 0x1002,
    IMAGINATION = 0x1010,
    APPLE = 0x106B,
    NVIDIA = 0x10DE,
    ARM = 0x13B5,
    BROADCOM = 0x14E4,
    QUALCOMM = 0x5143,
    INTEL = 0x8086,
    MESA = 0x10005,
};

/* The usual core of each vendor. `registers` is what compilers were observed to use without
 * spilling (docs/gpu-kernels.md). */
static const vrn_cores nvidia = {
    .count = 40,
    .lanes = 128,
    .threads = 1536,
    .registers = 255,
    .register_file = 65536,
    .shared_bytes = 100 << 10,
    .matrix_rate = 2,
    .shared_cost = 0.5F,
    .mhz = 1900,
    .dispatch_us = 2,
};

static const vrn_cores amd = {
    .count = 36,
    .lanes = 64,
    .threads = 2560,
    .registers = 256,
    .register_file = 65536,
    .shared_bytes = 64 << 10,
    .matrix_rate = 4,
    .shared_cost = 0.5F,
    .mhz = 1900,
    .dispatch_us = 4,
};

/* A thread has 128 registers of 32 bytes: 64 floats per lane with 16 lanes, 128 with 8. */
static const vrn_cores intel = {
    .count = 3,
    .lanes = 64,
    .threads = 896,
    .registers = 92,
    .register_file = 57344,
    .shared_bytes = 64 << 10,
    .matrix_rate = 8,
    .shared_cost = 0.7F,
    .mhz = 1150,
    .dispatch_us = 5,
};

/* 256 registers of 16 bits. */
static const vrn_cores apple = {
    .count = 8,
    .lanes = 128,
    .threads = 1024,
    .registers = 120,
    .register_file = 53248,
    .shared_bytes = 60 << 10,
    .shared_cost = 0.6F,
    .mhz = 1280,
    .dispatch_us = 5,
};

static const vrn_cores adreno = {
    .count = 4,
    .lanes = 128,
    .threads = 2048,
    .registers = 192,
    .register_file = 49152,
    .shared_bytes = 32 << 10,
    .shared_cost = 1,
    .mhz = 680,
    .dispatch_us = 20,
};

/* On these three, shared memory is ordinary memory behind a cache. */
static const vrn_cores mali = {
    .count = 4,
    .lanes = 64,
    .threads = 1024,
    .registers = 52,
    .register_file = 32768,
    .shared_bytes = 32 << 10,
    .shared_cost = 6,
    .mhz = 850,
    .dispatch_us = 30,
};

static const vrn_cores videocore = {
    .count = 12,
    .lanes = 4,
    .threads = 64,
    .registers = 44,
    .register_file = 2048,
    .shared_bytes = 32 << 10,
    .shared_cost = 6,
    .mhz = 900,
    .dispatch_us = 40,
};

static const vrn_cores powervr = {
    .count = 1,
    .lanes = 64,
    .threads = 512,
    .registers = 76,
    .register_file = 32768,
    .shared_bytes = 16 << 10,
    .shared_cost = 6,
    .mhz = 800,
    .dispatch_us = 40,
};

/* By masked bits of Intel's device ids; the first match counts. */
static const struct intel_device {
    uint16_t mask, id;
    uint16_t cores, lanes; /* of a core */
    uint16_t mhz;
} intel_devices[] = {
    {0xFFFF, 0x56A0, 32, 128, 2100},                                 /* Arc A770 */
    {0xFFFF, 0x56A1, 28, 128, 2050},                                 /* A750 */
    {0xFFFF, 0x56A5, 8, 128, 2000},                                  /* A380 */
    {0xFF00, 0x5600, 16, 128, 2000},                                 /* other Alchemist */
    {0xFFFF, 0xE20B, 20, 128, 2670},                                 /* B580 */
    {0xFF00, 0xE200, 18, 128, 2600},                                 /* other Battlemage */
    {0xFF00, 0xB000, 12, 128, 2300},                                 /* Panther Lake */
    {0xFF00, 0x6400, 8, 128, 1950},                                  /* Lunar Lake */
    {0xFF00, 0x7D00, 8, 128, 2200},                                  /* Meteor and Arrow Lake */
    {0xFFF0, 0xA780, 2, 128, 1500},                                  /* Raptor Lake on desktops */
    {0xFF00, 0xA700, 6, 128, 1400},                                  /* .. in laptops */
    {0xFFF0, 0x4680, 2, 128, 1450},                                  /* Alder Lake on desktops */
    {0xFFF0, 0x4690, 2, 128, 1450},  {0xFF00, 0x4600, 6, 128, 1400}, /* .. in laptops */
    {0xFF00, 0x9A00, 6, 128, 1300},                                  /* Tiger Lake */
    {0xFF00, 0x4C00, 2, 128, 1300},                                  /* Rocket Lake */
    {0xFF00, 0x8A00, 8, 64, 1100},                                   /* Ice Lake */
};

/* By parts of names; the first match counts. */
static const struct named_device {
    uint32_t vendor;
    const char *part;
    uint16_t cores, lanes, mhz;
} named_devices[] = {
    {APPLE, "Ultra", 64, 128, 1400},  {APPLE, "Max", 32, 128, 1400},
    {APPLE, "Pro", 16, 128, 1400},    {APPLE, "M1", 8, 128, 1280},
    {APPLE, "", 10, 128, 1400},       {QUALCOMM, "750", 6, 256, 900},
    {QUALCOMM, "740", 6, 256, 680},   {QUALCOMM, "730", 4, 256, 820},
    {QUALCOMM, "660", 3, 256, 840},   {QUALCOMM, "650", 3, 256, 600},
    {QUALCOMM, "640", 2, 256, 600},   {QUALCOMM, "630", 2, 256, 700},
    {QUALCOMM, "", 4, 128, 600},      {ARM, "G610", 4, 64, 850},
    {ARM, "G710", 7, 64, 850},        {ARM, "G57", 2, 32, 850},
    {BROADCOM, "V3D 4", 8, 4, 500},   {BROADCOM, "", 12, 4, 900},
    {IMAGINATION, "BXS", 1, 64, 800},
};

static void take_nvidia(vrn_cores *cores, const vrn_core_facts *told)
{
    if (!told->nv_sms) return;
    cores->count = told->nv_sms;
    cores->threads = told->nv_warps * 32;
    if (told->nv_warps <= 32) { /* Turing */
        cores->lanes = 64;
        cores->shared_bytes = 64 << 10;
        cores->matrix_rate = 4;
    } else if (told->nv_warps >= 64 && told->nv_sms >= 72) { /* for data centres: A100, H100 */
        cores->shared_bytes = 160 << 10;
        cores->matrix_rate = 14;
        cores->mhz = 1700;
    } else if (told->nv_warps >= 64) { /* Pascal */
        cores->shared_bytes = 96 << 10;
    }
}

static void take_amd(vrn_cores *cores, const vrn_core_facts *told)
{
    if (!told->amd_units || !told->amd_simds || !told->amd_wave_size) return;
    cores->count = told->amd_units;
    cores->threads = told->amd_waves * told->amd_simds * told->amd_wave_size;
    cores->register_file = told->amd_registers * told->amd_simds * told->amd_wave_size;
    /* Four SIMDs of 16 before RDNA, two of 32 since. */
    if (told->amd_simds == 4) cores->mhz = 1300;
}

static void take_intel(vrn_cores *cores, uint32_t id)
{
    for (uint32_t i = 0; i < VRN_COUNT(intel_devices); i++) {
        if ((id & intel_devices[i].mask) != intel_devices[i].id) continue;
        cores->count = intel_devices[i].cores;
        cores->lanes = intel_devices[i].lanes;
        cores->mhz = intel_devices[i].mhz;
        cores->threads *= cores->lanes / 64;
        cores->register_file *= cores->lanes / 64;
        cores->shared_bytes = cores->lanes > 64 ? 128 << 10 : 64 << 10;
        return;
    }
}

/* Mesa's driver for Apple's GPUs reports Mesa as the vendor. */
static uint32_t maker_of(const vrn_device_info *info)
{
    return info->vendor_id == MESA && strncmp(info->name, "Apple", 5) == 0 ? APPLE
                                                                           : info->vendor_id;
}

static void take_name(vrn_cores *cores, const vrn_device_info *info)
{
    const uint32_t maker = maker_of(info);
    for (uint32_t i = 0; i < VRN_COUNT(named_devices); i++) {
        if (named_devices[i].vendor != maker || !strstr(info->name, named_devices[i].part)) {
            continue;
        }
        cores->count = named_devices[i].cores;
        cores->lanes = named_devices[i].lanes;
        cores->mhz = named_devices[i].mhz;
        return;
    }
}

/* AVX-512 has 32 registers, and also instructions that use them as vectors of eight floats
 * (AVX-512VL). AVX has 16; Arm's NEON has 32 registers of four floats. */
uint32_t vrn_host_vectors(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512vl")) return 32;
#endif
    return 16;
}

/* Assumes that an unknown device is small, unless it is discrete. For CPU drivers, which have their
 * own kernels, the kernels for GPUs are ranked as on a large GPU. */
static vrn_cores guess(const vrn_device_info *info, const vrn_core_facts *told)
{
    vrn_cores cores = nvidia;
    if (info->type == VRN_DEVICE_CPU) {
        cores.count = 80;
        cores.vectors = told->vectors;
    } else if (info->type != VRN_DEVICE_DISCRETE) {
        cores = intel;
        cores.count = 6;
        if (info->max_workgroup_invocations < 512) cores.registers = 32;
    }
    if (info->shared_memory_bytes > cores.shared_bytes) {
        cores.shared_bytes = info->shared_memory_bytes;
    }
    return cores;
}

vrn_cores vrn_cores_find(const vrn_device_info *info, const vrn_core_facts *told)
{
    static const struct {
        uint32_t vendor;
        const vrn_cores *cores;
    } makers[] = {
        {NVIDIA, &nvidia}, {AMD, &amd},         {INTEL, &intel},        {APPLE, &apple},
        {ARM, &mali},      {QUALCOMM, &adreno}, {BROADCOM, &videocore}, {IMAGINATION, &powervr},
    };
    vrn_cores cores = guess(info, told);
    for (uint32_t i = 0; i < VRN_COUNT(makers) && info->type != VRN_DEVICE_CPU; i++) {
        if (makers[i].vendor == maker_of(info)) cores = *makers[i].cores;
    }
    if (info->type != VRN_DEVICE_CPU) {
        take_name(&cores, info);
        if (info->vendor_id == INTEL) take_intel(&cores, info->device_id);
        take_nvidia(&cores, told);
        take_amd(&cores, told);
        if (told->arm_cores) cores.count = told->arm_cores;
        if (told->arm_warps) cores.threads = told->arm_warps * 16;
        cores.emulates_dot = told->emulates_dot;
    }
    /* Assume 40 operations per byte, which is typical. */
    if (!(cores.gbytes > 0)) {
        cores.gbytes = 2 * (float)cores.count * (float)cores.lanes * cores.mhz / 40 / 1000;
    }
    return cores;
}
