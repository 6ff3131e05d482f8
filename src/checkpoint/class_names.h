/* Reads the class names that training programs save beside the weights. */
#ifndef VRN_CHECKPOINT_CLASS_NAMES_H
#define VRN_CHECKPOINT_CLASS_NAMES_H

#include "checkpoint/pickle_value.h"
#include "checkpoint/tensor_list.h"

/* Looks for class_to_idx, id2label, classes and the like in a checkpoint's top-level dictionary, in
 * its `meta` (mmpretrain) and in a few more dictionaries. Incomplete lists are skipped with a
 * warning. The names become the metadata "file.classes", separated by line feeds. Errors:
 * VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_class_names_read(vrn_tensor_list *list, const vrn_source *source,
                                const vrn_pickle_value *top);

#endif
