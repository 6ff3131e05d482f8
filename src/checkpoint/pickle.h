/* A pickle machine that can build tensors, and nothing else that does anything.
 *
 * A pickle is a program for a stack machine that may call any Python function by name. This one
 * knows the names that PyTorch's weights need (see the table in pickle.c); any other becomes an
 * opaque value: called, built or filled it stays opaque, so that a checkpoint with an
 * argparse.Namespace beside its weights still loads. Nothing is ever executed.
 *
 * Opcodes: those that Python's pickle module writes in protocols 2 to 5, and Python 2 in protocol 2
 * (see Lib/pickletools.py). All values live in an arena whose limit follows from the pickle's size;
 * nothing recurses. Containers may share values or contain themselves, as pickles can say that: who
 * walks through them must bound the walk. */
#ifndef VRN_CHECKPOINT_PICKLE_H
#define VRN_CHECKPOINT_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

#include "base/arena.h"
#include "checkpoint/source.h"
#include "checkpoint/tensor.h"

typedef enum vrn_pickle_kind {
    VRN_PICKLE_UNSET, /* not in any result */
    VRN_PICKLE_NONE,
    VRN_PICKLE_BOOL,
    VRN_PICKLE_INT,
    VRN_PICKLE_FLOAT,
    VRN_PICKLE_TEXT,
    VRN_PICKLE_BYTES,
    VRN_PICKLE_TUPLE,
    VRN_PICKLE_LIST,
    VRN_PICKLE_DICT,
    VRN_PICKLE_GLOBAL, /* a name on the white list */
    VRN_PICKLE_STORAGE,
    VRN_PICKLE_TENSOR,
    VRN_PICKLE_OPAQUE, /* of the global's kind, or made by it */
} vrn_pickle_kind;

typedef struct vrn_pickle_value vrn_pickle_value;

/* A list's items; a dictionary's keys and values by turns, in the order of insertion. */
typedef struct vrn_pickle_items {
    vrn_pickle_value *values;
    size_t count, capacity;
} vrn_pickle_items;

/* A name, such as "torch", "FloatStorage"; not NUL-terminated. */
typedef struct vrn_pickle_global {
    const char *module, *name;
    uint32_t module_length, name_length;
    uint32_t known; /* index into pickle.c's table; 0: opaque */
} vrn_pickle_global;

/* A piece of memory that the file holds elsewhere, under a key. */
typedef struct vrn_pickle_storage {
    struct vrn_pickle_storage *next; /* of vrn_pickle.storages */
    const char *key;                 /* not NUL-terminated */
    uint32_t key_length;
    vrn_dtype dtype;
    uint32_t element_size;
    uint64_t count;                   /* elements under the key */
    uint64_t view_offset, view_count; /* the part that this is: all of it, but for old views */
    const uint8_t *data;              /* for the reader of the file to set; NULL here */
} vrn_pickle_storage;

typedef struct vrn_pickle_tensor {
    vrn_pickle_storage *storage;
    uint64_t offset; /* of the first element in its storage */
    uint32_t rank;
    uint64_t shape[VRN_MAX_RANK], stride[VRN_MAX_RANK];
} vrn_pickle_tensor;

struct vrn_pickle_value {
    vrn_pickle_kind kind;
    uint32_t length; /* of text, bytes and items */
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *text;              /* not NUL-terminated; in the file */
        const vrn_pickle_value *items; /* of a tuple */
        vrn_pickle_items *container;   /* of a list or a dictionary */
        const vrn_pickle_global *global;
        vrn_pickle_storage *storage;
        const vrn_pickle_tensor *tensor;
    } as;
};

typedef struct vrn_pickle {
    vrn_pickle_value value;       /* what it makes */
    size_t size;                  /* bytes up to and with its STOP */
    vrn_pickle_storage *storages; /* all that it mentions, the latest first */
} vrn_pickle;

/* Runs the pickle at the beginning of `data`. `what` names it in messages ("archive/data.pkl"). The
 * result lives in `arena` and points into `data`. */
vrn_result vrn_pickle_run(vrn_pickle *pickle, const vrn_source *source, const char *what,
                          const uint8_t *data, size_t size, vrn_arena *arena);

/* The value of a dictionary's text key, or NULL. */
const vrn_pickle_value *vrn_pickle_lookup(const vrn_pickle_value *dict, const char *key);

/* "a dictionary", "an object of argparse.Namespace": for messages, cut at `capacity`. */
void vrn_pickle_describe(const vrn_pickle_value *value, char *text, size_t capacity);

#endif
