#include "cli/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "cli/system/os.h"
#include "cli/system/report.h"
#include "cli/transform.h"

static bool means_all(const cli_options *options)
{
    return options->device && strcmp(options->device, "all") == 0;
}

static bool open_selected(vrn_device **device, vrn_device_info *info, const cli_options *options,
                          const char *select)
{
    char *cache = options->no_cache ? NULL : cli_cache_directory();
    const vrn_device_diagnostics diagnostics = {.with = options->with};
    const bool good = vrn_device_create(device, &(vrn_device_params){
                                                    .log = *cli_log(),
                                                    .select = select,
                                                    .without = options->without,
                                                    .diagnostics = &diagnostics,
                                                    .cache_directory = cache,
                                                    .validation = options->validation,
                                                }) == VRN_OK;
    if (good) vrn_device_get_info(*device, info);
    free(cache);
    return good;
}

/* Notes that the device is a CPU, which explains why it is slow. */
static void note_processor(const vrn_device_info *info)
{
    if (info->type != VRN_DEVICE_CPU) return;
    char *closed = cli_find_closed_gpu();
    if (closed) {
        cli_note("no GPU can be used: running on the processor (%s). This account may not open %s; "
                 "members of the group 'render' usually may",
                 info->name, closed);
    } else {
        cli_note("no GPU found: running on the processor (%s)", info->name);
    }
    free(closed);
}

bool cli_device_open(vrn_device **device, vrn_device_info *info, const cli_options *options)
{
    if (means_all(options)) return cli_usage("--device all: this command runs on one device");
    if (!open_selected(device, info, options, options->device)) return false;
    if (!options->device) note_processor(info);
    return true;
}

bool cli_device_list(vrn_device_info **infos, uint32_t *count)
{
    uint32_t capacity;
    *infos = NULL;
    if (vrn_device_list(NULL, 0, &capacity, cli_log()) != VRN_OK) return false;
    *infos = cli_alloc(capacity, sizeof **infos);
    if (!*infos || vrn_device_list(*infos, capacity, count, cli_log()) != VRN_OK) return false;
    if (*count > capacity) *count = capacity;
    return true;
}

bool cli_engine_open(cli_engine *engine, const cli_options *options, cli_model_default otherwise)
{
    *engine = (cli_engine){0};
    return cli_model_open(&engine->model, options, otherwise) &&
           cli_device_open(&engine->device, &engine->device_info, options);
}

bool cli_engine_compile(cli_engine *engine, const cli_options *options, vrn_session_params params)
{
    const vrn_session_diagnostics diagnostics = {.kernel = options->kernel};
    params.precision = options->precision;
    params.probabilities = engine->model.info.probabilities;
    params.fp32_layers = options->fp32_layers;
    params.fp32_layer_count = options->fp32_layer_count;
    params.no_fusion = options->no_fusion;
    params.diagnostics = &diagnostics;
    const vrn_model *model = engine->model.handle;
    if (options->tune &&
        vrn_device_tune(engine->device, model, &params, cli_progress_tuning, NULL) != VRN_OK) {
        return false;
    }
    if (vrn_session_create(&engine->session, engine->device, model, &params) != VRN_OK)
        return false;
    vrn_session_get_info(engine->session, &engine->info);
    return true;
}

bool cli_engine_compile_for_images(cli_engine *engine, const cli_options *options,
                                   vrn_session_params params)
{
    vrn_transform transform;
    if (!cli_transform_choose(&transform, &engine->model, options)) return false;
    if (!engine->shares_model) cli_transform_note(&transform, options);
    if (options->batch) params.batch = options->batch;
    params.transform = &transform;
    return cli_engine_compile(engine, options, params);
}

bool cli_engine_open_for_size(cli_engine *engine, const cli_options *options)
{
    const vrn_session_params params = {
        .batch = options->batch,
        .height = options->size[0],
        .width = options->size[1],
    };
    return cli_engine_open(engine, options, CLI_MODEL_RANDOM) &&
           cli_engine_compile(engine, options, params);
}

void cli_engine_close(cli_engine *engine)
{
    vrn_session_destroy(&engine->session);
    vrn_device_destroy(&engine->device);
    if (!engine->shares_model) cli_model_close(&engine->model);
}

/* Keeps those of `count` devices that "all" selects, and returns their number. */
static uint32_t keep_wanted(vrn_device_info *infos, uint32_t count)
{
    bool gpus = false;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        gpus = gpus || (infos[i].score > 0 && infos[i].type != VRN_DEVICE_CPU);
    }
    for (uint32_t i = 0; i < count; i++) {
        const bool spare = gpus && infos[i].type == VRN_DEVICE_CPU;
        if (infos[i].score > 0 && !spare) infos[kept++] = infos[i];
    }
    return kept;
}

/* Opens these devices. The first engine already has the model. */
static bool open_devices(cli_crew *crew, const cli_options *options, const vrn_device_info *infos,
                         uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        cli_engine *engine = &crew->engines[i];
        engine->model = crew->engines[0].model;
        engine->shares_model = i > 0;
        crew->count = i + 1;
        char select[16];
        snprintf(select, sizeof select, "%u", infos[i].index);
        if (!open_selected(&engine->device, &engine->device_info, options, select)) return false;
    }
    return count > 0 ||
           cli_error("--device all: expected a usable device, found none (see vkresnet info)");
}

bool cli_crew_open(cli_crew *crew, const cli_options *options, cli_model_default otherwise)
{
    *crew = (cli_crew){0};
    uint32_t count = 0;
    vrn_device_info *infos = NULL;
    const bool all = means_all(options);
    bool good = !all || cli_device_list(&infos, &count);
    crew->engines = good ? cli_alloc(count + 1, sizeof *crew->engines) : NULL;
    good = crew->engines;
    if (good) crew->count = 1;
    if (good && !all) {
        good = cli_engine_open(&crew->engines[0], options, otherwise);
    } else if (good) {
        good = cli_model_open(&crew->engines[0].model, options, otherwise) &&
               open_devices(crew, options, infos, keep_wanted(infos, count));
    }
    free(infos);
    return good;
}

bool cli_crew_compile_for_images(cli_crew *crew, const cli_options *options,
                                 vrn_session_params params)
{
    bool good = true;
    for (uint32_t i = 0; i < crew->count && good; i++) {
        good = cli_engine_compile_for_images(&crew->engines[i], options, params);
    }
    return good;
}

void cli_crew_close(cli_crew *crew)
{
    for (uint32_t i = crew->count; i > 0; i--) cli_engine_close(&crew->engines[i - 1]);
    free(crew->engines);
    *crew = (cli_crew){0};
}
