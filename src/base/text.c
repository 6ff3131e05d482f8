#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void vrn_append(char *text, size_t capacity, const char *format, ...)
{
    size_t length = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + length, capacity - length, format, args);
    va_end(args);
}
