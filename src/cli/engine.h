/* Device, model and session of a command, opened and closed together; or several devices that share
 * the model and the work. */
#ifndef VRN_CLI_ENGINE_H
#define VRN_CLI_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

#include "cli/model.h"
#include "cli/options.h"

typedef struct cli_engine {
    cli_model model;
    bool shares_model; /* another engine owns and closes it */
    vrn_device *device;
    vrn_device_info device_info;
    vrn_session *session;
    vrn_session_info info;
} cli_engine;

/* Opens the single device that the options choose. */
bool cli_device_open(vrn_device **device, vrn_device_info *info, const cli_options *options);

/* Lists the Vulkan devices. Release the array with free, even after a failure. */
bool cli_device_list(vrn_device_info **infos, uint32_t *count);

/* cli_engine_open opens the model, then the device. cli_engine_compile compiles a session for
 * `params`, with no_fusion and kernel from the options. A zeroed or partly opened engine can be
 * closed. */
bool cli_engine_open(cli_engine *engine, const cli_options *options, cli_model_default otherwise);
bool cli_engine_compile(cli_engine *engine, const cli_options *options, vrn_session_params params);

/* Compiles a session for photos, with the transform of the model and options, the taps of `params`,
 * and its batch unless the options give one. */
bool cli_engine_compile_for_images(cli_engine *engine, const cli_options *options,
                                   vrn_session_params params);

/* Opens the model, perhaps with random weights, and compiles it for the options' batch and size. */
bool cli_engine_open_for_size(cli_engine *engine, const cli_options *options);

void cli_engine_close(cli_engine *engine);

/* The devices of --device: one, or with "all" every usable one, except CPU devices beside a GPU,
 * which they would slow down. The engines share the first one's model. Use a crew like one
 * engine. */
typedef struct cli_crew {
    cli_engine *engines; /* [count] */
    uint32_t count;
} cli_crew;

bool cli_crew_open(cli_crew *crew, const cli_options *options, cli_model_default otherwise);
bool cli_crew_compile_for_images(cli_crew *crew, const cli_options *options,
                                 vrn_session_params params);
void cli_crew_close(cli_crew *crew);

#endif
