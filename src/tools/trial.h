/* One kernel, made ready to run by itself: what the tuner times, and the self-test checks. And
 * what it runs on, which serves the measuring of peaks too. */
#ifndef VRN_TOOLS_TRIAL_H
#define VRN_TOOLS_TRIAL_H

#include "gpu/descriptor.h"
#include "gpu/queue.h"
#include "ops/prepared.h"

/* What all trials share: memory, grown as needed, and command buffers for two kernels that take
 * turns. */
typedef struct vrn_bench {
    vrn_device *device;
    /* ordinary numbers: zeros or denormals would change some processors' speed */
    vrn_buffer inputs;
    vrn_buffer results; /* outputs and scratch memory */
    vrn_commands commands;
    VkQueryPool queries; /* two for each command buffer, or VK_NULL_HANDLE: the host's clock */
} vrn_bench;

vrn_result vrn_bench_create(vrn_bench *bench, vrn_device *device);
void vrn_bench_destroy(vrn_bench *bench); /* accepts a zeroed struct whose device is set */

/* Makes the buffers at least so large; what is new holds ordinary numbers. Trials that were made
 * before must be destroyed first. */
vrn_result vrn_bench_reserve(vrn_bench *bench, uint64_t inputs, uint64_t results);

/* Around what is recorded into a command buffer, 0 or 1, to be timed; runs it. The time is the
 * device's, or else the host's. */
vrn_result vrn_bench_begin(vrn_bench *bench, uint32_t slot);
vrn_result vrn_bench_end(vrn_bench *bench, uint32_t slot);
vrn_result vrn_bench_run(vrn_bench *bench, uint32_t slot, double *ms);

/* Around operands there is room that no kernel has any business in. */
#define VRN_TRIAL_GUARD_BYTES UINT64_C(1024)

/* Where operands stand: in the inputs X, R and W (or the gate) one behind the other, in
 * the results Y and then the scratch memory. */
typedef struct vrn_trial_layout {
    uint64_t x, r, w, inputs; /* offsets, and the size */
    uint64_t y, scratch, results;
} vrn_trial_layout;

vrn_trial_layout vrn_trial_lay_out(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                   uint32_t images, const vrn_device *device);

typedef struct vrn_trial {
    vrn_prepared_kernel prepared;
    uint32_t slot;    /* 0 or 1: its command buffer */
    uint32_t images;  /* of a run of the kernel .. */
    uint32_t repeats; /* .. which is repeated so often */
    vrn_descriptor_pool pool;
} vrn_trial;

/* Makes the pipelines and sets of a kernel that memory was reserved for, by its layout. `refused`:
 * as of vrn_pipelines_prepare, or NULL. */
vrn_result vrn_trial_create(vrn_trial *trial, vrn_bench *bench, const vrn_kernel *kernel,
                            const vrn_op_desc *desc, uint32_t images, uint32_t slot, bool *refused);
void vrn_trial_destroy(vrn_trial *trial, vrn_bench *bench);

/* Records a run of `repeats` times the kernel. */
vrn_result vrn_trial_record(vrn_trial *trial, vrn_bench *bench, uint32_t repeats);

/* Runs what is recorded and gives the time of one kernel. */
vrn_result vrn_trial_run(const vrn_trial *trial, vrn_bench *bench, double *ms);

#endif
