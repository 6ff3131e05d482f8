/* Kernels as data. An operator has a table of kernels, rows of which differ in shader module, tile
 * sizes and what they need; choosing, testing and tuning walk the same table. A new kernel is a
 * shader in shaders/ and a row in the table of ops/<operator>.c. */
#ifndef VRN_OPS_KERNEL_H
#define VRN_OPS_KERNEL_H

#include "gpu/descriptor.h"
#include "gpu/device.h"
#include "gpu/module.h"
#include "gpu/pipeline.h"
#include "net/op.h"

/* Bindings of set 0, with the same meaning in every kernel. */
enum {
    VRN_BIND_X = 0, /* input activations */
    VRN_BIND_Y = 1, /* output activations */
    VRN_BIND_W = 2, /* packed parameters; a bias comes first */
    VRN_BIND_R = 3, /* residual, or the second operand of an addition */
    /* Those are as many storage buffers as every Vulkan device has for a stage. With
     * VRN_CAPABILITY_BUFFER_ARRAYS: */
    VRN_BIND_BLOCKS = 4, /* the packed parameters again, as an array of blocks */
    VRN_BIND_COUNT = 5
};

/* The bindings that a pass can read or write as any type are the first four. */
enum { VRN_TYPED_BINDINGS = 4 };

/* Numbers in a block of VRN_BIND_BLOCKS: as floats or halves a multiple of every device's alignment
 * of storage buffers, which is 256 bytes at most. */
enum { VRN_BLOCK_NUMBERS = 256 };

/* Specialization constants: the operator's own from 0 on, the same for all its kernels; the row's
 * from VRN_ROW_CONSTANTS on, the first of them the work group's size along x. */
enum { VRN_OP_CONSTANTS_MAX = 32, VRN_ROW_CONSTANTS = 32, VRN_ROW_CONSTANTS_MAX = 10 };

/* Constants with a lower id describe the shape, and can be pushed (vrn_pass.pushed); the others
 * switch code on and off. The last of the operator's, which are the same for all operators, are the
 * types of the four bindings. */
enum { VRN_PUSHED_CONSTANTS = 20, VRN_TYPE_CONSTANTS = VRN_OP_CONSTANTS_MAX - VRN_TYPED_BINDINGS };

/* What is pushed: the number of images and the scales of x, y and r; and the mode and the shape
 * where the pass wants them. */
enum { VRN_PUSH_WORDS = 4, VRN_PUSH_WORDS_MAX = VRN_PUSH_WORDS + 1 + VRN_PUSHED_CONSTANTS };

/* Where a kernel is at home. */
typedef enum vrn_kernel_suits {
    VRN_SUITS_ANY, /* correct everywhere, fast where nothing else is there */
    VRN_SUITS_CPU, /* drivers that run on the processor */
    VRN_SUITS_GPU,
} vrn_kernel_suits;

/* Work groups: any number along x (folded into x and y where a dimension is limited), few along z.
 * Drivers run x first: convolutions put pixels there and output channels along z, so that work
 * groups that follow each other read the same weights. */
typedef struct vrn_grid {
    uint64_t x;
    uint32_t z;
} vrn_grid;

/* Most kernels are one dispatch. One that is several (Winograd's transforms around a matrix
 * product) leaves what its passes hand on in scratch memory, which is theirs while the operation
 * runs. */
enum { VRN_PASSES_MAX = 3, VRN_SCRATCH_MAX = 2 };

typedef struct vrn_pass vrn_pass;
struct vrn_pass {
    const vrn_module *module;
    uint32_t texel;                  /* bit i: binding i is a uniform texel buffer */
    uint32_t arrays;                 /* bit VRN_BIND_BLOCKS, where the shader declares it */
    uint8_t scratch[VRN_BIND_COUNT]; /* what a binding is: 0 its own meaning, else scratch 1 or 2 */
    /* The operator's first constants come as push constants: one pipeline serves all shapes. For
     * shaders that gain little from knowing them, on drivers that compile slowly. */
    bool pushed;
    uint32_t mode; /* the shader's own, pushed too */
    uint32_t row_count;
    uint32_t row[VRN_ROW_CONSTANTS_MAX];
    vrn_grid (*grid)(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images);
};

typedef struct vrn_kernel vrn_kernel;
struct vrn_kernel {
    const char *name;
    vrn_kernel_suits suits;
    uint32_t needs;          /* vrn_capability bits */
    uint32_t layout;         /* of the packed weights; the operator's own enumeration */
    uint32_t shared_bytes;   /* of a work group */
    vrn_matrix_shape matrix; /* the cooperative matrices that it is made of; zeros: none */
    uint32_t subgroup_size;  /* that it must have; 0: any */
    /* for parameters of bytes, which it reads by itself, as it does x; and for no others */
    bool bytes;
    uint32_t pass_count;
    vrn_pass pass[VRN_PASSES_MAX]; /* in order, each seeing what the one before wrote */

    /* Bytes of a scratch (1 or 2) for so many images. NULL: no pass binds one. */
    uint64_t (*scratch_bytes)(const vrn_op_desc *desc, const vrn_kernel *kernel, uint32_t scratch,
                              uint32_t images);

    /* Whether the kernel can compute this operation; NULL: any. */
    bool (*fits)(const vrn_kernel *kernel, const vrn_op_desc *desc);

    /* How good the kernel should be for this shape beside its neighbours in the table, between 0
     * and 1000: the choice where nobody has measured. NULL: 0. */
    double (*merit)(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images);
};

/* Host parameters of an operation, by role, and those of a batch norm to be folded into it. */
typedef struct vrn_params {
    const float *own[VRN_PARAM_COUNT];
    const float *norm[VRN_PARAM_COUNT]; /* all NULL: nothing to fold */
    float norm_eps;
} vrn_params;

/* What the weights of output channel k are multiplied by when a batch norm is folded into them, and
 * its bias then. */
double vrn_params_scale(const vrn_params *params, uint32_t k);
double vrn_params_bias(const vrn_params *params, uint32_t k);

typedef struct vrn_operator {
    const vrn_kernel *kernels;
    uint32_t kernel_count;
    uint32_t bindings; /* bit i: its kernels declare binding i */

    /* Writes the operator's constants, of which there are fewer than VRN_TYPE_CONSTANTS, returns
     * how many: constant i has id i. */
    uint32_t (*constants)(const vrn_op_desc *desc, uint32_t values[VRN_OP_CONSTANTS_MAX]);

    /* Numbers that VRN_BIND_W holds, a multiple of four, and filling them (every one) as floats;
     * whoever uploads them converts them to the type of the parameters. A kernel's layout may be
     * made of 32-bit words of its own instead: those of bytes are. NULL where the operator has no
     * parameters. */
    uint64_t (*packed_floats)(const vrn_op_desc *desc, const vrn_kernel *kernel);
    void (*pack)(const vrn_op_desc *desc, const vrn_kernel *kernel, const vrn_params *params,
                 float *packed);

    /* Whether it has kernels with parameters of bytes for an operation. NULL: for none. */
    bool (*takes_bytes)(const vrn_op_desc *desc);
} vrn_operator;

/* The operator of a kind. Never NULL. */
const vrn_operator *vrn_operator_of(vrn_op op);

/* The kernels of an operator, in their order of preference where merits are equal: how many, and
 * kernel `index`, which is NULL past the last. */
uint32_t vrn_kernel_count(vrn_op op);
const vrn_kernel *vrn_kernel_at(vrn_op op, uint32_t index);

/* Whether operations of a kind have parameters to pack. */
bool vrn_op_has_parameters(vrn_op op);

/* The passes of a kernel, in order, each seeing what the one before wrote. */
uint32_t vrn_kernel_pass_count(const vrn_kernel *kernel);
const vrn_pass *vrn_kernel_pass(const vrn_kernel *kernel, uint32_t pass);

/* Invocations of a work group of a pass. */
uint32_t vrn_kernel_threads(const vrn_kernel *kernel, uint32_t pass);

/* Work groups of a pass for so many images. */
vrn_grid vrn_kernel_grid(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                         uint32_t images);

/* Bytes of shared memory that a work group declares, at most. */
uint32_t vrn_kernel_shared_bytes(const vrn_kernel *kernel);

/* How good the kernel should be for this operation beside the operator's others, between 0 and
 * 1000: the choice where nothing was measured. */
double vrn_kernel_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images);

/* Bytes of a kernel's scratch (1 or 2) for so many images; 0: it has none. */
uint64_t vrn_kernel_scratch_bytes(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                  uint32_t scratch, uint32_t images);

/* Adds all that is data in a kernel, and its shaders, to a hash. */
uint64_t vrn_kernel_hash(uint64_t hash, const vrn_kernel *kernel);

/* Whether this build has a kernel whose name begins so; otherwise an error says that. NULL is
 * any. */
vrn_result vrn_kernel_prefix_check(const char *prefix, const vrn_log *log);

/* Whether the device can run the kernel on this operation, given what it has and its limits. */
bool vrn_kernel_supported(const vrn_kernel *kernel, const vrn_op_desc *desc,
                          const vrn_device *device);

enum { VRN_WHY_MAX = 96 };

/* Whether the device has the kernel's capabilities, shared memory, subgroups and matrices, whatever
 * the operation. Says what it lacks, unless `why` is NULL. */
bool vrn_kernel_possible(const vrn_kernel *kernel, const vrn_device *device, char why[VRN_WHY_MAX]);

/* Fills the key of a pass's pipeline for an operation. */
void vrn_kernel_key(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                    vrn_pipeline_key *key);

/* All constants of an operation, the types included; those that the operator has not are 0.
 * Operations with equal ones have the same pipelines. */
void vrn_op_constants(const vrn_op_desc *desc, uint32_t values[VRN_OP_CONSTANTS_MAX]);

/* Bytes of a block of parameters. */
uint32_t vrn_block_bytes(vrn_type type);

/* The bindings that a pass declares: bit i is binding i. */
uint32_t vrn_kernel_bindings(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc);

/* Adds what the sets of a kernel's passes hold. */
void vrn_kernel_count_descriptors(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                  vrn_descriptor_counts *counts);

/* Bytes of the packed parameters of an operation; 0: it has none. */
uint64_t vrn_kernel_weight_bytes(const vrn_kernel *kernel, const vrn_op_desc *desc);

/* Packs parameters into `target`, in their type; does nothing where the operation has none. False:
 * out of memory. */
bool vrn_kernel_pack(const vrn_kernel *kernel, const vrn_op_desc *desc, const vrn_params *params,
                     void *target);

/* What a pass finds at a binding: the type of the operation's tensor, or of scratch memory. */
vrn_type vrn_kernel_binding_type(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                 const vrn_op_desc *desc);

/* The format of a pass's texel buffer. */
VkFormat vrn_kernel_texel_format(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                 const vrn_op_desc *desc);

/* Whether an operation's parameters can be bytes, which they may be only then. */
bool vrn_op_takes_bytes(const vrn_op_desc *desc);

/* What a binding of a pass holds, in bytes, for so many images; 0: the operation has no such
 * tensor. Scratch memory is floats. */
uint64_t vrn_kernel_binding_bytes(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                  const vrn_op_desc *desc, uint32_t images);

/* The largest range that a binding of a pass may have on the device. */
uint64_t vrn_kernel_binding_limit(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                  const vrn_op_desc *desc, const vrn_device *device);

/* All scratches of a kernel, one behind the other, each aligned: the bytes, and where each begins
 * (offsets may be NULL). */
uint64_t vrn_kernel_scratch(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                            uint64_t alignment, uint64_t offsets[VRN_SCRATCH_MAX]);

/* Dispatches a grid, with x folded into x and y. */
void vrn_dispatch_folded(VkCommandBuffer buffer, const vrn_device *device, vrn_grid grid);

/* For tables of kernels with one invocation for each vec4 of the output, or fewer: the grid of
 * `elements` invocations in work groups of the row's first constant. */
vrn_grid vrn_grid_flat(const vrn_pass *pass, uint64_t elements);

/* The grid of kernels with one invocation for each vec4 of the output. */
vrn_grid vrn_grid_output(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images);

#endif
