#include "session/pace.h"

#include <math.h>

#include "base/alloc.h"
#include "base/log.h"

vrn_result vrn_pace_create(vrn_pace *pace, const vrn_program *program)
{
    *pace = (vrn_pace){.paces = vrn_alloc(program->graph.count, sizeof(double))};
    return pace->paces ? VRN_OK : vrn_fail_memory(&program->device->log);
}

void vrn_pace_destroy(vrn_pace *pace)
{
    vrn_free(pace->paces);
    *pace = (vrn_pace){0};
}

static double of_step(const vrn_pace *pace, uint32_t step, double guess)
{
    if (pace->paces[step] > 0) return pace->paces[step];
    return pace->common > 0 ? pace->common : guess;
}

double vrn_pace_ms(const vrn_pace *pace, const vrn_program *program, uint32_t step, uint32_t images,
                   double guess)
{
    return program->steps[step].work * images * of_step(pace, step, guess);
}

void vrn_pace_learn(vrn_pace *pace, const vrn_program *program, uint32_t first, uint32_t last,
                    double expected_ms, double guess, double ms)
{
    if (!(ms > 0) || !(expected_ms > 0)) return;
    const double ratio = ms / expected_ms;
    double common = 0, work = 0;
    for (uint32_t i = first; i <= last && i < program->graph.count; i++) {
        const double before = of_step(pace, i, guess);
        /* The first measurement counts in full, and so do later ones that are slower: a late frame
         * is worse than a frame with time left. */
        const bool full = pace->paces[i] == 0 || ratio > 1;
        pace->paces[i] = before * (full ? ratio : sqrt(ratio));
        common += pace->paces[i] * program->steps[i].work;
        work += program->steps[i].work;
    }
    if (work > 0) pace->common = common / work;
}
