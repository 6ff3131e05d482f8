/* Replays from several threads while sessions and devices are made and destroyed, for any length of
 * time: results stay the same bytes, memory stays flat, and the validation layer has nothing to
 * say.
 *
 *     endurance [--minutes N | --seconds N] [--threads N] [--devices 1|2]
 *
 * Prints a line of figures now and then. Ends with 0, 1, or 77 where there is no device. */
#define _POSIX_C_SOURCE 200809L

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <vkresnet/vkresnet.h>

enum { SIDE = 16, BATCH = 3, CLASSES = 5, PHOTO = 21, THREADS_MAX = 16, DEVICES_MAX = 2 };

/* What sessions there are. Each has its own bytes. */
static const struct {
    vrn_precision precision;
    bool photos, sliced;
    double limit_ms;
} kinds[] = {
    {VRN_PRECISION_FP32, false, false, 0},   {VRN_PRECISION_FP16, false, true, 0},
    {VRN_PRECISION_INT8, false, false, 0},   {VRN_PRECISION_FP32, true, false, 0},
    {VRN_PRECISION_FP32, false, true, 0.05}, {VRN_PRECISION_FP16, true, false, 0.5},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

typedef float logits[BATCH * CLASSES];

static struct {
    vrn_device *devices[DEVICES_MAX];
    uint32_t device_count;
    vrn_model *model, *calibrated;
    float input[BATCH * 3 * SIDE * SIDE];
    uint8_t pixels[PHOTO * PHOTO * 4];
    logits expected[KINDS];
    atomic_bool stop;
    atomic_ullong runs, sessions, devices_made, wrong, failed, messages;
    bool validation;
} all;

static const vrn_transform transform = {.resize = SIDE, .crop = SIDE, .std = {1, 1, 1}};

static void message(void *user, vrn_log_level level, const char *text)
{
    (void)user;
    if (level > VRN_LOG_WARNING) return;
    if (atomic_fetch_add(&all.messages, 1) < 20) fprintf(stderr, "%s\n", text);
}

static vrn_result make_device(vrn_device **device)
{
    return vrn_device_create(device, &(vrn_device_params){
                                         .log = {.message = message},
                                         .validation = all.validation,
                                     });
}

static vrn_result make_session(vrn_session **session, vrn_device *device, uint32_t kind)
{
    const vrn_session_params params = {
        .batch = BATCH,
        .transform = &transform,
        .precision = kinds[kind].precision,
        .memory_limit = kinds[kind].sliced ? 1 : 0,
        .submission_limit_ms = kinds[kind].limit_ms,
    };
    const bool bytes = kinds[kind].precision == VRN_PRECISION_INT8;
    return vrn_session_create(session, device, bytes ? all.calibrated : all.model, &params);
}

/* Two submissions in flight, waited for in either order. */
static vrn_result run_twice(vrn_session *session, uint32_t kind, logits out[2], bool backwards)
{
    const vrn_image photos[BATCH] = {
        {.pixels = all.pixels, .width = PHOTO, .height = PHOTO},
        {.pixels = all.pixels, .width = PHOTO, .height = 9},
        {.pixels = all.pixels, .width = 11, .height = PHOTO, .stride = PHOTO * 4}};
    vrn_ticket tickets[2] = {0};
    vrn_result result = VRN_OK;
    memset(out, 0, 2 * sizeof *out);
    for (int i = 0; i < 2 && !result; i++) {
        vrn_inputs inputs = {.count = BATCH};
        const vrn_outputs outputs = {.logits = out[i]};
        if (kinds[kind].photos) {
            inputs.images = photos;
        } else {
            inputs.nchw = all.input;
        }
        result = vrn_session_submit(session, &inputs, &outputs, &tickets[i]);
    }
    for (int i = 0; i < 2 && !result; i++) {
        result = vrn_session_wait(session, tickets[backwards ? 1 - i : i]);
    }
    return result;
}

static void use(vrn_session *session, uint32_t kind, uint32_t rounds)
{
    for (uint32_t i = 0; i < rounds && !atomic_load(&all.stop); i++) {
        logits out[2];
        if (run_twice(session, kind, out, i % 2) != VRN_OK) {
            atomic_fetch_add(&all.failed, 1);
            return;
        }
        for (int k = 0; k < 2; k++) {
            if (memcmp(out[k], all.expected[kind], sizeof out[k]) != 0) {
                atomic_fetch_add(&all.wrong, 1);
            }
        }
        atomic_fetch_add(&all.runs, 2);
    }
}

/* A thread: one session that stays, and one after the other that does not; the first also makes
 * devices. */
static void *work(void *pointer)
{
    const uint32_t number = (uint32_t)(uintptr_t)pointer;
    vrn_device *device = all.devices[number % all.device_count];
    vrn_session *lasting = NULL;
    uint32_t random = number * 2654435761u + 1;
    const uint32_t lasting_kind = number % KINDS;
    if (make_session(&lasting, device, lasting_kind) != VRN_OK) atomic_fetch_add(&all.failed, 1);
    for (uint32_t round = 0; lasting && !atomic_load(&all.stop); round++) {
        vrn_session *session = NULL;
        random = random * 1664525u + 1013904223u;
        const uint32_t kind = (random >> 20) % KINDS;
        vrn_device *own = NULL;
        if (number == 0 && round % 16 == 15) {
            if (make_device(&own) != VRN_OK) atomic_fetch_add(&all.failed, 1);
            atomic_fetch_add(&all.devices_made, 1);
        }
        if (make_session(&session, own ? own : device, kind) == VRN_OK) {
            atomic_fetch_add(&all.sessions, 1);
            use(session, kind, 1 + (random >> 10) % 20);
        } else {
            atomic_fetch_add(&all.failed, 1);
        }
        vrn_session_destroy(&session);
        vrn_device_destroy(&own);
        use(lasting, lasting_kind, 10);
    }
    vrn_session_destroy(&lasting);
    return NULL;
}

/* The process's memory in KiB; 0 where that is not known. */
static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    if (fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Each kind alone: what it gives is what it must give ever after, on every device. */
static vrn_result learn(vrn_device *device)
{
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < KINDS && !result; i++) {
        vrn_session *session = NULL;
        logits out[2];
        result = make_session(&session, device, i);
        if (!result) result = run_twice(session, i, out, false);
        if (!result) memcpy(all.expected[i], out[0], sizeof out[0]);
        vrn_session_destroy(&session);
    }
    return result;
}

static vrn_result prepare(void)
{
    uint32_t random = 7;
    for (size_t i = 0; i < sizeof all.input / sizeof all.input[0]; i++) {
        random = random * 1664525u + 1013904223u;
        all.input[i] = (float)(random >> 8) / 8388608.0f - 1;
    }
    for (size_t i = 0; i < sizeof all.pixels; i++) all.pixels[i] = (uint8_t)(i * 53 + i / 31);
    vrn_arch arch;
    vrn_calibration *calibration = NULL;
    vrn_result result =
        vrn_arch_parse(&arch, "resnet8,planes=8:12:16,num_classes=5,shortcut=projection", NULL);
    if (!result) result = vrn_model_create_random(&all.model, &arch, 1, NULL);
    const vrn_calibration_params params = {.transform = &transform};
    if (!result) {
        result = vrn_calibration_create(&calibration, all.devices[0], all.model, &params);
    }
    const vrn_inputs inputs = {.count = BATCH, .nchw = all.input};
    if (!result) result = vrn_calibration_add(calibration, &inputs);
    if (!result) result = vrn_calibration_finish(calibration, &all.calibrated, NULL);
    vrn_calibration_destroy(&calibration);
    return result ? result : learn(all.devices[0]);
}

static void report(double seconds, long kib)
{
    printf("%7.0f s: %8ld KiB, %llu runs, %llu sessions, %llu devices, %llu wrong, %llu failed, "
           "%llu messages\n",
           seconds, kib, atomic_load(&all.runs), atomic_load(&all.sessions),
           atomic_load(&all.devices_made), atomic_load(&all.wrong), atomic_load(&all.failed),
           atomic_load(&all.messages));
    fflush(stdout);
}

/* Memory counts as flat if the second half of the time added less than 2 % and 8 MiB to the first
 * half's most. Short runs say nothing: everything happens for the first time. */
static bool flat(double seconds, long first_half, long second_half)
{
    const long allowed = first_half / 50 + 8192;
    if (seconds < 240 || first_half == 0) return true;
    printf("memory: at most %ld KiB in the first half, %ld in the second (%+ld, allowed %+ld)\n",
           first_half, second_half, second_half - first_half, allowed);
    return second_half <= first_half + allowed;
}

static bool run(double seconds, uint32_t threads)
{
    pthread_t handles[THREADS_MAX];
    uint32_t started = 0;
    long first_half = 0, second_half = 0;
    const double begin = now_s(), interval = seconds < 300 ? seconds / 8 : 60;
    double next = 0;
    while (started < threads &&
           pthread_create(&handles[started], NULL, work, (void *)(uintptr_t)started) == 0) {
        started++;
    }
    for (double at = 0; at < seconds; at = now_s() - begin) {
        const long kib = resident_kib();
        long *half = at < seconds / 2 ? &first_half : &second_half;
        if (kib > *half) *half = kib;
        if (at >= next) {
            report(at, kib);
            next += interval;
        }
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    atomic_store(&all.stop, true);
    for (uint32_t i = 0; i < started; i++) pthread_join(handles[i], NULL);
    report(now_s() - begin, resident_kib());
    return started == threads && flat(seconds, first_half, second_half);
}

int main(int argc, char **argv)
{
    double seconds = 20;
    uint32_t threads = 4;
    all.device_count = 2;
    for (int i = 1; i + 1 < argc; i += 2) {
        const double value = strtod(argv[i + 1], NULL);
        if (strcmp(argv[i], "--minutes") == 0) seconds = value * 60;
        if (strcmp(argv[i], "--seconds") == 0) seconds = value;
        if (strcmp(argv[i], "--threads") == 0) threads = (uint32_t)value;
        if (strcmp(argv[i], "--devices") == 0) all.device_count = (uint32_t)value;
    }
    if (threads < 1 || threads > THREADS_MAX || all.device_count < 1 ||
        all.device_count > DEVICES_MAX || !(seconds > 0)) {
        fprintf(stderr, "endurance [--minutes N | --seconds N] [--threads 1..%d] [--devices 1|2]\n",
                THREADS_MAX);
        return 1;
    }
    const char *no_validation = getenv("VRN_TEST_NO_VALIDATION");
    const char *required = getenv("VRN_TEST_REQUIRE_DEVICE");
    all.validation = !(no_validation && *no_validation);
    bool good = true;
    for (uint32_t i = 0; i < all.device_count && good; i++) {
        good = make_device(&all.devices[i]) == VRN_OK;
    }
    if (!good) return required && *required && *required != '0' ? 1 : 77;
    good = prepare() == VRN_OK && run(seconds, threads);
    for (uint32_t i = 0; i < all.device_count; i++) vrn_device_destroy(&all.devices[i]);
    vrn_model_destroy(&all.model);
    vrn_model_destroy(&all.calibrated);
    good = good && atomic_load(&all.runs) > 0 && !atomic_load(&all.wrong) &&
           !atomic_load(&all.failed) && !atomic_load(&all.messages);
    printf("%s\n", good ? "good" : "NOT good");
    return good ? 0 : 1;
}
