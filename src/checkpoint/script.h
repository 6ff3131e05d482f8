/* Finds the layer that a class of a TorchScript program runs. */
#ifndef VRN_CHECKPOINT_SCRIPT_H
#define VRN_CHECKPOINT_SCRIPT_H

#include "checkpoint/pickle_value.h"

/* Finds the class in `program`, the text of the file that defines it, and appends
 * " stride=2,2 padding=3,3 ..." for the call of PyTorch that is in it: a convolution, a pool, a
 * norm, or an activation. For a user's class it appends " call=tanh" for a function that no ResNet
 * has, and " straight=fc1>fc2" for a linear layer that reads another one's result, with at most a
 * dropout between them. */
void vrn_script_describe(char *text, size_t capacity, const char *program, size_t size,
                         const vrn_pickle_global *class);

#endif
