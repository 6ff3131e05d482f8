#define _POSIX_C_SOURCE 200809L /* mkdtemp */

#include "life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <volk.h> /* vkGetInstanceProcAddr */

#include <vkresnet/diagnostics.h>
#include <vkresnet/hub.h>
#include <vkresnet/vulkan.h>

#include "base/alloc.h"
#include "checkpoint_files.h"
#include "session/session.h"

/* Small, with all that networks have: a projection, strides, channels that are padded. */
static const char arch_text[] = "resnet8,planes=4:6:8,num_classes=3,shortcut=projection";

enum { SIDE = 8, BATCH = 3, CLASSES = 3, PHOTO = 11, INPUT = BATCH * 3 * SIDE * SIDE };

static const char *const avgpool[] = {"avgpool"};
static const vrn_transform transform = {.resize = SIDE, .crop = SIDE, .std = {1, 1, 1}};

void (*life_on_failure)(life_world *world, vrn_result result, vrn_device *device,
                        vrn_session *session);

static void message(void *user, vrn_log_level level, const char *text)
{
    life_world *world = user;
    if (level != VRN_LOG_ERROR) return;
    if (strncmp(text, "validation: V", 13) == 0) {
        world->complaints++;
        if (world->complaints < 8) fprintf(stderr, "  %.600s\n", text);
    } else {
        world->errors++;
    }
    snprintf(world->last, sizeof world->last, "%s", text);
}

static vrn_log log_of(life_world *world)
{
    return (vrn_log){.message = message, .user = world};
}

/* What every call promises: a line why it failed, if it did (exactly one, but for calls that report
 * on many things), and nothing in *out then. */
static vrn_result promise(life_world *world, const char *call, vrn_result result, const void *out,
                          bool many)
{
    const void *object = NULL;
    if (out) memcpy(&object, out, sizeof object);
    const int errors = world->errors;
    world->errors = 0;
    if (many ? (errors > 0) < (result != VRN_OK) : errors != (result != VRN_OK)) {
        fail_msg("%s: %s, and %d lines why, the last '%s'", call, vrn_result_string(result), errors,
                 world->last);
    }
    if (out && (object == NULL) != (result != VRN_OK)) {
        fail_msg("%s: %s, but *out is %s", call, vrn_result_string(result),
                 object ? "not NULL" : "NULL");
    }
    return result;
}

#define MADE(world, object, call) promise(world, #call, call, &object, false)
#define DONE(world, call)         promise(world, #call, call, NULL, false)
#define DONE_MANY(world, call)    promise(world, #call, call, NULL, true)

static void note(life_outcome *outcome, const float *numbers, uint32_t count)
{
    assert_true(outcome->count + count <= LIFE_NUMBERS);
    memcpy(outcome->numbers + outcome->count, numbers, count * sizeof *numbers);
    outcome->count += count;
}

bool life_same(const life_outcome *a, const life_outcome *b)
{
    return a->count == b->count && memcmp(a->numbers, b->numbers, a->count * sizeof(float)) == 0;
}

/* ---- Devices ---- */

vrn_result life_device(life_world *world, vrn_device **device)
{
    const vrn_device_params params = {
        .log = log_of(world),
        .validation = world->validation,
        .cache_directory = world->cache,
    };
    return vrn_device_create(device, &params);
}

static vrn_result lead_device(life_world *world, life_outcome *outcome)
{
    const vrn_log log = log_of(world);
    vrn_device_info infos[8];
    uint32_t count = 0;
    vrn_device *device = NULL;
    vrn_result result = DONE(world, vrn_device_list(infos, 8, &count, &log));
    /* A driver that cannot start is a machine without a device. */
    if (!result && count == 0) return VRN_ERROR_NO_DEVICE;
    if (!result) result = MADE(world, device, life_device(world, &device));
    if (result) {
        if (life_on_failure) life_on_failure(world, result, NULL, NULL);
        return result;
    }
    vrn_device_get_info(device, &infos[0]);
    const float api = (float)infos[0].api_version;
    note(outcome, &api, 1);
    vrn_device_destroy(&device);
    return VRN_OK;
}

/* ---- Models ---- */

static vrn_result load(life_world *world, const char *path, vrn_model **model)
{
    const vrn_model_params params = {.log = log_of(world)};
    return vrn_model_load(model, path, &params);
}

static vrn_result random_model(life_world *world, vrn_model **model)
{
    const vrn_model_params params = {.log = log_of(world)};
    vrn_arch arch;
    vrn_result result = vrn_arch_parse(&arch, arch_text, &params.log);
    return result ? result : vrn_model_create_random(model, &arch, 5, &params);
}

static vrn_result save(life_world *world, const vrn_model *model, const char *path)
{
    const vrn_model_save_params params = {.log = log_of(world)};
    return vrn_model_save(model, path, &params);
}

static vrn_result lead_models(life_world *world, life_outcome *outcome)
{
    /* ONNX has its values in a file beside it. */
    static const char onnx[] = VRN_TEST_SOURCE_DIR "/tests/data/reference/onnx/dynamo.onnx";
    const char *const paths[] = {world->zip, world->legacy, world->safetensors, onnx};
    vrn_model *models[5] = {NULL};
    vrn_result result = VRN_OK;
    for (int i = 0; i < 4 && !result; i++) {
        result = MADE(world, models[i], load(world, paths[i], &models[i]));
    }
    if (!result) result = MADE(world, models[4], random_model(world, &models[4]));
    if (!result) result = DONE(world, save(world, models[0], world->saved));
    for (int i = 0; i < 5; i++) {
        vrn_model_info info = {0};
        if (models[i]) vrn_model_get_info(models[i], &info);
        const float parameters = (float)info.parameters;
        if (!result) note(outcome, &parameters, 1);
        vrn_model_destroy(&models[i]);
    }
    return result;
}

/* ---- The hub ---- */

/* A file in the cache directory, one of PyTorch's, and one that is nowhere. Everything is told by
 * the environment. */
static vrn_result lead_hub(life_world *world, life_outcome *outcome)
{
    static const char *const names[] = {"resnet18", "resnet34:V1", "resnet50:DEFAULT"};
    const vrn_hub_params params = {.log = log_of(world)};
    vrn_hub *hub = NULL;
    char command[200];
    snprintf(command, sizeof command, "rm -f '%s'/hub/sha256-*", world->hub);
    if (system(command) != 0) fail_msg("%s cannot be emptied", world->hub);
    vrn_result result = MADE(world, hub, vrn_hub_create(&hub, &params));
    for (int i = 0; i < 3 && !result; i++) {
        const vrn_hub_entry *entry = vrn_hub_find(hub, names[i]);
        assert_non_null(entry);
        vrn_hub_file file = {0};
        result = DONE(world, vrn_hub_locate(hub, entry, &file));
        assert_true((file.path != NULL) == (!result && i < 2));
        const float place = (float)file.place;
        vrn_hub_file_free(&file);
        if (!result) note(outcome, &place, 1);
        if (!result) result = MADE(world, file, vrn_hub_fetch(hub, entry, NULL, &file));
        if (i == 2 && result == VRN_ERROR_NETWORK) result = VRN_OK;
        vrn_hub_file_free(&file);
    }
    vrn_hub_destroy(&hub);
    assert_null(hub);
    return result;
}

/* ---- Sessions ---- */

static void fill_input(float input[INPUT])
{
    uint32_t state = 1;
    for (int i = 0; i < INPUT; i++) {
        state = state * 1664525u + 1013904223u;
        input[i] = (float)(state >> 8) / 8388608.0f - 1;
    }
}

/* Floats through two submissions at once, then photos. */
static vrn_result run(life_world *world, vrn_session *session, life_outcome *outcome)
{
    static uint8_t pixels[PHOTO * PHOTO * 4];
    float input[INPUT], logits[2][BATCH * CLASSES] = {{0}}, tap[BATCH * 8] = {0};
    float *const taps[] = {tap};
    vrn_ticket first = 0, second = 0;
    fill_input(input);
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 37);
    const vrn_image photos[BATCH] = {
        {.pixels = pixels, .width = PHOTO, .height = PHOTO},
        {.pixels = pixels, .width = 5, .height = PHOTO, .stride = PHOTO * 4},
        {.pixels = pixels, .width = PHOTO, .height = 4}};
    const vrn_inputs floats_in = {.count = BATCH, .nchw = input};
    const vrn_outputs floats_out = {.logits = logits[0], .taps = taps};
    const vrn_inputs fewer_in = {.count = 2, .nhwc = input};
    const vrn_outputs fewer_out = {.probabilities = logits[1]};
    const vrn_inputs images_in = {.count = BATCH, .images = photos};
    const vrn_outputs images_out = {.probabilities = logits[0]};
    vrn_result result = DONE(world, vrn_session_submit(session, &floats_in, &floats_out, &first));
    if (!result) result = DONE(world, vrn_session_submit(session, &fewer_in, &fewer_out, &second));
    if (!result) result = DONE(world, vrn_session_wait(session, second));
    if (!result) result = DONE(world, vrn_session_wait(session, first));
    if (result) return result;
    note(outcome, logits[0], BATCH * CLASSES);
    note(outcome, logits[1], 2 * CLASSES);
    note(outcome, tap, BATCH * 8);
    result = DONE(world, vrn_session_run(session, &images_in, &images_out));
    if (!result) note(outcome, logits[0], BATCH * CLASSES);
    return result;
}

static vrn_result use_session(life_world *world, vrn_device *device, const vrn_model *model,
                              const vrn_session_params *params, life_outcome *outcome)
{
    vrn_session *session = NULL;
    vrn_result result = MADE(world, session, vrn_session_create(&session, device, model, params));
    if (!result) result = run(world, session, outcome);
    if (result && life_on_failure) life_on_failure(world, result, device, session);
    vrn_session_destroy(&session);
    assert_null(session);
    return result;
}

static vrn_result lead_sessions(life_world *world, life_outcome *outcome)
{
    static const char *const kept[] = {"layer1.0.conv1"};
    const vrn_session_params params[] = {
        {.batch = BATCH,
         .transform = &transform,
         .taps = avgpool,
         .tap_count = 1,
         .memory_limit = 1,
         .submission_limit_ms = 0.2},
        {.batch = BATCH,
         .transform = &transform,
         .taps = avgpool,
         .tap_count = 1,
         .precision = VRN_PRECISION_FP16,
         .fp32_layers = kept,
         .fp32_layer_count = 1},
        {.batch = BATCH,
         .transform = &transform,
         .taps = avgpool,
         .tap_count = 1,
         .precision = VRN_PRECISION_INT8,
         .in_flight = 1},
    };
    vrn_result result = VRN_OK;
    for (int i = 0; i < 3 && !result; i++) {
        result = use_session(world, world->device, i == 2 ? world->calibrated : world->model,
                             &params[i], outcome);
    }
    return result;
}

/* A device, on which everything is compiled anew, and one session. */
static vrn_result lead_whole(life_world *world, life_outcome *outcome)
{
    const vrn_session_params params = {
        .batch = BATCH, .transform = &transform, .taps = avgpool, .tap_count = 1};
    vrn_device *device = NULL;
    vrn_result result = MADE(world, device, life_device(world, &device));
    if (!result) result = use_session(world, device, world->model, &params, outcome);
    vrn_device_destroy(&device);
    return result;
}

/* The world's device lent as if it were an application's: what is made of it is destroyed, and it
 * stays. */
static vrn_result lead_import(life_world *world, life_outcome *outcome)
{
    const vrn_device *lender = world->device;
    const vrn_log log = log_of(world);
    VkPhysicalDevice *physical = NULL;
    uint32_t count = 0;
    vrn_result result =
        DONE(world, vrn_instance_devices(&lender->instance, &physical, &count, &log));
    if (!result && count <= lender->probe.info.index) result = VRN_ERROR_NO_DEVICE;
    if (result) return result; /* the application has failed, not yet the library */
    const vrn_device_import_params import = {
        .log = log,
        .cache_directory = world->cache,
        .instance = lender->instance.handle,
        .physical_device = physical[lender->probe.info.index],
        .device = lender->handle,
        .get_instance_proc_addr = vkGetInstanceProcAddr,
        .queue_family = lender->probe.queue_family,
        .queue = lender->queues.items[0].handle,
    };
    const vrn_session_params params = {
        .batch = BATCH, .transform = &transform, .taps = avgpool, .tap_count = 1};
    vrn_device *device = NULL;
    vrn_free(physical);
    result = MADE(world, device, vrn_device_import(&device, &import));
    if (!result) result = use_session(world, device, world->model, &params, outcome);
    vrn_device_destroy(&device);
    return result;
}

static vrn_result lead_profile(life_world *world, life_outcome *outcome)
{
    vrn_session *session = NULL;
    vrn_device_info info;
    uint32_t count = 0;
    const vrn_session_params params = {.batch = 1, .transform = &transform};
    vrn_device_get_info(world->device, &info);
    vrn_result result =
        MADE(world, session, vrn_session_create(&session, world->device, world->model, &params));
    if (!result && (info.capabilities & VRN_CAPABILITY_TIMESTAMPS)) {
        result = DONE(world, vrn_session_profile(session, 1, NULL, 0, &count));
    }
    if (result && life_on_failure) life_on_failure(world, result, world->device, session);
    vrn_session_destroy(&session);
    const float layers = (float)count;
    if (!result) note(outcome, &layers, 1);
    return result;
}

static void note_statistics(void *user, const vrn_kernel_statistics *s)
{
    const float numbers[] = {(float)s->registers, (float)s->code_bytes};
    note(user, numbers, 2);
}

/* Compiles a network's kernels and asks what became of them, on a device of its own. */
static vrn_result lead_statistics(life_world *world, life_outcome *outcome)
{
    vrn_arch arch;
    const vrn_log log = log_of(world);
    const vrn_kernel_statistics_params params = {.arch = &arch, .height = SIDE, .width = SIDE};
    vrn_device *device = NULL;
    vrn_result result = DONE(world, vrn_arch_parse(&arch, arch_text, &log));
    if (!result) result = MADE(world, device, life_device(world, &device));
    if (!result) {
        result = DONE(world,
                      vrn_device_get_kernel_statistics(device, &params, note_statistics, outcome));
    }
    if (result && life_on_failure) life_on_failure(world, result, device, NULL);
    vrn_device_destroy(&device);
    return result;
}

/* ---- Recording, calibration, self-test ---- */

/* Buffers come from the library's own device, past the shim's count of what may fail. */
static vrn_result lead_recording(life_world *world, life_outcome *outcome)
{
    vrn_device *device = world->device;
    vrn_session *session = NULL;
    vrn_commands commands = {0};
    vrn_buffer pixels = {0}, logits = {0};
    vrn_result result = DONE(world, vrn_commands_create(&commands, device, device->queues.items));
    if (!result) {
        result = DONE(world, vrn_buffer_create(&pixels, device, VRN_BUFFER_DEVICE,
                                               PHOTO * PHOTO * 4, "pixels"));
    }
    if (!result) {
        result = DONE(world, vrn_buffer_create(&logits, device, VRN_BUFFER_DEVICE,
                                               CLASSES * sizeof(float), "logits"));
    }
    const vrn_session_params params = {.batch = 1, .transform = &transform};
    if (!result) {
        result = MADE(world, session, vrn_session_create(&session, device, world->model, &params));
    }
    VkCommandBuffer buffer = commands.buffers[0];
    if (!result) result = DONE(world, vrn_commands_begin(buffer, device, true));
    if (!result) {
        const vrn_record_pixels picture = {
            .place = {pixels.handle, 0}, .width = PHOTO, .height = PHOTO};
        const vrn_record_params record = {
            .pixels = &picture, .logits = {logits.handle, 0}, .top_count = 1};
        if (pixels.mapped) memset(pixels.mapped, 77, PHOTO * PHOTO * 4);
        result = DONE(world, vrn_session_record(session, buffer, &record));
    }
    if (!result) result = DONE(world, vrn_commands_end(buffer, device));
    if (!result)
        result =
            DONE(world, vrn_commands_submit(&commands, device, VK_NULL_HANDLE, &buffer, 1, NULL));
    if (!result) result = DONE(world, vrn_commands_wait(&commands, device));
    if (!result && logits.mapped) note(outcome, logits.mapped, CLASSES);
    if (result && life_on_failure) life_on_failure(world, result, device, session);
    vrn_commands_destroy(&commands, device);
    vrn_session_destroy(&session);
    vrn_buffer_destroy(&pixels, device);
    vrn_buffer_destroy(&logits, device);
    return result;
}

static vrn_result lead_calibration(life_world *world, life_outcome *outcome)
{
    float input[INPUT];
    fill_input(input);
    vrn_calibration *calibration = NULL;
    vrn_model *model = NULL;
    const vrn_calibration_params params = {.transform = &transform};
    vrn_calibration_result found = {0};
    vrn_result result =
        MADE(world, calibration,
             vrn_calibration_create(&calibration, world->device, world->model, &params));
    if (!result) {
        const vrn_inputs inputs = {.count = BATCH, .nhwc = input};
        result = DONE(world, vrn_calibration_add(calibration, &inputs));
    }
    if (!result) {
        result = MADE(world, model, vrn_calibration_finish(calibration, &model, &found));
    }
    const float error = (float)found.error;
    if (!result) note(outcome, &error, 1);
    if (result && life_on_failure) life_on_failure(world, result, world->device, NULL);
    vrn_model_destroy(&model);
    vrn_calibration_destroy(&calibration);
    return result;
}

static vrn_result lead_selftest(life_world *world, life_outcome *outcome)
{
    vrn_selftest_summary summary = {0};
    const vrn_selftest_params params = {.kernel = "softmax", .replays = 1};
    vrn_result result =
        DONE_MANY(world, vrn_device_selftest(world->device, &params, &summary, NULL, NULL));
    const float numbers[] = {(float)summary.cases, (float)summary.wrong, (float)summary.replays};
    if (!result) note(outcome, numbers, 3);
    if (result && life_on_failure) life_on_failure(world, result, world->device, NULL);
    return result;
}

static vrn_result lead_measure(life_world *world, life_outcome *outcome)
{
    vrn_device_peak peak = {0};
    vrn_result result = DONE(world, vrn_device_measure_peak(world->device, &peak));
    const float measured = peak.gflops > 0 && peak.gb_s > 0;
    if (!result) note(outcome, &measured, 1);
    if (result && life_on_failure) life_on_failure(world, result, world->device, NULL);
    return result;
}

/* Which kernels win is chance, and so are the last bits: only that there are results counts. */
static vrn_result lead_tuning(life_world *world, life_outcome *outcome)
{
    const vrn_session_params params = {
        .batch = BATCH, .transform = &transform, .taps = avgpool, .tap_count = 1};
    life_outcome ignored = {0};
    char command[200];
    snprintf(command, sizeof command, "rm -f '%s'/tuned-*", world->cache);
    if (system(command) != 0) fail_msg("%s cannot be emptied", world->cache);
    vrn_device *device = NULL;
    vrn_result result = MADE(world, device, life_device(world, &device));
    if (!result) {
        result = DONE(world, vrn_device_tune(device, world->model, &params, NULL, NULL));
    }
    if (!result) result = use_session(world, device, world->model, &params, &ignored);
    vrn_device_destroy(&device);
    const float count = (float)ignored.count;
    if (!result) note(outcome, &count, 1);
    return result;
}

static const life lives[] = {
    {.name = "device", .lead = lead_device},
    {.name = "models", .lead = lead_models, .no_device = true},
    {.name = "hub", .lead = lead_hub, .no_device = true},
    {.name = "sessions", .lead = lead_sessions, .needs_device = true},
    {.name = "profile", .lead = lead_profile, .needs_device = true},
    {.name = "recording", .lead = lead_recording, .needs_device = true},
    {.name = "calibration", .lead = lead_calibration, .needs_device = true},
    {.name = "self-test", .lead = lead_selftest, .needs_device = true},
    {.name = "import", .lead = lead_import, .needs_device = true},
    {.name = "whole", .lead = lead_whole},
    {.name = "measure", .lead = lead_measure, .needs_device = true},
    {.name = "tuning", .lead = lead_tuning, .asked = true},
    {.name = "statistics", .lead = lead_statistics, .compiles = true, .asked = true},
};
enum { LIVES = sizeof lives / sizeof lives[0] };
_Static_assert(sizeof lives / sizeof lives[0] <= LIFE_TESTS, "a test for each");

const life *life_find(const char *name)
{
    for (int i = 0; i < LIVES; i++) {
        if (strcmp(lives[i].name, name) == 0) return &lives[i];
    }
    return NULL;
}

uint32_t life_tests(struct CMUnitTest tests[LIFE_TESTS], CMUnitTestFunction function,
                    const life *only, bool vulkan)
{
    uint32_t count = 0;
    for (int i = 0; i < LIVES; i++) {
        if (only ? &lives[i] != only : lives[i].asked) continue;
        if (vulkan && lives[i].no_device) continue;
        tests[count++] = (struct CMUnitTest){
            .name = lives[i].name,
            .test_func = function,
            .initial_state = (void *)(uintptr_t)&lives[i],
        };
    }
    return count;
}

uint64_t life_stride(void)
{
    const char *text = getenv("VRN_FAULT_STRIDE");
    const uint64_t stride = text ? strtoull(text, NULL, 10) : 1;
    if (stride > 1 && getenv("VRN_TEST_QUICK")) return 2 * stride + 1;
    return stride ? stride : 1;
}

vrn_result life_lead(const life *one, life_world *world, life_outcome *outcome, const char *what)
{
    *outcome = (life_outcome){0};
    world->errors = 0;
    vrn_result result = one->lead(world, outcome);
    if (world->complaints) fail_msg("%s: validation: %s", what, world->last);
    return result;
}

void life_check_lost(life_world *world, vrn_device *device, vrn_session *session)
{
    float input[INPUT] = {0}, logits[BATCH * CLASSES];
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    const vrn_outputs outputs = {.logits = logits};
    const vrn_session_params params = {.transform = &transform};
    vrn_session *fresh = NULL;
    vrn_calibration *calibration = NULL;
    vrn_device_peak peak;
    vrn_device_info info;
    uint32_t count;
    life_outcome outcome = {0};
    world->errors = 0;
    const vrn_result lost = VRN_ERROR_DEVICE_LOST;
    assert_int_equal(MADE(world, fresh, vrn_session_create(&fresh, device, world->model, &params)),
                     lost);
    assert_int_equal(
        MADE(world, calibration, vrn_calibration_create(&calibration, device, world->model, NULL)),
        lost);
    assert_int_equal(DONE(world, vrn_device_measure_peak(device, &peak)), lost);
    assert_int_equal(DONE_MANY(world, vrn_device_selftest(device, NULL, NULL, NULL, NULL)), lost);
    vrn_device_get_info(device, &info);
    if (info.capabilities & VRN_CAPABILITY_PIPELINE_STATISTICS) {
        assert_int_equal(
            DONE(world, vrn_device_get_kernel_statistics(device, NULL, note_statistics, &outcome)),
            lost);
    }
    if (!session) return;
    vrn_ticket ticket;
    vrn_record_params record = {.slot = 0};
    assert_int_equal(DONE(world, vrn_session_run(session, &inputs, &outputs)), lost);
    assert_int_equal(DONE(world, vrn_session_submit(session, &inputs, &outputs, &ticket)), lost);
    if (session->next_ticket > 1) {
        assert_int_equal(DONE(world, vrn_session_wait(session, 1)), lost);
    }
    assert_int_equal(DONE(world, vrn_session_profile(session, 1, NULL, 0, &count)), lost);
    record.nchw.buffer = (VkBuffer)(uintptr_t)1;
    record.logits.buffer = (VkBuffer)(uintptr_t)1;
    assert_int_equal(
        DONE(world, vrn_session_record(session, (VkCommandBuffer)(uintptr_t)1, &record)), lost);
}

/* ---- The world ---- */

static void write_files(life_world *world)
{
    vrn_checkpoint *checkpoint = NULL;
    vrn_model *model = NULL;
    assert_int_equal(random_model(world, &model), VRN_OK);
    assert_int_equal(save(world, model, world->safetensors), VRN_OK);
    vrn_model_destroy(&model);
    assert_int_equal(vrn_checkpoint_open(&checkpoint, world->safetensors, NULL), VRN_OK);
    files_write_pth(checkpoint, world->zip, world->legacy);
    vrn_checkpoint_destroy(&checkpoint);
}

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

/* Three weights of one content, "abc", whose SHA-256 is FIPS 180-4's first example. */
static void write_hub(const life_world *world)
{
    static const char *const networks[] = {"resnet18", "resnet34", "resnet50"};
    char text[2048] = "{\"format\": 1, \"base\": \"https://weights.example/\", \"entries\": [";
    for (int i = 0; i < 3; i++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used,
                 "%s{\"network\": \"%s\", \"weights\": \"IMAGENET1K_V1\", \"default\": true, "
                 "\"file\": \"%s.pth\", \"bytes\": 3, \"sha256\": "
                 "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}",
                 i ? ", " : "", networks[i], networks[i]);
    }
    strcat(text, "]}\n");
    write_text(world->directory, "registry.json", text);
    char folder[200];
    snprintf(folder, sizeof folder, "%s/hub", world->hub);
    assert_true(mkdir(world->hub, 0777) == 0 && mkdir(folder, 0777) == 0);
    write_text(folder, "resnet18.pth", "abc");
    assert_int_equal(mkdir(world->torch, 0777), 0);
    snprintf(folder, sizeof folder, "%s/hub", world->torch);
    assert_int_equal(mkdir(folder, 0777), 0);
    strcat(folder, "/checkpoints");
    assert_int_equal(mkdir(folder, 0777), 0);
    write_text(folder, "resnet34.pth", "abc");
    setenv("VKRESNET_REGISTRY", world->registry, 1);
    setenv("VKRESNET_CACHE", world->hub, 1);
    setenv("VKRESNET_OFFLINE", "1", 1);
    setenv("TORCH_HOME", world->torch, 1);
}

static void calibrate(life_world *world)
{
    vrn_calibration *calibration = NULL;
    const vrn_calibration_params params = {.transform = &transform};
    float input[INPUT];
    fill_input(input);
    const vrn_inputs inputs = {.count = BATCH, .nhwc = input};
    assert_int_equal(vrn_calibration_create(&calibration, world->device, world->model, &params),
                     VRN_OK);
    assert_int_equal(vrn_calibration_add(calibration, &inputs), VRN_OK);
    assert_int_equal(vrn_calibration_finish(calibration, &world->calibrated, NULL), VRN_OK);
    vrn_calibration_destroy(&calibration);
}

void life_world_create(life_world *world, const life *only)
{
    memset(world, 0, sizeof *world);
    const char *no_validation = getenv("VRN_TEST_NO_VALIDATION");
    const char *required = getenv("VRN_TEST_REQUIRE_DEVICE");
    world->validation = !(no_validation && *no_validation);
    const char *temporary = getenv("TMPDIR");
    snprintf(world->directory, sizeof world->directory, "%s/vrn-life-XXXXXX",
             temporary && *temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(world->directory));
#define PATH(field, name)                                                                          \
    snprintf(world->field, sizeof world->field, "%s/%s", world->directory, name)
    PATH(zip, "zip.pth");
    PATH(legacy, "legacy.pth");
    PATH(safetensors, "model.safetensors");
    PATH(saved, "saved.safetensors");
    PATH(cache, "cache");
    PATH(registry, "registry.json");
    PATH(hub, "hub");
    PATH(torch, "torch");
#undef PATH
    write_files(world);
    write_hub(world);
    if (life_device(world, &world->device) != VRN_OK) {
        life_world_destroy(world);
        exit(required && *required && strcmp(required, "0") != 0 ? 1 : 77);
    }
    assert_int_equal(load(world, world->safetensors, &world->model), VRN_OK);
    if (!only || !only->compiles) calibrate(world);
}

void life_world_destroy(life_world *world)
{
    vrn_model_destroy(&world->model);
    vrn_model_destroy(&world->calibrated);
    vrn_device_destroy(&world->device);
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", world->directory);
    if (system(command) != 0) fprintf(stderr, "%s is left\n", world->directory);
}
