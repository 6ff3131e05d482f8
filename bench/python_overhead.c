/* The C side of python_overhead.py: runs of a session, each timed here. */
#include <time.h>

#include <vkresnet/vkresnet.h>

double overhead_run(vrn_session *session, uint32_t batch, const float *nchw, float *logits);

static double now_ms(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* The milliseconds of a run; negative: it failed. */
double overhead_run(vrn_session *session, uint32_t batch, const float *nchw, float *logits)
{
    const double begin = now_ms();
    const vrn_inputs inputs = {.count = batch, .nchw = nchw};
    const vrn_outputs outputs = {.logits = logits};
    return vrn_session_run(session, &inputs, &outputs) ? -1 : now_ms() - begin;
}
