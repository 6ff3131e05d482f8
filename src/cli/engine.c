#include "cli/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "cli/system/os.h"
#include "cli/system/report.h"
#include "cli/weights.h"

static bool means_all(const cli_options *options)
{
    return options->device && strcmp(options->device, "all") == 0;
}

static int open_selected(vrn_device **device, const cli_options *options, const char *select)
{
    char *cache = options->no_cache ? NULL : cli_cache_directory();
    const vrn_device_diagnostics diagnostics = {.with = options->with};
    vrn_result result = vrn_device_create(device, &(vrn_device_params){
                                                      .log = *cli_log(),
                                                      .select = select,
                                                      .without = options->without,
                                                      .diagnostics = &diagnostics,
                                                      .cache_directory = cache,
                                                      .validation = options->validation,
                                                  });
    free(cache);
    return result == VRN_OK ? CLI_SUCCESS : CLI_FAILURE;
}

int cli_device_open(vrn_device **device, const cli_options *options)
{
    if (means_all(options))
        return cli_usage(options->command, "--device all: this command runs on one device");
    return open_selected(device, options, options->device);
}

int cli_engine_open(cli_engine *engine, const cli_options *options, cli_model_default otherwise)
{
    *engine = (cli_engine){0};
    int status = cli_model_open(&engine->model, options, otherwise);
    if (status == CLI_SUCCESS) status = cli_device_open(&engine->device, options);
    if (status == CLI_SUCCESS) vrn_device_get_info(engine->device, &engine->device_info);
    return status;
}

static void show_tuning(void *user, uint32_t done, uint32_t total, const char *text)
{
    (void)user;
    cli_progress_bar(done, total, text);
}

int cli_engine_compile(cli_engine *engine, const cli_options *options, vrn_session_params params)
{
    const vrn_session_diagnostics diagnostics = {.kernel = options->kernel};
    params.precision = options->precision;
    params.fp32_layers = options->fp32_layers;
    params.fp32_layer_count = options->fp32_layer_count;
    params.no_fusion = options->no_fusion;
    params.diagnostics = &diagnostics;
    if (options->tune && vrn_device_tune(engine->device, engine->model.handle, &params, show_tuning,
                                         NULL) != VRN_OK) {
        return CLI_FAILURE;
    }
    if (vrn_session_create(&engine->session, engine->device, engine->model.handle, &params) !=
        VRN_OK) {
        return CLI_FAILURE;
    }
    vrn_session_get_info(engine->session, &engine->info);
    return CLI_SUCCESS;
}

int cli_engine_compile_for_images(cli_engine *engine, const cli_options *options,
                                  vrn_session_params params)
{
    vrn_transform transform = cli_model_transform(&engine->model, options);
    uint32_t side = transform.crop ? transform.crop : transform.resize;
    if (side == 0) return cli_usage(options->command, "--resize 0 needs --crop");
    if (options->batch) params.batch = options->batch;
    params.height = params.width = side;
    params.transform = &transform;
    return cli_engine_compile(engine, options, params);
}

int cli_engine_open_for_size(cli_engine *engine, const cli_options *options)
{
    int status = cli_engine_open(engine, options, CLI_MODEL_RANDOM);
    return status != CLI_SUCCESS ? status
                                 : cli_engine_compile(engine, options,
                                                      (vrn_session_params){
                                                          .batch = options->batch,
                                                          .height = options->size[0],
                                                          .width = options->size[1],
                                                      });
}

void cli_engine_close(cli_engine *engine)
{
    vrn_session_destroy(&engine->session);
    vrn_device_destroy(&engine->device);
    if (!engine->shares_model) cli_model_close(&engine->model);
}

/* Keeps the devices that "all" means, of `count`, and returns how many. */
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

/* Opens these devices. The first engine has the model already. */
static int open_devices(cli_crew *crew, const cli_options *options, const vrn_device_info *infos,
                        uint32_t count)
{
    if (count == 0) {
        cli_error("--device all: there is none that can be used (see vkresnet info)");
        return CLI_FAILURE;
    }
    for (uint32_t i = 0; i < count; i++) {
        cli_engine *engine = &crew->engines[i];
        engine->model = crew->engines[0].model;
        engine->shares_model = i > 0;
        crew->count = i + 1;
        char select[16];
        snprintf(select, sizeof select, "%u", infos[i].index);
        if (open_selected(&engine->device, options, select) != CLI_SUCCESS) return CLI_FAILURE;
        vrn_device_get_info(engine->device, &engine->device_info);
    }
    return CLI_SUCCESS;
}

int cli_crew_open(cli_crew *crew, const cli_options *options, cli_model_default otherwise)
{
    *crew = (cli_crew){0};
    uint32_t capacity = 1, count;
    const bool all = means_all(options);
    if (all && vrn_device_list(NULL, 0, &capacity, cli_log()) != VRN_OK) return CLI_FAILURE;
    if (capacity == 0) capacity = 1;
    crew->engines = cli_alloc(capacity, sizeof *crew->engines);
    if (!crew->engines) return CLI_FAILURE;
    crew->count = 1;
    if (!all) return cli_engine_open(&crew->engines[0], options, otherwise);
    int status = cli_model_open(&crew->engines[0].model, options, otherwise);
    if (status != CLI_SUCCESS) return status;

    vrn_device_info *infos = cli_alloc(capacity, sizeof *infos);
    status = CLI_FAILURE;
    if (infos && vrn_device_list(infos, capacity, &count, cli_log()) == VRN_OK) {
        count = keep_wanted(infos, count < capacity ? count : capacity);
        status = open_devices(crew, options, infos, count);
    }
    free(infos);
    return status;
}

int cli_crew_compile_for_images(cli_crew *crew, const cli_options *options, uint32_t batch)
{
    int status = CLI_SUCCESS;
    for (uint32_t i = 0; i < crew->count && status == CLI_SUCCESS; i++) {
        status = cli_engine_compile_for_images(&crew->engines[i], options,
                                               (vrn_session_params){.batch = batch});
    }
    return status;
}

void cli_crew_close(cli_crew *crew)
{
    for (uint32_t i = crew->count; i > 0; i--) cli_engine_close(&crew->engines[i - 1]);
    free(crew->engines);
    *crew = (cli_crew){0};
}

char *cli_crew_device_names(const cli_crew *crew)
{
    size_t size = 1;
    for (uint32_t i = 0; i < crew->count; i++) size += sizeof crew->engines[i].device_info.name + 3;
    char *names = cli_alloc(size, 1);
    for (uint32_t i = 0; names && i < crew->count; i++) {
        if (i > 0) strcat(names, " + ");
        strcat(names, crew->engines[i].device_info.name);
    }
    return names;
}
