/* vkresnet info --kernels */
#ifndef VRN_CLI_KERNELS_H
#define VRN_CLI_KERNELS_H

#include "cli/options.h"

/* Compiles the kernels of a network and prints what the driver says. Returns an exit status. */
int cli_show_kernels(const cli_options *options);

#endif
