#include "cli/system/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/utf8.h"

/* The state of standard error, guarded by its lock. */
static struct {
    const char *command;
    bool quiet;
    int failure; /* the exit status for a failure; 0: CLI_FAILURE */
    uint32_t library_errors;
    bool progress_shown;
} state;

static _Thread_local char *captured;

static void clear_progress(void)
{
    if (state.progress_shown) fputs("\r\033[K", stderr);
    state.progress_shown = false;
}

static void write_line(const char *prefix, const char *text, const char *suffix)
{
    char line[CLI_LINE_BYTES];
    snprintf(line, sizeof line, "%s", text);
    vrn_replace_controls(line);
    vrn_output_lock();
    clear_progress();
    fprintf(stderr, "%s%s%s\n", prefix, line, suffix);
    vrn_output_unlock();
}

VRN_PRINTF(2, 0) static void write_formatted(const char *suffix, const char *format, va_list args)
{
    char text[CLI_LINE_BYTES];
    vsnprintf(text, sizeof text, format, args);
    write_line("vkresnet: ", text, suffix);
}

void cli_print_name(const char *text)
{
    for (; *text; text++) putchar(vrn_is_control(*text) ? '?' : *text);
}

void cli_capture_errors(char *text)
{
    captured = text;
}

bool(cli_error)(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (captured) {
        vsnprintf(captured, CLI_LINE_BYTES, format, args);
    } else {
        write_formatted("", format, args);
    }
    va_end(args);
    return false;
}

void cli_note(const char *format, ...)
{
    if (state.quiet) return;
    va_list args;
    va_start(args, format);
    write_formatted("", format, args);
    va_end(args);
}

bool(cli_usage)(const char *format, ...)
{
    char hint[64];
    snprintf(hint, sizeof hint, " (see vkresnet %s%s--help)", state.command ? state.command : "",
             state.command ? " " : "");
    va_list args;
    va_start(args, format);
    write_formatted(hint, format, args);
    va_end(args);
    state.failure = CLI_USAGE;
    return false;
}

static void library_message(void *user, vrn_log_level level, const char *text)
{
    (void)user;
    if (level == VRN_LOG_ERROR) {
        vrn_output_lock();
        state.library_errors++;
        vrn_output_unlock();
    }
    if (level > VRN_LOG_ERROR && state.quiet) return;
    write_line(level == VRN_LOG_WARNING ? "vkresnet: warning: " : "vkresnet: ", text, "");
}

static vrn_log library_log = {.message = library_message, .level = VRN_LOG_WARNING};

const vrn_log *cli_log(void)
{
    return &library_log;
}

uint32_t cli_library_errors(void)
{
    return state.library_errors;
}

int cli_exit_status(bool good)
{
    return good ? CLI_SUCCESS : state.failure ? state.failure : CLI_FAILURE;
}

bool cli_answer_no(void)
{
    state.failure = CLI_NO;
    return false;
}

void cli_report_command(const char *command)
{
    state.command = command;
}

void cli_report_setup(bool quiet, bool verbose)
{
    state.quiet = quiet;
    if (verbose && !quiet) library_log.level = VRN_LOG_INFO;
}

/* Draws a line: a bar, [#### ], for the part `done` of `total`, as wide as there is room, and a
 * text. */
static void draw_line(uint64_t done, uint64_t total, const char *text)
{
    static const char full[] = "##############################";
    const int columns =
        (int)cli_terminal_width(stderr) - 1; /* beyond the last column a new line may begin */
    const int room = columns - (int)strlen(text) - 3;
    const int width = room < (int)sizeof full - 1 ? room : (int)sizeof full - 1;
    fputc('\r', stderr);
    if (width > 4) {
        const int part = (int)(done * (uint64_t)width / total);
        fprintf(stderr, "[%.*s%*s] ", part, full, width - part, "");
    }
    fprintf(stderr, "%.*s\033[K", columns, text);
}

/* ", 1:05 left" */
static void print_left(char text[32], double seconds)
{
    const unsigned long left = (unsigned long)(seconds + 0.5);
    snprintf(text, 32, ", %lu:%02lu left", left / 60, left % 60);
}

/* Shows a line with a bar, or removes it when all is done. */
VRN_PRINTF(3, 4)
static void show_progress(uint64_t done, uint64_t total, const char *format, ...)
{
    char text[256];
    va_list args;
    if (state.quiet || !cli_terminal_width(stderr)) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    vrn_output_lock();
    state.progress_shown = true;
    if (done >= total) {
        clear_progress();
    } else {
        draw_line(done, total, text);
    }
    fflush(stderr);
    vrn_output_unlock();
}

void cli_progress(size_t done, size_t total)
{
    static double begin, last;
    const double wait_ms = 1000, interval_ms = 100, now = vrn_time_ms();
    if (begin == 0) begin = now;
    if (done >= total) {
        cli_progress_hide();
        begin = 0;
    } else if (now - begin >= wait_ms && now - last >= interval_ms) {
        const double rate = (double)done / (now - begin) * 1e3;
        char left[32] = "";
        if (done > 0) print_left(left, (double)(total - done) / rate);
        show_progress(done, total, "%zu of %zu images, %.1f a second%s", done, total, rate, left);
        last = now;
    }
}

void cli_progress_hide(void)
{
    vrn_output_lock();
    clear_progress();
    fflush(stderr);
    vrn_output_unlock();
}

void cli_progress_tuning(void *user, uint32_t done, uint32_t total, const char *text)
{
    (void)user;
    show_progress(done, total, "%u of %u: tuning %s", done, total, text);
}

bool cli_progress_download(void *user, const vrn_hub_progress *p)
{
    const double longest = 100 * 3600;
    char rate[32] = "", left[32] = "";
    (void)user;
    if (p->bytes_per_s > 0) snprintf(rate, sizeof rate, ", %.1f MB/s", p->bytes_per_s * 1e-6);
    if (p->seconds_left >= 0 && p->seconds_left < longest) print_left(left, p->seconds_left);
    show_progress(p->done, p->total, "%s: %.1f of %.1f MB%s%s", p->entry->file,
                  (double)p->done * 1e-6, (double)p->total * 1e-6, rate, left);
    return false;
}

void *cli_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) cli_error("out of memory (%zu x %zu bytes)", count, size);
    return memory;
}

bool cli_grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return true;
    size_t wanted = *capacity ? *capacity : 16;
    if (*capacity) wanted = wanted > SIZE_MAX / 2 / size ? 0 : wanted * 2;
    void *items;
    memcpy(&items, array, sizeof items);
    items = wanted ? realloc(items, wanted * size) : NULL;
    if (items) {
        memcpy(array, &items, sizeof items);
        *capacity = wanted;
    } else {
        cli_error("out of memory (%zu x %zu bytes)", count, size);
    }
    return items;
}

char *cli_copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = cli_alloc(size, 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}
