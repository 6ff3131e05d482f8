#include "plan/memory_plan.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/util.h"

/* The memory of a value while it is alive. Few values are alive at once, so a short list sorted by
 * offset is enough. */
typedef struct live_range {
    uint64_t offset, end;
    uint32_t last; /* the last node that reads it */
} live_range;

typedef struct live_list {
    live_range *ranges;
    uint32_t count, capacity;
} live_list;

static void expire(live_list *live, uint32_t node)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < live->count; i++) {
        if (live->ranges[i].last >= node) live->ranges[kept++] = live->ranges[i];
    }
    live->count = kept;
}

/* Puts a value into the smallest gap that holds it, or at the end. False: out of memory. */
static bool place(live_list *live, uint64_t size, uint32_t last, uint64_t *offset)
{
    live_range *ranges = vrn_grow(live->ranges, live->count, &live->capacity, sizeof *ranges);
    if (!ranges) return false;
    live->ranges = ranges;
    uint64_t end = 0, best_gap = UINT64_MAX;
    uint32_t position = live->count;
    for (uint32_t i = 0; i < live->count; i++) {
        uint64_t gap = live->ranges[i].offset - end;
        if (gap >= size && gap < best_gap) {
            best_gap = gap;
            position = i;
            *offset = end;
        }
        end = live->ranges[i].end;
    }
    if (position == live->count) *offset = end;
    for (uint32_t i = live->count; i > position; i--) live->ranges[i] = live->ranges[i - 1];
    live->ranges[position] = (live_range){*offset, *offset + size, last};
    live->count++;
    return true;
}

static void find_last_uses(uint32_t *last, const vrn_graph *graph, const vrn_value *kept,
                           uint32_t kept_count)
{
    for (uint32_t i = 0; i < graph->count; i++) {
        const vrn_node *node = &graph->nodes[i];
        last[i + 1] = i; /* perhaps no node reads it */
        last[node->input] = i;
        if (node->residual != VRN_NO_VALUE) last[node->residual] = i;
        if (node->gate != VRN_NO_VALUE) last[node->gate] = i;
    }
    last[graph->logits] = last[graph->probabilities] = graph->count;
    for (uint32_t i = 0; i < kept_count; i++) last[kept[i]] = graph->count;
}

vrn_result vrn_plan_create(vrn_plan *plan, const vrn_graph *graph, uint32_t images,
                           const uint64_t *scratch, const vrn_value *kept, uint32_t kept_count,
                           uint64_t alignment, const vrn_log *log)
{
    *plan = (vrn_plan){0};
    live_list live = {0};
    vrn_result result = VRN_OK;
    uint32_t *last = vrn_alloc((size_t)graph->count + 1, sizeof *last);
    plan->offsets = vrn_alloc((size_t)graph->count + 1, sizeof *plan->offsets);
    plan->scratch = vrn_alloc((size_t)graph->count + 1, sizeof *plan->scratch);
    if (!last || !plan->offsets || !plan->scratch) goto out_of_memory;
    find_last_uses(last, graph, kept, kept_count);

    for (vrn_value value = 0; value <= graph->count; value++) {
        /* A node's output must not share memory with its inputs. */
        if (value > 0) expire(&live, value - 1);
        uint64_t size = vrn_graph_bytes(graph, value) * images;
        size = vrn_round_up(size, alignment);
        if (!place(&live, size, last[value], &plan->offsets[value])) goto out_of_memory;
        plan->bytes = vrn_max_u64(plan->bytes, plan->offsets[value] + size);
        if (value == 0 || scratch[value - 1] == 0) continue;
        size = vrn_round_up(scratch[value - 1], alignment);
        if (!place(&live, size, value - 1, &plan->scratch[value - 1])) goto out_of_memory;
        plan->bytes = vrn_max_u64(plan->bytes, plan->scratch[value - 1] + size);
    }
    goto done;

out_of_memory:
    result = vrn_fail_memory(log);
    vrn_plan_free(plan);
done:
    vrn_free(last);
    vrn_free(live.ranges);
    return result;
}

void vrn_plan_free(vrn_plan *plan)
{
    vrn_free(plan->offsets);
    vrn_free(plan->scratch);
    *plan = (vrn_plan){0};
}
