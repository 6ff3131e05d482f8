#include "cli/command.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

/* Whether one path that is to be written is another, NULL being none. */
static bool clash(const char *output, const char *other)
{
    return output && other && cli_path_same_file(output, other);
}

/* The same for something that is read if it is a file: "resnet50" need not be one. */
static bool clash_input(const char *output, const char *input)
{
    return input && vrn_path_get_kind(input) == VRN_PATH_FILE && clash(output, input);
}

/* An output beside everything that is read. */
static int check_inputs(const cli_options *options, const char *output)
{
    const char *const inputs[] = {options->model, options->labels, options->input, options->images};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        if (clash_input(output, inputs[i])) {
            return cli_usage(options->command, "%s: would be written over what is read", output);
        }
    }
    for (uint32_t i = 0; i < options->argument_count; i++) {
        if (clash_input(output, options->arguments[i])) {
            return cli_usage(options->command, "%s: would be written over what is read", output);
        }
    }
    return CLI_SUCCESS;
}

int cli_outputs_check(const cli_options *options)
{
    const char *const named[] = {options->write, options->output, options->logits, options->trace,
                                 options->html};
    const uint32_t named_count = sizeof named / sizeof *named;
    const uint32_t count = named_count + options->tap_count;
    for (uint32_t i = 0; i < count; i++) {
        const char *output = i < named_count ? named[i] : options->taps[i - named_count].path;
        const int status = check_inputs(options, output);
        if (status != CLI_SUCCESS) return status;
        for (uint32_t k = 0; k < i; k++) {
            if (clash(output, k < named_count ? named[k] : options->taps[k - named_count].path)) {
                return cli_usage(options->command, "%s: two outputs in one file", output);
            }
        }
    }
    return CLI_SUCCESS;
}
