/* What a pickle may call: the white list, and what each name on it makes. */
#ifndef VRN_CHECKPOINT_PICKLE_CALL_H
#define VRN_CHECKPOINT_PICKLE_CALL_H

#include "checkpoint/pickle_value.h"

/* The value of a name, which is copied: VRN_PICKLE_GLOBAL where it is on the list, else
 * VRN_PICKLE_OPAQUE. */
vrn_result vrn_pickle_global_value(const vrn_pickle_context *context, const vrn_pickle_global *name,
                                   vrn_pickle_value *value);

/* function(*arguments), for REDUCE and NEWOBJ. */
vrn_result vrn_pickle_call(vrn_pickle_context *context, const vrn_pickle_value *function,
                           const vrn_pickle_value *arguments, vrn_pickle_value *value);

/* The storage that a persistent id stands for. */
vrn_result vrn_pickle_persistent(vrn_pickle_context *context, const vrn_pickle_value *id,
                                 vrn_pickle_value *value);

#endif
