#include "plan/pools.h"

#include "net/fuse.h"
#include "ops/merit.h"
#include "plan/choose.h"

static double time_of(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                      const vrn_cores *cores)
{
    return vrn_gpu_merit_time(vrn_kernel_merit(kernel, desc, images, cores));
}

const vrn_kernel *vrn_pool_kernel(const vrn_device *device, const vrn_graph *graph, uint32_t index,
                                  const vrn_op_desc *pooled, uint32_t images, const char *prefer)
{
    const vrn_cores *cores = &device->probe.cores;
    const vrn_op_desc *conv = &graph->nodes[index].desc, *pool = &graph->nodes[index + 1].desc;
    const vrn_kernel *both = vrn_choose_kernel(device, pooled, images, prefer, NULL, 0);
    const vrn_kernel *first = vrn_choose_kernel(device, conv, images, prefer, NULL, 0);
    const vrn_kernel *second = vrn_choose_kernel(device, pool, images, prefer, NULL, 0);
    if (!both || !first || !second) return both;
    if (vrn_choice_prefers(prefer, first) || vrn_choice_prefers(prefer, second)) return NULL;
    if (vrn_choice_prefers(prefer, both)) return both;
    if (device->probe.info.type == VRN_DEVICE_CPU) return NULL;
    const double moved = (double)vrn_tensor_bytes(pool->in, pool->x.type) +
                         (double)vrn_tensor_bytes(pool->out, pool->y.type);
    const double separate =
        time_of(first, conv, images, cores) + vrn_gpu_moving_time(cores, moved * images);
    return time_of(both, pooled, images, cores) < separate ? both : NULL;
}

void vrn_graph_absorb_pools(vrn_graph *graph, const vrn_device *device, uint32_t images,
                            const char *prefer, vrn_value *kept, uint32_t kept_count)
{
    for (uint32_t i = 0; i < graph->count; i++) {
        vrn_op_desc pooled;
        if (vrn_graph_pooled(graph, i, kept, kept_count, &pooled) &&
            vrn_pool_kernel(device, graph, i, &pooled, images, prefer)) {
            vrn_graph_absorb_pool(graph, i, kept, kept_count);
        }
    }
}
