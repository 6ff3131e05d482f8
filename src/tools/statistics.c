/* What the driver's compiler reports about kernels, for the shapes of a network. */
#include <stdio.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "base/log.h"
#include "gpu/statistics.h"
#include "net/graph.h"
#include "ops/kernel.h"
#include "ops/support.h"
#include "plan/choose.h"
#include "net/fuse.h"
#include "plan/pools.h"
#include "plan/precision.h"

enum { SIDE = 224 };

typedef struct survey {
    vrn_device *device;
    const vrn_graph *graph;
    uint32_t images;
    const char *prefer;
    void (*visit)(void *user, const vrn_kernel_statistics *statistics);
    void *user;
} survey;

/* True if two operations use the same pipelines. */
static bool same_shape(const vrn_op_desc *a, const vrn_op_desc *b)
{
    uint32_t of_a[VRN_OP_CONSTANTS_MAX], of_b[VRN_OP_CONSTANTS_MAX];
    if (a->op != b->op) return false;
    vrn_op_constants(a, of_a);
    vrn_op_constants(b, of_b);
    return memcmp(of_a, of_b, sizeof of_a) == 0;
}

/* True if a node is the first with its shape. Also counts the nodes with this shape. */
static bool first_of_shape(const vrn_graph *graph, uint32_t index, uint32_t *layers)
{
    *layers = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        if (!same_shape(&graph->nodes[i].desc, &graph->nodes[index].desc)) continue;
        if (i < index) return false;
        ++*layers;
    }
    return true;
}

static void set_shape(uint32_t to[3], vrn_shape shape)
{
    to[0] = shape.c;
    to[1] = shape.h;
    to[2] = shape.w;
}

static void describe_kernel(vrn_kernel_statistics *out, const survey *s, const char *name,
                            const vrn_op_desc *d)
{
    out->op = vrn_op_name(d->op);
    snprintf(out->layer, sizeof out->layer, "%s", name);
    set_shape(out->in, d->in);
    set_shape(out->out, d->out);
    out->window[0] = d->kernel.y;
    out->window[1] = d->kernel.x;
    out->stride[0] = d->stride.y;
    out->stride[1] = d->stride.x;
    out->groups = d->groups;
    out->flops = vrn_op_flops(d) * s->images;
}

static vrn_result survey_kernel(const survey *s, vrn_kernel_statistics *out,
                                const vrn_kernel *kernel, const vrn_op_desc *desc)
{
    out->kernel = kernel->name;
    out->passes = vrn_kernel_pass_count(kernel);
    out->declared_shared_bytes = vrn_kernel_shared_bytes(kernel);
    for (uint32_t i = 0; i < out->passes; i++) {
        vrn_grid grid = vrn_kernel_grid(kernel, i, desc, s->images);
        out->pass = i;
        out->module = vrn_kernel_shader(kernel, i)->module->name;
        out->work_groups = grid.x * grid.z;
        out->invocations = vrn_kernel_threads(kernel, i);
        vrn_pipeline_key key;
        vrn_kernel_key(kernel, i, desc, &key);
        vrn_result result = vrn_pipeline_measure(out, s->device, &key);
        if (result) return result;
        s->visit(s->user, out);
    }
    return VRN_OK;
}

static bool wanted(const survey *s, const vrn_kernel *kernel)
{
    if (*s->prefer) return strncmp(kernel->name, s->prefer, strlen(s->prefer)) == 0;
    bool cpu = s->device->probe.info.type == VRN_DEVICE_CPU;
    return kernel->variant->suits != (cpu ? VRN_SUITS_GPU : VRN_SUITS_CPU);
}

/* `chosen` may be NULL. */
static vrn_result survey_shape(const survey *s, uint32_t index, const vrn_op_desc *desc,
                               const vrn_kernel *chosen)
{
    const vrn_kernel *kernel;
    vrn_kernel_statistics out = {0};
    if (!first_of_shape(s->graph, index, &out.layers)) return VRN_OK;
    describe_kernel(&out, s, s->graph->nodes[index].name, desc);
    for (uint32_t i = 0; (kernel = vrn_kernel_at(desc->op, i)); i++) {
        out.chosen = kernel == chosen;
        if (s->prefer ? !wanted(s, kernel) : !out.chosen) continue;
        if (!vrn_kernel_supported(kernel, desc, s->device)) continue;
        vrn_result result = survey_kernel(s, &out, kernel, desc);
        if (result) return result;
    }
    return VRN_OK;
}

/* The kernel for a node together with the pool after it, or NULL; *pooled receives their
 * description, which has no pool if there is none. */
static const vrn_kernel *pool_kernel(const survey *s, uint32_t index, vrn_op_desc *pooled)
{
    if (!vrn_graph_pooled(s->graph, index, NULL, 0, pooled)) {
        pooled->epilogue.pool.kernel.y = 0;
        return NULL;
    }
    return vrn_pool_kernel(s->device, s->graph, index, pooled, s->images, NULL);
}

static vrn_result survey_node(const survey *s, uint32_t index)
{
    const vrn_op_desc *desc = &s->graph->nodes[index].desc;
    vrn_op_desc pooled;
    const bool absorbed = index > 0 && pool_kernel(s, index - 1, &pooled);
    const vrn_kernel *both = pool_kernel(s, index, &pooled);
    const vrn_kernel *alone = vrn_choose_kernel(s->device, desc, s->images, NULL, NULL, 0);
    vrn_result result = survey_shape(s, index, desc, absorbed || both ? NULL : alone);
    if (!result && pooled.epilogue.pool.kernel.y) result = survey_shape(s, index, &pooled, both);
    return result;
}

vrn_result vrn_device_get_kernel_statistics(vrn_device *device,
                                            const vrn_kernel_statistics_params *params,
                                            void (*visit)(void *, const vrn_kernel_statistics *),
                                            void *user)
{
    static const vrn_kernel_statistics_params defaults = {0};
    if (!params) params = &defaults;
    if (!device || !visit) {
        return vrn_fail(device ? &device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_device_get_kernel_statistics: %s is NULL",
                        device ? "visit" : "device");
    }
    if (!vrn_precision_name(params->precision)) {
        return vrn_fail(&device->log, VRN_ERROR_INVALID_ARGUMENT,
                        "precision: expected a value of vrn_precision, found %d",
                        (int)params->precision);
    }
    if (!vrn_device_has(device, VRN_CAPABILITY_PIPELINE_STATISTICS)) {
        return vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED,
                        "%s: no statistics of compiled kernels (the driver lacks "
                        "VK_KHR_pipeline_executable_properties, or it was switched off)",
                        device->probe.info.name);
    }
    vrn_arch arch;
    vrn_graph graph = {0};
    vrn_result result = vrn_device_alive(device);
    if (!result) result = vrn_kernel_prefix_check(params->kernel, &device->log);
    if (result) return result;
    if (params->arch) {
        arch = *params->arch;
        result = vrn_arch_check(&arch, &device->log);
    } else {
        result = vrn_arch_parse(&arch, "resnet50", &device->log);
    }
    if (result) return result;
    result = vrn_graph_build(&graph, &arch, params->height ? params->height : SIDE,
                             params->width ? params->width : SIDE, &device->log);
    if (!result) result = vrn_graph_fuse(&graph, NULL, 0, &device->log);
    if (!result) {
        result = vrn_graph_set_precision(&graph, NULL, params->precision, NULL, 0, &device->log);
    }
    if (!result) vrn_graph_suit_device(&graph, device);
    const survey s = {
        .device = device,
        .graph = &graph,
        .images = params->batch ? params->batch : 1,
        .prefer = params->kernel,
        .visit = visit,
        .user = user,
    };
    for (uint32_t i = 0; i < graph.count && !result; i++) result = survey_node(&s, i);
    vrn_graph_free(&graph);
    return result;
}
