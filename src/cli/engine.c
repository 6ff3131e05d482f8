#include "engine.h"

#include <stdlib.h>

#include "os.h"
#include "report.h"

int cli_device_open(vrn_device **device, const cli_options *options)
{
    char *cache = options->no_cache ? NULL : cli_cache_directory();
    vrn_result result = vrn_device_create(device, &(vrn_device_params){
                                                      .log = *cli_log(),
                                                      .select = options->device,
                                                      .without = options->without,
                                                      .with = options->with,
                                                      .cache_directory = cache,
                                                      .validation = options->validation,
                                                  });
    free(cache);
    return result == VRN_OK ? CLI_SUCCESS : CLI_FAILURE;
}

int cli_engine_open(cli_engine *engine, const char *command, const cli_options *options,
                    cli_model_default otherwise)
{
    *engine = (cli_engine){0};
    int status = cli_model_open(&engine->model, command, options, otherwise);
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
    params.precision = options->precision;
    params.fp32_layers = options->fp32_layers;
    params.fp32_layer_count = options->fp32_layer_count;
    params.no_fusion = options->no_fusion;
    params.kernel = options->kernel;
    params.tune = options->tune;
    params.progress = show_tuning;
    if (vrn_session_create(&engine->session, engine->device, engine->model.handle, &params) !=
        VRN_OK) {
        return CLI_FAILURE;
    }
    vrn_session_get_info(engine->session, &engine->info);
    return CLI_SUCCESS;
}

int cli_engine_compile_for_images(cli_engine *engine, const char *command,
                                  const cli_options *options, uint32_t batch)
{
    vrn_transform transform = cli_model_transform(&engine->model, options);
    uint32_t side = transform.crop ? transform.crop : transform.resize;
    if (side == 0) return cli_usage(command, "--resize 0 needs --crop");
    return cli_engine_compile(engine, options,
                              (vrn_session_params){
                                  .batch = options->batch ? options->batch : batch,
                                  .height = side,
                                  .width = side,
                                  .transform = &transform,
                              });
}

int cli_engine_compile_for_size(cli_engine *engine, const cli_options *options)
{
    return cli_engine_compile(engine, options,
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
    cli_model_close(&engine->model);
}
