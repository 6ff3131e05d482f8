/* This library's side of bench/compare: a network that stays loaded and runs when it is told
 * to.
 *
 *     vkresnet_worker MODEL BATCH HEIGHT WIDTH INPUT LOGITS [tune]
 *
 * INPUT: raw float32 [BATCH, 3, HEIGHT, WIDTH]. LOGITS is written: raw float32 [BATCH, classes].
 * Every line of standard output is a JSON object. The first says how long loading and the first run
 * took; each line "SECONDS" on standard input is answered by the times of runs in a row, for about
 * so long, at least one. The end of the input ends the program. protocol.py is the same for the
 * other engines. What is kept between runs is in the folder $VKRESNET_CACHE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vkresnet/vkresnet.h>

enum { MAX_RUNS = 4096, MAX_SECONDS = 60 };

typedef struct engine {
    vrn_device *device;
    vrn_model *model;
    vrn_session *session;
    vrn_session_info info;
    float *input, *logits;
} engine;

static void complain(void *user, vrn_log_level level, const char *text)
{
    (void)user;
    (void)level;
    fprintf(stderr, "vkresnet_worker: %s\n", text);
}

static double now_ms(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static bool load(engine *e, char **arguments, bool tune)
{
    vrn_log log = {.message = complain};
    vrn_session_params params = {
        .batch = (uint32_t)strtoul(arguments[1], NULL, 10),
        .height = (uint32_t)strtoul(arguments[2], NULL, 10),
        .width = (uint32_t)strtoul(arguments[3], NULL, 10),
    };
    vrn_device_params device = {.log = log, .cache_directory = getenv("VKRESNET_CACHE")};
    if (vrn_device_create(&e->device, &device) != VRN_OK ||
        vrn_model_load(&e->model, arguments[0], &(vrn_model_params){.log = log}) != VRN_OK ||
        (tune && vrn_device_tune(e->device, e->model, &params, NULL, NULL) != VRN_OK) ||
        vrn_session_create(&e->session, e->device, e->model, &params) != VRN_OK) {
        return false;
    }
    vrn_session_get_info(e->session, &e->info);
    return true;
}

/* Reads the input and makes room for the logits. */
static bool prepare(engine *e, const char *path)
{
    size_t count = (size_t)e->info.batch * 3 * e->info.height * e->info.width;
    e->input = calloc(count, sizeof *e->input);
    e->logits = calloc((size_t)e->info.batch * e->info.classes, sizeof *e->logits);
    FILE *file = fopen(path, "rb");
    bool good =
        e->input && e->logits && file && fread(e->input, sizeof *e->input, count, file) == count;
    if (file) fclose(file);
    if (!good) fprintf(stderr, "vkresnet_worker: cannot read %zu floats from %s\n", count, path);
    return good;
}

static bool write_logits(const engine *e, const char *path)
{
    size_t count = (size_t)e->info.batch * e->info.classes;
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(e->logits, sizeof *e->logits, count, file) == count;
    if (file && fclose(file) != 0) good = false;
    if (!good) fprintf(stderr, "vkresnet_worker: cannot write %s\n", path);
    return good;
}

/* The time of one run in milliseconds; negative when it failed. */
static double run(engine *e)
{
    double begin = now_ms();
    vrn_inputs inputs = {.count = e->info.batch, .nchw = e->input};
    vrn_outputs outputs = {.logits = e->logits};
    return vrn_session_run(e->session, &inputs, &outputs) == VRN_OK ? now_ms() - begin : -1;
}

static bool answer(engine *e, double seconds)
{
    double begin = now_ms();
    fputs("{\"ms\": [", stdout);
    for (int i = 0; i < MAX_RUNS && (i == 0 || now_ms() - begin < seconds * 1e3); i++) {
        double ms = run(e);
        if (ms < 0) return false;
        printf("%s%.4f", i ? ", " : "", ms);
    }
    puts("]}");
    fflush(stdout);
    return true;
}

static bool serve(engine *e)
{
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        double seconds = strtod(line, NULL);
        if (!(seconds >= 0 && seconds <= MAX_SECONDS) || !answer(e, seconds)) return false;
    }
    return true;
}

int main(int count, char **arguments)
{
    bool tune = count == 8 && strcmp(arguments[7], "tune") == 0;
    if (count != 7 && !tune) {
        fprintf(stderr, "usage: vkresnet_worker MODEL BATCH HEIGHT WIDTH INPUT LOGITS [tune]\n");
        return 2;
    }
    engine e = {0};
    double begin = now_ms();
    bool good = load(&e, arguments + 1, tune);
    double load_ms = now_ms() - begin;
    good = good && prepare(&e, arguments[5]);
    double first_ms = good ? run(&e) : -1;
    good = first_ms >= 0 && write_logits(&e, arguments[6]);
    if (good) {
        vrn_device_info device;
        vrn_device_get_info(e.device, &device);
        /* Names of devices and drivers have no quotation marks or backslashes to escape. */
        printf("{\"engine\": \"vkresnet %d.%d.%d\", \"device\": \"%s\", \"driver\": \"%s\", "
               "\"load_ms\": %.3f, \"first_ms\": %.3f}\n",
               VRN_VERSION_MAJOR, VRN_VERSION_MINOR, VRN_VERSION_PATCH, device.name, device.driver,
               load_ms, first_ms);
        fflush(stdout);
        good = serve(&e);
    }
    vrn_session_destroy(&e.session);
    vrn_model_destroy(&e.model);
    vrn_device_destroy(&e.device);
    free(e.input);
    free(e.logits);
    return good ? 0 : 1;
}
