#include "checkpoint/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

vrn_result(vrn_source_fail)(const vrn_source *source, const char *format, ...)
{
    char text[1024]; /* the log cuts longer lines */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return vrn_fail(source->log, VRN_ERROR_FILE, "%s: %s", source->name, text);
}

bool vrn_source_has(const vrn_source *source, size_t offset, const char *bytes)
{
    size_t length = strlen(bytes);
    return source->size >= offset + length && memcmp(source->data + offset, bytes, length) == 0;
}

int vrn_compare_bytes(const void *a, size_t a_length, const void *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

bool vrn_equals_text(const char *bytes, size_t length, const char *text)
{
    return vrn_compare_bytes(bytes, length, text, strlen(text)) == 0;
}
