/* VkResNet inside an application that uses Vulkan itself: on its device, in its command buffers.
 *
 *     vrn_device_requirements requirements;
 *     vrn_device_get_requirements(&requirements, &(vrn_device_requirements_params){...});
 *     ... vkCreateDevice with requirements.extensions and requirements.chain ...
 *     vrn_device_import(&device, &(vrn_device_import_params){...});
 *     vrn_session_create(&session, device, model, NULL);
 *     vrn_session_record(session, commands, &(vrn_record_params){...});   once a frame
 *
 * The rules at the top of vkresnet.h hold here too. docs/embedding.md walks through one frame.
 *
 * What the application lends (instance, device, queue, buffers, images, command buffers) stays its
 * own: the library destroys none of it, waits for none of it, and submits nothing that it was not
 * asked to run. What is lent must outlive the vrn_device, and the vrn_device its sessions. */
#ifndef VKRESNET_VULKAN_H
#define VKRESNET_VULKAN_H

#include <vulkan/vulkan_core.h>

#include <vkresnet/vkresnet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What to enable -------------------------------------------------------------------------- */

#define VRN_MAX_REQUIREMENTS 24

/* One extension, feature or both to enable when a Vulkan device is made. Texts are static. */
typedef struct vrn_requirement {
    /* vrn_device_import fails without it, and the log names it; else it is optional, and the
     * library falls back to something else */
    bool mandatory;
    const char *extension; /* to enable; NULL: the API version includes it */
    /* that contains the feature: "VkPhysicalDeviceTimelineSemaphoreFeatures"; NULL: no feature.
     * "VkPhysicalDeviceFeatures" is a part of VkPhysicalDeviceFeatures2 */
    const char *structure;
    const char *feature; /* the member to set to VK_TRUE: "timelineSemaphore" */
    uint32_t capability; /* the vrn_capability bit that depends on it; 0: none */
    uint64_t reserved[2];
} vrn_requirement;

/* What to enable on one physical device: what the library must have and what it can use. Only what
 * the device offers is listed. `chain` and `extensions` can be passed to vkCreateDevice as they
 * are. An application that has the larger structures of Vulkan 1.2 and 1.3 in its own chain sets
 * the members that `items` names there instead, because Vulkan allows no feature twice. The chain
 * points into the struct: do not copy or move it. */
typedef struct vrn_device_requirements {
    uint32_t api_version;     /* of instance and device, at least: VK_API_VERSION_1_1 */
    VkQueueFlags queue_flags; /* of the queue's family, at least: VK_QUEUE_COMPUTE_BIT */
    uint32_t count;
    vrn_requirement items[VRN_MAX_REQUIREMENTS]; /* [count] */
    uint32_t extension_count;
    const char *extensions[VRN_MAX_REQUIREMENTS]; /* [extension_count], each once */
    /* for VkDeviceCreateInfo::pNext; NULL: nothing to enable. If it contains a
     * VkPhysicalDeviceFeatures2, that is the first, and pEnabledFeatures must be NULL */
    void *chain;
    uint64_t structures[128]; /* the chain itself */
    uint64_t reserved[4];
} vrn_device_requirements;

typedef struct vrn_device_requirements_params {
    vrn_log log;
    VkInstance instance;
    VkPhysicalDevice physical_device;
    PFN_vkGetInstanceProcAddr get_instance_proc_addr;
    uint32_t api_version; /* VkApplicationInfo::apiVersion; 0: VK_API_VERSION_1_1 */
    uint64_t reserved[4];
} vrn_device_requirements_params;

/* Fills the lists. Touches no device; thread-safe. Errors: VRN_ERROR_INVALID_ARGUMENT,
 * VRN_ERROR_UNSUPPORTED (the physical device cannot be used at all; the log says why). */
VRN_API vrn_result vrn_device_get_requirements(vrn_device_requirements *requirements,
                                               const vrn_device_requirements_params *params);

/* ---- Import ---------------------------------------------------------------------------------- */

typedef struct vrn_device_import_params {
    vrn_log log;                               /* as in vrn_device_params */
    uint32_t without;                          /* as in vrn_device_params */
    const char *cache_directory;               /* as in vrn_device_params */
    const vrn_device_diagnostics *diagnostics; /* as in vrn_device_params */

    VkInstance instance;
    VkPhysicalDevice physical_device;
    VkDevice device;
    PFN_vkGetInstanceProcAddr get_instance_proc_addr; /* all functions are found through it */
    uint32_t api_version; /* VkApplicationInfo::apiVersion; 0: VK_API_VERSION_1_1 */
    bool debug_utils;     /* the instance has VK_EXT_debug_utils: objects get names */

    const char *const *extensions; /* that were enabled on the device: */
    uint32_t extension_count;
    /* .. and features: the chain that VkDeviceCreateInfo::pNext had, or any structures of it; read
     * during the call. NULL: none */
    const void *features;
    const VkPhysicalDeviceFeatures *core_features; /* likewise what pEnabledFeatures had, or NULL */

    uint32_t queue_family;
    VkQueue queue; /* of that family, which must be able to compute */

    /* Vulkan lets one thread at a time use a queue. Where other threads than those inside this
     * library submit to it, both are given: the library calls `lock` before and `unlock` after each
     * use, from whichever thread is inside it, never nested. NULL, both: nobody else uses the queue
     * meanwhile. */
    void (*lock)(void *user);
    void (*unlock)(void *user);
    void *lock_user;
    uint64_t reserved[8];
} vrn_device_import_params;

/* Makes a vrn_device from an application's Vulkan device. Its capabilities (vrn_device_get_info)
 * follow from what was enabled, not from what the hardware has. vrn_device_destroy gives everything
 * back that the library made, and leaves what was lent as it was; it waits for nothing, as sessions
 * have waited for their own submissions. Several imports of one device, and devices of the
 * library's own beside it, do not disturb each other (several imports of one queue need a common
 * lock). Errors: VRN_ERROR_INVALID_ARGUMENT, VRN_ERROR_UNSUPPORTED (a mandatory requirement is
 * missing; the log names it), VRN_ERROR_OUT_OF_MEMORY. Blocking, but quick. */
VRN_API vrn_result vrn_device_import(vrn_device **device, const vrn_device_import_params *params);

/* ---- Recording ------------------------------------------------------------------------------- */

/* A place in a buffer of the application, which has VK_BUFFER_USAGE_STORAGE_BUFFER_BIT. The offset
 * is a multiple of 4; no other alignment is needed. A NULL buffer stands for no place. */
typedef struct vrn_place {
    VkBuffer buffer;
    VkDeviceSize offset;
} vrn_place;

/* An image that a shader may sample: a single-sampled 2D view of a colour format, of an image with
 * VK_IMAGE_USAGE_SAMPLED_BIT. Rows are from the top. Alpha is ignored.
 *
 * The network's transform works on 8-bit pixels as image files have them, in sRGB's encoding, and
 * so do recordings: a UNORM format gives its bytes as they are; what an SRGB format stores is
 * brought back to those bytes; a float format holds linear light, which is clamped to 0 .. 1 and
 * encoded. Formats: R8G8B8A8, B8G8R8A8 and A8B8G8R8_PACK32 in UNORM and SRGB, A2B10G10R10 and
 * A2R10G10B10_UNORM_PACK32, R16G16B16A16_UNORM, R16G16B16A16_SFLOAT, R32G32B32A32_SFLOAT. */
typedef struct vrn_record_image {
    VkImageView view;
    VkFormat format;        /* of the view */
    uint32_t width, height; /* of the view's level */
    VkRect2D region;        /* which part; an extent of 0: the whole image */
    /* in which the image is when the commands run. SHADER_READ_ONLY_OPTIMAL and GENERAL are read as
     * they are. From any other layout, such as COLOR_ATTACHMENT_OPTIMAL or PRESENT_SRC_KHR, the
     * recording brings the image to SHADER_READ_ONLY_OPTIMAL and back again afterwards (once, also
     * where several regions of it are read), and needs: */
    VkImageLayout layout;
    VkImage image;         /*   what the view is of, .. */
    uint32_t level, layer; /*   .. and which mip level and array layer the view shows */
    /* a float format holds sRGB-encoded values: they are not encoded again */
    bool encoded;
    uint64_t reserved[2];
} vrn_record_image;

/* Pixels in a buffer, 4 bytes each, rows from the top. Alpha is ignored. */
typedef struct vrn_record_pixels {
    vrn_place place;
    uint32_t width, height;
    uint32_t stride;         /* bytes from a row to the next, a multiple of 4; 0: 4 * width */
    vrn_pixel_format format; /* VRN_PIXEL_RGBA or VRN_PIXEL_BGRA */
    uint64_t reserved[2];
} vrn_record_pixels;

typedef enum vrn_fit {
    VRN_FIT_CROP = 0, /* as vrn_session_run: the transform's resize, then the centre crop */
    /* all of the image is shown, as large as the input allows, centred on black */
    VRN_FIT_LETTERBOX = 1,
} vrn_fit;

/* One of the `top_count` best classes of an image, as it lies in the buffer. */
typedef struct vrn_top {
    uint32_t index;
    float probability;
} vrn_top;

#define VRN_MAX_RECORD_SLOTS 64
#define VRN_MAX_TOP          64

/* Exactly one of images, pixels, nchw and nhwc, and where results go. All results are dense
 * floats. */
typedef struct vrn_record_params {
    /* which of the session's recordings this one replaces, see below */
    uint32_t slot;
    uint32_t count;                  /* images, up to the session's batch; 0: 1 */
    const vrn_record_image *images;  /* [count] */
    const vrn_record_pixels *pixels; /* [count] */
    vrn_fit fit;                     /* of images and pixels */
    vrn_place nchw;                  /* normalised floats, [count, 3, height, width] */
    vrn_place nhwc;                  /* normalised floats, [count, height, width, 3] */

    vrn_place logits;        /* [count, classes] */
    vrn_place probabilities; /* [count, classes] */
    /* [count, top_count] vrn_top, the best first; of equal ones the lower index first */
    vrn_place top;
    uint32_t top_count; /* 0: 1; at most VRN_MAX_TOP and the number of classes */
    /* one for each tap of the session, [count, C, H, W]; or NULL */
    const vrn_place *taps;

    /* the application has made the input visible itself, see below */
    bool no_input_barrier;
    bool no_output_barrier; /* .. and will do so for the outputs */
    uint64_t reserved[8];
} vrn_record_params;

/* Records the preparation of the input, the network and the writing of the results into a command
 * buffer of the application, which is being recorded, outside of a render pass; a primary one, or a
 * secondary one to be executed. The family of its pool is the imported one, and it must run on the
 * imported device. Nothing is submitted and nothing waits for the device; but the first recording
 * of its kind compiles kernels that prepare the input, and into a slot it makes buffers. The
 * results are, byte for byte, those of vrn_session_run for the same pixels.
 *
 * Barriers. All inputs are read at VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT with
 * VK_ACCESS_SHADER_READ_BIT, all outputs are written at that stage with VK_ACCESS_SHADER_WRITE_BIT.
 * Unless told otherwise the recording begins with a barrier from all that earlier commands wrote
 * (ALL_COMMANDS, MEMORY_WRITE) and ends with one that makes the outputs visible to all later
 * commands and to the host (ALL_COMMANDS and HOST; MEMORY_READ, MEMORY_WRITE and HOST_READ).
 * `no_input_barrier` and `no_output_barrier` leave these out; transitions of an image's layout then
 * still happen, and the first comes after whatever the application's own barrier made available to
 * the stage and access above. The barrier at the end also lets later commands write to the inputs;
 * without it that is the application's to order. The host reads an output after waiting for its
 * submission.
 *
 * State. Afterwards the compute pipeline, descriptor set 0 of the compute bind point and the push
 * constants are the library's; nothing of graphics is touched.
 *
 * Several recordings. Each has a slot, a number below VRN_MAX_RECORD_SLOTS, with what belongs to it
 * alone (descriptors, the prepared input, the results before they are written): the number of the
 * frame in flight serves well. Recording into a slot again, and destroying the session, is right
 * when no command buffer that holds the slot's former recording is pending; that one may not be
 * submitted again then. What all recordings and runs of a session share is the memory of its
 * activations. On one queue they take turns by themselves, through barriers inside each recording,
 * and any number may be in flight; between queues the application's semaphores must order them. A
 * recording may be submitted again and again, and always reads what the inputs hold by then.
 *
 * Thread-safety: as all functions of a session; and the command buffer's pool is in use meanwhile.
 * Errors: VRN_ERROR_INVALID_ARGUMENT, VRN_ERROR_UNSUPPORTED (a format; an image or result too large
 * for one binding), VRN_ERROR_OUT_OF_MEMORY, VRN_ERROR_DEVICE_LOST. Then the command buffer may
 * hold part of the commands: reset it. */
VRN_API vrn_result vrn_session_record(vrn_session *session, VkCommandBuffer commands,
                                      const vrn_record_params *params);

/* ---- Semaphores ------------------------------------------------------------------------------ */

/* A timeline semaphore of the device and one of its values. */
typedef struct vrn_timeline_point {
    VkSemaphore semaphore;
    uint64_t value;
} vrn_timeline_point;

#define VRN_MAX_TIMELINE_POINTS 16

typedef struct vrn_submit_order {
    const vrn_timeline_point *waits;   /* before anything of the submission runs */
    uint32_t wait_count;               /* at most VRN_MAX_TIMELINE_POINTS, as: */
    const vrn_timeline_point *signals; /* when all of it has run */
    uint32_t signal_count;
    uint64_t reserved[4];
} vrn_submit_order;

/* vrn_session_submit, ordered among the application's own work by timeline semaphores. Does not
 * wait for them on the host; but where `in_flight` submissions are under way the oldest is
 * completed first, where the driver refuses a part of this one the parts before it are completed
 * first, and a session is destroyed after what it submitted: values that are waited for must come
 * without that. Needs VRN_CAPABILITY_TIMELINE_SEMAPHORES (else VRN_ERROR_UNSUPPORTED), unless there
 * are no points. Other errors as of vrn_session_submit. */
VRN_API vrn_result vrn_session_submit_ordered(vrn_session *session, const vrn_inputs *inputs,
                                              const vrn_outputs *outputs,
                                              const vrn_submit_order *order, vrn_ticket *ticket);

#ifdef __cplusplus
}
#endif

#endif
