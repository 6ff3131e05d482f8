/* How a device computes: how many cores it has, and what a core can hold. Vulkan does not say it;
 * some drivers do, a table knows others, and for the rest there is a guess. The merits of kernels
 * (ops/merit.h) are made of it. */
#ifndef VRN_GPU_CORES_H
#define VRN_GPU_CORES_H

#include <vkresnet/vkresnet.h>

/* A core is what runs a work group: NVIDIA's SM, AMD's compute unit, Intel's subslice or Xe core,
 * a core of Apple's, Arm's and Imagination's, Qualcomm's SP, Broadcom's QPU. */
typedef struct vrn_cores {
    uint32_t count;
    uint32_t lanes;         /* multiply-adds of floats that a core begins in a clock */
    uint32_t threads;       /* invocations that a core holds at most */
    uint32_t registers;     /* of 32 bits, that an invocation can have before compilers spill */
    uint32_t register_file; /* of a core, of 32 bits */
    uint32_t shared_bytes;  /* of a core */
    uint32_t matrix_rate;   /* multiply-adds of halves by matrices beside those of floats */
    float shared_cost;      /* of reading four numbers from shared memory, in multiply-adds */
    float mhz;
    float gbytes;      /* of memory, a second, where it is known; else a guess */
    float dispatch_us; /* that a dispatch and its barrier take */
} vrn_cores;

/* What drivers tell of it. 0: nothing. */
typedef struct vrn_core_facts {
    /* VK_NV_shader_sm_builtins */
    uint32_t nv_sms, nv_warps;
    /* VK_AMD_shader_core_properties and .._2: vector registers and wavefronts are those of a
     * SIMD */
    uint32_t amd_units, amd_simds, amd_waves, amd_registers, amd_wave_size;
    /* VK_ARM_shader_core_builtins */
    uint32_t arm_cores, arm_warps;
} vrn_core_facts;

/* Never fails: the last resort is a guess by the sort of device. */
vrn_cores vrn_cores_find(const vrn_device_info *info, const vrn_core_facts *told);

#endif
