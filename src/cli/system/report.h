/* Standard error: one line for each thing that a person should know, and the progress of long work.
 * Also the program's memory, whose failures are reported here. Any thread may call these. */
#ifndef VRN_CLI_REPORT_H
#define VRN_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <vkresnet/hub.h>

#include "base/log.h"

/* Exit statuses. What can fail returns false when it has; what went wrong is reported then. */
enum { CLI_SUCCESS = 0, CLI_FAILURE = 1, CLI_USAGE = 2, CLI_NO = 3 };

/* The exit status of a program that has done what it should, or not. */
int cli_exit_status(bool good);

/* Whose --help cli_usage points to; and what is said: `quiet` leaves errors only, `verbose` adds
 * what the library chose. */
void cli_report_command(const char *command);
void cli_report_setup(bool quiet, bool verbose);

/* "vkresnet: ..." and a line feed. Control characters become '?', so that a file's name cannot
 * spoil a terminal. A note is left out when the user wants quiet. An error returns false: return
 * cli_error("%s: ..", path); */
bool cli_error(const char *format, ...) VRN_PRINTF(1, 2);
void cli_note(const char *format, ...) VRN_PRINTF(1, 2);

/* Until NULL is given, errors of this thread are written to `text` [CLI_LINE_BYTES] instead, each
 * over the one before, so that somebody can report them later: cli_error("%s", text). */
enum { CLI_LINE_BYTES = 2048 };
void cli_capture_errors(char *text);

/* A text from a file or a file's name to standard output, also with '?' for control characters. */
void cli_print_name(const char *text);

/* A wrong command line: the error, and a hint to --help. Returns false, and has the exit status be
 * CLI_USAGE. */
bool cli_usage(const char *format, ...) VRN_PRINTF(1, 2);

/* The answer that was asked for is no. Returns false, and has the exit status be CLI_NO. */
bool cli_answer_no(void);

/* clang's analyzer looks at one file at a time: this tells it what both return. */
#ifdef __clang_analyzer__
#define cli_error(...) ((void)cli_error(__VA_ARGS__), false)
#define cli_usage(...) ((void)cli_usage(__VA_ARGS__), false)
#endif

/* The columns of the terminal that a stream is, 80 if they are not known; 0: it is none. os_posix.c
 * and os_windows.c know. */
uint32_t cli_terminal_width(FILE *stream);

/* The library's messages go where ours go. Lives as long as the program. */
const vrn_log *cli_log(void);

/* How many errors the library has reported: with validation, a successful call may report some. */
uint32_t cli_library_errors(void);

/* Shows `done` of `total` images, how many a second and the time left in one line that is
 * rewritten, if standard error is a terminal and the work has taken a while. done == total removes
 * the line. For one thread at a time. */
void cli_progress(size_t done, size_t total);

/* Takes the line away until it is next shown: before something goes to standard output. */
void cli_progress_hide(void);

/* The same with a bar, at once: for vrn_device_tune, and for vrn_hub_fetch. */
void cli_progress_tuning(void *user, uint32_t done, uint32_t total, const char *text);
bool cli_progress_download(void *user, const vrn_hub_progress *progress);

/* Zeroed memory; a count of 0 gives a valid pointer. NULL when there is none, which is reported. */
void *cli_alloc(size_t count, size_t size);

/* Makes room for one more element behind `count`. `array` is the address of the pointer to the
 * first one, which stays where there is no memory (false, reported). New elements are not
 * initialised. */
bool cli_grow(void *array, size_t count, size_t *capacity, size_t size);

char *cli_copy_text(const char *text);

#endif
