/* The operators, each in its own file. */
#ifndef VRN_OPS_OPERATORS_H
#define VRN_OPS_OPERATORS_H

#include "ops/kernel.h"

extern const vrn_operator vrn_operator_conv;       /* ops/conv.c */
extern const vrn_operator vrn_operator_batch_norm; /* ops/norm.c */
extern const vrn_operator vrn_operator_group_norm;
extern const vrn_operator vrn_operator_relu; /* ops/elementwise.c */
extern const vrn_operator vrn_operator_add;
extern const vrn_operator vrn_operator_shortcut; /* ops/shortcut.c */
extern const vrn_operator vrn_operator_max_pool; /* ops/pool.c */
extern const vrn_operator vrn_operator_mean_pool;
extern const vrn_operator vrn_operator_blur;
extern const vrn_operator vrn_operator_avg_pool;
extern const vrn_operator vrn_operator_scale; /* ops/attention.c */
extern const vrn_operator vrn_operator_channel_conv;
extern const vrn_operator vrn_operator_linear;  /* ops/linear.c */
extern const vrn_operator vrn_operator_softmax; /* ops/softmax.c */

#endif
