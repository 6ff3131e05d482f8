/* Decides where a stem and its max pool become one dispatch. */
#ifndef VRN_PLAN_POOLS_H
#define VRN_PLAN_POOLS_H

#include "gpu/device.h"
#include "net/graph.h"
#include "ops/kernel.h"

/* The kernel for convolution `index` of a graph together with the pool after it (`pooled`, from
 * vrn_graph_pooled) for `images` images, if it is expected to take less time than the two one after
 * the other. Otherwise NULL, as always on processors. `prefer` decides instead, if it is not NULL
 * and the name of one of these kernels begins with it. Measurements are not considered. */
const vrn_kernel *vrn_pool_kernel(const vrn_device *device, const vrn_graph *graph, uint32_t index,
                                  const vrn_op_desc *pooled, uint32_t images, const char *prefer);

/* Has convolutions of a fused graph compute their max pools where there is such a kernel. `kept` as
 * for vrn_graph_fuse. */
void vrn_graph_absorb_pools(vrn_graph *graph, const vrn_device *device, uint32_t images,
                            const char *prefer, vrn_value *kept, uint32_t kept_count);

#endif
