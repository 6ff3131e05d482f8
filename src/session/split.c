#include "session/split.h"

#include <math.h>

#include "base/log.h"
#include "base/util.h"

/* Milliseconds for 1e9 operations: slow devices of their kind. */
static const double pace_discrete = 20, pace_other = 200;

/* The largest number of parts of a dispatch. */
enum { PARTS_MAX = 64 };

vrn_split vrn_split_guess(const vrn_device *device)
{
    const bool discrete = device->probe.info.type == VRN_DEVICE_DISCRETE;
    return (vrn_split){.pace = discrete ? pace_discrete : pace_other};
}

uint32_t vrn_split_images(const vrn_split *split, const vrn_program *program)
{
    double most = 0;
    for (uint32_t i = 0; i < program->graph.count; i++) most = fmax(most, program->steps[i].work);
    const double images = program->limit_ms / (most * split->pace);
    return images < program->info.slice ? vrn_max_u32((uint32_t)images, 1) : program->info.slice;
}

double vrn_split_ms(const vrn_split *split, const vrn_program *program, uint32_t step,
                    uint32_t images)
{
    return program->steps[step].work * images * split->pace;
}

uint32_t vrn_split_parts(const vrn_step *step, double ms, double limit_ms)
{
    const double wanted = ceil(ms / limit_ms);
    if (!step->divisible || !(wanted > 1)) return 1;
    return wanted < (double)PARTS_MAX ? (uint32_t)wanted : PARTS_MAX;
}

void vrn_split_learn(vrn_split *split, const vrn_program *program, uint32_t images, double ms)
{
    double work = 0;
    for (uint32_t i = 0; i < program->graph.count; i++) work += program->steps[i].work;
    const double pace = ms / (work * images);
    if (!(ms > 0) || (split->measured && pace < 1.5 * split->pace)) return;
    /* Recordings stay valid if nothing was divided and nothing will be. */
    const double whole = work * program->info.slice * fmax(pace, split->pace);
    if (whole > program->limit_ms || program->info.batch > program->info.slice) split->version++;
    split->pace = pace;
    split->measured = true;
    vrn_log_write(&program->device->log, VRN_LOG_DEBUG,
                  "measured %.3g ms per 1e9 operations; submissions are limited to %.0f ms", pace,
                  program->limit_ms);
}
