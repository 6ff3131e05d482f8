/* The inside of vrn_session. Its story in the order of the files: compile.c turns a model's graph
 * into steps (fuse.c, choose.c, plan.c, weights.c help), record.c writes the steps into command
 * buffers (as many as split.c says), run.c brings inputs in and results out, images.c prepares
 * photos on the device, embed.c records into an application's command buffers, profile.c times the
 * steps. */
#ifndef VRN_SESSION_SESSION_H
#define VRN_SESSION_SESSION_H

#include <vkresnet/diagnostics.h>
#include <vkresnet/vulkan.h>

#include "gpu/memory.h"
#include "gpu/pipeline.h"
#include "gpu/queue.h"
#include "net/graph.h"
#include "net/model.h"
#include "ops/prepared.h"
#include "plan/choose.h"
#include "session/images.h"
#include "plan/memory_plan.h"
#include "session/split.h"
#include "plan/weights.h"

/* One operation of the compiled network; step i computes node i of the graph. */
typedef struct vrn_step {
    const vrn_kernel *kernel;
    vrn_choice choice; /* why this kernel */
    vrn_prepared_kernel prepared;
    uint64_t parameter_bytes;
    double work;    /* of one image, in 1e9 operations (split.h) */
    bool divisible; /* its pipelines can dispatch parts of a grid */
} vrn_step;

/* A result that leaves the arena: a value, and where it goes in a slot's output buffer. */
typedef struct vrn_output {
    vrn_value value;
    vrn_shape shape;
    vrn_format format;
    uint64_t image_bytes; /* of one image, padded channels included */
    uint64_t offset;      /* of image 0 in the output buffer */
} vrn_output;

/* Where the input of a recorded run comes from. */
typedef enum vrn_source {
    VRN_SOURCE_NONE, /* nothing is recorded */
    VRN_SOURCE_FLOATS,
    VRN_SOURCE_IMAGES,
} vrn_source;

/* One submission: its command buffers, the buffers that the host reads and writes, and what it
 * owes. */
typedef struct vrn_slot {
    vrn_commands commands; /* buffers[0] replays the network, buffers[1] prepares images */
    vrn_buffer input;      /* floats from the host: [batch, H, W, 1] vec4; made when first needed */
    vrn_buffer output;     /* logits, probabilities, taps */
    vrn_images images;
    VkQueryPool queries; /* two timestamps around the network */
    vrn_source recorded; /* what buffers[0] holds .. */
    uint32_t recorded_count, recorded_version;
    /* [part_count]: the network, a submission each; the first is buffers[0] */
    VkCommandBuffer *parts;
    uint32_t part_count, part_capacity;
    bool busy; /* submitted and not delivered */
    vrn_ticket ticket;
    double submitted; /* when */
    vrn_batch batch;  /* where the results go; the inputs in it are no longer valid */
    float **taps;     /* [tap_count], the batch's own copy */
    vrn_host_time host;
} vrn_slot;

enum {
    VRN_OUTPUT_LOGITS,
    VRN_OUTPUT_PROBABILITIES,
    VRN_OUTPUT_TAPS, /* the first of them */
};

struct vrn_session {
    vrn_device *device;
    vrn_model *model; /* held */
    vrn_session_info info;
    vrn_transform transform;
    uint32_t chosen_for; /* so many images at once were the kernels chosen */

    vrn_graph graph;
    vrn_plan plan;
    vrn_split split;
    vrn_weights *weights;
    vrn_buffer arena;
    vrn_step *steps; /* [graph.count] */
    VkDescriptorPool pool;

    vrn_output *outputs; /* logits, probabilities, taps */
    uint32_t output_count, tap_count;
    uint64_t output_bytes;

    vrn_slot *slots;
    uint32_t slot_count;
    vrn_ticket next_ticket;
    struct vrn_recording *recordings[VRN_MAX_RECORD_SLOTS]; /* embed.c; made when first needed */
};

/* compile.c: everything up to pipelines and descriptor sets. The session is zeroed but for device,
 * model and transform. With `observe` all values of the compiled graph are outputs, and keep their
 * memory: value i is tap i. */
vrn_result vrn_session_compile(vrn_session *session, const vrn_session_params *params,
                               vrn_tuned *tuned, bool observe);

/* session.c: vrn_session_create for parameters that were checked, with the measurements of `tuned`,
 * or without any where it is NULL. Does not tune. */
vrn_result vrn_session_make(vrn_session **session, vrn_device *device, const vrn_model *model,
                            const vrn_session_params *params, vrn_tuned *tuned, bool observe);

/* record.c: the whole network for `count` images, slice by slice, behind a barrier: copies in from
 * `input`, dispatches, copies out to `output`. A query pool gets timestamps: at both ends (queries
 * 0 and 1), or with `each` before every dispatch and at the end (graph.count + 1 queries, one
 * slice). */
void vrn_network_record(const vrn_session *session, VkCommandBuffer buffer, VkBuffer input,
                        VkBuffer output, uint32_t count, VkQueryPool queries, bool each);

/* The same as all that a command buffer holds, with a barrier at the end that lets the host
 * read. */
vrn_result vrn_network_record_whole(const vrn_session *session, VkCommandBuffer buffer,
                                    VkBuffer input, VkBuffer output, uint32_t count,
                                    VkQueryPool queries, bool each);

/* The same into a slot's parts, each a command buffer that is to be submitted by itself
 * (split.h). */
vrn_result vrn_network_record_parts(const vrn_session *session, vrn_slot *slot, VkBuffer input,
                                    uint32_t count);

#endif
