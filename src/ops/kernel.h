/* Kernels as data. An operator has families of kernels, one for each algorithm: its passes, the
 * operations that it fits, and its expected speed. A family's shaders are compiled in variants: for
 * a kind of driver, a type of numbers, a capability. A row is a variant with numbers, tile sizes
 * and the like, which are specialization constants. Choosing, testing and tuning walk the rows.
 *
 * A new row is a line in its family's file; a new family a file and its shader, and a line in
 * families.h and in its operator's list. */
#ifndef VRN_OPS_KERNEL_H
#define VRN_OPS_KERNEL_H

#include "gpu/device.h"
#include "gpu/module.h"
#include "gpu/pipeline.h"
#include "net/op.h"
#include "ops/grid.h"
#include "ops/interface.h"
#include "ops/layout.h"

/* Bit i: binding i. */
enum {
    VRN_BIT_X = 1 << VRN_BIND_X,
    VRN_BIT_Y = 1 << VRN_BIND_Y,
    VRN_BIT_W = 1 << VRN_BIND_W,
    VRN_BIT_R = 1 << VRN_BIND_R,
    VRN_BIT_BLOCKS = 1 << VRN_BIND_BLOCKS,
};

/* The bindings that a pass can read or write as any type are the first four. */
enum { VRN_TYPED_BINDINGS = 4 };

enum { VRN_OP_CONSTANTS_MAX = VRN_ID_TYPES + VRN_TYPED_BINDINGS };

/* The kind of device for which a kernel is made. */
typedef enum vrn_kernel_suits {
    VRN_SUITS_ANY, /* correct everywhere, but slower than kernels made for a kind of device */
    VRN_SUITS_CPU, /* drivers that run on the processor */
    VRN_SUITS_GPU,
} vrn_kernel_suits;

/* Most kernels are one dispatch. The passes of others (Winograd's transforms around a matrix
 * product) hand on results in scratch memory, which they own while the operation runs. */
enum { VRN_PASSES_MAX = 3, VRN_SCRATCH_MAX = 2 };

typedef struct vrn_pass {
    /* The meaning of a binding: 0: its own; otherwise scratch 1 or 2. */
    uint8_t scratch[VRN_BIND_COUNT];
    /* The operator's first constants and the row's first number come as push constants: one
     * pipeline serves all shapes. For shaders that gain little from knowing them, on drivers that
     * compile slowly. */
    bool pushed;
    /* The number of dispatches of a pass, each of which continues what the one before wrote. If
     * `push` is not NULL, fills in the push constants of dispatch `step`. NULL: one dispatch. Only
     * for shaders that are `straight`. */
    uint32_t (*steps)(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t step,
                      struct vrn_push_straight *push);
    /* Work groups of `threads` invocations, for this many images. */
    vrn_grid (*grid)(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *desc,
                     uint32_t images);
} vrn_pass;

typedef struct vrn_kernel_family {
    /* True if a kernel can compute this operation; NULL: any. */
    bool (*fits)(const vrn_kernel *kernel, const vrn_op_desc *desc);

    /* The expected rank of a kernel for this operation among the operator's kernels, on a device
     * with such cores, between 0 and 1000. It decides if nothing was measured. NULL: 0. */
    double (*merit)(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                    const vrn_cores *cores);

    /* Invocations of a work group, if the shaders do not give them. */
    uint32_t (*threads)(const vrn_kernel *kernel);

    /* The largest number of bytes of shared memory that a work group declares. NULL: none. */
    uint32_t (*shared_bytes)(const vrn_kernel *kernel);

    /* Registers of 32 bits that an invocation needs: an estimate, from what GPUs' compilers were
     * seen to allocate. NULL: not estimated. */
    uint32_t (*registers)(const vrn_kernel *kernel);

    /* Bytes of a scratch (1 or 2) for this many images. NULL: no pass binds one. */
    uint64_t (*scratch_bytes)(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t scratch,
                              uint32_t images);

    /* The cooperative matrices that a kernel is made of, and the size that subgroups must have; 0:
     * any. NULL: no matrices, any size. */
    vrn_matrix_shape (*matrix)(const vrn_kernel *kernel);
    uint32_t (*subgroup_size)(const vrn_kernel *kernel);

    bool pools; /* its kernels are for convolutions with a max pool, and only for those */

    vrn_pass pass[VRN_PASSES_MAX]; /* in order; each reads the output of the one before */

    const vrn_kernel *rows;
    uint32_t row_count;
} vrn_kernel_family;

/* The shader of a pass. */
typedef struct vrn_shader {
    const vrn_module *module;
    uint32_t texel;  /* bit i: binding i is a uniform texel buffer */
    uint32_t arrays; /* VRN_BIT_BLOCKS, if the shader declares it */
    /* The array has the output, the residual, then the input in buffers of this many bytes; 0: the
     * array has the parameters in blocks. */
    uint32_t line_bytes;
    uint32_t threads; /* invocations of a work group; 0: the family knows */
    uint32_t numbers; /* the count of a row's numbers that are constants of the shader */
    /* The addresses of the first four bindings and the operator's first constants are push
     * constants; needs VRN_CAPABILITY_BUFFER_ADDRESSES. */
    bool addressed;
    bool straight; /* it is addressed, and is pushed vrn_push_straight instead */
} vrn_shader;

typedef struct vrn_kernel_variant {
    const vrn_kernel_family *family;
    const vrn_layout *layout; /* of packed parameters; NULL: the operator has none */
    vrn_kernel_suits suits;
    uint32_t needs; /* vrn_capability bits */
    vrn_shader shader[VRN_PASSES_MAX];
} vrn_kernel_variant;

/* A row. */
struct vrn_kernel {
    const char *name;
    const vrn_kernel_variant *variant;
    uint32_t number[VRN_NUMBERS_MAX]; /* by VRN_TILE_M and the like */
};

enum { VRN_FAMILIES_MAX = 14 };

typedef struct vrn_operator {
    /* Its kernels: the rows of its families, NULL after the last; or its own table, whose rows may
     * be of several families. */
    const vrn_kernel_family *families[VRN_FAMILIES_MAX];
    const vrn_kernel *rows;
    uint32_t row_count;

    uint32_t bindings; /* bit i: its kernels declare binding i */

    /* Writes the operator's constants, which have ids below VRN_ID_TYPES, over zeros. */
    void (*constants)(const vrn_op_desc *desc, uint32_t values[VRN_OP_CONSTANTS_MAX]);

    /* True if it has kernels with int8 parameters for an operation. NULL: for none. */
    bool (*takes_bytes)(const vrn_op_desc *desc);
} vrn_operator;

/* The operator of a kind. Never NULL. */
const vrn_operator *vrn_operator_of(vrn_op op);

/* The kernels of an operator, in order of preference if merits are equal: their number, and kernel
 * `index`, which is NULL past the last. */
uint32_t vrn_kernel_count(vrn_op op);
const vrn_kernel *vrn_kernel_at(vrn_op op, uint32_t index);

/* Checks that this build has a kernel whose name begins with `prefix`; NULL: any kernel. */
vrn_result vrn_kernel_prefix_check(const char *prefix, const vrn_log *log);

/* True if operations of a kind have parameters to pack. */
bool vrn_op_has_parameters(vrn_op op);

/* True if an operation's parameters can be int8. */
bool vrn_op_takes_bytes(const vrn_op_desc *desc);

/* The VRN_STORED_* of a format. */
uint32_t vrn_stored(vrn_format format);

/* All constants of an operation, the types included; those that the operator does not have are 0.
 * Operations with equal ones have the same pipelines. */
void vrn_op_constants(const vrn_op_desc *desc, uint32_t values[VRN_OP_CONSTANTS_MAX]);

/* The properties of a kernel that are the same for all operations. */
uint32_t vrn_kernel_pass_count(const vrn_kernel *kernel);
const vrn_pass *vrn_kernel_pass(const vrn_kernel *kernel, uint32_t pass);
const vrn_shader *vrn_kernel_shader(const vrn_kernel *kernel, uint32_t pass);
uint32_t vrn_kernel_threads(const vrn_kernel *kernel, uint32_t pass); /* of a work group */
uint32_t vrn_kernel_shared_bytes(const vrn_kernel *kernel);
uint32_t vrn_kernel_registers(const vrn_kernel *kernel); /* 0: not estimated */
uint32_t vrn_kernel_subgroup_size(const vrn_kernel *kernel);
vrn_matrix_shape vrn_kernel_matrix(const vrn_kernel *kernel); /* zeros: none */

/* True if a kernel is only for int8 parameters. It unpacks them, and an int8 input, itself. */
bool vrn_kernel_takes_bytes(const vrn_kernel *kernel);

/* The number that distinguishes the layout of a kernel's parameters from others of
 * variant->layout. */
uint32_t vrn_kernel_layout_number(const vrn_kernel *kernel);

/* Adds all data of a kernel, and its shaders, to a hash. */
uint64_t vrn_kernel_hash(uint64_t hash, const vrn_kernel *kernel);

/* The family's answers for a kernel and an operation. */
bool vrn_kernel_fits(const vrn_kernel *kernel, const vrn_op_desc *desc);
double vrn_kernel_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                        const vrn_cores *cores);
vrn_grid vrn_kernel_grid(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                         uint32_t images);
uint64_t vrn_kernel_scratch_bytes(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                  uint32_t scratch, uint32_t images);

/* All scratches of a kernel, one after the other, each aligned: the bytes, and the offset of each
 * (offsets may be NULL). */
uint64_t vrn_kernel_scratch(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                            uint64_t alignment, uint64_t offsets[VRN_SCRATCH_MAX]);

/* Fills the key of a pass's pipeline for an operation. */
void vrn_kernel_key(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                    vrn_pipeline_key *key);

/* Bytes of the packed parameters of an operation; 0: it has none. */
uint64_t vrn_kernel_weight_bytes(const vrn_kernel *kernel, const vrn_op_desc *desc);

/* Packs parameters into `target`, in their type; does nothing if the operation has none. False: out
 * of memory. */
bool vrn_kernel_pack(const vrn_kernel *kernel, const vrn_op_desc *desc, const vrn_params *params,
                     void *target);

/* The bindings that a pass declares: bit i is binding i. */
uint32_t vrn_kernel_bindings(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc);

/* The type of a pass's binding: of the operation's tensor, or of scratch memory. */
vrn_type vrn_kernel_binding_type(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                 const vrn_op_desc *desc);

/* The size of a pass's binding, in bytes, for this many images; 0: the operation has no such
 * tensor. Scratch memory is floats. */
uint64_t vrn_kernel_binding_bytes(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                  const vrn_op_desc *desc, uint32_t images);

/* An element of a pass's texel buffer. */
typedef struct vrn_texel {
    VkFormat format;
    uint32_t bytes;
} vrn_texel;
vrn_texel vrn_kernel_texel(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                           const vrn_op_desc *desc);

/* Bytes of an element of VRN_BIND_BLOCKS, and the number of elements of a pass for this many
 * images. */
uint32_t vrn_kernel_block_bytes(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc);
uint64_t vrn_kernel_block_count(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                                uint32_t images);

/* The family of kernels with one invocation for each vec4 of the output and no other properties;
 * and its grid. */
extern const vrn_kernel_family vrn_family_output;
vrn_grid vrn_grid_output(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *desc,
                         uint32_t images);

#endif
