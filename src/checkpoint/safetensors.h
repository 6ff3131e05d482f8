/* Reads safetensors: a 64-bit little-endian length, so many bytes of JSON ({name: {dtype, shape,
 * data_offsets: [begin, end]}}, and {"__metadata__": {text: text}}), and the data that the offsets
 * count in. See https://github.com/huggingface/safetensors. Bytes that belong to no tensor are
 * refused, as they are there, and shapes of more than VRN_MAX_RANK sizes, which are not. */
#ifndef VRN_CHECKPOINT_SAFETENSORS_H
#define VRN_CHECKPOINT_SAFETENSORS_H

#include <stdbool.h>

#include <vkresnet/vkresnet.h>

#include "checkpoint/source.h"
#include "checkpoint/tensor_list.h"

/* Whether the first bytes can be a header: a plausible length, and a brace. */
bool vrn_safetensors_recognise(const vrn_source *source);

vrn_result vrn_safetensors_read(vrn_tensor_list *list, const vrn_source *source);

#endif
