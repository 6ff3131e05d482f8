/* The inside of vrn_session: a program, and what changes while it runs. run.c submits, and copies
 * results out; floats.c copies arrays in; images.c prepares photos on the device; network.c records
 * the program into as many command buffers as split.c says; record.c records it into an
 * application's command buffer. */
#ifndef VRN_SESSION_SESSION_H
#define VRN_SESSION_SESSION_H

#include <vkresnet/diagnostics.h>
#include <vkresnet/vulkan.h>

#include "plan/program.h"
#include "session/images.h"
#include "session/network.h"
#include "session/split.h"

typedef enum vrn_slot_state {
    VRN_SLOT_FREE = 0, /* nothing was submitted, or its results are delivered */
    VRN_SLOT_BUSY,     /* submitted and not delivered */
    VRN_SLOT_REFUSED,  /* free, but the results were wrong and not delivered: waiting fails */
} vrn_slot_state;

/* The input for which the parts of a network are recorded; zeros: none. */
typedef struct vrn_recorded_network {
    VkBuffer input;
    uint32_t count, version; /* images, and vrn_split.version */
} vrn_recorded_network;

/* The floats from the host for which buffers[1] packs slot->input into images.tensor; zeros:
 * none. */
typedef struct vrn_recorded_input {
    uint32_t count; /* images */
    bool planar;
} vrn_recorded_input;

/* One submission: its command buffers, the buffers that the host reads and writes, and the results
 * that are still to be delivered. */
typedef struct vrn_slot {
    /* buffers[0] replays the network, buffers[1] prepares the input, buffers[2] writes results on
     * the device */
    vrn_commands commands;
    vrn_parts parts;   /* the network, a submission each */
    vrn_buffer input;  /* floats from the host (floats.h); made when first needed */
    vrn_buffer output; /* logits, probabilities, taps */
    vrn_images images;
    vrn_descriptor_pool pool;      /* for other data that is read and written on the device */
    VkQueryPool queries;           /* two timestamps around the network */
    vrn_recorded_network recorded; /* in `parts` */
    vrn_recorded_input packed;     /* in buffers[1] */
    vrn_slot_state state;
    vrn_ticket ticket;
    double submitted; /* when */
    uint32_t count;   /* of images */
    vrn_outputs outputs;
    float **taps; /* [tap_count], a copy of outputs.taps */
    vrn_timing timing;
} vrn_slot;

/* The objects of a slot of recordings into an application's command buffers. Both functions accept
 * NULL. */
typedef struct vrn_recording vrn_recording;
uint64_t vrn_recording_bytes(const vrn_recording *recording);
void vrn_recording_destroy(vrn_recording *recording, vrn_device *device);

struct vrn_session {
    vrn_device *device;
    vrn_program *program; /* the session's own */
    double compile_ms;
    vrn_framing framing; /* of the program */
    vrn_split split;
    const vrn_device_queue *queue; /* receives further runs */
    vrn_slot *slots;
    uint32_t slot_count;
    vrn_ticket next_ticket;
    vrn_recording *recordings[VRN_MAX_RECORD_SLOTS]; /* record.c; made when first needed */
    double record_budget_ms;                         /* of recordings with a cursor; 0: not given */
    vrn_pace pace; /* for networks that are spread over several recordings */
    /* grows with each use of the arena, so that a cursor can tell whether its network is still in
     * it */
    uint64_t uses;
};

/* vrn_session_create for checked parameters. tuned, observe: as for vrn_program_compile. */
vrn_result vrn_session_make(vrn_session **session, vrn_device *device, const vrn_model *model,
                            const vrn_session_params *params, vrn_tuned *tuned, bool observe);

/* Checks the parameters against the header's limits, except those that depend on the model. */
vrn_result vrn_session_params_check(const vrn_session_params *params, const vrn_log *log);

#endif
