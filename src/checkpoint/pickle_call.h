/* What a pickle may call: the white list, and what each name on it makes. A part of pickle.h. */
#ifndef VRN_CHECKPOINT_PICKLE_CALL_H
#define VRN_CHECKPOINT_PICKLE_CALL_H

#include "checkpoint/pickle.h"

/* Where the machine is, for building values and for messages. */
typedef struct vrn_pickle_context {
    const vrn_source *source;
    const char *what;
    size_t position; /* of the opcode under way */
    vrn_arena *arena;
    vrn_pickle_storage *storages;
} vrn_pickle_context;

/* "file: what: at byte 17: expected .., found .." */
vrn_result vrn_pickle_fail(const vrn_pickle_context *context, const char *expected,
                           const vrn_pickle_value *found);
vrn_result vrn_pickle_fail_memory(const vrn_pickle_context *context);

/* The value of a name: VRN_PICKLE_GLOBAL where it is on the list, else VRN_PICKLE_OPAQUE. */
vrn_result vrn_pickle_global_value(vrn_pickle_context *context, const char *module,
                                   size_t module_length, const char *name, size_t name_length,
                                   vrn_pickle_value *value);

/* function(*arguments), for REDUCE and NEWOBJ. */
vrn_result vrn_pickle_call(vrn_pickle_context *context, const vrn_pickle_value *function,
                           const vrn_pickle_value *arguments, vrn_pickle_value *value);

/* The storage that a persistent id stands for. */
vrn_result vrn_pickle_persistent(vrn_pickle_context *context, const vrn_pickle_value *id,
                                 vrn_pickle_value *value);

/* An empty list or dictionary. */
vrn_result vrn_pickle_container(vrn_pickle_context *context, vrn_pickle_kind kind,
                                vrn_pickle_value *value);
vrn_result vrn_pickle_append(vrn_pickle_context *context, vrn_pickle_items *items,
                             const vrn_pickle_value *values, size_t count);

#endif
