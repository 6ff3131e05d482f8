/* Joining and comparing texts. */
#ifndef VRN_BASE_TEXT_H
#define VRN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

/* Appends to a NUL-terminated text, truncating the result to `capacity` bytes. */
void vrn_append(char *text, size_t capacity, const char *format, ...) VRN_PRINTF(3, 4);

/* Concatenates three texts. Release the result with vrn_free. NULL: out of memory. */
char *vrn_join(const char *a, const char *between, const char *b);

/* The number of letters to insert, delete or replace, or of neighbours to swap, that turns one word
 * into the other; UINT32_MAX for words of 32 letters or more. */
uint32_t vrn_edit_distance(const char *a, size_t a_length, const char *b);

/* Compares texts, ignoring the case of ASCII letters. */
bool vrn_same_text(const char *a, const char *b);

#endif
