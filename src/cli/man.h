/* The program's manual, made of what --help has. */
#ifndef VRN_CLI_MAN_H
#define VRN_CLI_MAN_H

#include "cli/command.h"

/* Prints vkresnet(1), as man reads it. */
void cli_man_print(const cli_command *const *commands, size_t count);

#endif
