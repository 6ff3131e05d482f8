/* The program: picks a subcommand, reads its options and runs it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vkresnet/vkresnet.h>

#include "cli/command.h"
#include "cli/embedded.h"
#include "cli/options.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

static const cli_command *const commands[] = {
    &cli_classify, &cli_explain,   &cli_infer, &cli_eval,     &cli_merge, &cli_features,
    &cli_search,   &cli_fit,       &cli_bench, &cli_profile,  &cli_info,  &cli_models,
    &cli_convert,  &cli_calibrate, &cli_check, &cli_selftest,
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_program_help(void)
{
    puts("vkresnet: ResNet inference on any Vulkan device\n\n"
         "usage: vkresnet COMMAND [OPTION|ARGUMENT]...\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    puts("\nvkresnet COMMAND --help explains a command and has examples.\n"
         "vkresnet --version prints the version, vkresnet --man the manual page,\n"
         "vkresnet --completion bash the completions for bash.\n\n"
         "examples:\n"
         "  vkresnet classify photo.jpg\n"
         "  vkresnet classify --model resnet50 photo.jpg\n"
         "  vkresnet classify --model my-resnet.pth photo.jpg\n"
         "  vkresnet models\n\n"
         "Exit status: 0, 1 if something failed, 2 if the command line is wrong, 3 if check finds\n"
         "that a model does not fit.");
}

/* Prints the completions for bash, or the devices, which the completions request. */
static bool print_completion(const char *what)
{
    uint32_t count = 0;
    if (strcmp(what, "bash") == 0) {
        fputs(cli_completion_bash, stdout);
        return true;
    }
    if (strcmp(what, "devices") != 0) {
        return cli_usage("--completion: expected bash, found '%s'", what);
    }
    if (vrn_device_list(NULL, 0, &count, NULL) != VRN_OK) return false;
    for (uint32_t i = 0; i < count; i++) printf("%u\n", i);
    puts("all");
    return true;
}

static void print_command_help(const cli_command *command)
{
    printf("usage: vkresnet %s %s\n\n%s\n\noptions:\n", command->name, command->usage,
           command->details);
    cli_options_print(command->options);
    printf("\nexamples:\n%s", command->examples);
}

static bool run_command(const cli_command *command, int count, char **words)
{
    cli_options options;
    bool good;
    cli_report_command(command->name);
    if (!cli_options_parse(&options, command->name, command->options, count, words)) return false;
    cli_report_setup(options.quiet, options.verbose);
    if (options.help) {
        print_command_help(command);
        good = true;
    } else if (options.argument_count < command->least) {
        good = cli_usage("expected %s", command->arguments);
    } else if (options.argument_count > command->most) {
        good = cli_usage("unexpected argument '%s'", options.arguments[command->most]);
    } else {
        good = cli_options_check_outputs(&options) && command->run(&options) &&
               !(options.validation && cli_library_errors() > 0);
    }
    cli_options_free(&options);
    return good;
}

static bool unknown_command(const char *word)
{
    cli_guess guess = {0};
    for (int i = 0; i < COMMAND_COUNT; i++) {
        cli_guess_add(&guess, word, strlen(word), commands[i]->name);
    }
    return cli_usage("unknown command '%s'%s", word, cli_guess_text(&guess));
}

static bool run(const char *word, int argc, char **argv)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(word, commands[i]->name) == 0) return run_command(commands[i], argc, argv);
    }
    if (strcmp(word, "--completion") == 0) return print_completion(argc > 0 ? argv[0] : "");
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_program_help();
    } else if (strcmp(word, "--version") == 0) {
        printf("vkresnet %d.%d.%d\n", VRN_VERSION_MAJOR, VRN_VERSION_MINOR, VRN_VERSION_PATCH);
    } else if (strcmp(word, "--man") == 0) {
        cli_man_print(commands, COMMAND_COUNT);
    } else {
        return unknown_command(word);
    }
    return true;
}

int main(int argc, char **argv)
{
    cli_os_start(&argc, &argv);
    bool good = argc < 2 ? cli_usage("no command given") : run(argv[1], argc - 2, argv + 2);
    const int reason = fflush(stdout) != 0 ? errno : 0;
    if (reason || ferror(stdout)) {
        good = cli_error("cannot write to standard output%s%s", reason ? ": " : "",
                         reason ? strerror(reason) : "");
    }
    return cli_exit_status(good);
}
