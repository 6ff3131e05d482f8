/* Writes lines to the caller's log, and reports failures. */
#ifndef VRN_BASE_LOG_H
#define VRN_BASE_LOG_H

#include <vkresnet/vkresnet.h>

#if defined(__MINGW32__)
#define VRN_PRINTF(text, first) __attribute__((format(gnu_printf, text, first)))
#elif defined(__GNUC__)
#define VRN_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define VRN_PRINTF(text, first)
#endif

/* Formats a line and passes it to the log if the log accepts `level`. `log` may be NULL. Control
 * characters become '?', so that a name from a file cannot corrupt a terminal. Long lines are
 * truncated. */
void vrn_log_write(const vrn_log *log, vrn_log_level level, const char *format, ...)
    VRN_PRINTF(3, 4);

/* Logs an error and returns `result`: return vrn_fail(log, VRN_ERROR_FILE, "%s: ...", path); */
vrn_result vrn_fail(const vrn_log *log, vrn_result result, const char *format, ...)
    VRN_PRINTF(3, 4);

/* vrn_fail for a failed allocation of host memory. */
vrn_result vrn_fail_memory(const vrn_log *log);

/* clang's analyzer sees one file at a time: this shows it what both return. */
#ifdef __clang_analyzer__
#define vrn_fail(log, result, ...) ((void)vrn_fail(log, result, __VA_ARGS__), (result))
#define vrn_fail_memory(log)       ((void)vrn_fail_memory(log), VRN_ERROR_OUT_OF_MEMORY)
#endif

#endif
