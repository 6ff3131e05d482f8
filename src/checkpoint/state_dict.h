/* Makes a list of tensors from the result of a pickle: finds the dictionary with the weights, and
 * their names. */
#ifndef VRN_CHECKPOINT_STATE_DICT_H
#define VRN_CHECKPOINT_STATE_DICT_H

#include <vkresnet/vkresnet.h>

#include "checkpoint/pickle_value.h"
#include "checkpoint/source.h"
#include "checkpoint/tensor_list.h"

/* Sets storage->data to storage->count elements inside the file; `name` is the tensor's, for
 * messages. */
typedef vrn_result (*vrn_storage_finder)(void *user, vrn_pickle_storage *storage, const char *name);

/* Finds the program that defines a TorchScript class: sets *text and *size, or *text to NULL if
 * there is none. */
typedef vrn_result (*vrn_program_finder)(void *user, const vrn_pickle_global *class,
                                         const char **text, size_t *size);

/* Appends the tensors of `top`, chosen and named as checkpoint.h says. Numbers, texts and lists
 * among them are left out. So are opaque objects beside the weights; one where a weight should be
 * (in a wrapper's inner dictionary, or under a key with a dot) is an error. */
vrn_result vrn_state_dict_read(vrn_tensor_list *list, const vrn_source *source,
                               const vrn_pickle_value *top, vrn_storage_finder find,
                               vrn_program_finder program, void *user);

#endif
