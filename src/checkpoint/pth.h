/* PyTorch's checkpoint files. Both forms hold a pickle, which says what tensors there are, and the
 * storages that the tensors are views of:
 *
 * zip (since PyTorch 1.6):   <stem>/data.pkl, <stem>/data/<key> for each storage, <stem>/byteorder
 * legacy (0.1.10 to 1.5):    five pickles in a row (a magic number, 1001, facts about the
 *                            machine, the object, the list of storage keys), then for each key
 *                            the number of its elements (64 bits) and the elements
 *
 * See torch/serialization.py. */
#ifndef VRN_CHECKPOINT_PTH_H
#define VRN_CHECKPOINT_PTH_H

#include <stdbool.h>

#include <vkresnet/vkresnet.h>

#include "checkpoint/source.h"
#include "checkpoint/tensor_list.h"

/* Whether the file begins with the legacy form's magic number, as a pickle of any protocol. */
bool vrn_pth_is_legacy(const vrn_source *source);

vrn_result vrn_pth_read_legacy(vrn_tensor_list *list, const vrn_source *source);

/* For any zip archive: says what it is where it is no checkpoint. */
vrn_result vrn_pth_read_zip(vrn_tensor_list *list, const vrn_source *source);

#endif
