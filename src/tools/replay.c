#include "tools/replay.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/os.h"
#include "gpu/device.h"
#include "net/random.h"

/* Has every kind of operation of the fused network: the large first window and the pool, 1x1 and
 * 3x3, strides and projections, groups, residual additions. Three images with odd sides, so that
 * tiles are cut at the edges. */
static const char network[] =
    "resnet,block=bottleneck,layers=2:1,planes=8:16,groups=2,width_per_group=32,num_classes=11";

enum { IMAGES = 3, HEIGHT = 33, WIDTH = 29, CLASSES = 11, FLOATS = IMAGES * 3 * HEIGHT * WIDTH };

typedef float logits[IMAGES * CLASSES];

static vrn_result run_once(vrn_session *session, const float *input, logits out)
{
    return vrn_session_run(session, &(vrn_inputs){.count = IMAGES, .nchw = input},
                           &(vrn_outputs){.logits = out});
}

static vrn_result create(vrn_session **session, vrn_device *device, const vrn_model *model,
                         bool no_fusion)
{
    return vrn_session_create(session, device, model,
                              &(vrn_session_params){
                                  .batch = IMAGES,
                                  .height = HEIGHT,
                                  .width = WIDTH,
                                  .no_fusion = no_fusion,
                              });
}

/* The first logit that differs. */
static vrn_mismatch find_mismatch(const logits expected, const logits found)
{
    uint32_t i = 0;
    while (i + 1 < IMAGES * CLASSES && memcmp(&expected[i], &found[i], sizeof found[i]) == 0) i++;
    return (vrn_mismatch){
        .name = "replay",
        .precision = "fp32",
        .n = i / CLASSES,
        .c = i % CLASSES,
        .expected = (double)expected[i],
        .found = (double)found[i],
    };
}

static vrn_result run_again(vrn_replay *replay, vrn_session *session, const float *input,
                            uint32_t runs, const logits expected)
{
    vrn_result result = VRN_OK;
    for (; replay->runs < runs && !result; replay->runs++) {
        logits found;
        result = run_once(session, input, found);
        if (result || memcmp(found, expected, sizeof found) == 0) continue;
        if (replay->differ++ == 0) replay->first = find_mismatch(expected, found);
    }
    return result;
}

static double relative_error(const logits found, const logits expected)
{
    double difference = 0, norm = 0;
    for (int i = 0; i < IMAGES * CLASSES; i++) {
        difference += pow((double)found[i] - (double)expected[i], 2);
        norm += pow((double)expected[i], 2);
    }
    return sqrt(difference / norm);
}

static vrn_result compare_runs(vrn_replay *replay, vrn_device *device, const vrn_model *model,
                               const float *input, uint32_t runs)
{
    vrn_session *session = NULL;
    logits fused, plain;
    double begin = vrn_time_ms();
    vrn_result result = create(&session, device, model, false);
    if (!result) result = run_once(session, input, fused);
    if (!result) result = run_again(replay, session, input, runs, fused);
    vrn_session_destroy(&session);
    replay->replay_ms = vrn_time_ms() - begin;
    if (result) return result;

    begin = vrn_time_ms();
    result = create(&session, device, model, true);
    if (!result) result = run_once(session, input, plain);
    vrn_session_destroy(&session);
    if (!result) replay->fusion_error = relative_error(fused, plain);
    replay->fusion_ms = vrn_time_ms() - begin;
    return result;
}

vrn_result vrn_replay_run(vrn_replay *replay, vrn_device *device, uint32_t runs)
{
    vrn_arch arch;
    vrn_model *model = NULL;
    *replay = (vrn_replay){0};
    float *input = vrn_alloc(FLOATS, sizeof *input);
    vrn_random random = vrn_random_create(1, 0);
    for (int i = 0; input && i < FLOATS; i++) {
        input[i] = (float)(2 * vrn_random_uniform(&random) - 1);
    }
    vrn_result result = input ? VRN_OK : vrn_fail_memory(&device->log);
    if (!result) result = vrn_arch_parse(&arch, network, &device->log);
    if (!result) {
        result = vrn_model_create_random(&model, &arch, 1, &(vrn_model_params){.log = device->log});
    }
    if (!result) result = compare_runs(replay, device, model, input, runs);
    vrn_model_destroy(&model);
    vrn_free(input);
    return result;
}
