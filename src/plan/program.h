/* A network compiled for a device: which kernels run in which order, on which memory. Its story in
 * the order of the files: compile.c turns a model's graph into steps (precision.c, choose.c,
 * tuned.c and memory_plan.c help), program.c makes what the device needs for them (weights.c
 * packs the parameters).
 *
 * Nothing in it changes once it is made: sessions, recordings, the profile and the tuner read it.
 * The arena's contents belong to whichever submission runs: submissions on the device's one queue
 * take turns with it, by the barrier with which each begins. What a session learns and owes is in
 * session/session.h. */
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
    double work;    /* of one image, in 1e9 operations, memory that is moved included */
    bool divisible; /* its pipelines can dispatch parts of a grid */
} vrn_step;

/* A result that leaves the arena: a value, and where it goes in an output buffer. */
typedef struct vrn_output {
    vrn_value value;
    vrn_shape shape;
    vrn_format format;
    uint64_t image_bytes; /* of one image, padded channels included */
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
    vrn_session_info info;   /* but for what sessions add to device_bytes, and compile_ms */
    vrn_transform transform; /* for images: the caller's, or the model's */
    uint32_t chosen_for;     /* so many images at once were the kernels chosen */
    double limit_ms;         /* what a submission is planned to take at most; may be infinite */

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

/* Compiles a model, by parameters that were checked and the measurements of `tuned`, or without any
 * where it is NULL. With `observe` all values of the compiled graph are outputs, and keep their
 * memory: value i is tap i. Errors: those of vrn_session_create. */
vrn_result vrn_program_compile(vrn_program **program, vrn_device *device, const vrn_model *model,
                               const vrn_session_params *params, vrn_tuned *tuned, bool observe);

/* The same without all that is on the device: what would run, and why. */
vrn_result vrn_program_plan(vrn_program **program, vrn_device *device, const vrn_model *model,
                            const vrn_session_params *params, vrn_tuned *tuned, bool observe);

/* Nothing of it may be in use by the device. Accepts NULL. */
void vrn_program_destroy(vrn_program **program);

#endif
