/* Functions that the targets of this folder share. A target is one function that reads hostile
 * bytes with one part of the project, and the memory that this may take; harness.c calls it,
 * measures, and checks what is promised for any input: a failure says exactly one line, nothing is
 * leaked, and at no moment is more memory taken than the bounds allow. Crashes, wrong reads and
 * hangs are the sanitizers' and libFuzzer's to find.
 *
 * With VRN_FUZZ a target is a libFuzzer program; else replay.c runs it once on each of the given
 * files. */
#ifndef VRN_TESTS_FUZZ_H
#define VRN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

/* An input of n bytes may have constant + multiple * n bytes of memory at once. */
typedef struct fuzz_bounds {
    size_t constant, multiple;
} fuzz_bounds;

/* ---- What a target defines ------------------------------------------------------------------- */

extern const fuzz_bounds fuzz_target_bounds;
void fuzz_target(const uint8_t *data, size_t size);

/* ---- What it may use ------------------------------------------------------------------------- */

/* Counts errors, for fuzz_expect. */
const vrn_log *fuzz_log(void);

/* After a call that was given fuzz_log or reports through the program's cli_error: no error was
 * said if it succeeded, one if it failed. Starts the count again. */
void fuzz_expect(bool succeeded);

/* The path of a file with these bytes: the same file at each call, which no disk sees. */
const char *fuzz_file(const void *data, size_t size);

/* The same as a folder and a name in it. */
#define FUZZ_FILE_FOLDER "/proc/self/fd"
const char *fuzz_file_name(const void *data, size_t size);

/* Says what does not hold, and ends the process. */
#define fuzz_require(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* Looks at each of these bytes, so that the address sanitizer does. */
void fuzz_touch(const void *data, size_t size);

/* ---- Input that is taken apart --------------------------------------------------------------- */

typedef struct fuzz_input {
    const uint8_t *at;
    size_t left;
} fuzz_input;

/* Numbers of these many bytes, little-endian; zeros behind the end. */
uint64_t fuzz_take(fuzz_input *input, size_t bytes);

/* Up to the next zero byte, which is skipped, as a text. Release it with free. */
char *fuzz_take_text(fuzz_input *input);

#endif
