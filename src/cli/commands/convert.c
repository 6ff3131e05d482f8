#include "cli/command.h"
#include "cli/model.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

static int convert(const cli_options *options, const char *output)
{
    cli_model model;
    int status = cli_model_open(&model, options, CLI_MODEL_REQUIRED);
    if (status == CLI_SUCCESS &&
        vrn_model_save(model.handle, output,
                       &(vrn_model_save_params){.log = *cli_log(), .fp16 = options->fp16}) !=
            VRN_OK) {
        status = CLI_FAILURE;
    }
    if (status == CLI_SUCCESS) {
        cli_note("%s: %s, %llu parameters as %s", output, model.info.name,
                 (unsigned long long)model.info.parameters, options->fp16 ? "float16" : "float32");
    }
    cli_model_close(&model);
    return status;
}

static int run(const cli_options *options)
{
    const char *output = options->arguments[1];
    /* A finished file takes the output's place, which a folder or a device must not lose. */
    vrn_path_kind kind = vrn_path_get_kind(output);
    if (kind == VRN_PATH_DIRECTORY || kind == VRN_PATH_OTHER) {
        cli_error("%s: not a regular file", output);
        return CLI_FAILURE;
    }
    cli_options named = *options;
    named.model = options->arguments[0];
    return convert(&named, output);
}

const cli_command cli_convert = {
    .name = "convert",
    .summary = "write a checkpoint as safetensors",
    .usage = "IN OUT.safetensors [--fp16] [OPTION]..",
    .details = "Reads a checkpoint (PyTorch's .pth or safetensors) and writes safetensors under\n"
               "torchvision's tensor names; architecture, transform and class names go into the\n"
               "metadata. Needs no device.",
    .examples = "  vkresnet convert resnet50-11ad3fa6.pth resnet50.safetensors\n"
                "  vkresnet convert model.pth small.safetensors --fp16\n"
                "  vkresnet convert resnet18 random.safetensors --random-weights 1\n",
    .options = CLI_COMMON | CLI_BIT(ARCH) | CLI_BIT(RANDOM_WEIGHTS) | CLI_BIT(FP16),
    .least = 2,
    .most = 2,
    .arguments = "IN and OUT.safetensors",
    .run = run,
};
