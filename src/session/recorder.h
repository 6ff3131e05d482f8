/* The common parts of recording and submitting an application's images and buffers: checks,
 * conversion of the input, and copies of the results to the application's buffers. */
#ifndef VRN_SESSION_RECORDER_H
#define VRN_SESSION_RECORDER_H

#include "gpu/descriptor.h"
#include "session/image_layout.h"
#include "session/session.h"

typedef struct vrn_recorder {
    vrn_session *session;
    vrn_device *device;
    const vrn_record_params *params;
    const vrn_device_queue *queue; /* where the commands will run */
    uint32_t count, top;
    bool continued; /* an earlier recording has read the input */
    /* what belongs to the slot: */
    vrn_images *images;        /* prepares the input, which is images->tensor */
    vrn_descriptor_pool *pool; /* for sets that `images` does not have */
    VkBuffer output;           /* receives the network's results */
    VkBuffer kept_top;         /* for vrn_session_get_top; or VK_NULL_HANDLE */
    VkCommandBuffer buffer;    /* the current one */
} vrn_recorder;

/* Returns a recorder. The caller fills in what belongs to the slot. */
vrn_recorder vrn_recorder_of(vrn_session *session, const vrn_record_params *params,
                             const vrn_device_queue *queue);

/* Checks the parameters, except `slot`, `cursor` and the budget. `results`: at least one result is
 * required. */
vrn_result vrn_recorder_check(const vrn_recorder *r, bool results);

/* Checks that images whose ownership is transferred have their VkImage. */
vrn_result vrn_recorder_check_transfer(const vrn_record_params *params, const vrn_log *log);

/* Makes room for the descriptors of the input and the results. The device must not be using
 * them. */
vrn_result vrn_recorder_reserve(const vrn_recorder *r);
vrn_result vrn_recorder_reserve_input(const vrn_recorder *r); /* of an input of floats alone */

/* Record into r->buffer: the barriers at both ends, the input, and the results. */
void vrn_recorder_begin(const vrn_recorder *r);
vrn_result vrn_recorder_input(const vrn_recorder *r);
vrn_result vrn_recorder_results(const vrn_recorder *r);
void vrn_recorder_end(const vrn_recorder *r);

/* How the images of a recording change their layouts and owners. */
vrn_image_changes vrn_recorder_image_changes(const vrn_record_params *params,
                                             const vrn_device_queue *queue);

#endif
