/* A network compiled for a device: which kernels run in which order, on which memory. compile.c
 * turns a model's graph into steps, with precision.c, choose.c, tuned.c and memory_plan.c. Then
 * program.c creates what the device needs for them, and weights.c packs the parameters.
 *
 * A program does not change after it is created: sessions, recordings, the profile and the tuner
 * read it. Only the arena's contents change. Each submission begins with a barrier, so that
 * submissions to one queue use the arena in turn. State that changes is in session/session.h. */
#ifndef VRN_PLAN_PROGRAM_H
#define VRN_PLAN_PROGRAM_H

#include <vkresnet/vkresnet.h>

#include "gpu/descriptor.h"
#include "net/graph.h"
#include "net/model.h"
#include "ops/prepared.h"
#include "plan/choose.h"
#include "plan/memory_plan.h"
#include "plan/weights.h"

/* One operation of the compiled network; step i computes node i of the graph. */
typedef struct vrn_step {
    vrn_choice choice;
    vrn_prepared_kernel prepared; /* choice.kernel */
    vrn_range parameters;
    double work;    /* of one image, in 1e9 operations, including memory traffic */
    bool divisible; /* its pipelines can dispatch a part of a grid */
} vrn_step;

/* A result copied out of the arena: the value, and its place in the output buffer. */
typedef struct vrn_output {
    vrn_value value;
    vrn_shape shape;
    vrn_format format;
    uint64_t image_bytes; /* of one image, including padded channels */
    uint64_t offset;      /* of image 0 in the output buffer */
} vrn_output;

enum {
    VRN_OUTPUT_LOGITS,
    VRN_OUTPUT_PROBABILITIES,
    VRN_OUTPUT_TAPS, /* the first of them */
};

typedef struct vrn_program {
    vrn_device *device;
    vrn_model *model;        /* held */
    vrn_session_info info;   /* without compile_ms, and what sessions add to device_bytes */
    vrn_transform transform; /* for images: the caller's, or the model's */
    uint32_t chosen_for;     /* the number of images that kernels were chosen for */
    double limit_ms;         /* the most that a submission is planned to take; may be infinite */

    vrn_graph graph;
    vrn_step *steps; /* [graph.count] */
    vrn_plan plan;
    vrn_output *outputs; /* logits, probabilities, taps */
    uint32_t output_count, tap_count;
    uint64_t output_bytes;

    vrn_weights *weights;
    vrn_buffer arena;
    vrn_descriptor_pool pool;
} vrn_program;

/* Compiles a model with checked parameters and the measurements of `tuned`, which may be NULL. With
 * `observe`, all values of the compiled graph are outputs and share no memory: value i is tap i.
 * Errors: those of vrn_session_create. */
vrn_result vrn_program_compile(vrn_program **program, vrn_device *device, const vrn_model *model,
                               const vrn_session_params *params, vrn_tuned *tuned, bool observe);

/* The same without anything on the device. Shows which kernels would run, and why. */
vrn_result vrn_program_plan(vrn_program **program, vrn_device *device, const vrn_model *model,
                            const vrn_session_params *params, vrn_tuned *tuned, bool observe);

/* The device must not be using it. Accepts NULL. */
void vrn_program_destroy(vrn_program **program);

#endif
