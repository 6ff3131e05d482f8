#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

enum { LINE_MAX_BYTES = 1024 };

static void VRN_PRINTF(3, 0)
    write_line(const vrn_log *log, vrn_log_level level, const char *format, va_list args)
{
    if (!log || !log->message) return;
    vrn_log_level threshold = log->level == VRN_LOG_DEFAULT ? VRN_LOG_WARNING : log->level;
    if (level > threshold) return;

    char line[LINE_MAX_BYTES];
    vsnprintf(line, sizeof line, format, args);
    vrn_replace_controls(line);
    log->message(log->user, level, line);
}

void vrn_log_write(const vrn_log *log, vrn_log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(log, level, format, args);
    va_end(args);
}

vrn_result(vrn_fail)(const vrn_log *log, vrn_result result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(log, VRN_LOG_ERROR, format, args);
    va_end(args);
    return result;
}

vrn_result(vrn_fail_memory)(const vrn_log *log)
{
    return vrn_fail(log, VRN_ERROR_OUT_OF_MEMORY, "out of memory");
}

const char *vrn_result_string(vrn_result result)
{
    switch (result) {
    case VRN_OK: return "success";
    case VRN_ERROR_INVALID_ARGUMENT: return "invalid argument";
    case VRN_ERROR_FILE: return "bad file";
    case VRN_ERROR_UNSUPPORTED: return "unsupported";
    case VRN_ERROR_OUT_OF_MEMORY: return "out of memory";
    case VRN_ERROR_NO_DEVICE: return "no device";
    case VRN_ERROR_DEVICE_LOST: return "device lost";
    case VRN_ERROR_WRONG_RESULTS: return "wrong results";
    case VRN_ERROR_NETWORK: return "network error";
    case VRN_ERROR_CANCELLED: return "cancelled";
    }
    return "unknown result";
}

uint32_t vrn_version(void)
{
    return VRN_VERSION;
}
