/* A subcommand; main.c has the list. */
#ifndef VRN_CLI_COMMAND_H
#define VRN_CLI_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"

typedef struct cli_command {
    const char *name;
    const char *summary;   /* one line of vkresnet --help */
    const char *usage;     /* after the name: "[IMAGE|DIR]..." */
    const char *details;   /* what it does, at the head of its own --help */
    const char *examples;  /* lines of commands, at its end */
    uint64_t options;      /* CLI_BIT() | .. */
    uint32_t least, most;  /* arguments that are not options */
    const char *arguments; /* what they are, for messages */
    bool (*run)(const cli_options *options);
} cli_command;

extern const cli_command cli_classify, cli_explain, cli_infer, cli_eval, cli_merge, cli_features,
    cli_search, cli_fit, cli_bench, cli_profile, cli_info, cli_models, cli_convert, cli_calibrate,
    cli_check, cli_selftest;

/* man.c: prints the manual page vkresnet(1) in the format that man reads. */
void cli_man_print(const cli_command *const *commands, size_t count);

/* commands/kernels.c: info --kernels. */
bool cli_show_kernels(const cli_options *options);

#endif
