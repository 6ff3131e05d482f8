/* Decides where a stem and its max pool become one dispatch. */
#ifndef VRN_PLAN_POOLS_H
#define VRN_PLAN_POOLS_H

#include "gpu/device.h"
#include "net/graph.h"
#include "ops/kernel.h"

/* The kernel for a convolution with its pool (`pooled`) for `images` images, if it is expected to
 * take less time than the convolution (`conv`) and the pool one after the other, or if its name
 * begins with `prefer`, which may be NULL. Otherwise NULL, as always on processors. */
const vrn_kernel *vrn_pool_kernel(const vrn_device *device, const vrn_op_desc *conv,
                                  const vrn_op_desc *pooled, uint32_t images, const char *prefer);

/* Has convolutions of a fused graph compute their max pools where there is such a kernel. `kept` as
 * for vrn_graph_fuse. */
void vrn_graph_absorb_pools(vrn_graph *graph, const vrn_device *device, uint32_t images,
                            const char *prefer, vrn_value *kept, uint32_t kept_count);

#endif
