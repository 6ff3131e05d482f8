#include "session/pace.h"

#include <math.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/util.h"

vrn_result vrn_pace_create(vrn_pace *pace, const vrn_program *program)
{
    *pace = (vrn_pace){.paces = vrn_alloc(vrn_pace_pass(program->graph.count, 0), sizeof(double))};
    return pace->paces ? VRN_OK : vrn_fail_memory(&program->device->log);
}

void vrn_pace_destroy(vrn_pace *pace)
{
    vrn_free(pace->paces);
    *pace = (vrn_pace){0};
}

static double of_pass(const vrn_pace *pace, uint32_t pass, double guess)
{
    if (pace->paces[pass] > 0) return pace->paces[pass];
    return pace->common > 0 ? pace->common : guess;
}

/* The share of a pass in the work of its step, in 1e9 operations; 0 without such a pass. */
static double work_of(const vrn_program *program, uint32_t pass)
{
    const vrn_step *step = &program->steps[pass / VRN_PASSES_MAX];
    const uint32_t count = vrn_kernel_pass_count(step->choice.kernel);
    return pass % VRN_PASSES_MAX < count ? step->work / count : 0;
}

double vrn_pace_ms(const vrn_pace *pace, const vrn_program *program, uint32_t pass, uint32_t images,
                   double guess)
{
    return work_of(program, pass) * images * of_pass(pace, pass, guess);
}

void vrn_stretch_add(vrn_stretch *stretch, uint32_t pass, double share)
{
    const bool empty = stretch->first_share == 0;
    if (!empty && pass < stretch->last) { /* the next slice of a batch */
        stretch->first = UINT32_MAX;
        stretch->last = 0;
    }
    if (stretch->first == UINT32_MAX) return;
    if (empty) stretch->first = pass;
    if (empty || pass != stretch->last) stretch->last_share = 0;
    stretch->last = pass;
    stretch->last_share += share;
    if (pass == stretch->first) stretch->first_share = stretch->last_share;
}

void vrn_pace_learn(vrn_pace *pace, const vrn_program *program, const vrn_stretch *stretch,
                    double guess, double ms)
{
    const uint32_t first = stretch->first;
    const uint32_t last = vrn_min_u32(stretch->last, vrn_pace_pass(program->graph.count, 0) - 1);
    double expected_ms = 0;
    for (uint32_t i = first; i <= last; i++) {
        const double share = i == first  ? stretch->first_share
                             : i == last ? stretch->last_share
                                         : 1;
        expected_ms += share * vrn_pace_ms(pace, program, i, stretch->images, guess);
    }
    if (!(ms > 0) || !(expected_ms > 0)) return;
    const double ratio = ms / expected_ms;
    double common = 0, work = 0;
    for (uint32_t i = first; i <= last; i++) {
        const double before = of_pass(pace, i, guess);
        /* The first measurement counts in full, and so do later ones that are slower: a late frame
         * is worse than a frame with time left. */
        const bool full = pace->paces[i] == 0 || ratio > 1;
        pace->paces[i] = before * (full ? ratio : sqrt(ratio));
        common += pace->paces[i] * work_of(program, i);
        work += work_of(program, i);
    }
    if (work > 0) pace->common = common / work;
}
