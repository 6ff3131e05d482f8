/* UTF-8, the encoding of every text that enters or leaves the library. */
#ifndef VRN_BASE_UTF8_H
#define VRN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True for well-formed UTF-8 without NUL. */
bool vrn_utf8_valid(const char *text, size_t length);

#endif
