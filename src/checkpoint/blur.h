/* Recognises the filters of blurs (R. Zhang, Making Convolutional Networks Shift-Invariant Again,
 * 2019). */
#ifndef VRN_CHECKPOINT_BLUR_H
#define VRN_CHECKPOINT_BLUR_H

#include "checkpoint/tensor.h"

/* True for the filters of a blur, [channels, 1, n, n] floats: each row and column has binomial
 * coefficients, such as 1 2 1 or 1 3 3 1, divided by their sum. */
bool vrn_tensor_is_blur(const vrn_tensor *tensor);

#endif
