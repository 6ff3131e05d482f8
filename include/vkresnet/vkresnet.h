/* VkResNet: ResNet inference on any Vulkan device.
 *
 *     vrn_device *device = NULL;
 *     vrn_model *model = NULL;
 *     vrn_session *session = NULL;
 *     vrn_device_create(&device, NULL);
 *     vrn_model_load(&model, "resnet50.pth", NULL);
 *     vrn_session_create(&session, device, model, NULL);
 *     vrn_session_run(session, &(vrn_inputs){.count = 1, .images = &photo},
 *                     &(vrn_outputs){.probabilities = p});
 *
 * Here `photo` is a vrn_image, and `p` an array with a float for each class. A real program also
 * checks the results, and destroys the objects when it no longer needs them.
 *
 * This header declares what an application needs to load and run a model. <vkresnet/vulkan.h> is
 * for applications that run a model on their own Vulkan device. <vkresnet/diagnostics.h> declares
 * measurements and checks. <vkresnet/hub.h> belongs to a separate library, which finds and
 * downloads weights by name.
 *
 * Rules that hold for every function, unless its own comment says otherwise:
 *
 * - Objects are opaque. A function that makes an object writes it through its first argument
 *   (vrn_calibration_finish: its second). When it fails, it writes NULL there and leaves nothing
 *   behind. A destroy function takes the address of the handle, accepts NULL and a NULL handle, and
 *   writes NULL back.
 * - The zero value of every field of a parameter struct (vrn_..._params) is its default, so
 *   `&(vrn_session_params){.batch = 8}` is complete. A pointer to such a struct may be NULL if no
 *   field needs a value. In the comment of a field, `0: 255` means that 0 stands for 255.
 * - The library reads the pointers in a parameter struct only during the call, and keeps none of
 *   them.
 * - The vrn_result of a call is for programs, to branch on. For people, a failed call passes one
 *   line to the log callback. The library prints nothing, ends no process and keeps no global
 *   state.
 * - Paths and other strings are UTF-8 and end with a NUL.
 * - Threads may share a device and a model. Only one thread at a time may use a session; different
 *   threads may use different sessions of one device at the same time.
 * - Times are in milliseconds, sizes in bytes. Floats are IEEE 754 single precision.
 * - Structs end in `reserved` words. Callers leave them zero, and the library writes zeros there in
 *   results. A later version may put new fields in the place of reserved words; zero in such a
 *   field keeps the old behaviour. A program compiled against an older header of the same soname
 *   therefore still works. Sizes, offsets and the values of enums never change within a soname.
 *   These structs will not grow and have no reserved words: vrn_log, vrn_rect, vrn_statistic,
 *   vrn_place, vrn_top and vrn_timeline_point. */
#ifndef VKRESNET_VKRESNET_H
#define VKRESNET_VKRESNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* VRN_BUILD is defined only while the library itself is compiled, and VRN_BUILD_SHARED only while
 * it is compiled as a shared one. Only a shared library exports functions. */
#if defined(_WIN32) && defined(VRN_BUILD_SHARED)
#define VRN_API __declspec(dllexport)
#elif defined(__GNUC__) && !defined(_WIN32) && (defined(VRN_BUILD_SHARED) || !defined(VRN_BUILD))
#define VRN_API __attribute__((visibility("default")))
#else
#define VRN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Results and messages -------------------------------------------------------------------- */

/* Each error calls for a different reaction by the caller. */
typedef enum vrn_result {
    VRN_OK = 0,
    VRN_ERROR_INVALID_ARGUMENT = -1, /* invalid argument: fix the caller or the command line */
    VRN_ERROR_FILE = -2, /* a file is missing, unreadable, damaged or of the wrong kind */
    /* the file or call is valid, but this library or device does not support it */
    VRN_ERROR_UNSUPPORTED = -3,
    /* the host or the device has too little memory: try a smaller batch or size */
    VRN_ERROR_OUT_OF_MEMORY = -4,
    /* no usable Vulkan device, or none that matches the given index or name */
    VRN_ERROR_NO_DEVICE = -5,
    /* the device no longer works: destroy its sessions, then the device, and make new ones */
    VRN_ERROR_DEVICE_LOST = -6,
    VRN_ERROR_WRONG_RESULTS = -7, /* only from vrn_device_selftest, see diagnostics.h */
    VRN_ERROR_NETWORK = -8,       /* only from vrn_hub_fetch, see hub.h */
    VRN_ERROR_CANCELLED = -9,     /* a callback stopped the work, see hub.h */
} vrn_result;

/* A short English name of a result ("out of memory"). Never NULL; static. Thread-safe. */
VRN_API const char *vrn_result_string(vrn_result result);

/* How important a message is. */
typedef enum vrn_log_level {
    VRN_LOG_DEFAULT = 0, /* as a threshold: warnings and errors */
    /* why a call failed: one message for each failed call (vrn_device_selftest may log more than
     * one); with validation on, also what the validation layer reports */
    VRN_LOG_ERROR = 1,
    VRN_LOG_WARNING = 2, /* the call continues, but a person should know */
    VRN_LOG_INFO = 3,    /* what was chosen: device, architecture, kernels */
    VRN_LOG_DEBUG = 4,   /* everything else */
} vrn_log_level;

/* Where messages go. The library calls `message` on the thread that called the library. With
 * validation on, it may also call `message` on its own threads, at the same time. The text is one
 * line without a line feed, and is valid only during the call of `message`. */
typedef struct vrn_log {
    void (*message)(void *user, vrn_log_level level, const char *text); /* NULL: no messages */
    void *user;          /* the first argument of `message` */
    vrn_log_level level; /* the most verbose level wanted */
} vrn_log;

/* ---- Version --------------------------------------------------------------------------------- */

/* Increased by incompatible changes of the interface. */
#define VRN_VERSION_MAJOR 0
/* Increased by additions; before 1.0 also by incompatible changes. */
#define VRN_VERSION_MINOR 2
/* Increased by corrections. */
#define VRN_VERSION_PATCH 0

/* A version as one number, for comparisons in code and in #if. */
#define VRN_MAKE_VERSION(major, minor, patch) (1000000u * (major) + 1000u * (minor) + (patch))

/* The version of this header. */
#define VRN_VERSION VRN_MAKE_VERSION(VRN_VERSION_MAJOR, VRN_VERSION_MINOR, VRN_VERSION_PATCH)

/* The version of the library that the program runs with, packed as by VRN_MAKE_VERSION.
 * Thread-safe. */
VRN_API uint32_t vrn_version(void);

/* ---- Devices --------------------------------------------------------------------------------- */

/* What a device may have beyond Vulkan 1.1: bits of vrn_device_info.capabilities and
 * vrn_device_params.without. Each is optional: the library works without it, perhaps more
 * slowly. */
typedef enum vrn_capability {
    /* device memory that the host can map, so that copies need no staging buffer */
    VRN_CAPABILITY_DIRECT_MAPPING = 1 << 0,
    VRN_CAPABILITY_TEXEL_BUFFERS = 1 << 1, /* texel buffers large enough for any tensor */
    VRN_CAPABILITY_TIMESTAMPS = 1 << 2,    /* the queue can time what it runs */
    VRN_CAPABILITY_TIMELINE_SEMAPHORES = 1 << 3,
    VRN_CAPABILITY_STORAGE_16BIT = 1 << 4,
    VRN_CAPABILITY_INT8 = 1 << 5, /* 8-bit storage and arithmetic */
    VRN_CAPABILITY_INTEGER_DOT_PRODUCT = 1 << 6,
    /* products of small matrices of float16 values, summed in float32 */
    VRN_CAPABILITY_COOPERATIVE_MATRIX = 1 << 7,
    VRN_CAPABILITY_PIPELINE_STATISTICS = 1 << 8, /* registers and spills of compiled kernels */
    VRN_CAPABILITY_BUFFER_ARRAYS = 1 << 9,       /* long arrays of storage buffers */
    /* cooperative matrices of more sizes (the driver divides them into sizes that the hardware
     * has), with operations on single elements (VK_NV_cooperative_matrix2, Vulkan 1.3) */
    VRN_CAPABILITY_COOPERATIVE_MATRIX_2 = 1 << 10,
    /* buffer addresses, and 64-bit integers for address arithmetic; used on CPU devices only */
    VRN_CAPABILITY_BUFFER_ADDRESSES = 1 << 11,
} vrn_capability;

/* How many bits vrn_capability has. */
#define VRN_CAPABILITY_COUNT 12

/* The name of one capability bit ("texel buffers"), or NULL if the bit has no name. Static.
 * Thread-safe. */
VRN_API const char *vrn_capability_name(uint32_t bit);

/* What kind of hardware a device is, as Vulkan reports it. */
typedef enum vrn_device_type {
    VRN_DEVICE_OTHER = 0,
    VRN_DEVICE_INTEGRATED = 1,
    VRN_DEVICE_DISCRETE = 2,
    VRN_DEVICE_VIRTUAL = 3,
    VRN_DEVICE_CPU = 4,
} vrn_device_type;

/* One Vulkan device of this machine, as vrn_device_list and vrn_device_get_info report it. */
typedef struct vrn_device_info {
    /* its position in the Vulkan loader's list, which vrn_device_params.select accepts */
    uint32_t index;
    char name[256];       /* "llvmpipe (LLVM 15.0.6, 256 bits)" */
    char driver[516];     /* driver name and version, as the vendor writes them */
    vrn_device_type type; /* what kind of hardware it is */
    uint32_t api_version; /* packed as by VK_MAKE_API_VERSION */
    uint32_t vendor_id, device_id, driver_version; /* as in VkPhysicalDeviceProperties */
    uint8_t uuid[16];                              /* VkPhysicalDeviceIDProperties::deviceUUID */
    uint64_t memory_bytes;                         /* the largest device-local heap */
    uint64_t max_buffer_range;                     /* maxStorageBufferRange */
    uint64_t max_allocation;                       /* maxMemoryAllocationSize */
    uint32_t subgroup_size;                        /* invocations of a subgroup */
    uint32_t shared_memory_bytes;                  /* of one work group */
    uint32_t max_workgroup_invocations;            /* maxComputeWorkGroupInvocations */
    /* vrn_capability bits, without those that vrn_device_params.without or a known fault of the
     * driver switches off. vrn_device_list may report VRN_CAPABILITY_BUFFER_ARRAYS where
     * vrn_device_get_info does not: only a device that has been made can tell whether the arrays
     * can be long enough to be useful */
    uint32_t capabilities;
    /* vrn_device_create chooses the device with the highest score, unless vrn_device_params.select
     * is given. 0: it cannot be used */
    int score;
    char reason[160]; /* why it cannot be used or has a lower score; otherwise empty */
    /* how many queues of a vrn_device can compute (vrn_session_params.queue chooses one); 0 in the
     * results of vrn_device_list */
    uint32_t queue_count;
    uint64_t reserved[8];
} vrn_device_info;

/* Lists every Vulkan device, usable or not, in the loader's order. Writes up to `capacity` entries
 * to `infos` (NULL when capacity is 0) and the number of devices to `*count`. If there is no
 * device, the result is VRN_OK and the count is 0; if there is no Vulkan loader, the result is
 * VRN_ERROR_NO_DEVICE. `log` may be NULL. Thread-safe. Blocking: it loads the drivers, which can
 * take a second. */
VRN_API vrn_result vrn_device_list(vrn_device_info *infos, uint32_t capacity, uint32_t *count,
                                   const vrn_log *log);

/* Switches for tests; <vkresnet/diagnostics.h> defines the struct. */
typedef struct vrn_device_diagnostics vrn_device_diagnostics;

/* Functions with which an application stores a device's cache (compiled pipelines and measurements)
 * itself, instead of in a folder. An entry has a name ("pipelines-10de-2330-4.bin") and bytes; the
 * library checks the bytes when it reads them, as it does with files. It may call the functions on
 * any thread that uses or destroys the device, and on several at the same time. If one of them
 * fails, this costs only time. */
typedef struct vrn_cache_hooks {
    /* Reads an entry. If `data` is NULL, sets *size to its size; otherwise copies *size bytes to
     * `data`. Returns false if there is no such entry, or if its size is no longer *size */
    bool (*load)(void *user, const char *name, void *data, size_t *size);
    /* Adds or replaces an entry. Returns false if the entry was not stored */
    bool (*store)(void *user, const char *name, const void *data, size_t size);
    void *user; /* the first argument of both */
    uint64_t reserved[2];
} vrn_cache_hooks;

/* How vrn_device_create chooses and sets up a device. */
typedef struct vrn_device_params {
    /* gets the messages of the device and of everything made from it; must work as long as the
     * device lives */
    vrn_log log;
    /* an index ("1") or part of a name ("llvmpipe", case ignored). NULL: the device with the
     * highest score */
    const char *select;
    uint32_t without; /* vrn_capability bits to ignore, as if the device lacked them */
    /* the folder where the library stores compiled pipelines and measurements for later runs. Only
     * the user who runs the program should be able to write to it. The library creates it when
     * needed. Processes may share it, and its files may be deleted at any time. The library ignores
     * damaged files and files for another device or driver. Disk problems cost time but are not
     * errors. NULL or "": no cache */
    const char *cache_directory;
    /* load VK_LAYER_KHRONOS_validation with synchronization validation; its messages become errors
     * and warnings in the log */
    bool validation;
    const vrn_device_diagnostics *diagnostics; /* NULL in ordinary use */
    const vrn_cache_hooks *cache; /* used instead of cache_directory; copied. NULL: none */
    /* how many queues to create, all of one family; at most 16, and at most as many as the family
     * has. 0: 1 */
    uint32_t queue_count;
    /* the Vulkan priority of these queues, from just above 0 (lowest) to 1 (highest); drivers may
     * ignore it. 0: 1 */
    float queue_priority;
    /* prefer a queue family without graphics, if the device has one, so that the work can run in
     * parallel with graphics */
    bool compute_only_family;
    uint64_t reserved[1];
} vrn_device_params;

/* A Vulkan device, which the library made or an application lends. Threads may share it. */
typedef struct vrn_device vrn_device;

/* Makes the library's own Vulkan instance and device, with queues that can compute. Thread-safe.
 * Blocking. Errors: VRN_ERROR_INVALID_ARGUMENT (a priority outside 0 to 1), VRN_ERROR_NO_DEVICE,
 * VRN_ERROR_UNSUPPORTED (the chosen device lacks something; the log names it),
 * VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_device_create(vrn_device **device, const vrn_device_params *params);

/* Destroys a device and updates its cache. Destroy its sessions first. Blocking. */
VRN_API void vrn_device_destroy(vrn_device **device);

/* Describes the device that was chosen, and its capabilities. Never fails. Thread-safe. */
VRN_API void vrn_device_get_info(const vrn_device *device, vrn_device_info *info);

/* ---- Models ---------------------------------------------------------------------------------- */

/* The filter with which a photo is resized. Both are PIL's: when they shrink a photo, they use all
 * pixels that a pixel of the result covers (as torchvision with antialias=True). */
typedef enum vrn_interpolation {
    VRN_INTERPOLATION_BILINEAR = 0,
    VRN_INTERPOLATION_BICUBIC = 1, /* Keys' cubic convolution with a = -0.5 */
} vrn_interpolation;

/* "bilinear" or "bicubic", as in a file's metadata; NULL for any other number. Static. Thread-safe.
 */
VRN_API const char *vrn_interpolation_name(vrn_interpolation interpolation);

/* What `resize` of a transform means. */
typedef enum vrn_resize_mode {
    /* the length of the shorter side; the longer one follows in proportion. As torchvision's
     * Resize(256) */
    VRN_RESIZE_SHORTER = 0,
    /* the length of the longer side; the shorter one follows in proportion. As Resize(None,
     * max_size=256) */
    VRN_RESIZE_LONGER = 1,
    /* the height; `resize_width` is the width. The proportions may change. As Resize((224, 224)) */
    VRN_RESIZE_EXACT = 2,
    /* nothing: the whole photo is scaled to fit the network's input and centred on a background of
     * the colour `fill`, as by Pillow's ImageOps.pad */
    VRN_RESIZE_LETTERBOX = 3,
} vrn_resize_mode;

/* The order of the channels that the network sees. */
typedef enum vrn_channels {
    VRN_CHANNELS_RGB = 0,
    VRN_CHANNELS_BGR = 1, /* Caffe, OpenCV */
} vrn_channels;

/* "rgb" or "bgr", as in a file's metadata; NULL for any other number. Static. Thread-safe. */
VRN_API const char *vrn_channels_name(vrn_channels channels);

/* How a photo becomes the network's input, as in torchvision's ImageClassification preset: resize
 * the shorter side to `resize` pixels (the longer one in proportion, rounded down), cut `crop` x
 * `crop` pixels out of the centre (where this exceeds the image, the colour is `fill`), and compute
 * (value / 255 - mean) / std for each channel. The other fields change one of these steps; zero
 * leaves it as described. A network of one channel (vrn_arch.in_channels) gets the brightness, as
 * in Pillow's mode "L", normalised with mean[0] and std[0]. */
typedef struct vrn_transform {
    uint32_t resize;                 /* 0: no resize */
    uint32_t crop;                   /* the height of the part cut out; 0: as the resize says */
    vrn_interpolation interpolation; /* the filter of the resize */
    float mean[3], std[3];           /* in the order of `channels`; an std of 0 counts as 1 */
    vrn_resize_mode mode;            /* what `resize` means */
    uint32_t resize_width;           /* of VRN_RESIZE_EXACT; 0: as `resize` */
    uint32_t crop_width;   /* 0: as `crop`. If `crop` is 0, the input is `resize` x `resize`, or
                            * `resize` x `resize_width` with VRN_RESIZE_EXACT */
    vrn_channels channels; /* the order that the network sees */
    /* pixel values are divided by it before mean and std are applied; 0: 255. Set 1 if mean and std
     * are for values from 0 to 255 */
    float scale;
    uint8_t fill[4]; /* red, green, blue; the fourth is not used */
    uint64_t reserved[1];
} vrn_transform;

/* Fills in a whole transform by its name. Returns false and writes nothing if the name is unknown.
 * "torchvision": resize 256, crop 224, bilinear, ImageNet's mean and std. "timm": the same, but
 * bicubic. "caffe": resize 256, crop 224, bilinear, BGR values from 0 to 255 less the mean. "clip":
 * resize 224, crop 224, bicubic, CLIP's mean and std. Thread-safe. */
VRN_API bool vrn_transform_get_preset(const char *name, vrn_transform *transform);

/* The name of the i-th preset, or NULL when there are no more. Static. Thread-safe. */
VRN_API const char *vrn_transform_preset_name(uint32_t i);

/* How the logits, a network's raw outputs for the classes, become probabilities. */
typedef enum vrn_probabilities {
    /* as the model says; if it does not, sigmoid for one logit and softmax for more */
    VRN_PROBABILITIES_DEFAULT = 0,
    VRN_PROBABILITIES_SOFTMAX = 1, /* exactly one class applies */
    VRN_PROBABILITIES_SIGMOID = 2, /* each class applies or not, independently */
    VRN_PROBABILITIES_LOGITS = 3,  /* the logits, unchanged */
} vrn_probabilities;

/* "softmax", "sigmoid" or "none"; NULL for VRN_PROBABILITIES_DEFAULT and any other number. Static.
 * Thread-safe. */
VRN_API const char *vrn_probabilities_name(vrn_probabilities probabilities);

/* A network's architecture and weights in host memory. It never changes; threads, devices and
 * sessions may share it. */
typedef struct vrn_model vrn_model;

/* How vrn_model_load and similar functions read a model. */
typedef struct vrn_model_params {
    vrn_log log; /* used during the call only */
    /* what the file does not state: a whole architecture as for vrn_arch_parse, or only some of its
     * keys, such as "norm_groups=16,v1=1"; the values of the others are deduced. NULL: everything
     * is deduced from the names and shapes in the file */
    const char *arch;
    /* the model's name if the file's metadata has none; NULL: a name made from its architecture */
    const char *name;
    /* the transform if the file's metadata has none; NULL: the preset "torchvision", with a resize
     * and crop of 32 for a network with a CIFAR stem (vrn_stem) */
    const vrn_transform *transform;
    /* chooses one of several networks in the file: the prefix of its tensors' names, such as
     * "module.encoder_q". NULL: the only one. Where a file has weights and their moving average
     * (EMA), the average counts as the only one */
    const char *prefix;
    /* the names of the classes, one for each class; copied. NULL: those in the file. A model with
     * one logit may have two names: the logit then gives the probability of the second class */
    const char *const *class_names;
    uint32_t class_name_count; /* entries of `class_names`: the number of classes, or 2 for one
                                * logit */
    uint64_t reserved[1];
} vrn_model_params;

/* Loads a checkpoint, recognised by its content: PyTorch's .pth (zip or legacy, dictionary or
 * whole module), TorchScript, safetensors (also sharded), ONNX, or a model folder of Hugging Face
 * or timm. docs/checkpoints.md describes what can be read. Tensors are float32, float16, bfloat16
 * or float64. Their names follow torchvision, timm, Hugging Face, MMPretrain, Detectron2 or the
 * common CIFAR repositories; they may be nested in dictionaries and have any prefix, and the file
 * may contain other modules. Properties that the tensors do not determine are assumed and listed
 * (vrn_model_get_assumption). If an assumption would be no better than a guess, loading fails
 * instead, and the log names the keys of `arch` that decide. A file of up to 64 MiB, or on a
 * network file system, is copied. A larger one stays mapped as long as the model lives; it must not
 * change during that time. The caller owns the model. Thread-safe. Blocking. Errors: VRN_ERROR_FILE
 * (the log names the file, the tensor, what was expected and what was found),
 * VRN_ERROR_INVALID_ARGUMENT (in `params`: arch, transform or class_names),
 * VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_model_load(vrn_model **model, const char *path,
                                  const vrn_model_params *params);

/* Loads a checkpoint from memory, which must stay valid and unchanged as long as the model lives.
 * Messages call it `name`. Otherwise like vrn_model_load. */
VRN_API vrn_result vrn_model_load_memory(vrn_model **model, const void *data, size_t size,
                                         const char *name, const vrn_model_params *params);

/* Destroys a model. Sessions made from it keep what they need, so models and sessions can be
 * destroyed in any order. Thread-safe. */
VRN_API void vrn_model_destroy(vrn_model **model);

/* The properties of a model. */
typedef struct vrn_model_info {
    /* from the file's metadata or vrn_model_params, else the architecture's text */
    char name[256];
    uint32_t classes;    /* logits of one image */
    uint64_t parameters; /* as PyTorch counts them: without running statistics */
    /* from the file's metadata or vrn_model_params, else the default that is described at
     * vrn_model_params.transform */
    vrn_transform transform;
    bool has_class_names;            /* vrn_model_get_class_name returns names */
    vrn_probabilities probabilities; /* how logits become probabilities */
    /* from the file's metadata: classes with at least this probability apply to a picture. 0: the
     * metadata has no threshold */
    float threshold;
    uint64_t reserved[3];
} vrn_model_info;

/* Describes a model. Never fails. Thread-safe. */
VRN_API void vrn_model_get_info(const vrn_model *model, vrn_model_info *info);

/* The name of class `index`, or NULL if it has none. Names come from vrn_model_params, else from
 * the file's metadata, else from the entries that a PyTorch checkpoint stores with the weights
 * (class_to_idx, id2label, classes, meta.CLASSES). The text lives as long as the model.
 * Thread-safe. */
VRN_API const char *vrn_model_get_class_name(const vrn_model *model, uint32_t index);

/* An assumption about something that the file does not state, such as "norm_eps=1e-5", or NULL when
 * there are no more. The text lives as long as the model. `doubtful` (may be NULL) receives true if
 * similar files with another value are known; loading logs such assumptions as warnings.
 * Thread-safe. */
VRN_API const char *vrn_model_get_assumption(const vrn_model *model, uint32_t index,
                                             bool *doubtful);

/* A linear layer that reads a network's features: a classifier for your own classes. */
typedef struct vrn_head_params {
    vrn_log log;                    /* used during the call only */
    uint32_t classes;               /* logits, at least 1 */
    uint32_t features;              /* of one image: the channels of the average pool's output */
    const float *weight;            /* [classes, features], as in PyTorch's Linear; finite */
    const float *bias;              /* [classes]; finite */
    const char *const *class_names; /* [classes]; NULL: no names */
    const char *name;               /* of the new model; NULL: that of `trunk` */
    const vrn_transform *transform; /* NULL: that of `trunk` */
    uint64_t reserved[4];
} vrn_head_params;

/* Makes a model that consists of `trunk` without its head, and of a new linear layer: logits =
 * weight * features + bias. `params` must not be NULL. Arrays and strings are copied; the new model
 * shares the weights of `trunk` and keeps it alive. Its probabilities are softmax, or sigmoid for
 * one logit. vrn_model_save writes the new model as a whole. The caller owns the new model.
 * Thread-safe. Errors: VRN_ERROR_INVALID_ARGUMENT (the wrong number of features, a value that is
 * not finite), VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_model_create_with_head(vrn_model **model, const vrn_model *trunk,
                                              const vrn_head_params *params);

/* What vrn_model_save writes. */
typedef struct vrn_model_save_params {
    vrn_log log; /* used during the call only */
    bool fp16;   /* weights as float16, rounded to nearest; a value beyond its range is an error */
    /* what is written instead of the model's own transform, probabilities and threshold; NULL,
     * VRN_PROBABILITIES_DEFAULT and 0: the model's own */
    const vrn_transform *transform;
    vrn_probabilities probabilities; /* see `transform` */
    float threshold;                 /* see `transform`; at most 1 */
    /* called with the path of the temporary file before it is created (`there` is true), and after
     * it has been renamed or removed (`there` is false), so that a program can delete it when a
     * signal ends the program. May be NULL */
    void (*temporary)(void *user, const char *path, bool there);
    void *user; /* the first argument of `temporary` */
    uint64_t reserved[2];
} vrn_model_save_params;

/* Writes safetensors with torchvision's tensor names; name, architecture, transform and class names
 * go into the metadata. The file appears under its name only when it is complete; if anything
 * fails, an existing file stays as it was. Thread-safe. Blocking. Errors: VRN_ERROR_FILE,
 * VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_model_save(const vrn_model *model, const char *path,
                                  const vrn_model_save_params *params);

/* ---- Sessions -------------------------------------------------------------------------------- */

/* How activations and weights are stored. Sums are always 32 bits wide: float32, or int32 for
 * products of int8 values. The input, the average pool's output, group norms, channel attention,
 * logits and probabilities are float32 in every precision. On a CPU driver with
 * VRN_CAPABILITY_BUFFER_ADDRESSES, whose fastest kernels read only float32, values are rounded to
 * the precision but stored as float32. */
typedef enum vrn_precision {
    VRN_PRECISION_FP32 = 0,
    /* float16, on any device: no capability is needed. Values above 65504 become 65504, and values
     * below -65504 become -65504; vrn_calibration_get_ranges shows which layers have such values */
    VRN_PRECISION_FP16 = 1,
    /* int8 for the layers for which a calibrated model (vrn_calibration_finish) has scales, float16
     * for the others. A model without any scales is refused (VRN_ERROR_UNSUPPORTED) */
    VRN_PRECISION_INT8 = 2,
} vrn_precision;

/* "fp32", "fp16" or "int8"; NULL for any other number. Static. Thread-safe. */
VRN_API const char *vrn_precision_name(vrn_precision precision);

/* A model compiled for one device, batch, size and precision. */
typedef struct vrn_session vrn_session;

/* Switches for tests; <vkresnet/diagnostics.h> defines the struct. */
typedef struct vrn_session_diagnostics vrn_session_diagnostics;

/* What vrn_session_create compiles. */
typedef struct vrn_session_params {
    uint32_t batch;          /* the largest number of images in one run, up to 65536; 0: 1 */
    uint32_t height, width;  /* of the network's input; 0: the transform's crop */
    vrn_precision precision; /* of activations and weights */
    /* names of layers whose parameters and outputs stay float32 when `precision` is another one.
     * vrn_session_get_layers lists the names. Layers with parameters outside the range of float16
     * stay float32 in any case; the log names them */
    const char *const *fp32_layers;
    uint32_t fp32_layer_count; /* entries of `fp32_layers` */
    /* run each operator of the graph by itself: fuse no operators, and fold no norms into
     * convolutions */
    bool no_fusion;
    uint32_t in_flight;             /* the most submissions in flight (vrn_session_submit); 0: 2 */
    const vrn_transform *transform; /* for images; NULL: the model's */
    /* further outputs: the names of modules as in PyTorch ("conv1", "layer1" to "layer4",
     * "avgpool", "layer2.0.bn1"), "input" for the prepared input, or "class_map", see below */
    const char *const *taps;
    uint32_t tap_count; /* entries of `taps` */
    /* the largest size of the activations, in bytes; a batch that needs more is run in slices. 0:
     * what the device allows, at most 1 GiB */
    uint64_t memory_limit;
    /* the longest time of one submission to the device, see below. INFINITY: no limit. 0: 1000, or
     * no limit on a driver that runs on the processor */
    double submission_limit_ms;
    const vrn_session_diagnostics *diagnostics; /* NULL in ordinary use */
    vrn_probabilities probabilities;            /* VRN_PROBABILITIES_DEFAULT: the model's */
    /* the shortest budget of device time, in milliseconds, that recordings with a cursor will have
     * (vrn_session_record in <vkresnet/vulkan.h>): layers that may take longer are divided. It is
     * also the budget of recordings that give none. 0: each recording with a cursor must give a
     * budget, and layers are divided only as submission_limit_ms requires */
    double record_budget_ms;
    /* the number of the queue to which runs are submitted: 0 to vrn_device_info.queue_count - 1.
     * Sessions on different queues can run at the same time */
    uint32_t queue;
    uint64_t reserved[5];
} vrn_session_params;

/* Submission limit. Drivers treat a submission that runs for longer than 2 to 10 s, depending on
 * the driver, as a hang and reset the device (VRN_ERROR_DEVICE_LOST). The library therefore divides
 * a run that could take longer than submission_limit_ms into several submissions: between layers
 * and, if one layer takes too long, within it, by running fewer images at once or parts of its
 * grid. The bytes of the results do not change. The times are estimated from the number of
 * operations and the speed of the session's earlier runs; before the first run, a slow device is
 * assumed. Tuning, profiles, the self-test and the preparation of photos are not divided.
 * vrn_session_record writes to one command buffer, so there the limit only shortens single
 * dispatches. */

/* Class maps. The tap "class_map", [classes, H, W], is the class activation map of Zhou et al.
 * 2016: it shows where in the image the network sees each class. The linear layer, with its bias,
 * is applied at every position of the last stage's output instead of to the mean over all positions
 * (as a 1x1 convolution with the linear layer's parameters). The mean of a class's map is therefore
 * its logit, up to rounding. Only sessions with this tap compute the map, as one more layer on the
 * device. It is computed in float32, from the last stage's output in the session's precision. */

/* Compiles a model: builds the graph, fuses operators, chooses kernels, plans memory, creates
 * pipelines, and uploads weights (once for all sessions of the model on this device). The caller
 * owns the session. The device must outlive it; the session keeps the model alive. Messages go to
 * the device's log. The session has `in_flight` sets of command buffers and host-visible buffers.
 * Each set is recorded at its first run, and again when the number or the kind of the images
 * changes; the first run with photos also creates the kernels and buffers that prepare photos.
 * Blocking: takes from tens of milliseconds to seconds. Threads may create sessions of one device
 * at the same time. Errors: VRN_ERROR_INVALID_ARGUMENT (an unknown tap, an input too small for the
 * network), VRN_ERROR_FILE (the model's parameters are not all finite, or a variance is negative),
 * VRN_ERROR_UNSUPPORTED (a tensor of one image is too large for one buffer binding of the device),
 * VRN_ERROR_OUT_OF_MEMORY, VRN_ERROR_DEVICE_LOST. */
VRN_API vrn_result vrn_session_create(vrn_session **session, vrn_device *device,
                                      const vrn_model *model, const vrn_session_params *params);

/* Waits for submissions in flight, without writing their outputs, then destroys the session.
 * Blocking. */
VRN_API void vrn_session_destroy(vrn_session **session);

/* The properties of a compiled session. */
typedef struct vrn_session_info {
    uint32_t batch, height, width, classes; /* of its inputs and outputs */
    vrn_precision precision;                /* of activations and weights */
    uint32_t slice;            /* images that pass through the network at once: batch or fewer */
    uint32_t dispatches;       /* of one slice */
    double gflops;             /* operations for one image / 1e9; a multiply-add counts as two */
    uint64_t activation_bytes; /* the arena that all layers share */
    uint64_t weight_bytes;     /* shared by the sessions of this model on this device */
    uint64_t device_bytes;     /* all device memory of this session, including the shared weights */
    double compile_ms;         /* how long vrn_session_create took */
    uint64_t reserved[4];
} vrn_session_info;

/* Describes a session. Never fails. */
VRN_API void vrn_session_get_info(const vrn_session *session, vrn_session_info *info);

/* The shape of tap `index` for one image, in PyTorch's order: channels, height, width. Errors:
 * VRN_ERROR_INVALID_ARGUMENT (no such tap). */
VRN_API vrn_result vrn_session_get_tap_shape(const vrn_session *session, uint32_t index,
                                             uint32_t shape[3]);

/* A rectangle in a photo, in pixels. The photo's upper left corner is at 0, 0. */
typedef struct vrn_rect {
    double left, top, right, bottom; /* its edges */
} vrn_rect;

/* The part of a photo of width x height pixels that the network sees after the transform's resize
 * and crop. It extends beyond the photo's edges if the crop is larger than the resized photo; the
 * network sees `fill` there. A tap of h x w positions, such as "class_map", divides the rectangle
 * into h x w equal cells. Errors: VRN_ERROR_INVALID_ARGUMENT (a photo without pixels),
 * VRN_ERROR_UNSUPPORTED (the photo's proportions are too extreme for it to be resized). */
VRN_API vrn_result vrn_session_get_crop_rect(const vrn_session *session, uint32_t width,
                                             uint32_t height, vrn_rect *rect);

/* ---- Running --------------------------------------------------------------------------------- */

/* The order of a pixel's 8-bit channels in memory. Alpha is ignored; grey stands for equal red,
 * green and blue. */
typedef enum vrn_pixel_format {
    VRN_PIXEL_RGBA = 0,
    VRN_PIXEL_BGRA = 1,
    VRN_PIXEL_RGB = 2,
    VRN_PIXEL_BGR = 3,
    VRN_PIXEL_GREY = 4,
    VRN_PIXEL_GREY_ALPHA = 5,
} vrn_pixel_format;

/* "RGBA", "BGRA" and so on; NULL for any other number. Static. Thread-safe. */
VRN_API const char *vrn_pixel_format_name(vrn_pixel_format format);

/* Pixels of one image, rows from the top. All formats of the same picture give exactly the same
 * results. */
typedef struct vrn_image {
    const uint8_t *pixels;   /* the first row */
    uint32_t width, height;  /* in pixels */
    size_t stride;           /* bytes from one row to the next; 0: rows without gaps */
    vrn_pixel_format format; /* how many bytes a pixel has, and what they are */
    uint64_t reserved[2];
} vrn_image;

/* The images of one run, in exactly one of three forms: `nchw`, `nhwc` or `images`. They are copied
 * before vrn_session_submit returns. */
typedef struct vrn_inputs {
    uint32_t count; /* of images: 1 to vrn_session_params.batch */
    /* normalised and finite, [count, C, height, width] with C = vrn_arch.in_channels */
    const float *nchw;
    const float *nhwc;       /* the same as [count, height, width, C] */
    const vrn_image *images; /* [count]: resized, cropped and normalised on the device */
    uint64_t reserved[4];
} vrn_inputs;

/* How long the parts of a run took; <vkresnet/diagnostics.h> defines the struct. */
typedef struct vrn_timing vrn_timing;

/* Where the results of one run go. A NULL pointer means that the result is not wanted. The arrays
 * must live until vrn_session_run has returned or, for a submission, vrn_session_wait with its
 * ticket. */
typedef struct vrn_outputs {
    float *logits; /* [count, classes] */
    /* [count, classes], computed from the logits as vrn_session_params.probabilities says */
    float *probabilities;
    float *const *taps; /* an array [count, C, H, W] for each tap; NULL for unwanted ones */
    vrn_timing *timing; /* of this run */
    uint64_t reserved[4];
} vrn_outputs;

/* Runs the network and waits for the results. `outputs` may be NULL. The bytes of a result depend
 * only on the image, the session's parameters and the device (and its measurements, if it was
 * tuned), not on other images of the run or on earlier runs. A session with another `batch` may use
 * other kernels, whose results can differ in the last bits. Blocking. Errors:
 * VRN_ERROR_INVALID_ARGUMENT, VRN_ERROR_UNSUPPORTED (an image too large for one buffer binding, or
 * wrong results: see vrn_session_wait), VRN_ERROR_OUT_OF_MEMORY (staging for large images),
 * VRN_ERROR_DEVICE_LOST. */
VRN_API vrn_result vrn_session_run(vrn_session *session, const vrn_inputs *inputs,
                                   const vrn_outputs *outputs);

/* Identifies a submission of one session. 0: none. */
typedef uint64_t vrn_ticket;

/* Copies the inputs, submits, and returns without waiting for the device. If
 * vrn_session_params.in_flight submissions are still in flight, it first waits for the oldest and
 * writes its outputs. `outputs` may be NULL; the struct is copied, but the arrays must live until
 * vrn_session_wait returns. Errors: as for vrn_session_run; `*ticket` is then 0. */
VRN_API vrn_result vrn_session_submit(vrn_session *session, const vrn_inputs *inputs,
                                      const vrn_outputs *outputs, vrn_ticket *ticket);

/* Waits for a submission and writes its outputs. Tickets can be waited for in any order; a second
 * wait for the same ticket does nothing. Blocking. Errors: VRN_ERROR_INVALID_ARGUMENT (the session
 * never gave this ticket), VRN_ERROR_UNSUPPORTED (the driver computes wrong results: the softmax of
 * an image does not sum to 1), VRN_ERROR_OUT_OF_MEMORY, VRN_ERROR_DEVICE_LOST (from then on for
 * every wait, even for submissions that completed). */
VRN_API vrn_result vrn_session_wait(vrn_session *session, vrn_ticket ticket);

/* ---- Tuning ---------------------------------------------------------------------------------- */

/* Tunes a device for the network of `model` and `params` (NULL: all defaults): for each layer shape
 * that has not been timed before, it times the kernels that could compute it. Every session that is
 * created on the device afterwards uses the fastest ones. The measurements hold for this device,
 * driver version, layer shape, number of images and set of kernels. The device keeps them as long
 * as it lives, and stores them in its cache for later runs of the program.
 *
 * Takes up to a few seconds for each shape. A kernel replaces the one that would be chosen without
 * tuning only if it is faster by a clear margin and makes the network as a whole faster. Other work
 * on the device spoils the measurements. During tuning, the network is in memory twice. The results
 * of different kernels differ by rounding. If params->diagnostics->kernel is set, nothing is timed.
 *
 * `progress` (NULL: no progress is reported) is called on the caller's thread with the name of what
 * is timed next; at the end, `done` equals `total`. It is not called if nothing is left to time.
 * Blocking. Thread-safe, but simultaneous calls disturb each other's measurements. Errors: those of
 * vrn_session_create; the measurements of the call are then lost. */
VRN_API vrn_result vrn_device_tune(
    vrn_device *device, const vrn_model *model, const vrn_session_params *params,
    void (*progress)(void *user, uint32_t done, uint32_t total, const char *text), void *user);

/* ---- Architectures --------------------------------------------------------------------------- */

/* The residual block (He et al. 2015, figure 5). */
typedef enum vrn_block {
    VRN_BLOCK_BASIC = 0,      /* two 3x3 convolutions */
    VRN_BLOCK_BOTTLENECK = 1, /* convolutions of 1x1, 3x3 and 1x1 */
} vrn_block;

/* What normalises the output of a convolution. */
typedef enum vrn_norm {
    VRN_NORM_BATCH = 0,
    VRN_NORM_FROZEN_BATCH = 1, /* torchvision.ops.FrozenBatchNorm2d: no num_batches_tracked */
    VRN_NORM_GROUP = 2,        /* Wu and He 2018 */
    VRN_NORM_NONE = 3,         /* norms were folded into the convolutions, which have a bias */
} vrn_norm;

/* The layers before the first stage. */
typedef enum vrn_stem {
    VRN_STEM_IMAGENET = 0, /* 7x7, stride 2, then a 3x3 max pool with stride 2 */
    VRN_STEM_CIFAR = 1,    /* 3x3, stride 1, no pool */
    /* three 3x3 convolutions, the first with stride 2, then the pool (He et al. 2018, ResNet-C and
     * -D; timm's "deep") */
    VRN_STEM_DEEP = 2,
} vrn_stem;

/* The pool between the stem's activation and the first stage. */
typedef enum vrn_pool {
    VRN_POOL_DEFAULT = 0, /* VRN_POOL_NONE for a CIFAR stem, else VRN_POOL_MAX */
    VRN_POOL_MAX = 1,     /* the maximum of 3x3 pixels, stride 2, padding 1 */
    VRN_POOL_NONE = 2,
    VRN_POOL_CAFFE = 3, /* as VRN_POOL_MAX, but no padding; the last window may cross the edge */
    VRN_POOL_MEAN = 4,  /* the mean of 2x2 pixels, stride 2 */
    VRN_POOL_CONV = 5,  /* a 3x3 convolution with stride 2, a norm and the activation (ResNet-RS) */
    /* a 3x3 max pool, stride 1, padding 1, then a blur with stride 2 (timm's resnetblur) */
    VRN_POOL_MAX_BLUR = 6,
    /* a 2x2 max pool, stride 1, then a blur with stride 2 (antialiased-cnns) */
    VRN_POOL_MAX2_BLUR = 7,
    /* as VRN_POOL_MAX, but the padding consists of zeros that take part in the maximum (BiT) */
    VRN_POOL_MAX_ZEROS = 8,
} vrn_pool;

/* The shortcut of blocks whose shape changes. The two kinds with zeros for new channels are option
 * A of He et al. 2015. */
typedef enum vrn_shortcut {
    VRN_SHORTCUT_PROJECTION = 0, /* 1x1 convolution (option B) */
    /* every second pixel (in general: every n-th, with a stride of n), and channels of zeros: half
     * of them before the others, half after */
    VRN_SHORTCUT_PAD = 1,
    VRN_SHORTCUT_PAD_END = 2, /* the same, but all channels of zeros come after the others */
    /* the mean of 2x2 pixels (at the edge, of those inside the image), then a 1x1 convolution
     * (ResNet-D) */
    VRN_SHORTCUT_MEAN = 3,
    VRN_SHORTCUT_BLUR = 4, /* a blur with the stride, then a 1x1 convolution (antialiased-cnns) */
} vrn_shortcut;

/* The activation function, which follows the norms. */
typedef enum vrn_activation {
    VRN_ACTIVATION_RELU = 0,
    VRN_ACTIVATION_LEAKY_RELU = 1, /* see vrn_arch.negative_slope */
    VRN_ACTIVATION_SILU = 2,       /* x / (1 + exp(-x)) */
    VRN_ACTIVATION_RELU6 = 3,
} vrn_activation;

/* Weight standardisation (Qiao et al. 2019): the weights of each output channel of a convolution
 * are shifted to a mean of 0 and divided by their deviation. */
typedef enum vrn_standardize {
    VRN_STANDARDIZE_NONE = 0,
    VRN_STANDARDIZE_DEVIATION = 1, /* divided by sample deviation + 1e-5 (Qiao) */
    VRN_STANDARDIZE_VARIANCE = 2,  /* divided by sqrt(variance + 1e-6) (timm) */
    VRN_STANDARDIZE_BIT = 3,       /* divided by sqrt(variance + 1e-8) (BiT) */
} vrn_standardize;

/* Anti-aliasing (Zhang 2019): in a block with a stride, the convolution keeps stride 1, and a mean
 * or a blur after it applies the stride. A blur filters the rows and columns of each channel with
 * binomial coefficients, such as 1 2 1; at the edges the image is reflected. */
typedef enum vrn_antialias {
    VRN_ANTIALIAS_NONE = 0,
    VRN_ANTIALIAS_MEAN = 1, /* the mean of 2x2 (timm's resnetaa), also as the stem's pool */
    VRN_ANTIALIAS_BLUR = 2, /* a blur (antialiased-cnns, timm's resnetblur) */
} vrn_antialias;

/* How the channels of a block's output are weighted before the shortcut is added. */
typedef enum vrn_attention {
    VRN_ATTENTION_NONE = 0,
    /* by the sigmoid of two linear layers, with a ReLU between them, applied to the channels' means
     * (squeeze and excitation, Hu et al. 2018) */
    VRN_ATTENTION_SE = 1,
    /* by the sigmoid of a filter along the channels' means (ECA-Net, Wang et al. 2020) */
    VRN_ATTENTION_ECA = 2,
} vrn_attention;

/* How the logits are computed from the features. */
typedef enum vrn_head {
    VRN_HEAD_LINEAR = 0,
    VRN_HEAD_NONE = 1, /* features only: no logits, vrn_arch.num_classes is 0 */
    VRN_HEAD_MLP = 2,  /* two linear layers with a ReLU between them */
} vrn_head;

/* The largest number of stages of a network. */
#define VRN_MAX_STAGES 8

/* All arguments of torchvision's ResNet(block, layers, num_classes, zero_init_residual, groups,
 * width_per_group, replace_stride_with_dilation, norm_layer), and those of related networks. Zero
 * means the default that a field's comment gives; `layers` has none. */
typedef struct vrn_arch {
    vrn_block block;                 /* of all stages */
    uint32_t stages;                 /* 0: the number of non-zero entries in `layers` */
    uint32_t layers[VRN_MAX_STAGES]; /* blocks of each stage */
    uint32_t planes[VRN_MAX_STAGES]; /* 0: 16, 32, ... (CIFAR stem) or 64, 128, ... */
    uint32_t num_classes;            /* 0: 10 (CIFAR stem) or 1000 */
    uint32_t groups;                 /* 0: 1 */
    uint32_t width_per_group;        /* 0: 64 */
    /* whether stage i, counted from 0, has dilation instead of its stride: entry i - 1 of
     * torchvision's replace_stride_with_dilation. dilate[0] is false: the first stage has no stride
     * to replace */
    bool dilate[VRN_MAX_STAGES];
    vrn_norm norm;         /* of all convolutions */
    uint32_t norm_groups;  /* of VRN_NORM_GROUP; 0: 32 */
    float norm_eps;        /* 0: 1e-5 */
    vrn_stem stem;         /* before the first stage */
    vrn_shortcut shortcut; /* of blocks whose shape changes */
    /* bottlenecks have their stride in the first 1x1 convolution (v1), not in the 3x3 */
    bool stride_on_1x1;
    /* affects only random weights: the weights of each block's last norm are 0 */
    bool zero_init_residual;
    uint32_t in_channels; /* of the network's input, 1 to 16; 0: 3 */
    uint32_t stem_kernel; /* 1, 3, 5 or 7; 0: 7 (ImageNet stem) or 3 */
    uint32_t stem_stride; /* 0: 1 (CIFAR stem) or 2 */
    uint32_t stem_planes; /* channels of the stem's output; 0: planes[0] */
    uint32_t stem_width;  /* channels of a deep stem's first convolution; 0: half of stem_planes */
    vrn_pool pool;        /* after the stem */
    uint32_t strides[VRN_MAX_STAGES]; /* of each stage; 0: 1 for the first, 2 for the others */
    /* of the 3x3 convolutions of each stage's blocks; 0: as `dilate` says */
    uint32_t dilations[VRN_MAX_STAGES];
    vrn_activation activation;       /* of the stem and of all blocks */
    float negative_slope;            /* of VRN_ACTIVATION_LEAKY_RELU; 0: 0.01 */
    vrn_standardize standardize;     /* of the weights of all convolutions */
    vrn_antialias antialias;         /* of blocks with a stride */
    vrn_head head;                   /* after the average pool */
    uint32_t head_width;             /* of VRN_HEAD_MLP: values between its layers; 0: 512 */
    vrn_probabilities probabilities; /* how logits become probabilities */
    vrn_attention attention;         /* of all blocks */
    /* of each stage. VRN_ATTENTION_SE: values between its two layers; 0: a sixteenth of the
     * channels of the block's output. VRN_ATTENTION_ECA: the filter's length, odd; 0: computed from
     * the number of channels as in the paper */
    uint32_t attention_width[VRN_MAX_STAGES];
    uint32_t stem_width2; /* of a deep stem's second convolution; 0: as stem_width */
    uint32_t blur_size;   /* how many coefficients blurs have, 1 to 7; 0: 3 */
    /* norms and activations come before convolutions instead of after them (v2; He et al. 2016,
     * figure 4e). No norm and no activation follow the stem's last convolution, and the shortcut's
     * convolution has no norm */
    bool preactivation;
    bool final_norm; /* with `preactivation`: a norm and an activation follow the last stage */
    uint64_t reserved[2];
} vrn_arch;

/* Writes the architecture of a model, complete and checked. Never fails. Thread-safe. */
VRN_API void vrn_model_get_arch(const vrn_model *model, vrn_arch *arch);

/* Reads `NAME[,key=value]...`, the form that the program's --arch takes. Names are torchvision's
 * (resnet18, resnet50, resnext50_32x4d, wide_resnet101_2, ...), resnetN with N = 6n + 2 for He et
 * al.'s CIFAR networks, and `resnet` for a network given by keys alone. Keys:
 * block=basic|bottleneck, layers=3:4:6:3, planes=64:128:256:512, num_classes, groups,
 * width_per_group, dilate=0:1:1 (of all stages but the first), norm=batch|frozen|group|none,
 * norm_groups, norm_eps,
 * stem=imagenet|cifar|deep, stem_kernel, stem_stride, stem_planes, stem_width, stem_width2,
 * pool=max|none|caffe|mean|conv|max_blur|max2_blur|max_zeros, in_channels, strides=1:2:2:2,
 * dilations=1:1:2:4, v1=0|1, v2=0|1, final_norm=0|1, shortcut=projection|pad|pad_end|mean|blur,
 * activation=relu|leaky_relu|silu|relu6, negative_slope, standardize=none|deviation|variance|bit,
 * antialias=none|mean|blur, blur_size, attention=none|se|eca, attention_width=16:32:64:128,
 * head=linear|none|mlp, head_width, probabilities=softmax|sigmoid|none, zero_init_residual=0|1. The
 * result is complete (no defaults left) and checked as by vrn_arch_check. `log` may be NULL.
 * Thread-safe. Errors: VRN_ERROR_INVALID_ARGUMENT (the log names the key or the value). */
VRN_API vrn_result vrn_arch_parse(vrn_arch *arch, const char *text, const vrn_log *log);

/* Writes the text that vrn_arch_parse reads back as the same architecture: a known name, if one
 * fits, and the keys whose values differ from that network's. Returns the length without the NUL,
 * as snprintf does. Thread-safe. */
VRN_API size_t vrn_arch_format(const vrn_arch *arch, char *text, size_t capacity);

/* Fills in the defaults and refuses what torchvision refuses, for the same reasons (a BasicBlock
 * cannot have groups, dilation or a width_per_group other than 64). `log` may be NULL. Thread-safe.
 * Errors: VRN_ERROR_INVALID_ARGUMENT. */
VRN_API vrn_result vrn_arch_check(vrn_arch *arch, const vrn_log *log);

/* The name of the i-th architecture that vrn_arch_parse knows, or NULL when there are no more.
 * Static. Thread-safe. */
VRN_API const char *vrn_arch_get_known_name(uint32_t i);

/* Makes a model with random weights, initialised as by torchvision: Kaiming normal (fan_out)
 * convolutions, norms with weights of 1 and biases of 0, linear layers uniform in +-1/sqrt(fan_in).
 * The same seed gives the same bits on every platform. Of `params`, only the log and the class
 * names are used. The caller owns the model. Thread-safe. Errors: VRN_ERROR_INVALID_ARGUMENT,
 * VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_model_create_random(vrn_model **model, const vrn_arch *arch, uint64_t seed,
                                           const vrn_model_params *params);

/* ---- Calibration ----------------------------------------------------------------------------- */

/* Runs a model in float32 on representative images and records the range of every layer's output.
 * This shows which values exceed the range of float16, and gives the scales that VRN_PRECISION_INT8
 * needs: one for each layer's output, the same for positive and negative values. (The scales of
 * weights, one for each output channel, depend only on the weights.) Only one thread at a time may
 * use a calibration. */
typedef struct vrn_calibration vrn_calibration;

/* How vrn_calibration_create compiles the network. */
typedef struct vrn_calibration_params {
    uint32_t height, width;         /* of the network's input; 0: the transform's crop */
    const vrn_transform *transform; /* for images; NULL: the model's */
    uint64_t reserved[4];
} vrn_calibration_params;

/* Compiles the network. A large network takes a few hundred megabytes on the device, because every
 * value computed for one image is kept. The caller owns the calibration. The device must outlive
 * it; the calibration keeps the model alive. Blocking. Errors: as for vrn_session_create. */
VRN_API vrn_result vrn_calibration_create(vrn_calibration **calibration, vrn_device *device,
                                          const vrn_model *model,
                                          const vrn_calibration_params *params);
/* Destroys a calibration. Models that it made stay usable. Blocking. */
VRN_API void vrn_calibration_destroy(vrn_calibration **calibration);

/* Runs the network on any number of images, one after the other. Blocking. Errors: as for
 * vrn_session_run. */
VRN_API vrn_result vrn_calibration_add(vrn_calibration *calibration, const vrn_inputs *inputs);

/* The range of a layer's output over all images added so far. Texts live as long as the
 * calibration. */
typedef struct vrn_layer_range {
    const char *name, *op; /* "layer1.0.conv1", "conv" */
    float low, high;       /* of the finite values; 0 if there are none */
    uint64_t count;        /* how many finite values there are */
    /* how many finite values have a magnitude above 65504: VRN_PRECISION_FP16 clamps them, unless
     * the layer is in vrn_session_params.fp32_layers */
    uint64_t beyond_fp16;
    uint64_t not_finite; /* how many infinities and NaNs there are */
    uint64_t reserved[4];
} vrn_layer_range;

/* Writes the ranges of up to `capacity` layers to `ranges` (NULL when capacity is 0) and the number
 * of layers to `*count`. Errors: VRN_ERROR_INVALID_ARGUMENT (a NULL pointer). */
VRN_API vrn_result vrn_calibration_get_ranges(const vrn_calibration *calibration,
                                              vrn_layer_range *ranges, uint32_t capacity,
                                              uint32_t *count);

/* How many methods of choosing scales vrn_calibration_finish tries. */
#define VRN_CALIBRATION_METHODS 3

/* How vrn_calibration_finish chose the scales. */
typedef struct vrn_calibration_result {
    /* names of the methods, such as "largest"; static */
    const char *methods[VRN_CALIBRATION_METHODS];
    /* the relative L2 error of the int8 logits with each method, for the first 64 images that were
     * added */
    double errors[VRN_CALIBRATION_METHODS];
    uint32_t method; /* the one with the smallest error; the model has its scales */
    double error;    /* of that method: errors[method] */
    uint64_t reserved[8];
} vrn_calibration_result;

/* Makes a model with scales from the model that was calibrated; run it with VRN_PRECISION_INT8, or
 * save it. The caller owns the new model, which shares the weights of the first one and keeps it
 * alive. `result` may be NULL. After this call, more images may be added and the function called
 * again, for another model. Blocking: compiles the network once for each method. Errors:
 * VRN_ERROR_INVALID_ARGUMENT (no image was added), and those of vrn_session_create and
 * vrn_session_run. */
VRN_API vrn_result vrn_calibration_finish(vrn_calibration *calibration, vrn_model **model,
                                          vrn_calibration_result *result);

#ifdef __cplusplus
}
#endif

#endif
