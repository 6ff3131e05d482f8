/* VkResNet: ResNet inference on any Vulkan device.
 *
 *     vrn_device *device = NULL;
 *     vrn_model *model = NULL;
 *     vrn_session *session = NULL;
 *     vrn_device_create(&device, NULL);
 *     vrn_model_load(&model, "resnet50.pth", NULL);
 *     vrn_session_create(&session, device, model, NULL);
 *     vrn_session_run(session, &(vrn_batch){.count = 1, .images = &photo, .probabilities = p});
 *
 * Rules that hold for every function here, unless its own comment says otherwise:
 *
 * - Objects are opaque. A create or load function writes the new object through its first argument
 *   and, when it fails, writes NULL there and leaves nothing behind. A destroy function takes the
 *   address of the handle, accepts NULL and handles that are NULL, and writes NULL back.
 * - Parameter structs may be NULL. The zero value of every field is its default, so that
 *   `&(vrn_session_params){.batch = 8}` says all there is to say.
 * - Pointers in a parameter struct are read during the call only; nothing is kept.
 * - The result tells a program what to do next. What went wrong, for a person, is one line passed
 *   to the log callback. The library prints nothing, ends nothing and keeps no global state.
 * - Paths and texts are UTF-8 and end with a NUL.
 * - A device and a model may be shared by threads. A session belongs to one thread at a time;
 *   sessions of one device may run on different threads at once.
 * - Times are in milliseconds, sizes in bytes. Floats are IEEE 754 single precision.
 */
#ifndef VKRESNET_VKRESNET_H
#define VKRESNET_VKRESNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(VRN_BUILD) /* while the library itself is compiled */
#define VRN_API __declspec(dllexport)
#elif defined(__GNUC__) && !defined(_WIN32)
#define VRN_API __attribute__((visibility("default")))
#else
#define VRN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define VRN_VERSION_MAJOR 0
#define VRN_VERSION_MINOR 1
#define VRN_VERSION_PATCH 0

/* ---- Results and messages -------------------------------------------------------------------- */

/* Each error asks for a different reaction of the caller. */
typedef enum vrn_result {
    VRN_OK = 0,
    VRN_ERROR_INVALID_ARGUMENT = -1, /* the call is wrong: mend the program or the command line */
    VRN_ERROR_FILE = -2,             /* a file is missing, unreadable, damaged or of another kind */
    VRN_ERROR_UNSUPPORTED = -3,      /* well-formed, but this library or device cannot do it */
    VRN_ERROR_OUT_OF_MEMORY = -4,    /* of the host or of the device: try a smaller batch or size */
    VRN_ERROR_NO_DEVICE = -5,        /* no usable Vulkan device, or none of the given name */
    /* the device is gone: destroy it with its sessions, make anew */
    VRN_ERROR_DEVICE_LOST = -6,
    /* of vrn_device_selftest: the device computes something wrongly */
    VRN_ERROR_WRONG_RESULTS = -7,
    /* of vrn_hub_get: a file cannot be downloaded; get it in another way */
    VRN_ERROR_NETWORK = -8,
    VRN_ERROR_CANCELLED = -9, /* the caller's own callback said so */
} vrn_result;

/* A short English name of a result ("out of memory"). Never NULL; static. */
VRN_API const char *vrn_result_string(vrn_result result);

typedef enum vrn_log_level {
    VRN_LOG_DEFAULT = 0, /* as a threshold: warnings and errors */
    /* why a call failed: exactly one for each failed call; and, with validation on, what the layer
     * finds */
    VRN_LOG_ERROR = 1,
    VRN_LOG_WARNING = 2, /* the call goes on, but a person should know */
    VRN_LOG_INFO = 3,    /* what was chosen: device, architecture, kernels */
    VRN_LOG_DEBUG = 4,   /* everything else */
} vrn_log_level;

/* Where messages go. `message` gets one line without a line feed, valid during the call only, from
 * whichever thread is inside the library; with validation on also from threads of the library's
 * own, at once. NULL: silence. `level` is the most verbose level wanted. */
typedef struct vrn_log {
    void (*message)(void *user, vrn_log_level level, const char *text);
    void *user;
    vrn_log_level level;
} vrn_log;

/* ---- Devices --------------------------------------------------------------------------------- */

/* What a device may have above Vulkan 1.1. Bits of vrn_device_info.capabilities and
 * vrn_device_params.without. Everything here is optional and has a fallback. */
typedef enum vrn_capability {
    VRN_CAPABILITY_DIRECT_MAPPING = 1 << 0, /* device memory that the host can map: no staging */
    VRN_CAPABILITY_TEXEL_BUFFERS = 1 << 1,  /* texel buffers large enough for any tensor */
    VRN_CAPABILITY_TIMESTAMPS = 1 << 2,     /* the queue can time what it runs */
    VRN_CAPABILITY_TIMELINE_SEMAPHORES = 1 << 3,
    VRN_CAPABILITY_STORAGE_16BIT = 1 << 4,
    VRN_CAPABILITY_INT8 = 1 << 5, /* 8-bit storage and arithmetic */
    VRN_CAPABILITY_INTEGER_DOT_PRODUCT = 1 << 6,
    /* products of matrices of halves, added to floats */
    VRN_CAPABILITY_COOPERATIVE_MATRIX = 1 << 7,
    VRN_CAPABILITY_PIPELINE_STATISTICS = 1 << 8, /* registers and spills of compiled kernels */
    VRN_CAPABILITY_BUFFER_ARRAYS = 1 << 9,       /* arrays of storage buffers, of any length */
    /* .. of sizes that the driver divides up, with operations on elements
     * (VK_NV_cooperative_matrix2, Vulkan 1.3) */
    VRN_CAPABILITY_COOPERATIVE_MATRIX_2 = 1 << 10,
} vrn_capability;

#define VRN_CAPABILITY_COUNT 11

/* The name of one capability bit ("texel buffers"), or NULL for a bit that has none. Static. */
VRN_API const char *vrn_capability_name(uint32_t bit);

/* The capabilities that this build of the library can use, as bits: kernels for cooperative
 * matrices are left out where it was built with an old shader compiler or old Vulkan headers. */
VRN_API uint32_t vrn_build_capabilities(void);

typedef enum vrn_device_type {
    VRN_DEVICE_OTHER = 0,
    VRN_DEVICE_INTEGRATED = 1,
    VRN_DEVICE_DISCRETE = 2,
    VRN_DEVICE_VIRTUAL = 3,
    VRN_DEVICE_CPU = 4,
} vrn_device_type;

/* One Vulkan device of this machine, as vrn_device_list and vrn_device_get_info report it. */
typedef struct vrn_device_info {
    /* position in the loader's list; what `--device 0` means */
    uint32_t index;
    char name[256];   /* "llvmpipe (LLVM 15.0.6, 256 bits)" */
    char driver[516]; /* driver name and version in its maker's words */
    vrn_device_type type;
    uint32_t api_version; /* packed as by VK_MAKE_API_VERSION */
    uint32_t vendor_id, device_id, driver_version;
    uint8_t uuid[16];          /* VkPhysicalDeviceIDProperties::deviceUUID */
    uint64_t memory_bytes;     /* the largest device-local heap */
    uint64_t max_buffer_range; /* maxStorageBufferRange */
    uint64_t max_allocation;   /* maxMemoryAllocationSize */
    uint32_t subgroup_size;
    uint32_t shared_memory_bytes; /* of one work group */
    uint32_t max_workgroup_invocations;
    uint32_t capabilities; /* vrn_capability bits, less those switched off */
    /* the highest is chosen when nobody chooses; 0: unusable */
    int score;
    char reason[160]; /* why it cannot be used, or was scored down; else empty */
} vrn_device_info;

/* Lists every Vulkan device, usable or not, in the loader's order. `infos` receives up to
 * `capacity` entries (NULL when capacity is 0); `*count` how many devices there are. No device at
 * all is VRN_OK with a count of 0; no Vulkan loader is VRN_ERROR_NO_DEVICE. Blocking; loads the
 * drivers, which can take a second. `log` may be NULL. */
VRN_API vrn_result vrn_device_list(vrn_device_info *infos, uint32_t capacity, uint32_t *count,
                                   const vrn_log *log);

typedef struct vrn_device_params {
    vrn_log log; /* of the device and everything made from it; must outlive the device */
    /* an index ("1") or part of a name ("llvmpipe", case ignored). NULL: the device with the
     * highest score */
    const char *select;
    uint32_t without; /* vrn_capability bits to do without, as if the device lacked them */
    /* vrn_capability bits to use although the library knows that this driver is slow or wrong
     * there; what the device lacks it does not get. For tests */
    uint32_t with;
    /* where compiled pipelines and measurements are kept for the next time: a folder of this user
     * alone, made when it is needed and shared by processes, whose files may be deleted at any
     * time. What is damaged or of another device or driver is ignored; troubles with the disk cost
     * time only, and are no errors. NULL or "": nothing is read or written */
    const char *cache_directory;
    /* load VK_LAYER_KHRONOS_validation with synchronization validation; its messages become errors
     * and warnings in the log */
    bool validation;
} vrn_device_params;

typedef struct vrn_device vrn_device;

/* Makes a Vulkan instance and device of the library's own, with one queue that can compute.
 * Errors: VRN_ERROR_NO_DEVICE, VRN_ERROR_UNSUPPORTED (the chosen one lacks something; the log says
 * what), VRN_ERROR_OUT_OF_MEMORY. Blocking. */
VRN_API vrn_result vrn_device_create(vrn_device **device, const vrn_device_params *params);

/* Destroys a device, and brings its cache directory up to date. Its sessions must be destroyed
 * first. */
VRN_API void vrn_device_destroy(vrn_device **device);

/* What was chosen, and with which capabilities. Never fails. */
VRN_API void vrn_device_get_info(const vrn_device *device, vrn_device_info *info);

/* What a device can do at best, as measured on it: what a network's speed is compared with. */
typedef struct vrn_device_peak {
    /* 1e9 float operations a second, a multiply-add counting as two: a kernel of independent chains
     * of multiply-adds in registers */
    double gflops;
    /* 1e9 bytes a second, read plus written: the fastest of the ways to copy memory that does not
     * fit the caches of most devices (by a kernel, by the driver) */
    double gb_s;
} vrn_device_peak;

/* Measures with two small kernels, each the fastest of several runs, in about a third of a second.
 * Other work on the device at the same time makes the figures too low. Blocking; thread-safe.
 * Errors: VRN_ERROR_OUT_OF_MEMORY, VRN_ERROR_DEVICE_LOST. */
VRN_API vrn_result vrn_device_measure(vrn_device *device, vrn_device_peak *peak);

/* ---- Architectures --------------------------------------------------------------------------- */

/* Residual block: two 3x3 convolutions, or 1x1, 3x3, 1x1 (He et al. 2015, figure 5). */
typedef enum vrn_block {
    VRN_BLOCK_BASIC = 0,
    VRN_BLOCK_BOTTLENECK = 1,
} vrn_block;

typedef enum vrn_norm {
    VRN_NORM_BATCH = 0,
    VRN_NORM_FROZEN_BATCH = 1, /* torchvision.ops.FrozenBatchNorm2d: no num_batches_tracked */
    VRN_NORM_GROUP = 2,        /* Wu and He 2018 */
} vrn_norm;

typedef enum vrn_stem {
    VRN_STEM_IMAGENET = 0, /* 7x7, stride 2, then a 3x3 max pool of stride 2 */
    VRN_STEM_CIFAR = 1,    /* 3x3, stride 1, no pool */
} vrn_stem;

typedef enum vrn_shortcut {
    VRN_SHORTCUT_PROJECTION = 0, /* 1x1 convolution where the shape changes (option B) */
    VRN_SHORTCUT_PAD = 1,        /* every second pixel, new channels zero (option A) */
} vrn_shortcut;

#define VRN_MAX_STAGES 8

/* Everything that torchvision's ResNet(block, layers, num_classes, zero_init_residual, groups,
 * width_per_group, replace_stride_with_dilation, norm_layer) says, and what its relatives need.
 * Zero means the default given beside a field; `layers` has none. */
typedef struct vrn_arch {
    vrn_block block;
    uint32_t stages;                 /* 0: as many as `layers` has non-zero entries */
    uint32_t layers[VRN_MAX_STAGES]; /* blocks of each stage */
    uint32_t planes[VRN_MAX_STAGES]; /* 0: 64, 128, .. (ImageNet stem) or 16, 32, .. (CIFAR) */
    uint32_t num_classes;            /* 0: 1000 (ImageNet stem) or 10 (CIFAR) */
    uint32_t groups;                 /* 0: 1 */
    uint32_t width_per_group;        /* 0: 64 */
    /* replace_stride_with_dilation of stage i (from 0; the first has no stride to replace):
     * torchvision's entry i - 1 */
    bool dilate[VRN_MAX_STAGES];
    vrn_norm norm;
    uint32_t norm_groups; /* of VRN_NORM_GROUP; 0: 32 */
    float norm_eps;       /* 0: 1e-5 */
    vrn_stem stem;
    vrn_shortcut shortcut;
    bool stride_on_1x1; /* bottlenecks stride on the first 1x1 (v1), not the 3x3 */
    /* of random weights: the last norm of a block starts at 0 */
    bool zero_init_residual;
} vrn_arch;

/* Reads `NAME[,key=value]...`, the program's --arch. Names are torchvision's (resnet18, resnet50,
 * resnext50_32x4d, wide_resnet101_2, ...), resnetN with N = 6n + 2 for He et al.'s CIFAR networks,
 * and `resnet` for one that is described by keys alone. Keys: block=basic|bottleneck,
 * layers=3:4:6:3, planes=64:128:256:512, num_classes, groups, width_per_group, dilate=0:1:1,
 * norm=batch|frozen|group, norm_groups, norm_eps, stem=imagenet|cifar, shortcut=projection|pad,
 * v1=0|1, zero_init_residual=0|1. The result is complete (no defaults left) and checked as by
 * vrn_arch_check. `log` may be NULL. Errors: VRN_ERROR_INVALID_ARGUMENT (the log names the key or
 * the value). */
VRN_API vrn_result vrn_arch_parse(vrn_arch *arch, const char *text, const vrn_log *log);

/* Writes the text that vrn_arch_parse reads back to the same architecture: a known name where
 * there is one, and the keys that differ from it. Returns the length without the NUL, as
 * snprintf does. */
VRN_API size_t vrn_arch_format(const vrn_arch *arch, char *text, size_t capacity);

/* Fills the defaults in and refuses what torchvision refuses, with its reasons (a BasicBlock has no
 * groups, no width and no dilation). Errors: VRN_ERROR_INVALID_ARGUMENT. `log` may be NULL. */
VRN_API vrn_result vrn_arch_check(vrn_arch *arch, const vrn_log *log);

/* The name of the i-th architecture known by name, or NULL when there are no more. Static. */
VRN_API const char *vrn_arch_name(uint32_t i);

/* ---- Models ---------------------------------------------------------------------------------- */

/* How a photo is resized: PIL's filters, which look at all pixels that a pixel of the result covers
 * (torchvision's antialias). */
typedef enum vrn_interpolation {
    VRN_INTERPOLATION_BILINEAR = 0,
    VRN_INTERPOLATION_BICUBIC = 1, /* Keys' cubic convolution with a = -0.5 */
} vrn_interpolation;

/* "bilinear" or "bicubic", as in a file's metadata; NULL for any other number. Static. */
VRN_API const char *vrn_interpolation_name(vrn_interpolation interpolation);

/* From a photo to the network's input, as torchvision's ImageClassification preset: the shorter
 * side is resized to `resize` (the other in proportion, truncated), the centre of `crop` x `crop`
 * is cut out (black where the image ends), and each channel becomes (value / 255 - mean) / std. */
typedef struct vrn_transform {
    uint32_t resize; /* 0: no resize */
    uint32_t crop;   /* 0: as `resize` */
    vrn_interpolation interpolation;
    float mean[3], std[3]; /* RGB; an std of 0 counts as 1 */
} vrn_transform;

/* Architecture and weights on the host. Immutable; shared by threads, devices and sessions. */
typedef struct vrn_model vrn_model;

typedef struct vrn_model_params {
    vrn_log log; /* used during the call only */
    /* what the file cannot say, as for vrn_arch_parse; NULL: read it from the names and shapes in
     * the file */
    const char *arch;
    /* what to call a model whose file has no metadata that names it; NULL: by its architecture */
    const char *name;
    /* of a model whose file's metadata has none; NULL: by the stem */
    const vrn_transform *transform;
} vrn_model_params;

/* Loads a checkpoint: PyTorch's .pth (zip or legacy form) or safetensors, recognised by content,
 * with float32, float16, bfloat16 or float64 tensors, named as by torchvision, timm, Hugging Face
 * or the common CIFAR repositories, perhaps inside a 'state_dict' and behind a 'module.' prefix.
 * The file stays mapped while the model lives and must not be changed in that time. Errors:
 * VRN_ERROR_FILE (the log names the file, the tensor, what was expected and what was found),
 * VRN_ERROR_INVALID_ARGUMENT (params->arch), VRN_ERROR_OUT_OF_MEMORY. Blocking. */
VRN_API vrn_result vrn_model_load(vrn_model **model, const char *path,
                                  const vrn_model_params *params);

/* The same from memory, which must stay valid and unchanged while the model lives. `name` stands
 * for the file's name in messages. */
VRN_API vrn_result vrn_model_load_memory(vrn_model **model, const void *data, size_t size,
                                         const char *name, const vrn_model_params *params);

/* Random weights as torchvision starts with: Kaiming normal (fan_out) convolutions, norms of 1 and
 * 0, the linear layer uniform in +-1/sqrt(fan_in). The same seed gives the same bits on every
 * platform. Of params only `log` counts. */
VRN_API vrn_result vrn_model_random(vrn_model **model, const vrn_arch *arch, uint64_t seed,
                                    const vrn_model_params *params);

/* Destroys a model. Sessions made from it keep what they need: any order is right. */
VRN_API void vrn_model_destroy(vrn_model **model);

typedef struct vrn_model_info {
    vrn_arch arch;
    /* from the file's metadata or vrn_model_params, else the architecture's text */
    char name[256];
    uint64_t parameters;     /* as torch counts them: without running statistics */
    vrn_transform transform; /* from the file's metadata or vrn_model_params, else by the stem */
    bool has_class_names;
} vrn_model_info;

VRN_API void vrn_model_get_info(const vrn_model *model, vrn_model_info *info);

/* The name of class `index` from the file's metadata, or NULL. Lives as long as the model. */
VRN_API const char *vrn_model_class_name(const vrn_model *model, uint32_t index);

typedef struct vrn_model_save_params {
    vrn_log log;
    bool fp16; /* weights as float16, rounded to nearest; a value beyond its range is an error */
} vrn_model_save_params;

/* Writes safetensors with torchvision's tensor names; name, architecture, transform and class names
 * go into the metadata. The file appears under its name only when it is whole; one that was there
 * before stays as it was when anything fails. Errors: VRN_ERROR_FILE, VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_model_save(const vrn_model *model, const char *path,
                                  const vrn_model_save_params *params);

/* ---- Precision ------------------------------------------------------------------------------- */

/* What activations and weights are stored as. Sums are always 32 bits wide: floats, or integers
 * where bytes are multiplied. The input, the average pool's output, logits and probabilities are
 * float32 in all three. */
typedef enum vrn_precision {
    VRN_PRECISION_FP32 = 0,
    /* half precision, on any device: no capability is needed. What exceeds 65504 is stored as that:
     * vrn_calibration_ranges tells whether and where that is */
    VRN_PRECISION_FP16 = 1,
    /* bytes where a calibrated model (vrn_calibration_finish) has scales, else halves */
    VRN_PRECISION_INT8 = 2,
} vrn_precision;

/* "fp32", "fp16" or "int8"; NULL for any other number. Static. */
VRN_API const char *vrn_precision_name(vrn_precision precision);

/* ---- What the driver's compiler makes of the kernels ----------------------------------------- */

#define VRN_MAX_STATISTICS 32

typedef struct vrn_statistic {
    char name[64]; /* in the driver's words */
    double value;
} vrn_statistic;

/* One dispatch of a kernel, compiled for one shape of a network's layers. Texts of kernel and op
 * are static. What the driver does not tell is negative. */
typedef struct vrn_kernel_statistics {
    const char *op;         /* "conv" */
    const char *kernel;     /* "conv_tile_64x64" */
    const char *module;     /* the shader: "conv_tile" */
    bool chosen;            /* vrn_session_create takes this kernel, untuned */
    uint32_t pass, passes;  /* which dispatch of the kernel, and of how many */
    char layer[48];         /* the first that has this shape: "layer1.0.conv1" */
    uint32_t layers;        /* how many have it */
    uint32_t in[3], out[3]; /* channels, height, width */
    uint32_t window[2], stride[2], groups;
    double flops;         /* of the operation, for the whole batch */
    uint64_t work_groups; /* of the dispatch, for the whole batch */
    uint32_t invocations; /* of a work group */
    uint32_t declared_shared_bytes;
    uint32_t subgroup_size;
    double compile_ms;
    double registers;        /* of an invocation */
    double scalar_registers; /* of a subgroup */
    double spills;           /* registers of both kinds that did not fit */
    double shared_bytes;     /* of a work group, as allocated */
    double scratch_bytes;    /* private memory: spills, and arrays with run-time indices */
    double occupancy;        /* subgroups that a SIMD can hold at once */
    double code_bytes, instructions;
    double latency, inverse_throughput; /* estimates, in cycles of a subgroup */
    uint32_t value_count;               /* everything that the driver told, as it told it: */
    vrn_statistic values[VRN_MAX_STATISTICS];
} vrn_kernel_statistics;

typedef struct vrn_statistics_params {
    const vrn_arch *arch;   /* whose layers; NULL: resnet50 */
    uint32_t batch;         /* 0: 1 */
    uint32_t height, width; /* of the input; 0: 224 */
    /* NULL: of each shape the kernel that would be chosen; else every kernel that fits and whose
     * name begins so; "": every kernel that is made for this kind of device, or for any */
    const char *kernel;
    vrn_precision precision; /* int8: as if every layer's output had a scale */
} vrn_statistics_params;

/* Compiles kernels for the layers of a network and calls `visit` with what the driver says of each,
 * in the order of the layers; a shape that several layers share comes once. The pointer is valid
 * during the call. Needs VRN_CAPABILITY_PIPELINE_STATISTICS; nothing is allocated on the device or
 * run, so that it works on drivers that only compile (Mesa's RADV with RADV_FORCE_FAMILY).
 * Blocking: up to a minute. Errors: VRN_ERROR_UNSUPPORTED (without that capability),
 * VRN_ERROR_INVALID_ARGUMENT, VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_device_kernel_statistics(
    vrn_device *device, const vrn_statistics_params *params,
    void (*visit)(void *user, const vrn_kernel_statistics *statistics), void *user);

/* ---- Sessions -------------------------------------------------------------------------------- */

/* A model compiled for one device, batch, size and precision. */
typedef struct vrn_session vrn_session;

typedef struct vrn_session_params {
    uint32_t batch;         /* most images of a run, at most 65536; 0: 1 */
    uint32_t height, width; /* of the network's input; 0: the transform's crop */
    vrn_precision precision;
    /* with another precision: layers, as vrn_session_layers names them, */
    const char *const *fp32_layers;
    /* whose parameters and outputs stay float32. So do, by themselves, those whose parameters
     * halves cannot hold; the log says which */
    uint32_t fp32_layer_count;
    /* one shader for each operator of the graph, nothing folded */
    bool no_fusion;
    uint32_t in_flight;             /* submissions that may be under way at once; 0: 2 */
    const vrn_transform *transform; /* for images; NULL: the model's */
    const char *const *taps;        /* names of further outputs, as PyTorch names the modules: */
    /* "conv1", "layer1" .. "layer4", "avgpool", "layer2.0.bn1"; or "class_map", see below */
    uint32_t tap_count;
    /* prefer the kernels whose name begins so ("conv_generic"), where they fit; for tests and
     * comparisons */
    const char *kernel;
    /* of the activations, in bytes; larger batches are run in slices; 0: what the device allows, at
     * most 1 GiB */
    uint64_t memory_limit;
    /* how long a submission to the device may take; 0: 1000, or on a driver that runs on the
     * processor without limit; INFINITY: no limit. See below */
    double submission_limit_ms;
    /* time the kernels that could compute each layer, on the device, and use the fastest; `kernel`
     * switches it off. See below */
    bool tune;
    /* called while tuning, on the thread that creates the session, with what is timed next; done ==
     * total at the end, and not at all where nothing is left to time. NULL: nobody looks */
    void (*progress)(void *user, uint32_t done, uint32_t total, const char *text);
    void *progress_user;
} vrn_session_params;

/* Drivers take a device that works on one submission for two to ten seconds for one that hangs, and
 * end the program's use of it (VRN_ERROR_DEVICE_LOST). So a run that would take longer than
 * submission_limit_ms goes to the device in several submissions: between layers, and where one
 * layer takes too long with fewer images at once, or in parts of its grid. The results are the same
 * bytes. What takes how long follows from the number of operations and from the speed that the
 * session's earlier runs had; before the first it is guessed, for a slow device. Photos'
 * preparation, tuning, profiles and the self-test are not divided; vrn_session_record, whose
 * commands are one submission, divides layers only. */

/* The tap "class_map", [classes, H, W], is the class activation map of Zhou et al. 2016: where in
 * the image a network sees each class. It is the linear layer, with its bias, applied at every
 * position of the last stage's output instead of to the mean over them (a 1x1 convolution with the
 * linear layer's parameters), so that the mean of a class's map is its logit, to rounding. It is
 * computed on the device as one more layer, by a session that has the tap and by no other; in
 * float32 whatever the precision, from values that are as exact as the precision makes them. */

/* Tuning takes up to a few seconds for each shape of layer. Another kernel than the one that is
 * chosen without it must be faster by a clear margin, and the network as a whole faster than
 * before, or nothing changes. What was measured is kept in the device's cache directory, for this
 * device, version of its driver, shape of layer, number of images and set of kernels; every later
 * session uses it, with `tune` or without, and `tune` times only what is new. Without a cache
 * directory it serves this session alone. While it works, other work on the device spoils the
 * measurements, and the network is in memory twice. Results of different kernels differ by
 * rounding. */

/* Compiles a model: builds the graph, fuses, chooses kernels, plans memory, creates pipelines,
 * uploads weights (once for all sessions of the model on this device). Messages go to the
 * device's log. Takes from tens of milliseconds to seconds; blocking. Commands are recorded by
 * the first run of each ticket's slot, and again where a run has another number or kind of
 * images; the first photos also make what prepares them. Errors: VRN_ERROR_INVALID_ARGUMENT (an
 * unknown tap, an input too small for the network, a `kernel` that begins no name in this
 * build), VRN_ERROR_FILE (the model's parameters are not all finite, or a variance is negative),
 * VRN_ERROR_UNSUPPORTED (one image's tensor exceeds what the device can bind),
 * VRN_ERROR_OUT_OF_MEMORY, VRN_ERROR_DEVICE_LOST. */
VRN_API vrn_result vrn_session_create(vrn_session **session, vrn_device *device,
                                      const vrn_model *model, const vrn_session_params *params);

/* Waits for what is in flight, then destroys. */
VRN_API void vrn_session_destroy(vrn_session **session);

typedef struct vrn_session_info {
    uint32_t batch, height, width, classes;
    vrn_precision precision;
    uint32_t slice;            /* images that pass through the network at once: batch, or less */
    uint32_t dispatches;       /* of one slice */
    double gflops;             /* of one image, 2 for each multiply-add, in 1e9 operations */
    uint64_t activation_bytes; /* the arena that all layers share */
    uint64_t weight_bytes;     /* shared by the sessions of this model on this device */
    uint64_t device_bytes;     /* everything this session uses, the shared weights included */
    double compile_ms;         /* how long vrn_session_create took */
} vrn_session_info;

VRN_API void vrn_session_get_info(const vrn_session *session, vrn_session_info *info);

/* The shape of tap `index`, as PyTorch has it for one image: channels, height, width. */
VRN_API vrn_result vrn_session_tap_shape(const vrn_session *session, uint32_t index,
                                         uint32_t shape[3]);

/* A rectangle in a photo, in its pixels: 0 is the left or upper edge of the first one. */
typedef struct vrn_part {
    double left, top, right, bottom;
} vrn_part;

/* Which part of a photo of width x height pixels the network sees: what the transform's resize and
 * crop leave of it. Where the crop is larger than the resized photo it reaches beyond the photo's
 * edges, and black is there. A tap of h x w positions, such as "class_map", divides the part into
 * as many equal cells. Errors: VRN_ERROR_INVALID_ARGUMENT (a photo without pixels),
 * VRN_ERROR_UNSUPPORTED (too thin to be resized). */
VRN_API vrn_result vrn_session_seen_part(const vrn_session *session, uint32_t width,
                                         uint32_t height, vrn_part *part);

/* Pixels of one image: 8-bit RGBA (alpha is ignored), rows from the top. */
typedef struct vrn_image {
    const uint8_t *pixels;
    uint32_t width, height;
    size_t stride; /* bytes from a row to the next; 0: 4 * width */
} vrn_image;

/* The host's time in one run: what submit and wait did on the calling thread. What is left of a run
 * is waiting for the device. */
typedef struct vrn_host_time {
    /* bringing the input to where the device reads it: packing floats, or cropping photos, copying
     * them and recording their preparation */
    double input_ms;
    /* all else that the library does to have the network run once more: recording commands where
     * they are not recorded yet, keeping books, the queue's lock, resetting the fence, reading
     * timestamps. A submission that had to complete another first counts without that */
    double replay_ms;
    double submit_ms; /* the driver's vkQueueSubmit */
    double output_ms; /* unpacking the results */
} vrn_host_time;

/* One run: `count` images in exactly one of three forms, and where results go. Inputs are copied
 * before submit returns; outputs are written by wait and must live until then. */
typedef struct vrn_batch {
    uint32_t count;          /* 1 .. batch */
    const float *nchw;       /* normalised, [count, 3, height, width] */
    const float *nhwc;       /* normalised, [count, height, width, 3] */
    const vrn_image *images; /* [count]: resized, cropped and normalised on the device */
    float *logits;           /* [count, classes], or NULL */
    float *probabilities;    /* [count, classes]: softmax of the logits, or NULL */
    /* one array for each tap, [count, C, H, W], each may be NULL; or NULL */
    float *const *taps;
    /* the network's time on the device, without the preparation of images; 0 where it cannot be
     * measured; or NULL */
    double *gpu_ms;
    vrn_host_time *host; /* written by wait; or NULL */
} vrn_batch;

/* Runs and waits. Errors: VRN_ERROR_INVALID_ARGUMENT, VRN_ERROR_UNSUPPORTED (an image that the
 * device cannot bind), VRN_ERROR_OUT_OF_MEMORY (staging for large images), VRN_ERROR_DEVICE_LOST.
 * The bytes of a result depend only on the image, the session's parameters and the device (and what
 * was tuned for it), not on the images beside it or on earlier runs; another `batch` of the session
 * may mean other kernels, and other last bits. */
VRN_API vrn_result vrn_session_run(vrn_session *session, const vrn_batch *batch);

/* A submission under way. */
typedef uint64_t vrn_ticket;

/* Copies the inputs, submits, and returns without waiting for the device, unless `in_flight`
 * submissions are under way: then it first completes the oldest, writing its outputs early. */
VRN_API vrn_result vrn_session_submit(vrn_session *session, const vrn_batch *batch,
                                      vrn_ticket *ticket);

/* Waits for a submission and writes its outputs. Tickets are waited for in any order. Once the
 * device is lost every wait says so, also for a submission that was completed before. */
VRN_API vrn_result vrn_session_wait(vrn_session *session, vrn_ticket ticket);

/* ---- Calibration ----------------------------------------------------------------------------- */

/* Runs a model in float32 on images that are like those to come, and looks at what every layer of
 * the compiled network puts out. Tells which values halves cannot hold, and chooses the scales that
 * VRN_PRECISION_INT8 needs: symmetric, one for each layer's output; those of the weights, one for
 * each output channel, follow from the weights. A calibration belongs to one thread at a time. */
typedef struct vrn_calibration vrn_calibration;

typedef struct vrn_calibration_params {
    uint32_t height, width;         /* of the network's input; 0: the transform's crop */
    const vrn_transform *transform; /* for images; NULL: the model's */
} vrn_calibration_params;

/* Takes some hundred megabytes on the device for a large network: every value of one image is kept.
 * Errors as of vrn_session_create. The device must outlive the calibration; the model is held. */
VRN_API vrn_result vrn_calibration_create(vrn_calibration **calibration, vrn_device *device,
                                          const vrn_model *model,
                                          const vrn_calibration_params *params);
VRN_API void vrn_calibration_destroy(vrn_calibration **calibration);

/* Runs `count` images, any number, one after the other; outputs of the batch are not written.
 * Errors as of vrn_session_run. Blocking. */
VRN_API vrn_result vrn_calibration_add(vrn_calibration *calibration, const vrn_batch *batch);

/* What was seen of a layer's output so far. Texts live as long as the calibration. */
typedef struct vrn_layer_range {
    const char *name, *op;
    float low, high; /* of finite values; 0 where there are none */
    uint64_t count;  /* finite values */
    /* of them, those of a magnitude above 65504: VRN_PRECISION_FP16 clamps them, unless the layer
     * is in vrn_session_params.fp32_layers */
    uint64_t beyond_fp16;
    uint64_t not_finite; /* infinities and NaNs */
} vrn_layer_range;

/* Up to `capacity` layers (NULL when 0), `*count` receives their number. */
VRN_API vrn_result vrn_calibration_ranges(const vrn_calibration *calibration,
                                          vrn_layer_range *ranges, uint32_t capacity,
                                          uint32_t *count);

#define VRN_CALIBRATION_METHODS 3

typedef struct vrn_calibration_result {
    const char *methods[VRN_CALIBRATION_METHODS]; /* ways to choose scales: "largest", ..; static */
    /* relative L2 error of int8's logits with each, on the first 64 images that were added */
    double errors[VRN_CALIBRATION_METHODS];
    uint32_t method; /* the one with the smallest error, which the model has */
    double error;
} vrn_calibration_result;

/* Gives the same model with scales: the caller's, to be run with VRN_PRECISION_INT8 or saved. Its
 * weights are shared with the first model, which it holds. `result` may be NULL. More images may be
 * added afterwards, for another model. Blocking; compiles the network once for each method. Errors:
 * VRN_ERROR_INVALID_ARGUMENT (no image was added), and those of vrn_session_create and
 * vrn_session_run. */
VRN_API vrn_result vrn_calibration_finish(vrn_calibration *calibration, vrn_model **model,
                                          vrn_calibration_result *result);

/* ---- What a session consists of -------------------------------------------------------------- */

/* One dispatch of the compiled network, in order of execution. Texts live as long as the
 * session. */
typedef struct vrn_layer {
    const char *name;   /* the module that it computes: "layer1.0.conv1" */
    const char *op;     /* "conv" */
    const char *kernel; /* "conv_tile_64x64" */
    const char *fused;  /* what it does besides: "bn relu add"; may be empty */
    /* of its parameters, or of its output where it has none: "fp32", "fp16", "int8" */
    const char *precision;
    uint32_t height, width, channels; /* of its output */
    double flops;                     /* of one image */
    double bytes;           /* of one image: activations and parameters read and written once */
    double parameter_bytes; /* of these, the parameters: the images of a slice share them */
    double gpu_ms;          /* of vrn_session_profile: for the whole batch; else 0 */
    /* why this kernel: "merit" (it should be the best), "preferred" (by vrn_session_params.kernel),
     * "tuned" (measured now) or "cache" (before) */
    const char *why;
    const char *rejected; /* the best of the other kernels that could compute it; may be empty */
    /* its time for the whole batch when it was tuned, run by itself; 0: unknown */
    double rejected_ms;
} vrn_layer;

/* Describes the operations: up to `capacity` of them (NULL when 0), `*count` receives their
 * number. */
VRN_API vrn_result vrn_session_layers(const vrn_session *session, vrn_layer *layers,
                                      uint32_t capacity, uint32_t *count);

/* Runs a full slice of zeros `repeats` times with a timestamp around every dispatch and gives the
 * median of each, times the number of slices in a batch. Needs VRN_CAPABILITY_TIMESTAMPS (else
 * VRN_ERROR_UNSUPPORTED). Blocking. */
VRN_API vrn_result vrn_session_profile(vrn_session *session, uint32_t repeats, vrn_layer *layers,
                                       uint32_t capacity, uint32_t *count);

/* ---- Does the device compute right? ---------------------------------------------------------- */

/* A value that came out wrong. */
typedef struct vrn_mismatch {
    const char *name;      /* of the case ("3x3 stride 2"), static */
    const char *precision; /* of its tensors: "fp32", "fp16", "int8"; static */
    bool outside;          /* the kernel wrote outside of its output: the rest is zero */
    uint32_t n, y, x, c;   /* image, row, column, channel */
    double expected, found;
} vrn_mismatch;

/* What came of one kernel, or of the network that is run at the end ("network": "replay",
 * "fusion"). */
typedef struct vrn_selftest_entry {
    const char *op, *kernel; /* "conv", "conv_tile_64x64x8"; static */
    /* why the device cannot run this kernel, which is no fault; else empty */
    char skipped[96];
    vrn_result result; /* why it could not be run, although the device should be able to */
    /* how many were to be run, and how many of those were not right; of "replay" runs after the
     * first, and how many of them gave other bytes */
    uint32_t cases, wrong;
    /* error, as a share of what is tolerated: above 1 is wrong, infinite is not even a number, or
     * outside. Of "replay" 0, or infinite */
    double worst;
    vrn_mismatch first; /* where a case was run and wrong */
    double ms;
} vrn_selftest_entry;

typedef enum vrn_selftest_verdict {
    VRN_SELFTEST_RIGHT = 0, /* everything is */
    /* some kernels are wrong, but every operator has one that is right, and so is the network: with
     * `exclude` the device may be used, if more slowly */
    VRN_SELFTEST_AVOIDABLE = 1,
    /* an operator has no right kernel, or the network is wrong or not repeatable: better use
     * another device. Without `exclude` the network may have run with wrong kernels */
    VRN_SELFTEST_BROKEN = 2,
} vrn_selftest_verdict;

typedef struct vrn_selftest_summary {
    vrn_selftest_verdict verdict;
    uint32_t kernels, cases;   /* that were run */
    uint32_t skipped;          /* kernels that the device cannot run */
    uint32_t wrong, avoided;   /* kernels: wrong, and no longer chosen because of it */
    uint32_t operators_broken; /* without a right kernel */
    uint32_t replays, replays_differ;
    /* of the network's logits, with and without fusion: relative L2, at most 1e-5 when right;
     * negative: not known */
    double fusion_error;
    double ms;
} vrn_selftest_summary;

typedef struct vrn_selftest_params {
    /* kernels that are wrong are not chosen any more, by any session that is created later on this
     * device, where their operator has a right one; the network at the end runs without them too */
    bool exclude;
    bool thorough;      /* all cases: minutes on a driver that runs on the processor */
    const char *kernel; /* only kernels whose name begins so; NULL: all */
    uint32_t replays;   /* of the network; 0: 100 */
} vrn_selftest_params;

/* Runs every kernel of the library that the device can run, also those that no network would
 * choose, on small cases beside plain C, and calls `visit` (which may be NULL) with each; then a
 * small network, whose recorded commands are replayed with the same input and must give the same
 * bytes, and whose logits must be those of the unfused network. An application that must not be
 * wrong calls this with `exclude` on each device that it makes, before any session, and refuses the
 * device if the verdict is VRN_SELFTEST_BROKEN.
 *
 * Takes seconds, almost all of them the driver's compiler's; half a minute where a slow one sees
 * the kernels for the first time. Blocking. The pipelines live as long as the device. Thread-safe;
 * sessions may be made and run meanwhile, but only those made afterwards do without what was
 * excluded. A session whose network needs what only excluded kernels could compute is refused, with
 * VRN_ERROR_UNSUPPORTED. Excluded kernels stay so until the device is destroyed; a later self-test
 * runs them like all others.
 *
 * `summary` may be NULL; it is written with VRN_OK and VRN_ERROR_WRONG_RESULTS. An entry is valid
 * during the call of `visit`; the texts it points to are static.
 *
 * Each wrong kernel is a warning in the log; one that the driver cannot run is an error too.
 * Errors: VRN_ERROR_WRONG_RESULTS (any verdict but VRN_SELFTEST_RIGHT), VRN_ERROR_INVALID_ARGUMENT
 * (also a `kernel` that begins no name in this build), VRN_ERROR_OUT_OF_MEMORY,
 * VRN_ERROR_DEVICE_LOST (after `visit` for the kernel that was running). */
VRN_API vrn_result vrn_device_selftest(vrn_device *device, const vrn_selftest_params *params,
                                       vrn_selftest_summary *summary,
                                       void (*visit)(void *user, const vrn_selftest_entry *entry),
                                       void *user);

#ifdef __cplusplus
}
#endif

#endif
