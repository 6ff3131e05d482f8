/* That no output takes the place of something that was said to be read, or of another output. */
#ifndef VRN_CLI_OUTPUTS_H
#define VRN_CLI_OUTPUTS_H

#include "cli/options.h"

/* Returns an exit status; CLI_USAGE, reported, where two paths are one file. */
int cli_outputs_check(const char *command, const cli_options *options);

#endif
