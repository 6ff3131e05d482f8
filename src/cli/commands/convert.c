#include "cli/command.h"
#include "cli/model.h"
#include "cli/system/os.h"
#include "cli/system/report.h"
#include "cli/transform.h"

static bool run(const cli_options *options)
{
    const char *output = options->arguments[1];
    cli_options named = *options;
    cli_model model = {0};
    named.model = options->arguments[0];
    vrn_transform transform;
    vrn_model_save_params params = {
        .log = *cli_log(),
        .fp16 = options->fp16,
        .transform = &transform,
        .temporary = cli_note_temporary,
    };
    bool good = cli_path_may_be_replaced(output) &&
                cli_model_open(&model, &named, CLI_MODEL_REQUIRED) &&
                cli_transform_choose(&transform, &model, options);
    if (good) cli_transform_note(&transform, options);
    if (options->given & CLI_BIT(ACTIVATION)) params.probabilities = model.info.probabilities;
    params.threshold = model.info.threshold;
    good = good && vrn_model_save(model.handle, output, &params) == VRN_OK;
    if (good) {
        cli_note("%s: %s, %llu parameters as %s", output, model.info.name,
                 (unsigned long long)model.info.parameters, options->fp16 ? "float16" : "float32");
    }
    cli_model_close(&model);
    return good;
}

const cli_command cli_convert = {
    .name = "convert",
    .summary = "write a checkpoint as safetensors",
    .usage = "IN OUT.safetensors [--fp16] [OPTION]...",
    .details = "Reads a checkpoint (.pth, safetensors or ONNX) and writes safetensors with\n"
               "torchvision's tensor names. The architecture, the transform and the class names\n"
               "go into the metadata, with the changes that the options make, so that later\n"
               "commands need no options. Needs no device.",
    .examples =
        "  vkresnet convert mine.pth mine.safetensors --classes names.txt --resize 224x224\n"
        "  vkresnet convert resnet50-11ad3fa6.pth resnet50.safetensors\n"
        "  vkresnet convert model.pth small.safetensors --fp16\n"
        "  vkresnet convert resnet18 random.safetensors --random-weights 1\n",
    .options = CLI_COMMON | CLI_TRANSFORM | CLI_SCORES | CLI_BIT(ARCH) | CLI_BIT(PREFIX) |
               CLI_BIT(CLASSES) | CLI_BIT(RANDOM_WEIGHTS) | CLI_BIT(FP16),
    .least = 2,
    .most = 2,
    .arguments = "IN and OUT.safetensors",
    .run = run,
};
