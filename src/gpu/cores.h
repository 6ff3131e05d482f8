/* The number of a device's cores and their resources. Vulkan does not report them; some drivers do,
 * a table knows others, and the rest is guessed. The merits of kernels (ops/merit.h) depend on
 * them. */
#ifndef VRN_GPU_CORES_H
#define VRN_GPU_CORES_H

#include <stdbool.h>

#include <vkresnet/vkresnet.h>

/* A core is the unit that runs a work group: NVIDIA's SM, AMD's compute unit, Intel's subslice or
 * Xe core, a core of Apple's, Arm's and Imagination's, Qualcomm's SP, Broadcom's QPU. */
typedef struct vrn_cores {
    uint32_t count;
    uint32_t lanes;         /* float multiply-adds that a core starts per clock */
    uint32_t threads;       /* invocations that a core holds at most */
    uint32_t registers;     /* of 32 bits, that an invocation can have before compilers spill */
    uint32_t register_file; /* of a core, of 32 bits */
    uint32_t shared_bytes;  /* of a core */
    uint32_t matrix_rate;   /* half multiply-adds by matrices, as a multiple of `lanes` */
    float shared_cost;      /* of reading four numbers from shared memory, in multiply-adds */
    float mhz;
    float gbytes;      /* memory bandwidth per second, known or guessed */
    float dispatch_us; /* time of a dispatch and its barrier */
    bool emulates_dot; /* integer dot products are made of other instructions */
    uint32_t vectors;  /* of a processor: registers for eight floats; 0: a GPU, or not known */
} vrn_cores;

/* What drivers report. 0: not reported. */
typedef struct vrn_core_facts {
    /* VK_NV_shader_sm_builtins */
    uint32_t nv_sms, nv_warps;
    /* VK_AMD_shader_core_properties and .._2: vector registers and wavefronts are those of a
     * SIMD */
    uint32_t amd_units, amd_simds, amd_waves, amd_registers, amd_wave_size;
    /* VK_ARM_shader_core_builtins */
    uint32_t arm_cores, arm_warps;
    /* VK_KHR_shader_integer_dot_product: those of signed bytes are not accelerated */
    bool emulates_dot;
    /* Of the processor, for drivers that run on it: vrn_host_vectors() */
    uint32_t vectors;
} vrn_core_facts;

/* How many vectors of eight floats the registers of this machine's processor hold. */
uint32_t vrn_host_vectors(void);

/* Never fails: for unknown devices it guesses by the type of device. */
vrn_cores vrn_cores_find(const vrn_device_info *info, const vrn_core_facts *told);

#endif
