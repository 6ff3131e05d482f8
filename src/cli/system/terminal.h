/* What the program asks of the terminal; os_posix.c and os_windows.c answer. */
#ifndef VRN_CLI_TERMINAL_H
#define VRN_CLI_TERMINAL_H

#include <stdint.h>
#include <stdio.h>

/* The columns of the terminal that a stream is, 80 if they are not known; 0: it is none. */
uint32_t cli_terminal_width(FILE *stream);

#endif
