/* VkResNet inside an application that uses Vulkan itself: on its device, in its command buffers.
 *
 *     vrn_device_additions_create(&additions, &create_info,
 *                                 &(vrn_device_requirements_params){...});
 *     vkCreateDevice(physical_device, &create_info, NULL, &vulkan_device);
 *     vrn_device_import(&device, &(vrn_device_import_params){.created_with = &create_info, ...});
 *     vrn_session_create(&session, device, model, NULL);
 *     vrn_session_record(session, commands, &(vrn_record_params){...});   once a frame
 *
 * The rules at the top of vkresnet.h hold here too; the params of the functions below have fields
 * without a default, so they must not be NULL. docs/embedding.md walks through one frame.
 *
 * The library never destroys what the application lends: instance, device, queue, buffers, images,
 * command buffers. It submits work to a queue only to copy weights when a session is created, to
 * run what was asked for (vrn_session_run, vrn_session_submit, tuning, measurements and checks)
 * and, on releases of lavapipe (Mesa's CPU driver) that it does not know, to time small matrix
 * products before the first session. It waits only for these submissions.
 *
 * The instance, the device, its queues and the application's own allocators and caches must outlive
 * the vrn_device, which must outlive its sessions. Buffers, images and command buffers are needed
 * only while a recording or submission that uses them can still run. */
#ifndef VKRESNET_VULKAN_H
#define VKRESNET_VULKAN_H

#include <vulkan/vulkan_core.h>

#include <vkresnet/vkresnet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Requirements ---------------------------------------------------------------------------- */

/* The largest number of requirements of one device. */
#define VRN_MAX_REQUIREMENTS 24

/* An extension, a feature, or both, to enable when a Vulkan device is made. The strings are
 * static. */
typedef struct vrn_requirement {
    /* true: vrn_device_import fails without it, and the log names it. false: without it, the
     * library uses other kernels or methods */
    bool mandatory;
    const char *extension; /* to enable; NULL: none, because the API version includes it */
    /* the structure that contains the feature, such as "VkPhysicalDeviceTimelineSemaphoreFeatures";
     * NULL: no feature. For "VkPhysicalDeviceFeatures", `type` and `offset` are those of
     * VkPhysicalDeviceFeatures2, which contains it */
    const char *structure;
    const char *feature;  /* the member to set to VK_TRUE, such as "timelineSemaphore" */
    uint32_t capability;  /* the vrn_capability bit that depends on it; 0: none */
    VkStructureType type; /* of `structure` */
    uint32_t offset;      /* of the member `feature` in `structure`; 0: no feature */
    /* the member's offset in the structure that holds all features of a Vulkan version, such as
     * VkPhysicalDeviceVulkan12Features; 0: no such structure has this member. A pNext chain must
     * not contain both that structure and `structure` */
    uint32_t version_offset;
    VkStructureType version_type; /* of the structure to which version_offset refers */
    uint64_t reserved[2];
} vrn_requirement;

/* What to enable on one physical device: the extensions and features that the library needs or can
 * use. What the device does not offer is not listed. The struct can be copied: it contains no
 * pointer into itself. */
typedef struct vrn_device_requirements {
    uint32_t api_version;     /* the lowest for instance and device: VK_API_VERSION_1_1 */
    VkQueueFlags queue_flags; /* that the queue's family must have: VK_QUEUE_COMPUTE_BIT */
    uint32_t count;           /* of items */
    vrn_requirement items[VRN_MAX_REQUIREMENTS];  /* [count] */
    uint32_t extension_count;                     /* of extensions */
    const char *extensions[VRN_MAX_REQUIREMENTS]; /* [extension_count], each once */
    uint64_t reserved[4];
} vrn_device_requirements;

/* The physical device that vrn_device_get_requirements queries. */
typedef struct vrn_device_requirements_params {
    vrn_log log;                                      /* used during the call only */
    VkInstance instance;                              /* of the application */
    VkPhysicalDevice physical_device;                 /* of that instance */
    PFN_vkGetInstanceProcAddr get_instance_proc_addr; /* all functions are found through it */
    uint32_t api_version; /* VkApplicationInfo::apiVersion; 0: VK_API_VERSION_1_1 */
    /* vrn_capability bits: requirements that only these capabilities need are left out */
    uint32_t without;
    /* include the requirements of VRN_CAPABILITY_PIPELINE_STATISTICS, which make some drivers
     * compile more slowly */
    bool pipeline_statistics;
    uint64_t reserved[3];
} vrn_device_requirements_params;

/* Fills in `requirements`. Needs no VkDevice. After an error, the list in it is empty. Thread-safe.
 * Errors: VRN_ERROR_INVALID_ARGUMENT, VRN_ERROR_UNSUPPORTED (the physical device cannot be used at
 * all, or the instance is older than Vulkan 1.1; the log says why). */
VRN_API vrn_result vrn_device_get_requirements(vrn_device_requirements *requirements,
                                               const vrn_device_requirements_params *params);

/* The memory of the structures that vrn_device_additions_create adds to a VkDeviceCreateInfo. */
typedef struct vrn_device_additions vrn_device_additions;

/* Adds the requirements to what an application's VkDeviceCreateInfo already enables.
 *
 * Extensions: `info` gets a longer list, without repeating extensions that the application lists.
 * Features: if the application's pNext chain has a structure with the feature, the feature is set
 * there; such a structure may be VkPhysicalDeviceVulkan11Features, one of its successors or
 * VkPhysicalDeviceFeatures2. The structures in the chain must therefore be writable. Structures
 * that the chain lacks are put in front of it, except VkPhysicalDeviceFeatures2: its features are
 * then set in a copy of pEnabledFeatures, to which `info` points afterwards. If the application
 * enables VK_EXT_buffer_device_address, the library adds no buffer address feature, because Vulkan
 * does not allow both.
 *
 * Afterwards, `info` points into `additions` and into the application's own structures: keep all of
 * them until vkCreateDevice and vrn_device_import have returned, then destroy the additions. The
 * additions contain no Vulkan object. Thread-safe. After an error, `info` is unchanged and
 * *additions is NULL. Errors: as for vrn_device_get_requirements; VRN_ERROR_INVALID_ARGUMENT also
 * for pEnabledFeatures together with a VkPhysicalDeviceFeatures2, which Vulkan does not allow;
 * VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_device_additions_create(vrn_device_additions **additions,
                                               VkDeviceCreateInfo *info,
                                               const vrn_device_requirements_params *params);
/* Frees the memory of additions. Thread-safe. */
VRN_API void vrn_device_additions_destroy(vrn_device_additions **additions);

/* ---- Import ---------------------------------------------------------------------------------- */

/* Device memory that an application provides for one buffer of the library. */
typedef struct vrn_memory_block {
    VkDeviceMemory memory; /* of the requested type */
    VkDeviceSize offset;   /* of the buffer in `memory` */
    void *mapped;          /* the buffer's first byte, if `map` was requested */
    void *user;            /* for the application, such as a VmaAllocation */
    uint64_t reserved[2];
} vrn_memory_block;

/* The requirements of a buffer's memory. */
typedef struct vrn_memory_request {
    VkBuffer buffer;                   /* the buffer, which the library will bind to the memory */
    VkMemoryRequirements requirements; /* of the buffer */
    uint32_t memory_type; /* the one that the library chose among those in `requirements` */
    bool map;             /* map it persistently: the type is host visible and coherent */
    bool device_address;  /* allocate it with VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT */
    const char *name;     /* the purpose of the memory, for debuggers */
    uint64_t reserved[4];
} vrn_memory_request;

/* The application's allocator of device memory, which the library calls instead of
 * vkAllocateMemory. The library asks for a few large blocks when a session is created or prepared,
 * and at the first recording in each of its slots (vrn_session_record). It asks for more in later
 * frames only if larger buffers are needed, for example for larger pictures. It may call the
 * functions on any thread that uses the device or destroys objects made from it, and on several at
 * the same time. */
typedef struct vrn_memory_hooks {
    /* Fills in *block. An error has the same effect as if vkAllocateMemory had returned it;
     * VK_ERROR_OUT_OF_DEVICE_MEMORY, for example, becomes VRN_ERROR_OUT_OF_MEMORY */
    VkResult (*allocate)(void *user, const vrn_memory_request *request, vrn_memory_block *block);
    /* Frees a block, after its buffer has been destroyed. */
    void (*release)(void *user, const vrn_memory_block *block);
    void *user; /* the first argument of both */
    uint64_t reserved[2];
} vrn_memory_hooks;

/* The largest number of queue families that an application lends. */
#define VRN_MAX_QUEUE_FAMILIES 16

/* The queues of one family that an application lends: those with the indices 0 to count - 1, which
 * vkGetDeviceQueue returns. */
typedef struct vrn_queue_family {
    uint32_t index; /* in vkGetPhysicalDeviceQueueFamilyProperties */
    uint32_t count; /* queues; 0: 1 */
    uint64_t reserved[2];
} vrn_queue_family;

/* Several queues of an application, for vrn_device_import. The queues of families that can compute
 * get numbers from 0 on, in the order of this list; vrn_session_params.queue chooses one by its
 * number. If one of the families can only transfer, its first queue copies weights to the device;
 * otherwise queue 0 does.
 *
 * Vulkan lets one thread at a time use a queue. If the application uses one of these queues on
 * other threads while a call into the library runs, give both functions: the library calls `lock`
 * before and `unlock` after each use of a queue, with the index of its family and its own index in
 * the family. It calls them on the thread of the call, never nested; calls for different queues may
 * run at the same time. Both NULL: no other thread uses these queues during a call. */
typedef struct vrn_lent_queues {
    const vrn_queue_family *families; /* [family_count], each family once; copied */
    uint32_t family_count;            /* 1 to VRN_MAX_QUEUE_FAMILIES */
    void (*lock)(void *user, uint32_t family, uint32_t index);   /* see above */
    void (*unlock)(void *user, uint32_t family, uint32_t index); /* see above */
    void *user;                                                  /* the first argument of both */
    uint64_t reserved[4];
} vrn_lent_queues;

/* An application's Vulkan device, for vrn_device_import. */
typedef struct vrn_device_import_params {
    vrn_log log;                               /* as in vrn_device_params */
    uint32_t without;                          /* as in vrn_device_params */
    const char *cache_directory;               /* as in vrn_device_params */
    const vrn_device_diagnostics *diagnostics; /* as in vrn_device_params */

    /* the next three must outlive the vrn_device */
    VkInstance instance;
    VkPhysicalDevice physical_device;                 /* of that instance */
    VkDevice device;                                  /* made from that physical device */
    PFN_vkGetInstanceProcAddr get_instance_proc_addr; /* all functions are found through it */
    uint32_t api_version; /* VkApplicationInfo::apiVersion; 0: VK_API_VERSION_1_1 */
    bool debug_utils;     /* the instance has VK_EXT_debug_utils: objects get names */

    /* the VkDeviceCreateInfo that was passed to vkCreateDevice. vrn_device_import reads the
     * extensions and features in it and keeps no pointer. If another library makes the device, fill
     * in enabledExtensionCount, ppEnabledExtensionNames, pNext and pEnabledFeatures yourself. NULL:
     * no extension and no feature was enabled */
    const VkDeviceCreateInfo *created_with;

    uint32_t queue_family; /* its index in vkGetPhysicalDeviceQueueFamilyProperties */
    VkQueue queue;         /* of that family, which must be able to compute; or give `queues` */

    /* Vulkan lets one thread at a time use a queue. If the application uses `queue` on other
     * threads while a call into the library runs, give both functions: the library calls `lock`
     * before and `unlock` after each use of the queue, on the thread of the call, never nested.
     * Both NULL: no other thread uses the queue during a call. */
    void (*lock)(void *user);
    void (*unlock)(void *user); /* see `lock` */
    void *lock_user;            /* the argument of both */

    /* The application's own allocators and caches; NULL: the library's. The structures are copied;
     * what they point to must outlive the vrn_device. */
    /* for all Vulkan objects that the library makes */
    const VkAllocationCallbacks *allocation_callbacks;
    const vrn_memory_hooks *memory; /* device memory */
    const vrn_cache_hooks *cache;   /* used instead of cache_directory */
    /* used for all pipelines instead of the library's own pipeline cache; `cache` or
     * `cache_directory` then keep only measurements. The application must not have made it with
     * VK_PIPELINE_CACHE_CREATE_EXTERNALLY_SYNCHRONIZED_BIT */
    VkPipelineCache pipeline_cache;
    /* several queues: `queue`, `queue_family`, `lock` and `unlock` must then be zero. NULL: only
     * `queue` is lent */
    const vrn_lent_queues *queues;
    uint64_t reserved[3];
} vrn_device_import_params;

/* Makes a vrn_device from an application's Vulkan device. Its capabilities (vrn_device_get_info)
 * depend on what was enabled, not on what the hardware has. vrn_device_destroy destroys everything
 * that the library made and leaves the lent objects as they were. It does not wait for the device,
 * because sessions have waited for their own submissions. A device may be imported several times,
 * and the library's own devices may exist as well; several imports of one queue need a common lock.
 * Thread-safe. Blocking, but quick. Errors: VRN_ERROR_INVALID_ARGUMENT, VRN_ERROR_UNSUPPORTED (a
 * mandatory requirement is missing, or the VkDevice consists of several physical devices; the log
 * says which), VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_device_import(vrn_device **device, const vrn_device_import_params *params);

/* ---- Recording ------------------------------------------------------------------------------- */

/* A place in a buffer of the application. The buffer must have
 * VK_BUFFER_USAGE_STORAGE_BUFFER_BIT. */
typedef struct vrn_place {
    VkBuffer buffer;     /* NULL: no place */
    VkDeviceSize offset; /* in bytes, a multiple of 4; no other alignment is needed */
} vrn_place;

/* How the values of an image encode colours. */
typedef enum vrn_encoding {
    /* as the format suggests: UNORM and SRGB formats have values in sRGB's encoding, float formats
     * have linear light */
    VRN_ENCODING_FORMAT = 0,
    VRN_ENCODING_SRGB = 1, /* in sRGB's encoding, as a tone mapper writes them */
    /* linear light with sRGB's primaries; 1 is white. This includes scRGB, where white is 80
     * cd/m2 */
    VRN_ENCODING_LINEAR = 2,
    /* ITU-R BT.2100 with the primaries of BT.2020. White is 203 cd/m2, as BT.2408 recommends; HLG
     * is decoded as for a display of 1000 cd/m2. Colours outside sRGB are clamped */
    VRN_ENCODING_PQ = 3,
    VRN_ENCODING_HLG = 4,
} vrn_encoding;

/* The standard that defines the weights of red, green and blue in a YCbCr picture's luma. */
typedef enum vrn_ycbcr {
    VRN_YCBCR_BT709 = 0,
    VRN_YCBCR_BT601 = 1,
    VRN_YCBCR_BT2020 = 2, /* non-constant luminance */
} vrn_ycbcr;

/* The chroma plane of a YCbCr picture that has two planes; the vrn_record_image that points to it
 * is the luma plane. Video decoders write such pictures: NV12 (views of R8_UNORM and R8G8_UNORM, 8
 * bits) or P010 (R16_UNORM and R16G16_UNORM, 10 bits, in the most significant bits of 16). The
 * views are of the planes of one image (VK_IMAGE_ASPECT_PLANE_0_BIT and _1_BIT) or of two images.
 * Two images must be in a layout that the recording reads directly (vrn_record_image.layout), and
 * cannot be used with transfer_images.
 *
 * Red, green and blue are computed from the planes' values in fixed point, and rounded to 8 bits.
 * They have the encoding of the vrn_record_image, which must be VRN_ENCODING_FORMAT, _SRGB, _PQ or
 * _HLG; with PQ and HLG the matrix must be VRN_YCBCR_BT2020. A chroma sample applies to all pixels
 * that share it, without interpolation. */
typedef struct vrn_record_chroma {
    VkImageView view;       /* Cb in red and Cr in green */
    VkFormat format;        /* of the view */
    uint32_t width, height; /* of the view: those of the luma, or half of them, rounded up */
    vrn_ycbcr matrix;       /* the weights of red, green and blue in the luma */
    bool full_range;        /* values 0 to 255; false: luma 16 to 235, chroma 16 to 240 */
    uint64_t reserved[2];
} vrn_record_chroma;

/* An image that a shader may read. `view` is a single-sampled 2D view of a colour format; its image
 * has VK_IMAGE_USAGE_SAMPLED_BIT or, with vrn_record_params.storage_images,
 * VK_IMAGE_USAGE_STORAGE_BIT. The first row is the top. Alpha is ignored. In formats of one or two
 * components, the first component is grey.
 *
 * The network's transform works on 8-bit pixels in sRGB's encoding, as image files have them. The
 * bytes of 8-bit UNORM and SRGB formats are used as they are stored; UNORM values of other sizes
 * are scaled and rounded to 8 bits. Linear light is multiplied by `exposure`, clamped to the range
 * 0 to 1 and encoded, without any other tone mapping.
 *
 * Formats, without the endings _PACK16 and _PACK32:
 * - UNORM: R8, R8G8, R8G8B8, B8G8R8, R8G8B8A8, B8G8R8A8, A8B8G8R8, R5G6B5, B5G6R5, R5G5B5A1,
 *   B5G5R5A1, A1R5G5B5, A2B10G10R10, A2R10G10B10, R16, R16G16B16A16;
 * - SRGB: R8, R8G8, R8G8B8, B8G8R8, R8G8B8A8, B8G8R8A8, A8B8G8R8;
 * - SFLOAT: R16, R16G16B16A16, R32, R32G32B32A32;
 * - UFLOAT: B10G11R11, E5B9G9R9.
 * With storage_images:
 * - UNORM: R8G8B8A8; SFLOAT: R32, R16G16B16A16, R32G32B32A32;
 * - if the device has shaderStorageImageExtendedFormats, which the requirements list, also UNORM:
 *   R8, R8G8, R16, R16G16B16A16, A2B10G10R10; SFLOAT: R16; UFLOAT: B10G11R11.
 * With storage_images, other formats, such as SRGB ones and A8B8G8R8_UNORM_PACK32, are refused,
 * because shaders have no name for them. */
typedef struct vrn_record_image {
    VkImageView view;       /* as described above */
    VkFormat format;        /* of the view */
    uint32_t width, height; /* of the view's level */
    VkRect2D region;        /* the part to read; a zero extent: the whole image */
    /* the image's layout when the commands run. Images in the layouts SHADER_READ_ONLY_OPTIMAL,
     * READ_ONLY_OPTIMAL, GENERAL and SHARED_PRESENT_KHR are read directly. The recording changes
     * any other layout, such as COLOR_ATTACHMENT_OPTIMAL or PRESENT_SRC_KHR, to
     * SHADER_READ_ONLY_OPTIMAL and back afterwards (once, even if it reads several regions of the
     * image). For this it needs the next three fields. With storage_images, images in GENERAL and
     * SHARED_PRESENT_KHR are read directly, and other layouts are changed to GENERAL. UNDEFINED and
     * PREINITIALIZED are refused: no image can be changed back to them */
    VkImageLayout layout;
    VkImage image;         /* of the view */
    uint32_t level, layer; /* the mip level and the array layer of the view */
    vrn_encoding encoding; /* for an SRGB format: VRN_ENCODING_FORMAT or _SRGB */
    float exposure;        /* a factor for linear light; 0: 1 */
    /* the chroma plane of a YCbCr picture, of which `view` is the luma plane. NULL: not YCbCr */
    const vrn_record_chroma *chroma;
    uint64_t reserved[1];
} vrn_record_image;

/* Pixels in a buffer, 4 bytes each, rows from the top. Alpha is ignored. */
typedef struct vrn_record_pixels {
    vrn_place place;         /* of the first row */
    uint32_t width, height;  /* in pixels */
    uint32_t stride;         /* bytes from one row to the next, a multiple of 4; 0: 4 * width */
    vrn_pixel_format format; /* VRN_PIXEL_RGBA or VRN_PIXEL_BGRA */
    uint64_t reserved[2];
} vrn_record_pixels;

/* Which part of an image the network sees. */
typedef enum vrn_fit {
    VRN_FIT_CROP = 0, /* the transform's crop, as in vrn_session_run */
    /* the whole image, as with VRN_RESIZE_LETTERBOX: scaled to fit the input and centred on a
     * background of the transform's `fill` */
    VRN_FIT_LETTERBOX = 1,
} vrn_fit;

/* One of the best classes of an image, as vrn_record_params.top receives them. */
typedef struct vrn_top {
    uint32_t index;    /* of the class */
    float probability; /* as vrn_outputs.probabilities */
} vrn_top;

/* The progress of a network that is spread over several recordings. Zero the cursor to begin a
 * network. */
typedef struct vrn_record_cursor {
    bool done;           /* the network is complete; its last recording writes the results */
    uint32_t recordings; /* how many recordings this network has had so far */
    uint64_t token;      /* used by the library */
    uint64_t reserved[2];
} vrn_record_cursor;

/* The largest number of slots of a session. */
#define VRN_MAX_RECORD_SLOTS 64

/* The largest number of best classes that a recording writes for each image. */
#define VRN_MAX_TOP 64

/* The input of a recording, which is exactly one of images, pixels, nchw and nhwc, and the places
 * for its results. All results but `top` are arrays of floats without gaps. The network must have
 * three input channels or, with images or pixels, three or one. */
typedef struct vrn_record_params {
    /* the recording's slot in the session, see Several recordings below */
    uint32_t slot;
    uint32_t count;                  /* of images, up to the session's batch; 0: 1 */
    const vrn_record_image *images;  /* [count] */
    const vrn_record_pixels *pixels; /* [count] */
    vrn_fit fit;                     /* of images and pixels */
    vrn_place nchw;                  /* normalised floats, [count, 3, height, width] */
    vrn_place nhwc;                  /* normalised floats, [count, height, width, 3] */

    vrn_place logits;        /* [count, classes] */
    vrn_place probabilities; /* [count, classes] */
    /* [count, top_count] vrn_top: the best class first; among equals, the lower index first */
    vrn_place top;
    uint32_t top_count; /* 0: 1; at most VRN_MAX_TOP and the number of classes */
    /* one place for each tap of the session, [count, C, H, W]; NULL: no taps are written */
    const vrn_place *taps;

    bool no_input_barrier;  /* the application's own barrier makes the input visible, see below */
    bool no_output_barrier; /* the application's own barrier makes the outputs visible */

    /* the call records the next part of the network and advances the cursor, see Several frames
     * below; NULL: it records the whole network */
    vrn_record_cursor *cursor;
    double budget_ms; /* device time for the part; 0: vrn_session_params.record_budget_ms */

    bool keep_top; /* keep the best classes for vrn_session_get_top, with or without `top` */
    bool timed;    /* put timestamps around the commands, for vrn_session_get_recorded_ms */

    /* the number of the queue where the commands will run (vrn_session_params.queue), or of any
     * other queue of its family */
    uint32_t queue;
    uint32_t owner_family; /* with transfer_images: the queue family that owns the images */
    /* the images have VK_SHARING_MODE_EXCLUSIVE and belong to owner_family: take ownership of them
     * and give it back, see vrn_session_release_images. If owner_family is the family of `queue`,
     * nothing is transferred */
    bool transfer_images;
    /* read the images as storage images, because they cannot be sampled. Not for YCbCr */
    bool storage_images;
    uint64_t reserved[4];
} vrn_record_params;

/* Records the preparation of the input, the network and the writing of the results into a command
 * buffer of the application. The command buffer may be primary or secondary. It must be in the
 * recording state and outside a render pass, and its pool must belong to an imported queue family
 * that can compute. The call submits nothing and does not wait for the device. The first recording
 * with a given kind of input compiles the kernels that prepare it, and the first one in a slot
 * makes buffers. The results are the same bytes as those of vrn_session_run for the same pixels.
 *
 * Barriers. The commands read all inputs at VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT with
 * VK_ACCESS_SHADER_READ_BIT, and write all outputs at that stage with VK_ACCESS_SHADER_WRITE_BIT.
 * The recording begins with a barrier that waits for all writes of earlier commands (ALL_COMMANDS,
 * MEMORY_WRITE). It ends with a barrier that makes the outputs visible to all later commands and to
 * the host (ALL_COMMANDS and HOST; MEMORY_READ, MEMORY_WRITE and HOST_READ) and lets later commands
 * write to the inputs. `no_input_barrier` leaves out the first barrier and `no_output_barrier` the
 * second one; the application then orders the accesses with barriers of its own, for the stage and
 * accesses above. The layouts of images are changed in any case. The host may read an output after
 * it has waited for the submission.
 *
 * State. After the recording, its own compute pipeline and descriptor set 0 stay bound at the
 * compute bind point, and its push constants of the compute stage stay set. Its pipeline layouts
 * are its own and not compatible with the application's for set 0. All descriptor sets that the
 * application has bound for compute are therefore replaced or disturbed: bind all of them again, in
 * one call or from set 0 upwards, and push the constants of all stages again. Pipelines, sets and
 * dynamic state of other bind points do not change. Descriptor buffer offsets are invalidated for
 * every bind point, and so are bound descriptor heaps and their push data. After a secondary
 * command buffer with a recording, all state of the primary command buffer is undefined, as after
 * any secondary one.
 *
 * Several recordings. Each recording uses a slot, a number below VRN_MAX_RECORD_SLOTS, which has
 * its own descriptors, prepared input and results; an application with several frames in flight
 * gives each frame a slot. Before recording into a slot again, and before destroying the session,
 * wait until no command buffer with the slot's earlier recording is pending; do not submit that
 * command buffer again afterwards. All recordings and runs of a session share the memory of its
 * activations. On one queue, barriers inside each recording order them, and any number may be in
 * flight; between queues the application orders them with semaphores. A recording may be submitted
 * any number of times; each time it reads what the inputs then contain.
 *
 * Several frames. With a cursor, each call records a part of the network: as much as fits into the
 * budget, which is device time in milliseconds. A part ends between two layers or, in sessions with
 * record_budget_ms, within one. Call the function once a frame with the same cursor, slot and count
 * until the cursor says `done`, and submit each command buffer once, in this order. Then zero the
 * cursor for the next network. The commands of the first call read the input, which may change as
 * soon as they have run; later calls ignore it. The last call writes the outputs to the places in
 * its own params. The results are the same bytes as without a cursor. Parts of one network may be
 * pending together; before recording the next network in the slot, wait as described under Several
 * recordings. Any other use of the session abandons a network that is only partly recorded; its
 * cursor is then refused (VRN_ERROR_INVALID_ARGUMENT). After any error the cursor is zeroed. A part
 * has at least one dispatch. The time of a dispatch is known from timestamps of earlier parts;
 * without them (they need VRN_CAPABILITY_TIMESTAMPS and the feature hostQueryReset), it is
 * estimated from the number of operations and the speed of the session's runs. Before the first
 * measurement, a slow device is assumed, so the first network takes more frames than later ones.
 *
 * Thread-safety: as for all functions of a session; the call also uses the command buffer's pool.
 * Errors: VRN_ERROR_INVALID_ARGUMENT (also if no output has a place), VRN_ERROR_UNSUPPORTED (a
 * format; an image or result too large for one binding), VRN_ERROR_OUT_OF_MEMORY,
 * VRN_ERROR_DEVICE_LOST. After an error the command buffer may contain some of the commands: reset
 * it. */
VRN_API vrn_result vrn_session_record(vrn_session *session, VkCommandBuffer commands,
                                      const vrn_record_params *params);

/* Transfers of ownership. Vulkan lets one queue family at a time use an image of
 * VK_SHARING_MODE_EXCLUSIVE, and a transfer consists of a barrier in each of the two families. With
 * transfer_images, a recording contains the barriers of its own family: it acquires the images
 * before it reads them, and releases them right afterwards. The two functions below record the
 * other two barriers into command buffers of owner_family: the release, after the commands that
 * write the images, and the acquisition, before the commands that use them next. Pass the params of
 * the recording to both functions. A semaphore orders each pair: the command buffer with the
 * release is submitted first and signals, the recording waits for it and signals, and the command
 * buffer with the acquisition waits for that. Before the release and after the acquisition, the
 * images are in the layouts that the params name. Buffers are not transferred: those of another
 * family need VK_SHARING_MODE_CONCURRENT, or barriers of the application. Thread-safety: as for
 * vrn_session_record; the session is only read. Errors: VRN_ERROR_INVALID_ARGUMENT. */
VRN_API vrn_result vrn_session_release_images(vrn_session *session, VkCommandBuffer commands,
                                              const vrn_record_params *params);
/* The acquisition, after the recording: see vrn_session_release_images. */
VRN_API vrn_result vrn_session_acquire_images(vrn_session *session, VkCommandBuffer commands,
                                              const vrn_record_params *params);

/* Prepares slots 0 to slots - 1 for recordings with params like these, so that no frame has to
 * wait: compiles the kernels that prepare the input and write the results, and makes the slots'
 * buffers. Later recordings of pictures that are no larger than those in `params` create no objects
 * on the device. The call records into its own command buffers, which it discards: nothing runs.
 * The objects in `params` must exist, but are not used. params->slot is ignored; a cursor stays
 * unchanged. Call the function while no recording in these slots is pending. Errors: as for
 * vrn_session_record; VRN_ERROR_INVALID_ARGUMENT also for more slots than VRN_MAX_RECORD_SLOTS. */
VRN_API vrn_result vrn_session_prepare(vrn_session *session, uint32_t slots,
                                       const vrn_record_params *params);

/* The best classes that a recording with `keep_top` has written, [count, top_count], in mapped
 * memory of the library. Read them after the fence of the recording's submission has been
 * signalled. With `no_output_barrier`, the application's own barrier must make them visible to the
 * host. The pointer is valid until the slot is recorded with `keep_top` again, or the session is
 * destroyed. NULL: the slot has no recording with `keep_top`. Thread-safety: as for all functions
 * of a session. */
VRN_API const vrn_top *vrn_session_get_top(const vrn_session *session, uint32_t slot);

/* The device time, in milliseconds, of the latest execution of the slot's last recording, which
 * must have been made with `timed`; with a cursor, the time of the last part. Does not wait.
 * Returns false and sets *ms to 0 if the recording was not timed, the queue has no timestamps
 * (VRN_CAPABILITY_TIMESTAMPS), or the commands have not ended yet. Thread-safety: as for all
 * functions of a session. */
VRN_API bool vrn_session_get_recorded_ms(const vrn_session *session, uint32_t slot, double *ms);

/* ---- Semaphores ------------------------------------------------------------------------------ */

/* A timeline semaphore of the device and one of its values. */
typedef struct vrn_timeline_point {
    VkSemaphore semaphore; /* of type VK_SEMAPHORE_TYPE_TIMELINE */
    uint64_t value;        /* the value to wait for or to signal */
} vrn_timeline_point;

/* The largest number of points that a submission may wait for. It may signal as many. */
#define VRN_MAX_TIMELINE_POINTS 16

/* What a submission waits for and signals. */
typedef struct vrn_submit_order {
    const vrn_timeline_point *waits;   /* no part of the submission runs until these are reached */
    uint32_t wait_count;               /* at most VRN_MAX_TIMELINE_POINTS */
    const vrn_timeline_point *signals; /* signalled after the whole submission has run */
    uint32_t signal_count;             /* at most VRN_MAX_TIMELINE_POINTS */
    /* images or buffers of the device as the input (`inputs` must then be NULL), and places for
     * results on the device. As for vrn_session_record, except that slot, cursor, keep_top and
     * timed must be zero, and that no result needs a place. The images and buffers must not change
     * until the submission has ended. NULL: the input comes from the host */
    const vrn_record_params *record;
    uint64_t reserved[3];
} vrn_submit_order;

/* Like vrn_session_submit, but the submission waits for and signals timeline semaphores, which
 * order it relative to the application's own work, and it can read images and buffers of the
 * device. The call does not wait for the semaphores on the host. It does wait for submissions of
 * this session: for the oldest one if `in_flight` submissions have not ended, and for the earlier
 * parts of this one if the driver refuses a part. vrn_session_destroy waits for all of them. To
 * avoid a deadlock, do not make the work that signals the values in `waits` wait for either of
 * these functions to return. Points need VRN_CAPABILITY_TIMELINE_SEMAPHORES (else
 * VRN_ERROR_UNSUPPORTED). `order` may be NULL. Other errors: as for vrn_session_submit, and with
 * `record` as for vrn_session_record. */
VRN_API vrn_result vrn_session_submit_ordered(vrn_session *session, const vrn_inputs *inputs,
                                              const vrn_outputs *outputs,
                                              const vrn_submit_order *order, vrn_ticket *ticket);

/* Moves a session to another queue of its device: later runs and submissions go to that queue.
 * Recordings are not affected. Does not wait. All submissions of a session use the same memory, so
 * those on different queues must not run at the same time. The first submission on the new queue
 * therefore waits, on the host, until those on the old queue have ended. It does not wait if its
 * vrn_submit_order has points to wait for: the application then orders the submissions itself, with
 * a point that the last one on the old queue signals. Errors: VRN_ERROR_INVALID_ARGUMENT (there is
 * no such queue). */
VRN_API vrn_result vrn_session_set_queue(vrn_session *session, uint32_t queue);

#ifdef __cplusplus
}
#endif

#endif
