/* Checkpoint files as lists of named tensors, whatever their format. Knows nothing of networks. */
#ifndef VRN_CHECKPOINT_CHECKPOINT_H
#define VRN_CHECKPOINT_CHECKPOINT_H

#include <vkresnet/vkresnet.h>

#include "base/os.h"
#include "checkpoint/tensor.h"

typedef struct vrn_checkpoint vrn_checkpoint;

/* Opens a file, the weights in a folder, or all parts of a sharded checkpoint whose index or one
 * part is given (checkpoint/neighbours.h), and recognises the format by content. Files stay mapped
 * while the checkpoint lives. If a pickle is a dictionary that holds its weights in 'state_dict'
 * (or 'model', 'model_state_dict', 'net', in this order), the tensors are those inside. If there is
 * no such key, or weights are also beside it (as in 'state_dict_ema'), the tensors are all those of
 * the top-level dictionary or list. A module that was saved as a whole counts as the dictionary of
 * its tensors, and the metadata have a text for each module in it, "module.NAME" (net/records.h).
 * Tensors are named by their keys; nested keys are joined with '.'. A prefix that every name
 * shares, such as 'module.', is kept. No name appears twice. Errors: VRN_ERROR_FILE (the log names
 * path, place, what was expected and what was found), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_checkpoint_open(vrn_checkpoint **checkpoint, const char *path, const vrn_log *log);

/* The same from memory that outlives the checkpoint; `name` stands for the path in messages. */
vrn_result vrn_checkpoint_open_memory(vrn_checkpoint **checkpoint, const void *data, size_t size,
                                      const char *name, const vrn_log *log);

void vrn_checkpoint_destroy(vrn_checkpoint **checkpoint);

/* The path or name given to open. */
const char *vrn_checkpoint_name(const vrn_checkpoint *checkpoint);

/* Tensors in the order of the file, in one array. Pointers live as long as the checkpoint. */
size_t vrn_checkpoint_count(const vrn_checkpoint *checkpoint);
const vrn_tensor *vrn_checkpoint_tensor(const vrn_checkpoint *checkpoint, size_t index);

/* A text of the metadata (safetensors' __metadata__, and other texts of the file). NULL if there is
 * none or the checkpoint is NULL. */
const char *vrn_checkpoint_metadata(const vrn_checkpoint *checkpoint, const char *key);

/* The text with this number, in the order of the file; NULL: there are no more. */
const vrn_metadata *vrn_checkpoint_metadata_at(const vrn_checkpoint *checkpoint, size_t index);

/* Writes a safetensors file: `tensors` in the given order, converted to float32, or with `fp16` to
 * float16 (rounded to nearest; a finite value that becomes infinite is VRN_ERROR_FILE, by name).
 * The file takes its name only when it is complete. `params` may be NULL. */
vrn_result vrn_safetensors_write(const char *path, const vrn_tensor *tensors, size_t count,
                                 const vrn_metadata *metadata, size_t metadata_count, bool fp16,
                                 const vrn_file_params *params, const vrn_log *log);

#endif
