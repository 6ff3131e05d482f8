/* The classes' names that training programs save beside the weights. */
#ifndef VRN_CHECKPOINT_CLASS_NAMES_H
#define VRN_CHECKPOINT_CLASS_NAMES_H

#include "checkpoint/pickle_value.h"
#include "checkpoint/tensor_list.h"

/* Looks for class_to_idx, id2label, classes and the like in a checkpoint's top-level dictionary, in
 * its `meta` (mmpretrain) and in a few more. What is no complete list is passed over with a
 * warning; else they are "file.classes", with line feeds between the names. Errors:
 * VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_class_names_read(vrn_tensor_list *list, const vrn_source *source,
                                const vrn_pickle_value *top);

#endif
