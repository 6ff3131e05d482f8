/* What a shell completes command lines with, made from the commands and their options. */
#ifndef VRN_CLI_COMPLETION_H
#define VRN_CLI_COMPLETION_H

#include <stddef.h>

#include "cli/command.h"

/* Prints "bash", a script for that shell; or "devices", what the script asks for. Returns an exit
 * status. */
int cli_completion_print(const char *what, const cli_command *const *commands, size_t count);

#endif
