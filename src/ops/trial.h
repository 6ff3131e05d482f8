/* Runs one kernel by itself, for the tuner, the self-test and measured drivers (plan/speeds.h). Its
 * memory and commands also serve to measure peak rates. */
#ifndef VRN_OPS_TRIAL_H
#define VRN_OPS_TRIAL_H

#include "gpu/descriptor.h"
#include "gpu/queue.h"
#include "ops/prepared.h"

/* The resources that all trials share: memory, which grows as needed, and command buffers for two
 * kernels that run alternately. */
typedef struct vrn_bench {
    vrn_device *device;
    /* contains ordinary numbers: zeros or denormals change the speed of some processors */
    vrn_buffer inputs;
    vrn_buffer results; /* outputs and scratch memory */
    vrn_commands commands;
    VkQueryPool queries; /* two for each command buffer; VK_NULL_HANDLE: the host's clock is used */
} vrn_bench;

vrn_result vrn_bench_create(vrn_bench *bench, vrn_device *device);
void vrn_bench_destroy(vrn_bench *bench); /* accepts a zeroed struct whose device is set */

/* Makes the buffers at least this large and fills new memory with ordinary numbers. Destroy
 * existing trials first. */
vrn_result vrn_bench_reserve(vrn_bench *bench, uint64_t inputs, uint64_t results);

/* begin and end enclose what is recorded into command buffer 0 or 1. run runs it and gives its time
 * by the device's clock, or else the host's. */
vrn_result vrn_bench_begin(vrn_bench *bench, uint32_t slot);
vrn_result vrn_bench_end(vrn_bench *bench, uint32_t slot);
vrn_result vrn_bench_run(vrn_bench *bench, uint32_t slot, double *ms);

/* The size of the guard areas around operands, which no kernel may write. */
#define VRN_TRIAL_GUARD_BYTES UINT64_C(1024)

/* The layout of operands: `inputs` holds X, R and W (or the gate), `results` holds Y and the
 * scratch memory. */
typedef struct vrn_trial_layout {
    uint64_t x, r, w, inputs; /* offsets, and the total size */
    uint64_t y, scratch, results;
} vrn_trial_layout;

vrn_trial_layout vrn_trial_lay_out(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                   uint32_t images, const vrn_device *device);

typedef struct vrn_trial {
    vrn_prepared_kernel prepared;
    uint32_t slot;    /* 0 or 1: its command buffer */
    uint32_t images;  /* in one run of the kernel */
    uint32_t repeats; /* how often it runs */
    vrn_descriptor_pool pool;
} vrn_trial;

/* Makes the pipelines and sets of a kernel. Reserve memory for its layout first. `refused` is as
 * for vrn_pipelines_prepare. */
vrn_result vrn_trial_create(vrn_trial *trial, vrn_bench *bench, const vrn_kernel *kernel,
                            const vrn_op_desc *desc, uint32_t images, uint32_t slot, bool *refused);
void vrn_trial_destroy(vrn_trial *trial, vrn_bench *bench);

/* Records the kernel `repeats` times. */
vrn_result vrn_trial_record(vrn_trial *trial, vrn_bench *bench, uint32_t repeats);

/* Runs the recorded commands and gives the time of one repetition. On CPU devices this is processor
 * time divided by the number of cores, so that other programs do not add to it. */
vrn_result vrn_trial_run(const vrn_trial *trial, vrn_bench *bench, double *ms);

#endif
