#include "base/parallel.h"

#include <assert.h>
#include <stdatomic.h>

#include "base/os.h"
#include "base/util.h"

typedef struct work {
    vrn_parallel_function function;
    void *user;
    uint32_t count;
    atomic_uint next;
    atomic_bool failed;
} work;

typedef struct worker {
    work *work;
    vrn_thread *thread;
    uint32_t failed_index; /* at which this worker failed */
    vrn_result result;
} worker;

static void run(void *pointer)
{
    worker *self = pointer;
    work *w = self->work;
    while (!atomic_load(&w->failed)) {
        uint32_t index = atomic_fetch_add(&w->next, 1);
        if (index >= w->count) break;
        self->result = w->function(w->user, index);
        if (self->result) {
            self->failed_index = index;
            atomic_store(&w->failed, true);
        }
    }
}

uint32_t vrn_parallel_workers(uint32_t count)
{
    if (count < 2) return count;
    return vrn_min_u32(vrn_min_u32(vrn_core_count(), VRN_PARALLEL_MAX), count);
}

vrn_result vrn_parallel_for(uint32_t count, vrn_parallel_function function, void *user)
{
    if (count == 0) return VRN_OK;
    work w = {.function = function, .user = user, .count = count};
    atomic_init(&w.next, 0);
    atomic_init(&w.failed, false);
    worker workers[VRN_PARALLEL_MAX];
    const uint32_t worker_count = vrn_parallel_workers(count);
    assert(worker_count >= 1 && worker_count <= VRN_PARALLEL_MAX);
    for (uint32_t i = 0; i < worker_count; i++) {
        workers[i] = (worker){.work = &w};
        if (i > 0) workers[i].thread = vrn_thread_start(run, &workers[i]);
    }
    run(&workers[0]);
    const worker *first = NULL;
    for (uint32_t i = 0; i < worker_count; i++) {
        vrn_thread_join(&workers[i].thread);
        if (workers[i].result && (!first || workers[i].failed_index < first->failed_index)) {
            first = &workers[i];
        }
    }
    return first ? first->result : VRN_OK;
}
