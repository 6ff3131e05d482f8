/* UTF-8, the encoding of every text that enters or leaves the library. */
#ifndef VRN_BASE_UTF8_H
#define VRN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length in bytes of the character at `text`, which has `size` bytes; 0 if it is not
 * well-formed (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
size_t vrn_utf8_length(const char *text, size_t size);

/* True for well-formed UTF-8 without NUL. */
bool vrn_utf8_valid(const char *text, size_t length);

bool vrn_is_control(char c);

/* Replaces control characters by '?', so that a name from a file cannot corrupt a terminal. */
void vrn_replace_controls(char *text);

#endif
