/* The lines of eval --json, as merge reads them: the whole command, with its output thrown away. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/system/report.h"
#include "fuzz/fuzz.h"

/* A place for each of the parts, of which there may be a million, and what the standard library
 * buffers. */
const fuzz_bounds fuzz_target_bounds = {(8 << 20) + (64 << 10), 64};

/* Once: libFuzzer and the harness speak by the standard error. The buffer would count as a leak. */
static void silence_output(void)
{
    static bool silent;
    static char buffer[4096];
    if (silent) return;
    fuzz_require(freopen("/dev/null", "w", stdout));
    fuzz_require(setvbuf(stdout, buffer, _IOFBF, sizeof buffer) == 0);
    silent = true;
}

void fuzz_target(const uint8_t *data, size_t size)
{
    silence_output();
    char *arguments[] = {(char *)fuzz_file(data, size)};
    const cli_options options = {
        .json = size % 2 == 0, .quiet = true, .arguments = arguments, .argument_count = 1};
    fuzz_expect(cli_merge.run(&options));
}
