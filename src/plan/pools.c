#include "plan/pools.h"

#include <math.h>
#include <string.h>

#include "net/fuse.h"
#include "ops/merit.h"
#include "plan/choose.h"

static double time_of(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                      const vrn_cores *cores)
{
    return vrn_gpu_merit_time(vrn_kernel_merit(kernel, desc, images, cores));
}

const vrn_kernel *vrn_pool_kernel(const vrn_device *device, const vrn_op_desc *conv,
                                  const vrn_op_desc *pooled, uint32_t images, const char *prefer)
{
    const vrn_cores *cores = &device->probe.cores;
    const vrn_kernel *kernel = vrn_choose_kernel(device, pooled, images, prefer, NULL, 0);
    const vrn_kernel *alone = vrn_choose_kernel(device, conv, images, prefer, NULL, 0);
    if (!kernel) return NULL;
    if (prefer && strncmp(kernel->name, prefer, strlen(prefer)) == 0) return kernel;
    if (device->probe.info.type == VRN_DEVICE_CPU) return NULL;
    const double moved = (double)vrn_tensor_bytes(conv->out, conv->y.type) +
                         (double)vrn_tensor_bytes(pooled->out, pooled->y.type);
    const double separate =
        alone ? time_of(alone, conv, images, cores) + vrn_gpu_moving_time(cores, moved * images)
              : INFINITY;
    return time_of(kernel, pooled, images, cores) < separate ? kernel : NULL;
}

void vrn_graph_absorb_pools(vrn_graph *graph, const vrn_device *device, uint32_t images,
                            const char *prefer, vrn_value *kept, uint32_t kept_count)
{
    for (uint32_t i = 0; i < graph->count; i++) {
        vrn_op_desc pooled;
        if (vrn_graph_pooled(graph, i, kept, kept_count, &pooled) &&
            vrn_pool_kernel(device, &graph->nodes[i].desc, &pooled, images, prefer)) {
            vrn_graph_absorb_pool(graph, i, kept, kept_count);
        }
    }
}
