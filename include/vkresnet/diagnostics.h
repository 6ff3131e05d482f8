/* Measurements and checks: how fast a device is, which kernels a session uses and how long they
 * take, whether they compute correctly, and whether a checkpoint is read correctly. Also switches
 * for tests. Ordinary applications need none of this, except perhaps vrn_device_selftest.
 *
 * The rules at the top of vkresnet.h hold here too. */
#ifndef VKRESNET_DIAGNOSTICS_H
#define VKRESNET_DIAGNOSTICS_H

#include <vkresnet/vkresnet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Switches for tests and comparisons ------------------------------------------------------ */

/* Switches for vrn_device_params.diagnostics and vrn_device_import_params.diagnostics. */
struct vrn_device_diagnostics {
    /* vrn_capability bits to use even if the driver is known to be slow or incorrect with them.
     * Bits that the device lacks have no effect */
    uint32_t with;
    uint64_t reserved[4];
};

/* Switches for vrn_session_params.diagnostics. */
struct vrn_session_diagnostics {
    /* the beginning of kernel names, such as "conv_generic": these kernels are preferred where they
     * fit. If no kernel of this build has such a name, creating the session fails with
     * VRN_ERROR_INVALID_ARGUMENT. NULL: no preference */
    const char *kernel;
    uint64_t reserved[4];
};

/* The capabilities that this build of the library can use, as vrn_capability bits. At present every
 * build can use all of them. Thread-safe. */
VRN_API uint32_t vrn_build_capabilities(void);

/* ---- Times of a run and of its layers -------------------------------------------------------- */

/* The times of one run, for vrn_outputs.timing. All fields except gpu_ms are times on the host,
 * spent by the calling thread in vrn_session_submit and vrn_session_wait. The remaining time of a
 * run is spent waiting for the device. */
struct vrn_timing {
    /* the network on the device, without the preparation of images; 0 where it cannot be measured
     * (VRN_CAPABILITY_TIMESTAMPS) */
    double gpu_ms;
    /* moving the input to memory that the device reads. Floats are packed; photos are cropped and
     * copied, and the commands that prepare them are recorded */
    double input_ms;
    /* all other work of the library for one run: recording commands that are not recorded yet,
     * bookkeeping, the queue's lock, resetting the fence, reading timestamps. If as many
     * submissions are still running as vrn_session_params.in_flight allows, the oldest must be
     * completed first; the time for that is not counted */
    double replay_ms;
    double submit_ms; /* in the driver's vkQueueSubmit */
    double output_ms; /* unpacking the results */
    uint64_t reserved[4];
};

/* One layer of the compiled network: an operator, with the operations that are fused into it. Its
 * kernel runs as one dispatch or several. Texts live as long as the session. */
typedef struct vrn_layer {
    const char *name;   /* the module that it computes: "layer1.0.conv1" */
    const char *op;     /* the operator: "conv" */
    const char *kernel; /* the kernel that computes it: "conv_tile_64x64x8" */
    const char *fused;  /* operations fused into it: "bn relu maxpool"; may be empty */
    /* the precision of its parameters, or of its output if it has none: "fp32", "fp16", "int8" */
    const char *precision;
    uint32_t height, width, channels; /* of its output */
    double flops; /* floating-point operations for one image; a multiply-add counts as two */
    double bytes; /* for one image: activations and parameters, each read or written once */
    double parameter_bytes; /* the parameters' part of `bytes`, which all images of a slice share */
    double gpu_ms;          /* from vrn_session_profile, for the whole batch; otherwise 0 */
    /* why this kernel was chosen: "merit" (it is expected to be the fastest), "preferred"
     * (vrn_session_diagnostics.kernel names it), "tuned" (vrn_device_tune measured it on this
     * vrn_device) or "cache" (it was measured earlier, and the result was read from the cache
     * directory) */
    const char *why;
    const char *rejected; /* the best other kernel that could compute it; may be empty */
    /* the time of `rejected` for the whole batch, measured by itself during tuning; 0: unknown */
    double rejected_ms;
    uint64_t reserved[8];
} vrn_layer;

/* Describes the layers in order of execution: writes up to `capacity` of them to `layers` (NULL
 * when capacity is 0) and their number to `*count`. Errors: VRN_ERROR_INVALID_ARGUMENT (a NULL
 * pointer). */
VRN_API vrn_result vrn_session_get_layers(const vrn_session *session, vrn_layer *layers,
                                          uint32_t capacity, uint32_t *count);

/* Runs a full slice of artificial images (vrn_session_info.slice of them) `repeats` times (0: once)
 * with timestamps around every layer. Writes what vrn_session_get_layers writes, with gpu_ms set to
 * the median time of the layer multiplied by the number of slices in a batch. If the device has
 * VRN_CAPABILITY_TIMESTAMPS but its timestamps turn out to be wrong, each layer is run separately
 * and timed by the host's clock. Blocking. Errors: VRN_ERROR_UNSUPPORTED (without that capability),
 * VRN_ERROR_INVALID_ARGUMENT, VRN_ERROR_OUT_OF_MEMORY, VRN_ERROR_DEVICE_LOST. */
VRN_API vrn_result vrn_session_profile(vrn_session *session, uint32_t repeats, vrn_layer *layers,
                                       uint32_t capacity, uint32_t *count);

/* ---- Speed of a device ----------------------------------------------------------------------- */

/* The highest speed measured on a device, for comparison with a network's speed. */
typedef struct vrn_device_peak {
    /* floating-point operations a second / 1e9, where a multiply-add counts as two; measured with a
     * kernel of independent chains of multiply-adds in registers */
    double gflops;
    /* bytes a second / 1e9, read plus written; measured by copying more memory than the caches of
     * most devices hold, in the faster of two ways (with a kernel, or with the driver's copy
     * command) */
    double gb_s;
    uint64_t reserved[4];
} vrn_device_peak;

/* Measures the peak with two small kernels in about a third of a second; the fastest of several
 * runs counts. Other work on the device at the same time makes the figures too low. Blocking;
 * thread-safe. Errors: VRN_ERROR_INVALID_ARGUMENT, VRN_ERROR_OUT_OF_MEMORY,
 * VRN_ERROR_DEVICE_LOST. */
VRN_API vrn_result vrn_device_measure_peak(vrn_device *device, vrn_device_peak *peak);

/* ---- Statistics of the driver's compiler ----------------------------------------------------- */

/* The largest number of statistics reported for a kernel. */
#define VRN_MAX_STATISTICS 32

/* A figure that the driver reports for a compiled kernel. */
typedef struct vrn_statistic {
    char name[64]; /* in the driver's words */
    double value;  /* in the unit that the name says */
} vrn_statistic;

/* One dispatch of a kernel, compiled for one shape of a network's layers. `op`, `kernel` and
 * `module` are static. Figures that the driver does not report are negative. */
typedef struct vrn_kernel_statistics {
    const char *op;     /* the operator: "conv" */
    const char *kernel; /* "conv_tile_64x64x8" */
    const char *module; /* the shader: "conv_tile" */
    /* vrn_session_create would choose this kernel without tuning */
    bool chosen;
    uint32_t pass, passes;                 /* the dispatch's number, from 0; how many there are */
    char layer[48];                        /* the first layer with this shape: "layer1.0.conv1" */
    uint32_t layers;                       /* the number of layers with this shape */
    uint32_t in[3], out[3];                /* channels, height, width */
    uint32_t window[2], stride[2], groups; /* of the operation: height, width */
    double flops;                          /* of the operation, for the whole batch */
    uint64_t work_groups;                  /* of the dispatch, for the whole batch */
    uint32_t invocations;                  /* of a work group */
    uint32_t declared_shared_bytes;        /* of a work group, as the shader declares it */
    uint32_t subgroup_size;                /* invocations of a subgroup */
    double compile_ms;                     /* how long the driver took */
    double registers;                      /* of an invocation */
    double scalar_registers;               /* of a subgroup */
    double spills;                         /* registers of both kinds that did not fit */
    double shared_bytes;                   /* of a work group, as allocated */
    double scratch_bytes;            /* private memory: spills, and arrays with run-time indices */
    double occupancy;                /* subgroups that a SIMD can hold at once */
    double code_bytes, instructions; /* of the compiled kernel */
    double latency, inverse_throughput;       /* estimates, in cycles of a subgroup */
    uint32_t value_count;                     /* of `values` */
    vrn_statistic values[VRN_MAX_STATISTICS]; /* [value_count], all that the driver reports */
    uint64_t reserved[8];
} vrn_kernel_statistics;

/* Which kernels vrn_device_get_kernel_statistics compiles. */
typedef struct vrn_kernel_statistics_params {
    const vrn_arch *arch;   /* the network whose layers are used; NULL: resnet50 */
    uint32_t batch;         /* images at once; 0: one */
    uint32_t height, width; /* of the input; 0: 224 */
    /* NULL: for each shape, the kernel that would be chosen. "": every kernel that fits and is made
     * for this kind of device or for any kind. Other strings: every kernel that fits and whose name
     * begins with the string */
    const char *kernel;
    vrn_precision precision; /* for int8, every layer's output is taken to have a scale */
    uint64_t reserved[4];
} vrn_kernel_statistics_params;

/* Compiles kernels for the layers of a network and calls `visit` with the driver's statistics of
 * each, in the order of the layers; a shape that several layers share comes once. The pointer that
 * `visit` gets is valid only during its call. Needs VRN_CAPABILITY_PIPELINE_STATISTICS. Nothing is
 * allocated or run on the device, so this works on drivers that only compile (Mesa's RADV with
 * RADV_FORCE_FAMILY). Blocking: up to a minute. Thread-safe. Errors: VRN_ERROR_UNSUPPORTED (without
 * that capability), VRN_ERROR_INVALID_ARGUMENT, VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_device_get_kernel_statistics(
    vrn_device *device, const vrn_kernel_statistics_params *params,
    void (*visit)(void *user, const vrn_kernel_statistics *statistics), void *user);

/* ---- Self-test of a device ------------------------------------------------------------------- */

/* A wrong value that a self-test found. */
typedef struct vrn_mismatch {
    const char *name;       /* of the case ("3x3 stride 2"), static */
    const char *precision;  /* of its tensors: "fp32", "fp16", "int8"; static */
    bool outside;           /* the kernel wrote outside its output; the following fields are zero */
    uint32_t n, y, x, c;    /* image, row, column, channel */
    double expected, found; /* the correct and the wrong value */
    uint64_t reserved[2];
} vrn_mismatch;

/* The result of one kernel, or of the network that is run at the end: then `op` is "network", and
 * `kernel` is "replay" or "fusion". */
typedef struct vrn_selftest_entry {
    const char *op, *kernel; /* "conv", "conv_tile_64x64x8"; static */
    /* why the device cannot run this kernel; this is not a fault. Empty if it can */
    char skipped[96];
    /* VRN_OK, or why the kernel could not be run, although the device should be able to */
    vrn_result result;
    uint32_t cases; /* how many cases were run; for "replay": how many runs after the first one */
    /* how many of these were wrong; for "replay": how many gave other bytes than the first run */
    uint32_t wrong;
    /* the largest error as a multiple of the tolerance: above 1 is wrong. Infinite for a NaN or a
     * write outside the output. For "replay": 0 or infinite */
    double worst;
    vrn_mismatch first; /* of the first wrong case */
    double ms;          /* how long it took */
    uint64_t reserved[4];
} vrn_selftest_entry;

/* The self-test's verdict on a device. */
typedef enum vrn_selftest_verdict {
    VRN_SELFTEST_RIGHT = 0, /* everything is correct */
    /* some kernels are wrong, but every operator has a correct one, and the network is correct:
     * with vrn_selftest_params.exclude, the device can be used, perhaps more slowly */
    VRN_SELFTEST_AVOIDABLE = 1,
    /* an operator has no correct kernel, or the network is wrong or not repeatable: use another
     * device. Without `exclude`, this is less certain: the network may have been wrong because it
     * ran with wrong kernels, which `exclude` would have avoided */
    VRN_SELFTEST_BROKEN = 2,
} vrn_selftest_verdict;

/* The result of a self-test. */
typedef struct vrn_selftest_summary {
    vrn_selftest_verdict verdict; /* what to do with the device */
    uint32_t kernels, cases;      /* how many were run */
    uint32_t skipped;             /* how many kernels the device cannot run */
    uint32_t wrong, avoided;   /* how many kernels are wrong, and how many of these are excluded */
    uint32_t operators_broken; /* how many operators have no correct kernel */
    uint32_t replays, replays_differ; /* repeated runs, and how many gave other bytes */
    /* the relative L2 difference between the network's logits with and without fusion; correct up
     * to 1e-5; negative: not known */
    double fusion_error;
    double ms; /* how long all of it took */
    uint64_t reserved[4];
} vrn_selftest_summary;

/* Options of a self-test. */
typedef struct vrn_selftest_params {
    /* sessions that are created later on this device do not use a wrong kernel if its operator has
     * a correct one; neither does the network that the self-test runs at the end */
    bool exclude;
    bool thorough;      /* run all cases: minutes on a driver that runs on the processor */
    const char *kernel; /* test only kernels whose name begins with this; NULL: all */
    uint32_t replays;   /* how many times to repeat the network's run; 0: 100 */
    uint64_t reserved[4];
} vrn_selftest_params;

/* Runs every kernel of the library that the device can run, even those that no network would use,
 * on small cases, and compares their results with those of plain C. Then runs a small network
 * repeatedly from the same recorded commands: the bytes of its results must stay the same, and its
 * logits must agree with those of the unfused network. Calls `visit` (which may be NULL) for each
 * kernel and for the network. An application that depends on correct results should call this
 * function with `exclude` on each device that it makes, before it creates sessions, and refuse the
 * device if the verdict is VRN_SELFTEST_BROKEN.
 *
 * Takes seconds, and longer the first time on a driver that compiles slowly (Mesa's lavapipe: 20 s
 * to a minute and a half on two cores). Blocking. The pipelines that it makes live as long as the
 * device. Thread-safe; sessions may be made and run at the same time, but only sessions made
 * afterwards avoid the excluded kernels. A session whose network needs an excluded kernel is
 * refused with VRN_ERROR_UNSUPPORTED. Kernels stay excluded until the device is destroyed; a later
 * self-test runs them like all others.
 *
 * `summary` may be NULL; it is written if the result is VRN_OK or VRN_ERROR_WRONG_RESULTS. An entry
 * is valid only during the call of `visit`; the strings it points to are static.
 *
 * Each wrong kernel is logged as a warning; if the driver fails to run a kernel, an error is logged
 * too. Errors: VRN_ERROR_WRONG_RESULTS (any verdict but VRN_SELFTEST_RIGHT),
 * VRN_ERROR_INVALID_ARGUMENT (also if no kernel's name begins with `kernel`),
 * VRN_ERROR_OUT_OF_MEMORY, VRN_ERROR_DEVICE_LOST (after `visit` for the kernel that was
 * running). */
VRN_API vrn_result vrn_device_selftest(vrn_device *device, const vrn_selftest_params *params,
                                       vrn_selftest_summary *summary,
                                       void (*visit)(void *user, const vrn_selftest_entry *entry),
                                       void *user);

/* ---- Check of a checkpoint ------------------------------------------------------------------- */

/* The running statistics of a batch norm are the mean and variance of its input in training. A
 * check runs images without labels through a model and compares the inputs of its batch norms with
 * these statistics. This shows whether the preprocessing is correct, and whether the checkpoint is
 * read correctly (strides, pools and other properties that names and shapes do not show). Only one
 * thread at a time may use a check. */
typedef struct vrn_check vrn_check;

/* How vrn_check_create compiles the network. */
typedef struct vrn_check_params {
    uint32_t height, width;         /* of the network's input; 0: the transform's crop */
    const vrn_transform *transform; /* for images; NULL: the model's */
    uint64_t reserved[4];
} vrn_check_params;

/* Compiles the unfused network in float32. A large network takes a few hundred megabytes on the
 * device, and up to 64 MiB on the host for inputs that are kept. The caller owns the check. The
 * device must outlive it; the check keeps the model alive. Blocking. Errors: VRN_ERROR_UNSUPPORTED
 * (group norms, which keep no statistics; norms that were folded away or never trained; the log
 * says which), and those of vrn_session_create. */
VRN_API vrn_result vrn_check_create(vrn_check **check, vrn_device *device, const vrn_model *model,
                                    const vrn_check_params *params);
/* Destroys a check. Blocking. */
VRN_API void vrn_check_destroy(vrn_check **check);

/* Runs the network on any number of images, which should resemble the training images. Sixty are
 * enough; fewer than 24 show only gross faults. Blocking. Errors: as for vrn_session_run. */
VRN_API vrn_result vrn_check_add(vrn_check *check, const vrn_inputs *inputs);

/* How far the mean and variance of the norms' inputs are from the running statistics. A norm's
 * epsilon is added to both variances; channels whose running variance is far below epsilon are
 * ignored. */
typedef struct vrn_check_fit {
    /* the median over the channels of |log(variance / running variance)|; 0.1 means 10 % */
    double variance;
    /* the median over the channels of |mean - running mean|, in running standard deviations */
    double mean;
    /* the mean over the channels of the Kullback-Leibler divergence between normal distributions
     * with these means and variances, at most 100 for each channel. Readings (vrn_check_reading)
     * are compared by this figure, because it is sensitive to single channels */
    double divergence;
    uint32_t channels; /* the number of channels compared; 0: the other fields have no meaning */
    /* how many of these have infinities or NaNs; they count as 100 in `divergence` */
    uint32_t not_finite;
    uint64_t reserved[4];
} vrn_check_fit;

/* The fit of one norm. */
typedef struct vrn_check_norm {
    const char *name;  /* "layer1.0.bn1"; valid as long as the check exists */
    uint32_t channels; /* of the norm, including ignored ones */
    vrn_check_fit fit; /* of the norm's channels */
    uint64_t reserved[4];
} vrn_check_norm;

/* The fit of each norm for the images added so far, in order of execution: writes up to `capacity`
 * norms to `norms` (NULL when capacity is 0) and their number to `*count`. Errors:
 * VRN_ERROR_INVALID_ARGUMENT (also before any image was added), VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_check_get_norms(const vrn_check *check, vrn_check_norm *norms,
                                       uint32_t capacity, uint32_t *count);

/* A reading: a way to read the checkpoint, or to prepare the images. */
typedef struct vrn_check_reading {
    char name[192]; /* in words: "no pool after the stem"; empty: the model as it was loaded */
    /* how the architecture differs from that of the model, as keys for vrn_model_params.arch:
     * "pool=none"; may be empty */
    char keys[256];
    bool prepares;           /* `transform` differs from that of the check */
    vrn_transform transform; /* of this reading */
    vrn_arch arch;           /* of this reading */
    vrn_check_fit fit;       /* of all norms */
    uint32_t images;         /* the number of images from which `fit` was computed */
    uint64_t reserved[4];
} vrn_check_reading;

/* Whether the reading of a model agrees with its statistics. */
typedef enum vrn_check_verdict {
    VRN_CHECK_FITS = 0,  /* the model as loaded fits, and no other reading fits clearly better */
    VRN_CHECK_OTHER = 1, /* another reading fits clearly better */
    /* neither the model as loaded nor any other reading that was tried fits. Perhaps the correct
     * reading was not tried, the network is of another kind, or the images do not resemble the
     * training images */
    VRN_CHECK_NONE = 2,
} vrn_check_verdict;

/* The result of a check. */
typedef struct vrn_check_summary {
    vrn_check_verdict verdict; /* whether the model or another reading fits */
    uint32_t images;           /* how many were added */
    vrn_check_fit fit;         /* of the model as it was loaded, on all images */
    vrn_check_reading best;    /* with VRN_CHECK_FITS: the model as it was loaded */
    /* the fit of the model as it was loaded, computed from the same images as best.fit */
    vrn_check_fit same;
    /* the number of readings that were tried, including the model as it was loaded; a reading that
     * proved clearly better was run again, and counts twice */
    uint32_t tried;
    uint64_t reserved[8];
} vrn_check_summary;

/* Runs up to 64 of the added images with other readings. Each reading changes one or more
 * properties of the model: the pool after the stem, the strides of the stem and of the stages,
 * dilation, the variant v1 or v1.5 (vrn_arch.stride_on_1x1), activations, anti-aliasing,
 * standardised weights, epsilon, or the side on which option A adds its zeros (vrn_shortcut). If
 * only photos were added, the readings may also differ in the normalisation, the scale or the order
 * of channels. If one fits clearly better, variants of it are tried too, so up to three
 * simultaneous faults can be found. Calls `visit` (which may be NULL) for each reading, and again
 * for one that proves clearly better, with its fit on more images; the pointer is valid only during
 * the call of `visit`. Readings that fit badly are dropped after a few images. Blocking: compiles
 * the network for each reading. Errors: VRN_ERROR_INVALID_ARGUMENT (no images were added), and
 * those of vrn_session_create and vrn_session_run. */
VRN_API vrn_result vrn_check_finish(vrn_check *check, vrn_check_summary *summary,
                                    void (*visit)(void *user, const vrn_check_reading *reading),
                                    void *user);

#ifdef __cplusplus
}
#endif

#endif
