/* Reads the files beside a checkpoint of Hugging Face or timm: the shards of a sharded checkpoint,
 * and config.json. */
#ifndef VRN_CHECKPOINT_NEIGHBOURS_H
#define VRN_CHECKPOINT_NEIGHBOURS_H

#include <vkresnet/vkresnet.h>

#include "checkpoint/tensor_list.h"

/* The file to read for a path. For a folder, it is the file with the weights in it; for a part of a
 * sharded checkpoint ("-00001-of-00002"), the index beside it; otherwise the path itself. The
 * caller releases it with vrn_free. Errors: VRN_ERROR_FILE, VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_weights_find(char **found, const char *path, const vrn_log *log);

/* True if a path is that of an index of shards ("model.safetensors.index.json"). */
bool vrn_weights_is_index(const char *path);

/* Reads an index: the paths of the parts that it names, each once, all in the folder of the index.
 * They are in memory of `arena`, which the caller zeroes before and frees afterwards, even after a
 * failure. Errors: VRN_ERROR_FILE, VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_weights_parts(char ***paths, size_t *count, vrn_arena *arena, const char *index,
                             const vrn_log *log);

/* The same for an index in memory. */
vrn_result vrn_weights_parse(char ***paths, size_t *count, vrn_arena *arena,
                             const vrn_source *index);

/* Reads the config.json beside a weights file, if the file has one of the names that these
 * libraries give. Adds what it says as metadata, with the keys of net/metadata.h:
 *     hidden_act, downsample_in_bottleneck, downsample_in_first_stage   file.arch
 *     architecture                                                      file.network
 *     id2label, label_names                                             file.classes
 *     pretrained_cfg: mean, std, input_size, crop_pct, interpolation    vkresnet.mean, ..
 * A missing config.json is not an error; one that is not valid JSON is logged and ignored. */
vrn_result vrn_config_read(vrn_tensor_list *list, const char *path, const vrn_log *log);

/* The same for a config.json in memory. */
vrn_result vrn_config_parse(vrn_tensor_list *list, const vrn_source *source);

#endif
