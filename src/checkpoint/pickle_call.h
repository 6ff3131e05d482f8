/* The functions and classes that a pickle may use, and what each of them returns. */
#ifndef VRN_CHECKPOINT_PICKLE_CALL_H
#define VRN_CHECKPOINT_PICKLE_CALL_H

#include "checkpoint/pickle_value.h"

/* The value of a name, which is copied: VRN_PICKLE_GLOBAL if it is on the list, else
 * VRN_PICKLE_OPAQUE. */
vrn_pickle_value vrn_pickle_global_value(vrn_pickle_context *context,
                                         const vrn_pickle_global *name);

/* function(*arguments), for REDUCE and NEWOBJ. */
vrn_pickle_value vrn_pickle_call(vrn_pickle_context *context, const vrn_pickle_value *function,
                                 const vrn_pickle_value *arguments);

/* The storage that a persistent id names. */
vrn_pickle_value vrn_pickle_persistent(vrn_pickle_context *context, const vrn_pickle_value *id);

#endif
