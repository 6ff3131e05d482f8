#include "net/assume.h"

#include <stdarg.h>
#include <stdio.h>

void vrn_assume(vrn_assumptions *assumptions, bool doubtful, const char *format, ...)
{
    if (assumptions->count == VRN_ASSUMPTIONS_MAX) return;
    va_list args;
    va_start(args, format);
    vsnprintf(assumptions->each[assumptions->count].text, VRN_ASSUMPTION_MAX, format, args);
    va_end(args);
    assumptions->each[assumptions->count++].doubtful = doubtful;
}
