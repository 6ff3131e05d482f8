/* A log that keeps the last line and counts the lines: every failed call must log one line, the
 * expected one. */
#ifndef VRN_TESTS_CAPTURED_LOG_H
#define VRN_TESTS_CAPTURED_LOG_H

#include <stdio.h>
#include <string.h>

#include <vkresnet/vkresnet.h>

typedef struct captured_log {
    char text[1024];
    int errors;
} captured_log;

static inline void captured_message(void *user, vrn_log_level level, const char *text)
{
    captured_log *captured = user;
    if (level != VRN_LOG_ERROR) return;
    captured->errors++;
    snprintf(captured->text, sizeof captured->text, "%s", text);
}

static inline vrn_log capture_log(captured_log *captured)
{
    memset(captured, 0, sizeof *captured);
    return (vrn_log){.message = captured_message, .user = captured};
}

/* True if exactly one error was logged and it has `words` in it; else prints what there was. */
static inline bool said_once(const captured_log *captured, const char *words)
{
    if (captured->errors == 1 && strstr(captured->text, words)) return true;
    fprintf(stderr, "expected one line with '%s', found %d, the last '%s'\n", words,
            captured->errors, captured->text);
    return false;
}

#endif
