/* The C side of python_overhead.py: runs of a session, each timed here. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <vkresnet/vkresnet.h>

int overhead_open(const char *arch_text, uint32_t batch);
int overhead_input(const float *nchw);
double overhead_run(float *logits);

static vrn_device *device;
static vrn_model *model;
static vrn_session *session;
static vrn_inputs inputs;

static void print_message(void *user, vrn_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", text);
}

/* 0 when all is well. */
int overhead_open(const char *arch_text, uint32_t batch)
{
    const vrn_log log = {.message = print_message};
    vrn_arch arch;
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
    inputs = (vrn_inputs){.count = batch};
    if (!device && vrn_device_create(&device, &(vrn_device_params){.log = log})) return 1;
    return vrn_arch_parse(&arch, arch_text, &log) ||
           vrn_model_create_random(&model, &arch, 0, &(vrn_model_params){.log = log}) ||
           vrn_session_create(&session, device, model, &(vrn_session_params){.batch = batch});
}

/* The input of all runs; it has to live as long. */
int overhead_input(const float *nchw)
{
    inputs.nchw = nchw;
    return 0;
}

static double now_ms(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* The milliseconds of a run; negative: it failed. */
double overhead_run(float *logits)
{
    const double begin = now_ms();
    const vrn_outputs outputs = {.logits = logits};
    return vrn_session_run(session, &inputs, &outputs) ? -1 : now_ms() - begin;
}
