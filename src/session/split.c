#include "session/split.h"

#include <math.h>

#include "base/log.h"
#include "base/util.h"
#include "session/session.h"

/* Drivers lose patience after two seconds (Windows) to ten. */
static const double default_limit_ms = 1000;

/* Some operations are slower than the pace, which is the mean of all: plans fill a limit to this
 * share. */
static const double share = 0.5;

/* Before anything is measured, in milliseconds for 1e9 operations: slow ones of their kind. */
static const double pace_discrete = 20, pace_other = 200;

/* Dispatches are made divisible where a device of this pace would need it. A slower one's are no
 * shorter. */
static const double pace_slowest = 1000;

/* Of a dispatch. */
enum { PARTS_MAX = 64 };

/* Operations, and the memory that is read and written: devices do four or more operations while
 * they move a byte. */
static double work_of(const vrn_session *session, uint32_t step)
{
    const vrn_graph *graph = &session->graph;
    const vrn_node *node = &graph->nodes[step];
    uint64_t bytes = vrn_graph_bytes(graph, node->input) + vrn_graph_bytes(graph, step + 1);
    if (node->residual != VRN_NO_VALUE) bytes += vrn_graph_bytes(graph, node->residual);
    return (vrn_op_flops(&node->desc) + 4 * (double)bytes) * 1e-9;
}

void vrn_split_create(vrn_session *session, double limit_ms)
{
    vrn_split *split = &session->split;
    const vrn_device_type type = session->device->info.type;
    /* Nobody watches a driver that runs on the processor. */
    if (limit_ms == 0) limit_ms = type == VRN_DEVICE_CPU ? INFINITY : default_limit_ms;
    split->limit_ms = limit_ms * share;
    split->pace = type == VRN_DEVICE_DISCRETE ? pace_discrete : pace_other;
    for (uint32_t i = 0; i < session->graph.count; i++) {
        vrn_step *step = &session->steps[i];
        step->work = work_of(session, i);
        step->divisible = step->work * pace_slowest > split->limit_ms;
    }
}

uint32_t vrn_split_images(const vrn_session *session)
{
    double most = 0;
    for (uint32_t i = 0; i < session->graph.count; i++) most = fmax(most, session->steps[i].work);
    const double images = session->split.limit_ms / (most * session->split.pace);
    return images < session->info.slice ? vrn_max_u32((uint32_t)images, 1) : session->info.slice;
}

uint32_t vrn_split_parts(const vrn_session *session, uint32_t index, uint32_t images, double *ms)
{
    const vrn_step *step = &session->steps[index];
    const double all = step->work * images * session->split.pace /
                       vrn_max_u32(vrn_kernel_pass_count(step->kernel), 1);
    const double wanted = ceil(all / session->split.limit_ms);
    uint32_t parts = 1;
    if (step->divisible && wanted > 1) parts = wanted < PARTS_MAX ? (uint32_t)wanted : PARTS_MAX;
    *ms = all / parts;
    return parts;
}

void vrn_split_learn(vrn_session *session, uint32_t images, double ms)
{
    vrn_split *split = &session->split;
    double work = 0;
    for (uint32_t i = 0; i < session->graph.count; i++) work += session->steps[i].work;
    const double pace = ms / (work * images);
    if (!(ms > 0) || (split->measured && pace < 1.5 * split->pace)) return;
    /* Not where nothing was cut, and nothing will be. */
    const double whole = work * session->info.slice * fmax(pace, split->pace);
    if (whole > split->limit_ms || session->info.batch > session->info.slice) split->version++;
    split->pace = pace;
    split->measured = true;
    vrn_log_write(&session->device->log, VRN_LOG_DEBUG,
                  "%.3g ms for 1e9 operations: planned anew for submissions of %.0f ms", pace,
                  split->limit_ms);
}
