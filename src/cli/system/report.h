/* Standard error: one line for each message, and the progress of long work. Also memory allocation,
 * whose failures are reported here. Any thread may call these. */
#ifndef VRN_CLI_REPORT_H
#define VRN_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <vkresnet/hub.h>

#include "base/log.h"

/* Exit statuses. A function that can fail returns false after it has reported the reason. */
enum { CLI_SUCCESS = 0, CLI_FAILURE = 1, CLI_USAGE = 2, CLI_NO = 3 };

/* The exit status for success or failure. */
int cli_exit_status(bool good);

/* Sets the command whose --help cli_usage points to; and what is printed: `quiet` leaves only
 * errors, `verbose` adds what the library chose. */
void cli_report_command(const char *command);
void cli_report_setup(bool quiet, bool verbose);

/* "vkresnet: ..." and a line feed. Control characters become '?', so that a file's name cannot
 * spoil a terminal. A note is left out when the user wants quiet. An error returns false: return
 * cli_error("%s: ...", path); */
bool cli_error(const char *format, ...) VRN_PRINTF(1, 2);
void cli_note(const char *format, ...) VRN_PRINTF(1, 2);

/* Until it is called with NULL, errors of this thread are written to `text` [CLI_LINE_BYTES]
 * instead, each over the one before. Report one later with cli_error("%s", text). */
enum { CLI_LINE_BYTES = 2048 };
void cli_capture_errors(char *text);

/* Prints a file's name, or a text from a file, to standard output, with '?' for control
 * characters. */
void cli_print_name(const char *text);

/* Reports a wrong command line: the error, and a hint to --help. Returns false and makes the exit
 * status CLI_USAGE. */
bool cli_usage(const char *format, ...) VRN_PRINTF(1, 2);

/* The command worked, and its answer is no. Returns false and makes the exit status CLI_NO. */
bool cli_answer_no(void);

/* clang's analyzer sees one file at a time: this shows it what both return. */
#ifdef __clang_analyzer__
#define cli_error(...) ((void)cli_error(__VA_ARGS__), false)
#define cli_usage(...) ((void)cli_usage(__VA_ARGS__), false)
#endif

/* The columns of a stream's terminal, 80 if they are not known; 0: the stream is not a terminal.
 * Defined in os_posix.c and os_windows.c. */
uint32_t cli_terminal_width(FILE *stream);

/* A log that reports the library's messages like the program's own. Lives as long as the
 * program. */
const vrn_log *cli_log(void);

/* How many errors the library has reported: with validation, a successful call may report some. */
uint32_t cli_library_errors(void);

/* Shows `done` of `total` images, images per second and the time left on one line that is
 * rewritten, if standard error is a terminal and the work has taken a while. done == total removes
 * the line. For one thread at a time. */
void cli_progress(size_t done, size_t total);

/* Removes the line until it is next shown. Call it before writing to standard output. */
void cli_progress_hide(void);

/* The same with a bar and without delay, for vrn_device_tune and vrn_hub_fetch. */
void cli_progress_tuning(void *user, uint32_t done, uint32_t total, const char *text);
bool cli_progress_download(void *user, const vrn_hub_progress *progress);

/* Zeroed memory; a count of 0 gives a valid pointer. NULL when there is none, which is reported. */
void *cli_alloc(size_t count, size_t size);

/* Makes room for one more element after `count`. `array` is the address of the pointer to the first
 * one, which stays unchanged if memory runs out (false, reported). New elements are not
 * initialised. */
bool cli_grow(void *array, size_t count, size_t *capacity, size_t size);

char *cli_copy_text(const char *text);

#endif
