/* The values of a pickle, and functions to make and describe them. */
#ifndef VRN_CHECKPOINT_PICKLE_VALUE_H
#define VRN_CHECKPOINT_PICKLE_VALUE_H

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

/* A list's items; a dictionary's keys and values, alternating, in the order of insertion. */
typedef struct vrn_pickle_items {
    vrn_pickle_value *values;
    size_t count, capacity;
} vrn_pickle_items;

/* A name, such as "torch", "FloatStorage"; not NUL-terminated. Of an opaque object, its class. */
typedef struct vrn_pickle_global {
    const char *module, *name;
    size_t module_length, name_length;
    uint32_t known; /* index into pickle_call.c's table; 0: opaque */
    /* the attributes that BUILD gave an object; VRN_PICKLE_UNSET: none; NULL: this is a name */
    vrn_pickle_value *state;
} vrn_pickle_global;

/* A piece of memory that the file holds elsewhere, under a key. */
typedef struct vrn_pickle_storage {
    struct vrn_pickle_storage *next; /* of vrn_pickle_context.storages */
    const char *key;                 /* not NUL-terminated */
    uint32_t key_length;
    vrn_dtype dtype;
    uint32_t element_size;
    uint64_t count;                   /* elements under the key */
    uint64_t view_offset, view_count; /* the part of the storage: all of it, except for old views */
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

/* The state of the machine, for making values and for messages. The first failure is recorded here;
 * later results are None. */
typedef struct vrn_pickle_context {
    const vrn_source *source;
    const char *what; /* the pickle's name in messages */
    size_t position;  /* of the current opcode */
    vrn_arena *arena;
    vrn_result result;
    vrn_pickle_storage *storages; /* all that were made, the latest first */
} vrn_pickle_context;

/* Fails with "file: what: at byte 17: expected ..., found ...". vrn_pickle_refuse also returns
 * None. */
void vrn_pickle_fail(vrn_pickle_context *context, const char *expected, const char *found);
vrn_pickle_value vrn_pickle_refuse(vrn_pickle_context *context, const char *expected,
                                   const vrn_pickle_value *found);

/* vrn_arena_alloc and vrn_arena_grow that fail with a message. */
void *vrn_pickle_alloc(vrn_pickle_context *context, size_t count, size_t size);
void *vrn_pickle_grow(vrn_pickle_context *context, void *array, size_t *capacity, size_t needed,
                      size_t size);

/* An empty list or dictionary. */
vrn_pickle_value vrn_pickle_container(vrn_pickle_context *context, vrn_pickle_kind kind);
void vrn_pickle_append(vrn_pickle_context *context, vrn_pickle_items *items,
                       const vrn_pickle_value *values, size_t count);

/* The value of a dictionary's text key, or NULL. */
const vrn_pickle_value *vrn_pickle_lookup(const vrn_pickle_value *dict, const char *key);

/* The attributes of an opaque object, if they are a dictionary; else NULL. */
const vrn_pickle_value *vrn_pickle_attributes(const vrn_pickle_value *object);

/* "a dictionary", "an object of argparse.Namespace": for messages, cut at `capacity`. */
void vrn_pickle_describe(const vrn_pickle_value *value, char *text, size_t capacity);

#endif
