/* The C side of python_overhead.py: runs of a session, each timed here. */
#define _POSIX_C_SOURCE 200809L

#include <time.h>

#include <vkresnet/vkresnet.h>

/* What a run takes, in milliseconds: by the clock, and of the calling thread's processor. */
typedef struct overhead_times {
    double wall_ms, thread_ms;
} overhead_times;

int overhead_run(vrn_session *session, uint32_t batch, const float *nchw, float *logits,
                 overhead_times *times);

static double now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* The result of vrn_session_run. */
int overhead_run(vrn_session *session, uint32_t batch, const float *nchw, float *logits,
                 overhead_times *times)
{
    const double thread = now_ms(CLOCK_THREAD_CPUTIME_ID), wall = now_ms(CLOCK_MONOTONIC);
    const vrn_inputs inputs = {.count = batch, .nchw = nchw};
    const vrn_outputs outputs = {.logits = logits};
    const int result = vrn_session_run(session, &inputs, &outputs);
    times->wall_ms = now_ms(CLOCK_MONOTONIC) - wall;
    times->thread_ms = now_ms(CLOCK_THREAD_CPUTIME_ID) - thread;
    return result;
}
